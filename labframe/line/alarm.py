"""Ends a wait for bytes from another thread, however the port is waited for."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable, Iterator

__all__ = ["Alarm"]

_ONE = (1).to_bytes(8, "little")
_MOST = 4096


class Alarm:
    """Rings until somebody takes note: one who comes to wait after it rang does not wait.

    A file descriptor is made when one is asked for; until then it is a flag.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rings = False
        self._descriptors: tuple[int, ...] = ()
        self._sleeper: Callable[[], None] | None = None

    def ring(self) -> None:
        """Wake whoever waits, or will; any thread may."""
        with self._lock:
            self._rings = True
            sleeper = self._sleeper
            if self._descriptors:
                with contextlib.suppress(BlockingIOError):  # it is full: it rings
                    os.write(self._descriptors[-1], _ONE)
        if sleeper is not None:
            sleeper()

    def rings(self) -> bool:
        """Tell whether it rings."""
        return self._rings

    def take(self) -> bool:
        """Have it stop; tell whether it rang."""
        if not self._rings:
            return False
        with self._lock:
            self._rings = False
            if self._descriptors:
                with contextlib.suppress(BlockingIOError):
                    os.read(self._descriptors[0], _MOST)
        return True

    def fileno(self) -> int:
        """Return a file descriptor that is readable while it rings; POSIX only."""
        with self._lock:
            if not self._descriptors:
                if hasattr(os, "eventfd"):
                    self._descriptors = (os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC),)
                else:
                    self._descriptors = os.pipe()
                    for one in self._descriptors:
                        os.set_blocking(one, False)
                if self._rings:
                    os.write(self._descriptors[-1], _ONE)
            return self._descriptors[0]

    @contextlib.contextmanager
    def waking(self, sleeper: Callable[[], None]) -> Iterator[None]:
        """Call ``sleeper`` when it rings, inside the ``with`` statement."""
        self._sleeper = sleeper
        try:
            yield
        finally:
            self._sleeper = None

    def close(self) -> None:
        """Give the descriptor back; it may be asked for again."""
        with self._lock:
            descriptors, self._descriptors = self._descriptors, ()
            for one in descriptors:
                os.close(one)
