"""What the Keithley 2000 can measure for this driver, and how its answers are read."""

from __future__ import annotations

import re
from typing import Final

from labframe import NoValue
from labframe.errors import BadReply

__all__ = ["AMPERES", "FUNCTIONS", "OHMS", "SOURCES", "UNITS", "VOLTS", "number", "reading"]

FUNCTIONS: Final = {
    "dc_voltage": "VOLT:DC",
    "ac_voltage": "VOLT:AC",
    "dc_current": "CURR:DC",
    "ac_current": "CURR:AC",
    "resistance": "RES",
    "resistance_4w": "FRES",
}
"""The option ``function``, and what the meter calls it."""

UNITS: Final = {
    "VOLT:DC": "VDC",
    "VOLT:AC": "VAC",
    "CURR:DC": "ADC",
    "CURR:AC": "AAC",
    "RES": "OHM",
    "FRES": "OHM4W",
}
"""What stands behind a reading of each function (manual, page 5-28)."""

VOLTS: Final = (0.1, 1.0, 10.0, 100.0, 757.5, 1000.0)
AMPERES: Final = (0.01, 0.1, 1.0, 3.0)
OHMS: Final = (100.0, 1e3, 10e3, 100e3, 1e6, 10e6, 100e6)
"""The ranges."""

SOURCES: Final = {"immediate": "IMM", "external": "EXT"}
"""What triggers a measurement, and what the meter calls it."""

_READING: Final = re.compile(r"([+-]\d\.\d{8}E[+-]\d\d) *([A-Z][A-Z0-9]*)?")
"""Exactly so (manual, page 5-28): without its last digit, +1.23456789E-03 is another number."""
_OVERFLOW: Final = re.compile(r"[+-]?9\.90*E\+?37[A-Z0-9]*")
_NUMBER: Final = re.compile(r"[+-]?\d+(\.\d+)?(E[+-]?\d+)?")


def reading(answer: str, function: str) -> float:
    """Return the number of a reading.

    Args:
        answer: Number and unit.
        function: What the meter should measure, as it calls it.

    Raises:
        NoValue: If it is the overflow, or of another function.
        BadReply: If it is no reading, or one without its unit.
    """
    if _OVERFLOW.fullmatch(answer) is not None:  # which may have the form of a reading
        raise NoValue("overflow: more than the range of the meter; open terminals, perhaps")
    found = _READING.fullmatch(answer)
    if found is None:
        raise BadReply(f"{answer!r} is no reading of a Keithley 2000", received=answer.encode())
    value, unit = found.groups()
    if unit is None:
        raise BadReply(
            f"{answer!r} is a reading without its unit. Was the meter switched off and on?",
            received=answer.encode(),
        )
    if unit != UNITS[function]:
        raise NoValue(
            f"the meter measures {unit}, not {UNITS[function]}: somebody chose another function "
            "at the meter; the command choose_function chooses it again"
        )
    return float(value)


def number(answer: str) -> float:
    """Return the number that a setting is at.

    Raises:
        BadReply: If it is none.
    """
    if _NUMBER.fullmatch(answer.upper()) is None:
        raise BadReply(f"{answer!r} is no number", received=answer.encode())
    return float(answer)
