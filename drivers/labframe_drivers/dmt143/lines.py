r"""What a DMT143 sends by itself, made into values. Pure: text in, values out.

Two lines are understood: that of ``FORM``, which the driver sets, with a checksum over all that
stands before it; and the factory's, which has none.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from labframe.errors import BadReply

__all__ = ["FORM", "Measured", "active_errors", "checked", "from_factory", "is_from_factory"]

FORM: Final = (
    '4.3 "Tdf=" Tdf U2 " Tdfa=" Tdfa U2 7.2 " H2O=" H2O U3 '
    r'" STAT=" STAT " ERR=" ERR " *" CS4 \r \n'
)
"""The format that the driver sets: at most 153 characters, a text in it at most 15."""

_NUMBER: Final = r" *(-?\d+(?:\.\d+)?)"
_CHECKED: Final = re.compile(
    rf"Tdf={_NUMBER}'([CF]) Tdfa={_NUMBER}'([CF]) H2O={_NUMBER}ppm"
    r" STAT=(.) ERR=([01]{4,5}) \*([0-9A-F]{4})"
)
_FACTORY: Final = re.compile(
    rf"Tdf={_NUMBER} *'([CF]) +Tdfatm={_NUMBER} *'([CF]) +H2O={_NUMBER} *ppm *"
)
_STATES: Final = {
    " ": "measuring", "N": "measuring", "h": "sensor heating", "H": "purge", "A": "autocalibration",
}  # fmt: skip
_ERRORS_SAID: Final = ("T MEAS error", "Fmeas error", "Flash csum error")
_ERRORS: Final = ("temperature measurement", "", "F measurement", "flash checksum")


@dataclass(frozen=True, slots=True)
class Measured:
    """One line.

    Attributes:
        dew_point: The dew point, below 0 °C the frost point, °C.
        dew_point_atm: What it would be at the pressure of the atmosphere, °C.
        h2o: Parts of water in a million, by volume.
        state: What the transmitter does; empty where the line does not tell.
        errors: Its active errors.
    """

    dew_point: float
    dew_point_atm: float
    h2o: float
    state: str = ""
    errors: tuple[str, ...] = ()


def checked(line: str) -> Measured:
    """Return what a line of the driver's own format says.

    Raises:
        BadReply: If it is none, or its checksum does not fit.
    """
    found = _CHECKED.fullmatch(line)
    if found is None:
        raise BadReply(f"{line!r} is not in the format that was set", received=line.encode())
    text, said = line[: -len(found[8])], found[8]
    counted = f"{sum(text.encode('ascii')) & 0xFFFF:04X}"
    if said != counted:
        raise BadReply(f"{line!r}: the checksum is {said}, not {counted}", received=line.encode())
    if found[6] not in _STATES:
        raise BadReply(f"{line!r}: STAT = {found[6]!r}: not a status that is known")
    errors = tuple(
        name or f"error {place}"
        for place, (bit, name) in enumerate(zip(found[7], (*_ERRORS, ""), strict=False))
        if bit == "1"
    )
    return Measured(
        _celsius(found[1], found[2]),
        _celsius(found[3], found[4]),
        float(found[5]),
        _STATES[found[6]],
        errors,
    )


def is_from_factory(line: str) -> bool:
    """Tell whether a line is in the factory's format."""
    return _FACTORY.fullmatch(line) is not None


def from_factory(line: str) -> Measured:
    """Return what a line in the factory's format says, in °C or °F.

    Raises:
        BadReply: If it is none.
    """
    found = _FACTORY.fullmatch(line)
    if found is None:
        raise BadReply(f"{line!r} is not in the factory's format", received=line.encode())
    return Measured(_celsius(found[1], found[2]), _celsius(found[3], found[4]), float(found[5]))


def active_errors(said: list[str]) -> str:
    """Return what the answer to ERRS says.

    Raises:
        BadReply: If it says anything that is not known, or anything twice.
    """
    if said == ["No errors"]:
        return "none"
    if not set(said) <= set(_ERRORS_SAID) or len(set(said)) < len(said):
        raise BadReply(f"ERRS: {said!r}: not the errors that are known", received=b"")
    return ", ".join(said)


def _celsius(number: str, unit: str) -> float:
    value = float(number)
    return value if unit == "C" else (value - 32) / 1.8
