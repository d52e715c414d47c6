"""What the driver reads from the TPG 26x's answers: text and values, no line.

A line that the controller sends by itself (``COM``) has the form of the answer to ``PRX``, so that
``pressures`` takes it, too.
"""

from __future__ import annotations

import re
from typing import Final

from labframe import NoValue
from labframe.errors import BadReply

__all__ = ["ERRORS", "GAUGES", "MBAR", "NOT_OK", "UNITS", "errors", "pressures"]

GAUGES: Final = ("gauge1", "gauge2")

UNITS: Final = ("mbar", "Torr", "Pa")
"""What UNI tells, by its number."""
MBAR: Final = (1.0, 101325 / 76000, 0.01)
"""How many mbar they are."""

NOT_OK: Final = {
    "1": "under-range: less than the gauge can measure",
    "2": "over-range: more than the gauge can measure",
    "3": "sensor error",
    "4": "the gauge is off",
    "5": "no sensor is connected",
    "6": "identification error: the controller does not know this gauge",
}
"""What the status of a gauge means when it is not 0, measurement okay."""

ERRORS: Final = {
    "1": "the watchdog has responded",
    "2": "task fail error",
    "3": "EPROM error",
    "4": "RAM error",
    "5": "EEPROM error",
    "6": "display error",
    "7": "A/D converter error",
    "9": "gauge 1 error",
    "10": "gauge 1 identification error",
    "11": "gauge 2 error",
    "12": "gauge 2 identification error",
}
"""What the numbers mean that RES lists; 0 is none."""

_ONE: Final = r"(\d),([+-]\d\.\d{4}E[+-]\d\d)"
"""Exactly so: without its last digit, +1.2340E-06 would be another pressure."""
_ONE_OR_TWO: Final = re.compile(f"{_ONE}(?:,{_ONE})?")


def pressures(line: str, mbar: float) -> list[float | NoValue]:
    """Return the pressure of each gauge, in mbar, or why there is none.

    Args:
        line: The answer to PRX: one gauge of a TPG 261, two of a TPG 262.
        mbar: How many mbar the unit is that is shown.

    Raises:
        BadReply: If it is no such answer.
    """
    found = _ONE_OR_TWO.fullmatch(line)
    if found is None:
        raise BadReply(f"{line!r} are no pressures of a TPG 26x", received=line.encode())
    status, value, second_status, second_value = found.groups()
    values = [_pressure(status, value, mbar)]
    if second_status is not None:
        values.append(_pressure(second_status, second_value, mbar))
    return values


def errors(line: str) -> str:
    """Return what the answer to RES says, in words: ``none``, or all that is wrong.

    Raises:
        BadReply: If it is no such answer.
    """
    numbers = [number.strip() for number in line.split(",")]
    if any(re.fullmatch(r"\d{1,2}", number) is None for number in numbers):
        raise BadReply(f"{line!r} are no errors of a TPG 26x", received=line.encode())
    wrong = [ERRORS.get(number, f"error {number}") for number in numbers if number.strip("0")]
    return ", ".join(wrong) or "none"


def _pressure(status: str, value: str, mbar: float) -> float | NoValue:
    if status == "0":
        return float(value) * mbar
    return NoValue(NOT_OK.get(status, f"the controller tells the unknown status {status}"))
