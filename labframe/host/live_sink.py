"""The sink that streams to a live server, with the datagrams that laboratories know."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from labframe.host.live_news import DATAGRAM_BYTES, LiveNews
from labframe.points import Event, Point, Quality, Reading, Sweep
from labframe.sockets import LiveSocket

__all__ = ["LiveSink"]

_BURST: Final = 50
_PAUSE_S: Final = 0.002
"""After so many datagrams, so that the receiver's buffer is never full."""


class LiveSink:
    """Sends each good reading to a live server; a sweep as RESET and its points.

    What these datagrams cannot say goes out beside them: see :mod:`labframe.host.live_news`.

    Args:
        name: The host's name.
        codenames: Every codename that may come.
        server: ``(host, port)`` of the live server.
        facts: Returns what there is to tell of the host.

    Raises:
        OSError: If nobody knows the live server's name.
    """

    name = "live"

    def __init__(
        self,
        name: str,
        codenames: Iterable[str],
        server: tuple[str, int],
        facts: Callable[[], Mapping[str, Any]],
    ) -> None:
        self._socket = LiveSocket(
            name,
            codenames,
            server,
            no_internal_data_pull_socket=True,
            most_bytes=DATAGRAM_BYTES,
        )
        self._news = LiveNews(self._socket, facts)
        self._sent = 0

    def write(self, readings: Sequence[Reading | Sweep]) -> None:
        """Send readings; those of one codename in one call go out in their order."""
        batch: dict[str, Point] = {}
        for reading in readings:
            if reading.quality is not Quality.OK:
                self._send(batch)
                batch = {}
                self._news.quality(reading)
                continue
            if reading.codename in batch or isinstance(reading, Sweep):
                self._send(batch)
                batch = {}
            if isinstance(reading, Sweep):
                self._sweep(reading)
            else:
                batch[reading.codename] = Point(reading.x, reading.y)
        self._send(batch)

    def event(self, event: Event) -> None:
        """Tell of it, if a live server should know."""
        self._news.event(event)

    def close(self) -> None:
        """Say that the host ends, and close the socket."""
        self._news.close()
        self._socket.stop()

    def _sweep(self, sweep: Sweep) -> None:
        self._socket.reset([sweep.codename])
        for x, y in zip(sweep.xs, sweep.ys, strict=True):
            self._send({sweep.codename: Point(x, y)})

    def _send(self, batch: dict[str, Point]) -> None:
        if batch:
            self._socket.set_batch(batch)
            self._sent += 1
            if self._sent % _BURST == 0:
                time.sleep(_PAUSE_S)
