"""A simulator, called so that what it raises stops nothing, and what it heard is known."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial

from labframe.simulation.core import Answer, SimulatedInstrument

__all__ = ["GuardedSimulator"]

_LOG = logging.getLogger("labframe.simulation")


class GuardedSimulator:
    """Calls ``feed`` and ``tick`` of a simulator; on one thread.

    Args:
        simulator: The instrument.
        where: What its carrier is called in the log.
        keep_seen: How many chunks ``seen`` holds; the oldest go first.

    Attributes:
        seen: The chunks that it heard, the newest last.
        failure: The first exception that it raised, None while there was none.
    """

    def __init__(self, simulator: SimulatedInstrument, where: str, keep_seen: int) -> None:
        self.simulator = simulator
        self.seen: list[bytes] = []
        self.failure: Exception | None = None
        self._where = where
        self._keep_seen = keep_seen

    def feed(self, written: bytes, heard: bytes, now: float) -> list[tuple[float, bytes]]:
        """Have it hear bytes; return its answers with the times at which they leave.

        Args:
            written: What was written.
            heard: What arrives of that.
            now: Seconds on a clock that never goes back.
        """
        self.seen.append(written)
        if len(self.seen) > self._keep_seen:
            del self.seen[: -self._keep_seen or None]
        return self._answers(partial(self.simulator.feed, heard, now), now)

    def tick(self, now: float) -> list[tuple[float, bytes]]:
        """Let time pass; return what it says by itself."""
        return self._answers(partial(self.simulator.tick, now), now)

    def _answers(self, ask: Callable[[], list[Answer]], now: float) -> list[tuple[float, bytes]]:
        try:
            return [(now + answer.delay_s, b"" + answer.data) for answer in ask()]
        except Exception as error:  # noqa: BLE001  # a simulator is a plugin
            if self.failure is None:
                self.failure = error
                _LOG.exception("the simulator behind %s failed", self._where)
            return []
