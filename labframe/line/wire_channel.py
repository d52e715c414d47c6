"""Bytes in and out of a cable within this program: ``sim://``, where time may be a test's."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from labframe.line.channel import CHUNK, SLICE_S, Interrupted

if TYPE_CHECKING:
    from labframe.line.alarm import Alarm
    from labframe.wires import Wire

__all__ = ["WireChannel"]


class WireChannel:
    """Reads and writes a cable within this program.

    Args:
        wire: The cable.
        epoch: What opening it returned.
        stop: Set when the line is being closed.
    """

    def __init__(self, wire: Wire, epoch: int, stop: threading.Event) -> None:
        self._wire = wire
        self._epoch = epoch
        self._stop = stop
        self.monotonic: Callable[[], float] = wire.clock.monotonic

    def pause(self, seconds: float) -> None:
        """Let so much time pass."""
        self._wire.pause(seconds)
        self._refuse_if_stopped()

    def drop_input(self) -> bytes:
        """Throw away what has come, and return it."""
        return self._wire.drop(self._epoch)

    def write(self, data: bytes, timeout_s: float) -> bool:
        """Send all of ``data``; tell whether that was possible within ``timeout_s``."""
        return self._wire.write(self._epoch, data, timeout_s)

    def receive(self, timeout_s: float) -> bytes:
        """Wait for bytes and return what there is; ``b""`` when nothing came in time."""
        deadline = self.monotonic() + timeout_s
        while True:
            left = max(deadline - self.monotonic(), 0.0)
            data = self._wire.read(self._epoch, CHUNK, min(left, SLICE_S))
            self._refuse_if_stopped()
            if data or self.monotonic() >= deadline:
                return data

    def listen(self, timeout_s: float, alarm: Alarm) -> bytes:
        """Wait for bytes, until the alarm rings."""
        with alarm.waking(self._wire.nudge):
            data = self._wire.read(self._epoch, CHUNK, max(timeout_s, 0.0), alarm.rings)
        self._refuse_if_stopped()
        return data

    def set_baudrate(self, baudrate: int) -> None:
        """Set the port to another rate."""
        self._wire.set_baudrate(self._epoch, baudrate)

    def hung_up(self) -> bool:
        """Tell whether the port is known to be gone; any thread may ask."""
        return not self._wire.is_there(self._epoch)

    def node(self) -> os.stat_result | None:
        """Return None: there is no device node."""
        return None

    def close(self) -> None:
        """Close the port; never raises."""
        self._wire.close(self._epoch)

    def _refuse_if_stopped(self) -> None:
        if self._stop.is_set():
            raise Interrupted
