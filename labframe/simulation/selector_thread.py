"""One thread that waits for many file descriptors and deadlines, and sleeps in between."""

from __future__ import annotations

import contextlib
import heapq
import itertools
import os
import selectors
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeAlias, TypeVar

from labframe.simulation.errors import SimulationError

__all__ = ["Callback", "SelectorThread"]

T = TypeVar("T")
Callback: TypeAlias = "Callable[[], object]"

_CALL_S = 10.0
"""How long ``call`` and ``close`` wait for a simulator that is busy in its own code."""


class SelectorThread:
    """Runs callbacks when a file descriptor is ready or a time has come, all on one thread.

    Everything but ``call``, ``close`` and ``wakeups`` is for callbacks, that is, for that thread.
    """

    def __init__(self, name: str) -> None:
        self.wakeups = 0
        self._selector = selectors.DefaultSelector()
        self._due: list[tuple[float, int, Callback]] = []
        self._order = itertools.count()
        self._calls: deque[Callback] = deque()
        self._closing = False
        self._lock = threading.Lock()
        self._bell_out, self._bell_in = os.pipe()
        os.set_blocking(self._bell_out, False)
        os.set_blocking(self._bell_in, False)
        self._selector.register(self._bell_out, selectors.EVENT_READ, (self._make_calls, None))
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def call(self, work: Callable[[], T]) -> T:
        """Run ``work`` on the thread and return, or raise, what it does.

        Raises:
            SimulationError: If the thread was closed.
            TimeoutError: If the thread is busy for 10 s, in a simulator that blocks.
        """
        if threading.current_thread() is self._thread:
            return work()
        future: Future[T] = Future()

        def run() -> None:
            try:
                future.set_result(work())
            except BaseException as error:  # noqa: BLE001  # raised again where it was asked for
                future.set_exception(error)

        with self._lock:
            if self._closing:
                raise SimulationError("the simulation was closed; make a new one")
            self._calls.append(run)
            self._ring()
        return future.result(_CALL_S)

    def watch(self, fd: int, readable: Callback) -> None:
        """Call ``readable`` whenever ``fd`` has bytes."""
        self._selector.register(fd, selectors.EVENT_READ, (readable, None))

    def watch_room(self, fd: int, readable: Callback, writable: Callback | None) -> None:
        """Call ``writable`` too whenever the watched ``fd`` takes bytes; None: no longer."""
        events = selectors.EVENT_READ | (selectors.EVENT_WRITE if writable else 0)
        self._selector.modify(fd, events, (readable, writable))

    def unwatch(self, fd: int) -> None:
        """Forget ``fd``; call it before closing ``fd``."""
        self._selector.unregister(fd)

    def at(self, due: float, callback: Callback) -> None:
        """Call ``callback`` once ``time.monotonic()`` has reached ``due``; equal times in order."""
        heapq.heappush(self._due, (due, next(self._order), callback))

    def close(self) -> None:
        """Stop the thread, wait for it, and give back its descriptors. May be called again."""
        with self._lock:
            first, self._closing = not self._closing, True
            if first:
                self._ring()
        if threading.current_thread() is not self._thread:
            self._thread.join(_CALL_S)

    def _run(self) -> None:
        try:
            while not self._closing or self._calls:
                ready = self._selector.select(self._wait_s())
                self.wakeups += 1
                for key, events in ready:
                    readable, writable = key.data
                    if events & selectors.EVENT_READ:
                        readable()
                    if events & selectors.EVENT_WRITE and writable is not None:
                        writable()
                self._run_due()
        finally:
            self._due.clear()
            self._selector.close()
            with self._lock:
                self._closing = True
                os.close(self._bell_out)
                os.close(self._bell_in)

    def _wait_s(self) -> float | None:
        return max(self._due[0][0] - time.monotonic(), 0.0) if self._due else None

    def _run_due(self) -> None:
        now = time.monotonic()
        while self._due and self._due[0][0] <= now:
            heapq.heappop(self._due)[2]()

    def _make_calls(self) -> None:
        with contextlib.suppress(BlockingIOError):
            os.read(self._bell_out, 4096)
        while self._calls:
            self._calls.popleft()()

    def _ring(self) -> None:
        with contextlib.suppress(BlockingIOError):  # full: it rings already
            os.write(self._bell_in, b"!")
