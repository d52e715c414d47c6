"""The way out of one codename: to the board, which pull sockets answer from, and to the sinks."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Protocol

from labframe.board import Cell
from labframe.points import Event, Number, Quality, Reading, Sweep, Value

__all__ = ["Feed", "Outlet"]


class Outlet(Protocol):
    """Where readings and events go beside the board."""

    def put(self, reading: Reading | Sweep) -> None:
        """Take a reading; must not block, and must not raise."""

    def event(self, event: Event) -> None:
        """Take an event; must not block, and must not raise."""


class Feed:
    """Takes the values of one codename, on one thread, and knows what they are worth.

    Args:
        codename: The codename.
        unit: The unit of y; empty if it is no number.
        stale_after: Seconds after which a value is old.
        label: What people call it.
        source: The instrument, or the producer.
        outlet: Where readings go beside the board.

    Attributes:
        last: The newest reading; None if there was none.
    """

    __slots__ = (
        "_announced", "_cell", "_lock", "_mark", "_outlet", "_sequence", "codename", "error",
        "label", "last", "source", "stale_after", "unit", "x_unit",
    )  # fmt: skip

    def __init__(
        self,
        codename: str,
        unit: str,
        stale_after: float,
        label: str,
        source: str,
        outlet: Outlet,
        x_unit: str = "",
    ) -> None:
        self.codename = codename
        self.unit = unit
        self.stale_after = stale_after
        self.label = label
        self.source = source
        self.x_unit = x_unit
        self.last: Reading | None = None
        self.error = ""
        self._outlet = outlet
        self._cell: Cell | None = None
        self._mark: Callable[[Cell], None] | None = None
        self._sequence = 0
        self._announced = Quality.NEVER
        self._lock = threading.Lock()

    def serve(self, cell: Cell, mark: Callable[[Cell], None]) -> None:
        """Put values into a cell of a board from now on; the newest at once.

        Args:
            cell: The cell.
            mark: ``Board.mark`` of its board.
        """
        with self._lock:
            self._cell, self._mark = cell, mark
            if self.last is not None:
                self._serve(self.last)

    def put(self, x: Number, y: Value, time: float, arrival: float) -> None:
        """Take a value.

        Args:
            x: Unix time of the measurement in seconds, or any number for xy data.
            y: The value, as the board can serve it.
            time: Unix time of the measurement in seconds.
            arrival: ``time.monotonic()`` when it came.
        """
        with self._lock:
            self._sequence = sequence = self._sequence + 1
            reading = Reading(
                self.codename, x, y, self.unit, Quality.OK, sequence, time, arrival
            )  # fmt: skip
            before, self.last = self.last, reading
            self._serve(reading)
            if self._announced is not Quality.OK:
                self._well(before, time)
            self._outlet.put(reading)

    def sweep(
        self, xs: tuple[float, ...], ys: tuple[float, ...], time: float, arrival: float
    ) -> None:
        """Take a whole xy measurement, of one point at least: the board gets its last one."""
        with self._lock:
            self._sequence = sequence = self._sequence + 1
            before = self.last
            self.last = Reading(
                self.codename, xs[-1], ys[-1], self.unit, Quality.OK, sequence, time, arrival
            )
            self._serve(self.last)
            if self._announced is not Quality.OK:
                self._well(before, time)
            self._outlet.put(
                Sweep(
                    self.codename,
                    xs,
                    ys,
                    self.x_unit,
                    self.unit,
                    Quality.OK,
                    sequence,
                    time,
                    arrival,
                )
            )

    def _serve(self, reading: Reading) -> None:
        cell = self._cell
        if cell is not None:
            cell.entry = (reading.x, reading.y, reading.arrival)
            if cell.clean:
                assert self._mark is not None
                try:
                    self._mark(cell)
                except KeyError:  # the socket is stopped
                    self._cell = None

    def fail(self, quality: Quality, why: str) -> None:
        """Note that there is no value now; the sinks hear of it once.

        The board keeps the last one until it is older than ``stale_after``.
        """
        with self._lock:
            self.error = why
            if self._announced is Quality.NEVER or quality is self._announced:
                return
            self._announce(quality)

    def judge(self, now: float) -> None:
        """Tell the sinks when the value has become old; ``now`` is monotonic."""
        last = self.last
        if (
            last is None
            or self._announced is not Quality.OK
            or now - last.arrival <= self.stale_after
        ):
            return
        with self._lock:
            if self.last is last:
                self._announce(Quality.OLD)

    def quality(self, now: float) -> Quality:
        """Return what the newest value is worth at the monotonic time ``now``."""
        with self._lock:
            last, announced = self.last, self._announced
        if last is None:
            return Quality.NEVER
        if announced is Quality.OK and now - last.arrival > self.stale_after:
            return Quality.OLD
        return announced

    def _announce(self, quality: Quality) -> None:
        self._announced = quality
        if self.last is not None:
            self._outlet.put(self.last._replace(quality=quality))

    def _well(self, before: Reading | None, time: float) -> None:
        cause, self._announced, why = self._announced, Quality.OK, self.error
        self.error = ""
        if before is not None:
            self._outlet.event(
                Event(
                    "gap",
                    self.codename,
                    time,
                    f"{self.codename}: no values for {time - before.time:.1f} s ({why or cause})",
                    {"from": before.time, "to": time, "cause": str(cause), "why": why},
                )
            )
