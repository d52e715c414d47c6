"""Decides which points are kept, without making a false picture of what was measured.

A dead band is kept to by lines: whoever connects the kept points by straight lines is nowhere
further than the band from a point that was left out. The last point before a change is kept too
(the *held* one), so a step stays a step, and does not become a slope from the last kept point on.
"""

from __future__ import annotations

import math
from typing import Any, Protocol

__all__ = ["Band", "Interval", "Keep"]

Kept = tuple[tuple[int, Any], ...]
_NONE: Kept = ()


class Keep(Protocol):
    """Decides for one codename."""

    def put(self, time: int, y: Any) -> Kept:
        """Take a point; return what is to be stored now, in the order of arrival.

        Args:
            time: Microseconds since 1970.
            y: A number, or anything else as it is stored.
        """

    def flush(self) -> Kept:
        """Return the point that is held; there is a gap after it, or the end."""


class Interval:
    """Keeps a point when the one before is long enough ago.

    Args:
        every: Seconds.
    """

    def __init__(self, every: float) -> None:
        # An instrument that is polled once a second gives every tenth point for ``every = 10``,
        # not every eleventh, though polls are some ms early or late.
        self._least = round(every * 0.95e6)
        self._time: int | None = None

    def put(self, time: int, y: Any) -> Kept:
        """Take a point; after the clock was set back each is kept until it is past that again."""
        if self._time is not None and 0 <= time - self._time < self._least:
            return _NONE
        self._time = time
        return ((time, y),)

    def flush(self) -> Kept:
        """Return nothing; the first point after the gap is kept."""
        self._time = None
        return _NONE


class Band:
    """Keeps what lines between kept points would not show.

    From the last kept point a cone of slopes is open: each line in it passes all points since by no
    more than the band. A point outside of it ends the line at the point before.

    Args:
        lin: The band, in units of the value.
        log: The band as a part of the value; the wider one counts.
        silence: Seconds after which a point is kept in any case.
    """

    def __init__(self, lin: float, log: float, silence: float) -> None:
        self._lin = lin
        self._log = log
        self._silence = round(silence * 1e6)
        self._kept: tuple[int, Any] | None = None
        self._held: tuple[int, Any] | None = None
        self._least = -math.inf
        self._most = math.inf

    def put(self, time: int, y: Any) -> Kept:
        """Take a point."""
        kept, held = self._kept, self._held
        if kept is None:
            return self._end((time, y))
        last = kept if held is None else held
        if time <= last[0]:  # the clock was set back
            return (*self._end_held(), *self._end((time, y)))
        if not (_is_number(y) and _is_number(kept[1])):
            return self._unlike(time, y)
        stored: Kept = _NONE
        if time - kept[0] >= self._silence and held is not None:
            stored = self._end(held)
        elif not self._least <= self._slope(time, y) <= self._most:
            assert held is not None  # any first point is within the open cone
            stored = self._end(held)
        self._narrow(time, y)
        self._held = (time, y)
        assert self._kept is not None
        if time - self._kept[0] >= self._silence:
            return (*stored, *self._end_held())
        return stored

    def flush(self) -> Kept:
        """Return the point that is held; no line leads on from it."""
        stored = self._end_held()
        self._kept = None
        return stored

    def _unlike(self, time: int, y: Any) -> Kept:
        """Take a point that no line leads to: it is kept when it is another one."""
        assert self._kept is not None
        if y == self._kept[1] and time - self._kept[0] < self._silence:
            self._held = (time, y)
            return _NONE
        return (*self._end_held(), *self._end((time, y)))

    def _end_held(self) -> Kept:
        return _NONE if self._held is None else self._end(self._held)

    def _end(self, point: tuple[int, Any]) -> Kept:
        """Begin a new cone at a point, which is kept."""
        self._kept, self._held = point, None
        self._least, self._most = -math.inf, math.inf
        return (point,)

    def _slope(self, time: int, y: float) -> float:
        assert self._kept is not None
        return (y - self._kept[1]) / (time - self._kept[0])  # type: ignore[no-any-return]  # a number

    def _narrow(self, time: int, y: float) -> None:
        band = max(self._lin, self._log * abs(y))
        self._least = max(self._least, self._slope(time, y - band))
        self._most = min(self._most, self._slope(time, y + band))


def _is_number(y: Any) -> bool:
    return isinstance(y, (int, float)) and math.isfinite(y)
