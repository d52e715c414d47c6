"""One codename: its newest point, what it is worth, and the points before."""

from __future__ import annotations

from array import array
from typing import Any, Final

__all__ = ["Channel", "Rhythm"]

_KEPT_POINTS: Final = 600
_SPECTRUM_POINTS: Final = 100_000
_SENT_POINTS: Final = 200
_TEN_YEARS_S: Final = 10 * 365.25 * 86400.0
_LARGEST: Final = 1 << 63
_SHORTEST_S, _LONGEST_S = 3.0, 900.0
"""900 s is after what time the original's sockets call themselves inactive."""


class Rhythm:
    """Learns how often something comes, to tell when it is overdue.

    Attributes:
        patience_s: After how many seconds it is overdue.
    """

    __slots__ = ("_gap_s", "_last", "_least_s", "_most_s", "patience_s")

    def __init__(self) -> None:
        self._last: float | None = None
        self._settle(_LONGEST_S)
        self._gap_s = 0.0  # as yet

    def beat(self, now: float) -> bool:
        """Note that it came; return whether ``patience_s`` is another one, by a quarter at least.

        Args:
            now: Monotonic time.
        """
        last, self._last = self._last, now
        if last is None:
            return False
        gap_s, fading_s = now - last, 0.8 * self._gap_s
        if gap_s < fading_s:
            gap_s = fading_s
        self._gap_s = gap_s
        if self._least_s <= gap_s <= self._most_s:
            return False
        before = self.patience_s
        self._settle(gap_s)
        return self.patience_s != before

    def _settle(self, gap_s: float) -> None:
        self._gap_s = gap_s = min(gap_s, _LONGEST_S)
        patience_s = self.patience_s = round(min(max(3 * gap_s, _SHORTEST_S), _LONGEST_S), 3)
        self._least_s = 0.0 if patience_s == _SHORTEST_S else 0.25 * patience_s
        self._most_s = _LONGEST_S if patience_s == _LONGEST_S else 1.25 * patience_s / 3


class Channel:
    """A codename of a host.

    Attributes:
        codename: The name.
        facts: What was declared: instrument, label, unit, kind, stale_after, every,
            on_demand.
        quality: What the host says; it is ``old`` all the same when it is, see ``judged``.
        x: Of the newest point; None if there was none.
        y: Likewise.
        arrival: Monotonic time of the newest point; None if there was none.
        sender: Where the last point came from.
        instance: The start of the host in which it was told of; empty if it never was.
        was_reset: Whether a new spectrum has begun since ``taken``.
        announced: The quality that clients know.
    """

    __slots__ = (
        "_points", "_rhythm", "_waiting", "announced", "arrival", "codename", "facts",
        "instance", "quality", "sender", "was_reset", "x", "y",
    )  # fmt: skip

    def __init__(self, codename: str) -> None:
        self.codename = codename
        self.facts: dict[str, Any] = {
            "instrument": None, "label": codename, "unit": None, "kind": "date",
            "stale_after": _LONGEST_S, "every": None, "on_demand": False,
        }  # fmt: skip
        self.quality = "never"
        self.announced = "never"
        self.x: Any = None
        self.y: Any = None
        self.arrival: float | None = None
        self.sender: Any = None
        self.instance = ""
        self.was_reset = False
        self._points = array("d")
        self._waiting: list[Any] = []
        self._rhythm = Rhythm()

    @property
    def is_spectrum(self) -> bool:
        """Whether x is no time."""
        return bool(self.facts["kind"] == "data")

    def put(self, x: Any, y: Any, now: float, wall: float) -> dict[str, Any] | None:
        """Take a point; return the facts that were learned from it, if any.

        Args:
            x: Unix time in seconds, or any number.
            y: The value.
            now: Monotonic time.
            wall: Unix time, to tell a time from another number where nothing was declared.
        """
        learned = None
        if not self.instance and (self._rhythm.beat(now) or self.arrival is None):
            learned = self._learn(x, wall)
        self.x, self.y, self.arrival, self.quality = x, y, now, "ok"
        self._waiting += (x, y)
        if (type(x) is float and type(y) is float) or (_is_number(x) and _is_number(y)):
            points = self._points
            points.append(x)
            points.append(y)
            if len(points) > 4 * _KEPT_POINTS:
                self._trim()
        return learned

    def reset(self) -> None:
        """Forget the points: a new spectrum begins."""
        self.was_reset = True
        self._waiting.clear()
        self._points = array("d")

    def judged(self, now: float) -> str:
        """Return what the newest point is worth at the monotonic time ``now``."""
        if self.quality != "ok" or self.arrival is None:
            return self.quality
        stale_after = self.facts["stale_after"]
        is_old = stale_after is not None and now - self.arrival > stale_after
        return "old" if is_old else "ok"

    def age_s(self, now: float) -> float | None:
        """Return how old the newest point is in seconds; None if there was none."""
        return None if self.arrival is None else round(max(0.0, now - self.arrival), 3)

    def described(self, now: float) -> dict[str, Any]:
        """Return all there is to say of it."""
        return {
            **self.facts,
            "quality": self.judged(now), "x": self.x, "y": self.y, "age": self.age_s(now),
        }  # fmt: skip

    def taken(self) -> list[Any]:
        """Return the points since this was called last: x, y, x, y, ..."""
        points, self._waiting = self._waiting, []
        self.was_reset = False
        return points if self.is_spectrum else points[-2 * _SENT_POINTS :]

    def recent(self, most: int = _KEPT_POINTS) -> list[float]:
        """Return the last points that are numbers: x, y, x, y, ...; a spectrum as a whole."""
        if self.is_spectrum:
            return self._points.tolist()
        return self._points[-2 * min(most, _KEPT_POINTS) :].tolist()

    def _learn(self, x: Any, wall: float) -> dict[str, Any]:
        learned: dict[str, Any] = {}
        if self.arrival is None and _is_number(x):
            learned["kind"] = "date" if abs(x - wall) < _TEN_YEARS_S else "data"
        elif not self.is_spectrum:
            learned["stale_after"] = self._rhythm.patience_s
        self.facts |= learned
        return learned

    def _trim(self) -> None:
        most = 2 * (_SPECTRUM_POINTS if self.is_spectrum else _KEPT_POINTS)
        if len(self._points) > 2 * most:
            del self._points[:-most]


def _is_number(value: Any) -> bool:
    """Tell whether it is a number that can be plotted: no truth value, and none of 400 digits."""
    return type(value) is float or (type(value) is int and abs(value) < _LARGEST)
