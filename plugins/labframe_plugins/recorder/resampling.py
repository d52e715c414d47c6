"""Minimum, mean and maximum of what falls into each of many spans of time."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib import import_module
from typing import Any, Final

from labframe_plugins.recorder.packing import Packed, times_of, values_of

__all__ = ["Spans", "array_of", "joined", "unpacked"]

_BITS: Final = 7


@cache
def _numpy() -> Any:
    """Return NumPy, None where it is not installed: lists then.

    It is loaded when a history is read. A host only writes it, and starts a fifth sooner without.
    """
    try:
        return import_module("numpy")
    except ImportError:
        return None


def array_of(numbers: Sequence[float], kind: type = float) -> Any:
    """Return numbers as an array, as a list where NumPy is not installed."""
    numpy = _numpy()
    return list(numbers) if numpy is None else numpy.asarray(numbers, dtype=kind)


def unpacked(packed: Packed) -> tuple[Any, Any]:
    """Return the times (whole microseconds) and values of a block, as arrays or lists."""
    numpy = _numpy()
    if numpy is None:
        return times_of(packed), values_of(packed)
    times = _column(packed.times, packed.count)
    times += packed.start + packed.step * numpy.arange(packed.count)
    steps = _column(packed.values, packed.count) + packed.low
    return times, steps / (1.0 if packed.divisor is None else packed.divisor)


def _column(column: bytes, count: int) -> Any:
    numpy = _numpy()
    total = numpy.zeros(count, dtype=numpy.int64)
    for group in range(len(column) // count):
        part = numpy.frombuffer(column, numpy.uint8, count, group * count)
        total += part.astype(numpy.int64) << (_BITS * group)
    return total


def joined(pieces: Sequence[tuple[int, Any, Any]], begin: int, end: int) -> tuple[Any, Any]:
    """Return times (in seconds) and values of pieces, in the order of their numbers.

    Args:
        pieces: Each the number of its first point, times in microseconds, and values.
        begin: Points before this time are left out.
        end: Points after this time are left out.
    """
    numpy = _numpy()
    if numpy is None:
        points = [
            (first + index, time, y)
            for first, times, ys in pieces
            for index, (time, y) in enumerate(zip(times, ys, strict=True))
            if begin <= time <= end
        ]
        points.sort()
        return [time / 1e6 for _, time, _ in points], [float(y) for _, _, y in points]
    if not pieces:
        return numpy.zeros(0), numpy.zeros(0)
    numbers = numpy.concatenate([first + numpy.arange(len(times)) for first, times, _ in pieces])
    all_times = numpy.concatenate([times for _, times, _ in pieces])
    values = numpy.concatenate([numpy.asarray(ys, dtype=float) for _, _, ys in pieces])
    inside = numpy.flatnonzero((all_times >= begin) & (all_times <= end))
    order = inside[numpy.argsort(numbers[inside], kind="stable")]
    return all_times[order] / 1e6, values[order]


class Spans:
    """Collects points and summaries of points, in spans that are equally long.

    Args:
        begin: Microseconds since 1970 at which the first span begins.
        width: How many microseconds each of them is long.
        count: How many there are.

    Attributes:
        counts: How many points are in each.
        lows: The smallest value in each; only where there is one, as the others.
        totals: The sum of the values in each.
        highs: The largest value in each.
    """

    def __init__(self, begin: int, width: int, count: int) -> None:
        self._begin, self._width, self._count = begin, width, count
        self.counts: Any = [0] * count
        self.totals: Any = [0.0] * count
        self.lows: Any = [float("inf")] * count
        self.highs: Any = [float("-inf")] * count
        numpy = _numpy()
        if numpy is not None:
            self.counts, self.totals = numpy.zeros(count, dtype=int), numpy.zeros(count)
            self.lows, self.highs = numpy.asarray(self.lows), numpy.asarray(self.highs)

    def place(self, time: int) -> int:
        """Return the number of the span that a time is in, also of none that there is."""
        return (time - self._begin) // self._width

    def points(self, times: Any, values: Any, since: int, until: int) -> None:
        """Take points, those before ``since`` and after ``until`` left out."""
        numpy = _numpy()
        if numpy is None:
            for time, value in zip(times, values, strict=True):
                if since <= time <= until:
                    self.summary(time, 1, value, value, value)
            return
        places = (times - self._begin) // self._width
        inside = (times >= since) & (times <= until) & (places >= 0) & (places < self._count)
        places, values = places[inside], numpy.asarray(values, dtype=float)[inside]
        self.counts += numpy.bincount(places, minlength=self._count)
        self.totals += numpy.bincount(places, values, minlength=self._count)
        numpy.minimum.at(self.lows, places, values)
        numpy.maximum.at(self.highs, places, values)

    def summary(self, time: int, count: int, low: float, mean: float, high: float) -> None:
        """Take points of one span together."""
        place = (time - self._begin) // self._width
        if 0 <= place < self._count:
            self.counts[place] += count
            self.totals[place] += mean * count
            self.lows[place] = min(self.lows[place], low)
            self.highs[place] = max(self.highs[place], high)

    def filled(self) -> tuple[Any, Any, Any, Any, Any]:
        """Return middle (in seconds), minimum, mean, maximum and count of each that holds any."""
        places = [place for place in range(self._count) if self.counts[place]]
        half = self._begin + self._width / 2
        return (
            array_of([(half + place * self._width) / 1e6 for place in places]),
            array_of([self.lows[place] for place in places]),
            array_of([self.totals[place] / self.counts[place] for place in places]),
            array_of([self.highs[place] for place in places]),
            array_of([int(self.counts[place]) for place in places], int),
        )
