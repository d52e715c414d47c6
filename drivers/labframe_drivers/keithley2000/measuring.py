"""When the simulated meter measures: triggers, readings that are there, the buffer.

Nothing runs by itself: whoever asks says what time it is, and the meter works out what it would
have measured until then.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["Measuring"]

_NEVER = float("inf")
_OVERFLOW, _AVAILABLE, _BUFFER_FULL = 1 << 0, 1 << 5, 1 << 9
"""Bits of the measurement event register: manual, page 5-53."""


@dataclass(slots=True)
class Measuring:
    """The trigger model, as far as other drivers use it.

    Attributes:
        take: Returns the reading of a time as text, and whether it is an overflow.
        duration: Returns how long a measurement takes, s.
        is_continuous: Whether it measures again and again (``:INIT:CONT``).
        source: What triggers: IMM, EXT, BUS, TIM, MAN.
        delay_s: From the trigger to the measurement.
        triggers: How many triggers an ``:INIT`` waits for.
        samples: Measurements after each.
        timer_s: The period of the source TIM.
        external_s: The period of the triggers that come from outside; 0: none come.
        points: How many readings the buffer holds.
        feeds: Whether readings go into the buffer (``:TRAC:FEED:CONT NEXT``).
    """

    take: Callable[[float], tuple[str, bool]]
    duration: Callable[[], float]
    is_continuous: bool = True
    source: str = "IMM"
    delay_s: float = 0.0
    triggers: float = 1
    samples: int = 1
    timer_s: float = 0.1
    external_s: float = 0.0
    points: int = 2
    feeds: bool = False
    _began: float = 0.0
    _left: float = _NEVER
    _latest: str | None = None
    _is_fresh: bool = False
    _events: int = 0
    _buffer_began: float | None = None

    def reset(self, *, is_continuous: bool) -> None:
        """Be as after ``*RST`` (idle) or ``:SYST:PRES`` (measuring)."""
        self.is_continuous = is_continuous
        self.source, self.delay_s, self.triggers, self.samples = "IMM", 0.0, 1, 1
        self.idle()

    def idle(self) -> None:
        """Stop what was begun; the latest reading stays."""
        self._began, self._left, self._is_fresh = _NEVER, 0, False

    def begin(self, now: float) -> None:
        """Wait for the first trigger from now on."""
        self._began, self._is_fresh = now, False
        self._left = _NEVER if self.is_continuous else self.triggers * self.samples
        if self.feeds and self._buffer_began is None:
            self._buffer_began = now

    def read(self, now: float) -> tuple[list[str], float]:
        """Measure as often as an ``:INIT`` does; return the readings, and when the last is there.

        No readings: no trigger comes.
        """
        self.begin(now)
        step = self._step_s()
        if _NEVER in (step, self._left):
            return [], _NEVER
        ends = [now + step * number for number in range(1, int(self._left) + 1)]
        self._began, self._left = ends[-1], 0
        return [self._measured(end) for end in ends], ends[-1]

    def trigger(self, now: float, *, source: str = "") -> None:
        """Take a trigger, ``*TRG`` for the source BUS; no source: whatever it waits for."""
        if source in ("", self.source) and now >= self._began and self._left:
            self._left -= 1
            self._measured(now + self.delay_s + self.duration())

    def latest(self, now: float) -> str | None:
        """Return the newest reading; None if there never was one."""
        self._catch_up(now)
        return self._latest

    def fresh(self, now: float) -> tuple[str | None, float]:
        """Return a reading that nobody had, and when it is there; never: no trigger comes.

        None: nothing measures.
        """
        self._catch_up(now)
        ready = now
        if not self._is_fresh:
            if not self._left:
                return None, now
            ready = self._began + self._step_s()
            self._catch_up(ready)
        self._is_fresh = False
        return self._latest, ready

    def events(self, now: float, *, clear: bool = True) -> int:
        """Return the measurement event register, and clear it."""
        self._catch_up(now)
        if self._buffer_began is not None and now >= self._buffer_began + self.points * self._one_s:
            self._events |= _BUFFER_FULL
        events = self._events
        if clear:
            self._events = 0
        return events

    def clear_buffer(self) -> None:
        """Empty the buffer."""
        self._buffer_began = None
        self._events &= ~_BUFFER_FULL

    def buffer(self) -> list[str]:
        """Return the readings of the buffer."""
        began = self._buffer_began
        if began is None:
            return []
        return [self.take(began + self._one_s * (n + 1))[0] for n in range(self.points)]

    @property
    def _one_s(self) -> float:
        return self.duration() + self.delay_s

    def _step_s(self) -> float:
        """Return the time from measurement to measurement; never, if no trigger comes."""
        period = {"IMM": 0.0, "TIM": self.timer_s, "EXT": self.external_s or _NEVER}
        return max(period.get(self.source, _NEVER), self._one_s)

    def _measured(self, at: float) -> str:
        self._latest, overflows = self.take(at)
        self._is_fresh = True
        self._events |= _AVAILABLE | (_OVERFLOW if overflows else 0)
        return self._latest

    def _catch_up(self, now: float) -> None:
        """Measure what would have been measured until now."""
        step = self._step_s()
        if now < self._began + step or not self._left:
            return
        done = min(int((now - self._began) / step + 1e-9), self._left)
        self._began += done * step
        self._left -= done
        self._measured(self._began)
