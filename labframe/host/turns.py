"""How soon a thread that waits for the interpreter gets its turn."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from typing import Final

__all__ = ["quick_turns", "switch_interval_s"]

_SHORTEST_S: Final = 0.0005
"""Beside a driver that computes, every answer waits for the interpreter so long."""
_LONGEST_S: Final = 0.01
_WAKE_UPS: Final = 200_000
"""So many times a second all waiting threads together may look whether it is their turn."""


def switch_interval_s(workers: int) -> float:
    """Return the interpreter's switch interval for a host with so many worker threads.

    Each thread that waits for the interpreter wakes up once every interval to ask for it. When
    something holds the interpreter up, all workers wait: with 1,000 of them and 0.5 ms, two million
    wake-ups a second keep every core from the one thread that could go on.
    """
    return min(max(_SHORTEST_S, workers / _WAKE_UPS), _LONGEST_S)


@contextlib.contextmanager
def quick_turns(workers: int) -> Iterator[None]:
    """Set the switch interval for a host with so many workers, and set it back at the end."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(switch_interval_s(workers))
    try:
        yield
    finally:
        sys.setswitchinterval(before)
