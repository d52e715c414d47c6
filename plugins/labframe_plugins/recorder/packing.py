"""Packs the points of one codename into a few bytes each, so that plain SQL can still read them.

Times and values become whole numbers: a time is what it differs from an even grid, in microseconds;
a value is counted in steps of a power of ten, as instruments say it (``295.123`` is 295123
thousandths), or of two, which every computed number is. What is left after the smallest one is
taken off is cut into groups of seven bits. Byte ``k * count + i`` of a column holds group ``k`` of
point ``i``: SQLite's ``unicode(substr(column, k * count + i + 1, 1))`` is that number again, which
is why there are seven bits in a byte and no compression.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

__all__ = ["MOST_POINTS", "Packed", "pack", "times_of", "values_of"]

MOST_POINTS: Final = 1024
"""How many points a block holds at most: so many rows the table ``counting`` has."""

_BITS: Final = 7
_EXACT: Final = 1 << 53
"""Below this every whole number is a float."""
_WIDEST: Final = 1 << 62
_MOST_DECIMALS: Final = 17
_TRIED: Final = 16
_SMALLEST: Final = 1000
"""Values that are no multiples of 2**-1000 are not packed."""


@dataclass(frozen=True, slots=True)
class Packed:
    """A block of points.

    Attributes:
        count: How many.
        start: Microseconds since 1970 of the grid's first place.
        step: Microseconds from place to place.
        times: What the times are after their places.
        low: The smallest value, in steps.
        divisor: How many steps are 1; None if the values are whole numbers themselves.
        values: What the values are above ``low``, in steps.
    """

    count: int
    start: int
    step: int
    times: bytes
    low: int
    divisor: float | None
    values: bytes


def pack(times: Sequence[int], values: Sequence[float]) -> Packed | None:
    """Return points as a block; None if their values span too much for that.

    Args:
        times: Microseconds since 1970, in any order, 1 to ``MOST_POINTS`` of them.
        values: Finite numbers, as many.
    """
    scaled = _scaled(values)
    if scaled is None:
        return None
    steps, divisor = scaled
    low = min(steps)
    if max(steps) - low >= _WIDEST:
        return None
    count = len(times)
    step = (times[-1] - times[0]) // (count - 1) if count > 1 else 0
    after = [time - step * index for index, time in enumerate(times)]
    start = min(after)
    if max(after) - start >= _WIDEST:
        return None
    return Packed(
        count, start, step, _groups([one - start for one in after]),
        low, divisor, _groups([one - low for one in steps]),
    )  # fmt: skip


def times_of(packed: Packed) -> list[int]:
    """Return the times of a block, in microseconds since 1970."""
    start, step = packed.start, packed.step
    return [
        start + step * index + after
        for index, after in enumerate(_ungrouped(packed.times, packed.count))
    ]


def values_of(packed: Packed) -> list[float]:
    """Return the values of a block."""
    low, divisor = packed.low, packed.divisor
    steps = _ungrouped(packed.values, packed.count)
    if divisor is None:
        return [low + one for one in steps]
    return [(low + one) / divisor for one in steps]


def _groups(numbers: Sequence[int]) -> bytes:
    groups = range((max(numbers).bit_length() + _BITS - 1) // _BITS)
    return b"".join(
        bytes([number >> shift & 127 for number in numbers])
        for shift in (_BITS * group for group in groups)
    )


def _ungrouped(column: bytes, count: int) -> Sequence[int]:
    if not column:
        return [0] * count
    total: Sequence[int] = column[:count]
    for group in range(1, len(column) // count):
        shift, part = _BITS * group, column[group * count : (group + 1) * count]
        total = [low + (high << shift) for low, high in zip(total, part, strict=True)]
    return total


def _scaled(values: Sequence[float]) -> tuple[Sequence[int], float | None] | None:
    """Return the values in steps, and how many steps are 1."""
    if all(type(value) is int for value in values):
        return values, None  # type: ignore[return-value]  # they are whole numbers
    if any(type(value) is int and abs(value) >= _EXACT for value in values):
        return None
    return _decimal(values) or _binary(values)


def _decimal(values: Sequence[float]) -> tuple[Sequence[int], float] | None:
    decimals = max(_decimals(value) for value in values[:: max(1, len(values) // _TRIED)])
    while decimals <= _MOST_DECIMALS:
        divisor = float(10**decimals)
        if max(map(abs, values)) * divisor >= _EXACT:
            return None
        steps = [round(value * divisor) for value in values]
        wrong = [
            value for value, step in zip(values, steps, strict=True) if step / divisor != value
        ]
        if not wrong:
            return steps, divisor
        decimals = max(decimals + 1, *(_decimals(value) for value in wrong[:_TRIED]))
    return None


def _decimals(value: float) -> int:
    """Return how many digits a value has behind its point."""
    mantissa, _, exponent = repr(float(value)).partition("e")
    digits = mantissa.partition(".")[2]
    return max(0, (0 if digits == "0" else len(digits)) - int(exponent or 0))


def _binary(values: Sequence[float]) -> tuple[Sequence[int], float] | None:
    most = max(float(value).as_integer_ratio()[1] for value in values)
    if most.bit_length() > _SMALLEST:
        return None
    divisor = float(most)
    if max(map(abs, values)) * divisor >= _WIDEST:
        return None
    return [int(value * divisor) for value in values], divisor
