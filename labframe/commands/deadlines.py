"""Calling back at a time: one thread for the deadlines of all commands."""

from __future__ import annotations

import heapq
import itertools
import logging
import threading
from collections.abc import Callable
from time import monotonic
from typing import Final

__all__ = ["Deadlines"]

_LOG = logging.getLogger("labframe.host")

_FOR_EVER: Final = float("inf")


class Deadlines:
    """Calls what was handed in when its time has come, on a thread of its own.

    What is called must be quick, and find out by itself whether it is still wanted. It may return
    a monotonic time at which it is to be called again.
    """

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Callable[[], float | None]]] = []
        self._order = itertools.count()
        self._lock = threading.Lock()
        self._bell = threading.Semaphore(0)
        self._sleeps_until = _FOR_EVER
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="labframe deadlines", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread; nothing more is called."""
        self._stopping = True
        self._bell.release()
        if self._thread.ident is not None:
            self._thread.join(1.0)

    def at(self, when: float, call: Callable[[], float | None]) -> None:
        """Have something called at a monotonic time, or soon after; any thread may ask."""
        with self._lock:
            heapq.heappush(self._heap, (when, next(self._order), call))
            is_earlier = when < self._sleeps_until
        if is_earlier:
            self._bell.release()

    def _run(self) -> None:
        while not self._stopping:
            with self._lock:
                self._sleeps_until = self._heap[0][0] if self._heap else _FOR_EVER
                wait_s = self._sleeps_until - monotonic()
                call = heapq.heappop(self._heap)[2] if wait_s <= 0 else None
            if call is None:
                self._bell.acquire(timeout=None if wait_s == _FOR_EVER else wait_s)
                continue
            try:
                again = call()
            except Exception:  # noqa: BLE001  # the other deadlines are still kept
                _LOG.exception("a deadline was not looked at; this is a mistake in labframe")
                continue
            if again is not None:
                self.at(again, call)
