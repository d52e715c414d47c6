"""Sinks, each with its own queue and thread: a slow or dead one delays nobody."""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from labframe.hookspecs import Sink, SinkHealth
from labframe.points import Event, Reading, Sweep

__all__ = ["Fanout", "SinkRunner", "SinkStatus"]

_LOG = logging.getLogger("labframe.host")

_CAPACITY: Final = 100_000
_BATCH_S: Final = 0.02
"""How long readings are collected before a sink gets them together, unless it says otherwise."""


@dataclass(frozen=True, slots=True)
class SinkStatus:
    """How a sink is doing.

    Attributes:
        name: Its name.
        queued: How many readings and events wait for it.
        dropped: How many were thrown away because it was too slow.
        error: Why it failed last; empty when it is well.
    """

    name: str
    queued: int
    dropped: int
    error: str


class SinkRunner:
    """Hands readings to one sink, in order, on a thread of its own.

    When the queue is full the oldest go first, and are counted.

    Args:
        sink: The sink.
        capacity: How many readings may wait.
    """

    def __init__(self, sink: Sink, capacity: int = _CAPACITY) -> None:
        self.sink = sink
        self._queue: deque[Reading | Sweep | Event] = deque(maxlen=capacity)
        self._capacity = capacity
        self._gather_s = float(getattr(sink, "gather_s", _BATCH_S))
        self._dropped = 0
        self._error = ""
        self._sleeps = False
        self._stopping = False
        self._bell = threading.Lock()
        self._bell.acquire()
        self._stopped = threading.Event()
        self._thread = threading.Thread(
            target=self._run, name=f"labframe sink {sink.name}", daemon=True
        )

    def put(self, item: Reading | Sweep | Event) -> None:
        """Take something for the sink; never blocks."""
        queue = self._queue
        if len(queue) >= self._capacity:
            self._dropped += 1
        queue.append(item)
        if self._sleeps:
            self._sleeps = False
            with contextlib.suppress(RuntimeError):
                self._bell.release()

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """Have what is queued written and the sink closed; does not wait."""
        self._stopping = True
        self._stopped.set()
        with contextlib.suppress(RuntimeError):
            self._bell.release()

    def join(self, timeout_s: float) -> bool:
        """Wait until the thread has ended; tell whether it has."""
        if self._thread.ident is not None:
            self._thread.join(max(0.0, timeout_s))
        return not self._thread.is_alive()

    def status(self) -> SinkStatus:
        """Return how it is doing; any thread may ask."""
        own = self._own_health()
        return SinkStatus(
            self.sink.name,
            len(self._queue) + own.queued,
            self._dropped + own.dropped,
            self._error or own.error,
        )

    def _own_health(self) -> SinkHealth:
        asked: Callable[[], SinkHealth] | None = getattr(self.sink, "health", None)
        if asked is None:
            return SinkHealth()
        try:
            return asked()
        except Exception as error:  # noqa: BLE001  # a sink is a plugin
            return SinkHealth(error=f"health() failed: {type(error).__name__}: {error}")

    def _run(self) -> None:
        while not self._stopping:
            self._sleeps = True
            if not self._queue:
                self._bell.acquire()
            self._sleeps = False
            self._stopped.wait(self._gather_s)
            self._drain()
        self._drain()
        try:
            self.sink.close()
        except BaseException:  # noqa: BLE001  # a sink is a plugin
            _LOG.exception("sink %s: close() failed", self.sink.name)

    def _drain(self) -> None:
        readings: list[Reading | Sweep] = []
        for _ in range(len(self._queue)):
            item = self._queue.popleft()
            if isinstance(item, Event):
                self._write(readings)
                readings = []
                self._hand_over(item)
            else:
                readings.append(item)
        self._write(readings)

    def _write(self, readings: Sequence[Reading | Sweep]) -> None:
        if readings:
            self._hand_over(readings)

    def _hand_over(self, what: Sequence[Reading | Sweep] | Event) -> None:
        try:
            if isinstance(what, Event):
                self.sink.event(what)
            else:
                self.sink.write(what)
        except BaseException as error:  # noqa: BLE001  # a sink is a plugin
            if not self._error:
                _LOG.exception("sink %s failed", self.sink.name)
            self._error = f"{type(error).__name__}: {error}"
        else:
            if self._error:
                _LOG.warning("sink %s works again", self.sink.name)
            self._error = ""


class Fanout:
    """Gives each reading and each event to every sink, and each event to every listener."""

    def __init__(self) -> None:
        self._runners: tuple[SinkRunner, ...] = ()
        self._listeners: tuple[SinkRunner, ...] = ()

    @property
    def runners(self) -> tuple[SinkRunner, ...]:
        """The sinks."""
        return self._runners

    def add(self, sink: Sink) -> None:
        """Add a sink; before anything is running."""
        self._runners += (SinkRunner(sink),)

    def listen(self, listener: Sink) -> None:
        """Add a part of the host that is given the events alone; before anything is running."""
        self._listeners += (SinkRunner(listener),)

    def put(self, reading: Reading | Sweep) -> None:
        """Give a reading to every sink."""
        for runner in self._runners:
            runner.put(reading)

    def event(self, event: Event) -> None:
        """Give an event to every sink and listener."""
        for runner in self._runners + self._listeners:
            runner.put(event)

    def start(self) -> None:
        """Start the sinks' threads."""
        for runner in self._runners + self._listeners:
            runner.start()

    def stop(self, timeout_s: float) -> list[str]:
        """Have every sink write what is queued, and end; return the names of those that hang."""
        runners = self._runners + self._listeners
        for runner in runners:
            runner.stop()
        deadline = time.monotonic() + timeout_s
        return [
            runner.sink.name for runner in runners if not runner.join(deadline - time.monotonic())
        ]
