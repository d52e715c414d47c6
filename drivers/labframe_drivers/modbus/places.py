"""What a section's readings and commands become: places in the instrument, and values there."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from labframe import ArgumentError, LabframeError, LineError, NoValue
from labframe.modbus import KINDS, Kind, Order, Table

__all__ = ["Asked", "Implausible", "Ordered", "Place", "as_kind"]


class Implausible(LabframeError):
    """The instrument has a number that cannot be true."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where something is, and what it is.

    Attributes:
        table: Its table.
        first: Its register or bit, counted from 0.
        type: A kind of number, ``bool`` or ``str``.
        count: How many registers or bits it has.
        order: How its bytes come.
    """

    table: Table
    first: int
    type: str
    count: int
    order: Order


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A reading.

    Attributes:
        place: Where it is.
        bit: The bit of the register that is meant; None: all of it.
        factor: What one count is.
        plausible: What can be true, in the unit.
        no_value: Numbers that mean that there is no value.
        words: What the numbers mean; empty: they are numbers.
    """

    place: Place
    bit: int | None
    factor: float
    plausible: tuple[float, float] | None
    no_value: frozenset[float]
    words: Mapping[int, str]

    def value(self, where: str, number: float) -> float | str:
        """Return what a number in the register means.

        Raises:
            NoValue: If it means that there is none, or has no word.
            Implausible: If it cannot be true.
        """
        if number in self.no_value:
            raise NoValue(f"{where}: the register holds {number}: it has no value now")
        if self.words:
            if number not in self.words:
                raise NoValue(f"{where}: the register holds {number}, which has no word here")
            return self.words[int(number)]
        value = _times(number, self.factor)
        if self.plausible is not None and not self.plausible[0] <= value <= self.plausible[1]:
            low, high = self.plausible
            raise Implausible(
                f"{where}: {value:g} cannot be true: it is not {low:g} to {high:g}; the register "
                f"holds {number}"
            )
        return value


@dataclass(frozen=True, slots=True, kw_only=True)
class Ordered:
    """A command.

    Attributes:
        place: Where it is.
        factor: What one count is.
        value: What is always written; None: what the argument says.
        argument: What the argument is called.
        words: The number of each word; empty: the argument is a number.
        many: Whether the functions for many are used.
    """

    place: Place
    factor: float
    value: float | bool | None
    argument: str
    words: Mapping[str, int]
    many: bool

    def number(self, given: float | str | bool | None) -> float:
        """Return what is written for an argument; whole numbers are rounded to the next count."""
        if self.value is not None:
            return float(self.value)
        if isinstance(given, str):
            return self.words[given]
        if given is None or not math.isfinite(given):
            raise ArgumentError("OUT_OF_RANGE", f"{given!r} cannot be written")
        if isinstance(given, bool):
            return given
        number = given / self.factor
        return number if self.place.type.startswith("float") else round(number)


def as_kind(type_: str) -> Kind:
    """Return the kind of number that a type is.

    Raises:
        LineError: If it is none.
    """
    if type_ not in KINDS:
        raise LineError(f"{type_}: no number")
    return type_  # type: ignore[return-value]  # it was looked up


def _times(number: float, factor: float) -> float:
    """Multiply; by dividing where that gives 0.3 and not 0.30000000000000004."""
    if factor == 1:
        return number
    inverse = 1 / factor
    whole = round(inverse)
    return number / whole if whole and math.isclose(inverse, whole) else number * factor
