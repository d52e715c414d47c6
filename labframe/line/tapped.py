"""A channel whose bytes are noted as they go by."""

from __future__ import annotations

import os
from collections.abc import Callable
from time import monotonic
from typing import TypeAlias

from labframe.line.alarm import Alarm
from labframe.line.channel import Channel

__all__ = ["ChunkTap", "TappedChannel"]

ChunkTap: TypeAlias = Callable[[float, bool, bytes], None]
"""Takes the monotonic time, whether the bytes go to the instrument, and the bytes."""


class TappedChannel:
    """Does what a channel does, and tells of each chunk.

    Args:
        channel: The channel.
        tap: Told of each chunk: of one that is sent right before, of one that came right after.
        note: Told in a word when a chunk could not be sent whole.
    """

    def __init__(self, channel: Channel, tap: ChunkTap, note: Callable[[str], None]) -> None:
        self.channel = channel
        self.hung_up: Callable[[], bool] = channel.hung_up
        self.monotonic: Callable[[], float] = channel.monotonic
        self.pause: Callable[[float], None] = channel.pause
        self.node: Callable[[], os.stat_result | None] = channel.node
        self._receive = channel.receive
        self._write = channel.write
        self._tap = tap
        self._note = note

    def drop_input(self) -> bytes:
        """Throw away what has come, and return it."""
        dropped = self.channel.drop_input()
        if dropped:
            self._tap(monotonic(), False, dropped)
        return dropped

    def write(self, data: bytes, timeout_s: float) -> bool:
        """Send."""
        self._tap(monotonic(), True, data)
        if self._write(data, timeout_s):
            return True
        self._note("blocked")
        return False

    def receive(self, timeout_s: float) -> bytes:
        """Wait for bytes."""
        data = self._receive(timeout_s)
        if data:
            self._tap(monotonic(), False, data)
        return data

    def listen(self, timeout_s: float, alarm: Alarm) -> bytes:
        """Wait for bytes, until the alarm rings."""
        data = self.channel.listen(timeout_s, alarm)
        if data:
            self._tap(monotonic(), False, data)
        return data

    def set_baudrate(self, baudrate: int) -> None:
        """Set the port to another rate."""
        self.channel.set_baudrate(baudrate)

    def close(self) -> None:
        """Close it."""
        self.channel.close()
