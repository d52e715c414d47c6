"""Bytes one after the other, at the pace of a baud rate, in slices that a thread keeps up with."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

__all__ = ["Pacing"]

_FRAME_BITS: Final = 10
_SLICE_S: Final = 0.002
"""Bytes of so much time leave together: a wake-up for each would cost more than it shows."""


class Pacing:
    """Tells when the bytes of answers have left the instrument.

    Args:
        baudrate: Bits per second; None sends all at once.
    """

    def __init__(self, baudrate: int | None) -> None:
        self._byte_s = _FRAME_BITS / baudrate if baudrate else 0.0
        self._slice = max(1, int(_SLICE_S / self._byte_s)) if baudrate else 0
        self._free_at = float("-inf")

    def begin(self) -> None:
        """Forget what was under way: the cable was out."""
        self._free_at = float("-inf")

    def parts(self, begins: float, data: bytes) -> Iterator[tuple[float, bytes]]:
        """Return the parts of an answer, with the times at which each has left.

        Args:
            begins: When it would begin to leave; it waits for what leaves before it.
            data: The answer.
        """
        if not self._slice:
            yield begins, data
            return
        at = max(begins, self._free_at)
        for start in range(0, len(data), self._slice):
            part = data[start : start + self._slice]
            at += len(part) * self._byte_s
            yield at, part
        self._free_at = at
