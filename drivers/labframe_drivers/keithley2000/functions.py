"""What the Keithley 2000 can measure for this driver, and how its answers are read."""

from __future__ import annotations

import re
from typing import Final

from labframe import NoValue
from labframe.errors import BadReply

__all__ = ["AMPERES", "FUNCTIONS", "OHMS", "SOURCES", "VOLTS", "number", "reading"]

FUNCTIONS: Final = {
    "dc_voltage": "VOLT:DC",
    "ac_voltage": "VOLT:AC",
    "dc_current": "CURR:DC",
    "ac_current": "CURR:AC",
    "resistance": "RES",
    "resistance_4w": "FRES",
}
"""The option ``function``, and what the meter calls it."""

VOLTS: Final = (0.1, 1.0, 10.0, 100.0, 757.5, 1000.0)
AMPERES: Final = (0.01, 0.1, 1.0, 3.0)
OHMS: Final = (100.0, 1e3, 10e3, 100e3, 1e6, 10e6, 100e6)
"""The ranges."""

SOURCES: Final = {"immediate": "IMM", "external": "EXT"}
"""What triggers a measurement, and what the meter calls it."""

_READING: Final = re.compile(r"[+-]\d\.\d{8}E[+-]\d\d")
"""Exactly so (manual, page 5-28): without its last digit, +1.23456789E-03 is another number."""
_OVERFLOW: Final = re.compile(r"[+-]?9\.90*E\+?37")
_NUMBER: Final = re.compile(r"[+-]?\d+(\.\d+)?(E[+-]?\d+)?")


def reading(answer: str) -> float:
    """Return the number of a reading.

    Raises:
        NoValue: If it is the overflow.
        BadReply: If it is no reading.
    """
    if _OVERFLOW.fullmatch(answer) is not None:  # which may have the form of a reading
        raise NoValue("overflow: more than the range of the meter; open terminals, perhaps")
    if _READING.fullmatch(answer) is not None:
        return float(answer)
    raise BadReply(f"{answer!r} is no reading of a Keithley 2000", received=answer.encode())


def number(answer: str) -> float:
    """Return the number that a setting is at.

    Raises:
        BadReply: If it is none.
    """
    if _NUMBER.fullmatch(answer.upper()) is None:
        raise BadReply(f"{answer!r} is no number", received=answer.encode())
    return float(answer)
