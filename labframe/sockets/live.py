"""The live socket: send points to the live server as they are measured."""

from __future__ import annotations

import dataclasses
import logging
import socket
import time
import weakref
from collections.abc import Iterable, Mapping
from types import TracebackType
from typing import Any, Final, Self

from labframe.points import Value, checked_codenames, checked_point
from labframe.protocol import live
from labframe.protocol.wire import MAX_DATAGRAM
from labframe.sockets.pull import DataPullSocket

__all__ = ["SETTINGS", "LiveSocket", "Settings"]

_LOG = logging.getLogger(__name__)


@dataclasses.dataclass
class Settings:
    """Where live sockets send when they are not told: no file is read, a script may assign.

    Attributes:
        common_liveserver_host: Name or address of the live server.
        common_liveserver_port: Its UDP port.
    """

    common_liveserver_host: str = "127.0.0.1"
    common_liveserver_port: int = live.LIVE_PORT


SETTINGS: Final = Settings()


class LiveSocket:
    """Sends the newest points of its codenames to a live server, and serves them as well.

    Args:
        name: The name of its internal pull socket.
        codenames: The codenames.
        live_server: ``(host, port)`` of the live server; None takes :data:`SETTINGS`, which is UDP
            port 9767 of this computer.
        no_internal_data_pull_socket: Whether to do without the pull socket that serves the same
            points to whoever asks.
        internal_data_pull_socket_port: Its UDP port; 0 takes a free one. A second live socket on a
            computer needs a port of its own.
        host: The address that it listens on; empty is every IPv4 address of the computer.
        most_bytes: How long a datagram with several codenames becomes at most; the original's live
            proxy reads 8192 bytes.

    Attributes:
        hostname: The name of this computer, which is part of every datagram.
        socket: The UDP socket that sends.
        liveserver_ip: The address of the live server, looked up once.
        liveserver_port: Its port.
        codename_set: The codenames.

    Raises:
        socket.gaierror: If nobody knows the live server's name.
        ValueError, PortStillReserved: From the internal pull socket.

    No answer is expected, and a live server that is not there is no error. What the system refuses
    to send (the network is down) is logged once, and once when it works again: the measurement goes
    on.

    Example:
        >>> from labframe.sockets import LiveSocket
        >>> with LiveSocket("bench", ["sine"], no_internal_data_pull_socket=True) as live:
        ...     live.set_point_now("sine", 0.5)
    """

    def __init__(
        self,
        name: str,
        codenames: Iterable[str],
        live_server: tuple[str, int] | None = None,
        no_internal_data_pull_socket: bool = False,
        internal_data_pull_socket_port: int = 8000,
        *,
        host: str = "",
        most_bytes: int = MAX_DATAGRAM,
    ) -> None:
        names = checked_codenames(codenames)
        server_host, server_port = live_server or (
            SETTINGS.common_liveserver_host,
            SETTINGS.common_liveserver_port,
        )
        family, _, _, _, address = socket.getaddrinfo(
            server_host, server_port, type=socket.SOCK_DGRAM
        )[0]
        self.name = name
        self.hostname = socket.gethostname()
        self.codename_set = set(names)
        self.liveserver_ip = str(address[0])
        self.liveserver_port = int(address[1])
        self._address = address
        self._most_bytes = most_bytes
        self._failing = False
        self._stopped = False
        self._internal_pull_socket: DataPullSocket | None = None
        if not no_internal_data_pull_socket:
            self._internal_pull_socket = self._pull_socket(
                name, names, internal_data_pull_socket_port, host
            )
        self.socket = socket.socket(family, socket.SOCK_DGRAM)
        weakref.finalize(self, self.socket.close)  # if nobody calls stop

    @staticmethod
    def _pull_socket(name: str, names: list[str], port: int, host: str) -> DataPullSocket:
        try:
            return DataPullSocket(name, names, port, host=host)
        except Exception as error:
            error.add_note(
                "This is the internal pull socket of a LiveSocket: give it another port with "
                "internal_data_pull_socket_port, or do without it with "
                "no_internal_data_pull_socket=True."
            )
            raise

    def start(self) -> None:
        """Start the internal pull socket; sending needs no start."""
        if self._internal_pull_socket is not None:
            self._internal_pull_socket.start()

    def stop(self) -> None:
        """Close both sockets; harmless before ``start`` and again."""
        self._stopped = True
        if self._internal_pull_socket is not None:
            self._internal_pull_socket.stop()
        self.socket.close()

    def set_point(self, codename: str, point: Iterable[Value]) -> None:
        """Send one point.

        Args:
            codename: One of the codenames that the socket was made with.
            point: ``(x, y)``; x in unix time (seconds) for figures over time.

        Raises:
            RuntimeError: If the socket was not made with the codename.
            PointError: If the point has not two parts.
            TypeError: If a part cannot be written as JSON.
            DatagramTooLong: If a datagram cannot carry the point.
        """
        self.set_batch({codename: point})

    def set_point_now(self, codename: str, value: Value) -> None:
        """Send one point, with the present time as x; raises as ``set_point``."""
        self.set_batch({codename: (time.time(), value)})

    def set_batch(self, data: Mapping[str, Iterable[Value]]) -> None:
        """Send several points in one datagram (in several, if it would be too long).

        Args:
            data: ``(x, y)`` by codename.

        Raises:
            RuntimeError, PointError, TypeError, DatagramTooLong: As ``set_point``; then nothing is
                sent or changed.
        """
        self._check_codenames(data)
        points = {name: checked_point(name, point) for name, point in data.items()}
        messages = live.datagrams(
            self.hostname,
            {name: live.point(x, y) for name, (x, y) in points.items()},
            self._most_bytes,
        )
        if self._internal_pull_socket is not None:
            self._internal_pull_socket.set_batch(points)
        self._send(messages)

    def set_batch_now(self, data: Mapping[str, Value]) -> None:
        """Send several values with the same present time as x.

        Args:
            data: y by codename.

        Raises:
            RuntimeError, TypeError, DatagramTooLong: As ``set_batch``.
        """
        now = time.time()
        self.set_batch({name: (now, value) for name, value in data.items()})

    def reset(self, codenames: Iterable[str]) -> None:
        """Empty the figures of these codenames; the internal pull socket keeps its points.

        Raises:
            RuntimeError: If the socket was not made with one of them; then nothing is sent.
        """
        data: dict[str, Any] = dict.fromkeys(codenames, live.RESET)
        self._check_codenames(data)
        self._send(live.datagrams(self.hostname, data, self._most_bytes))

    def _check_codenames(self, names: Iterable[str]) -> None:
        for name in names:
            if name not in self.codename_set:
                raise RuntimeError(f"The codename: '{name}' is not registered")

    def _send(self, messages: list[bytes]) -> None:
        try:
            for message in messages:
                self.socket.sendto(message, self._address)
        except OSError as error:
            if self._stopped:
                raise
            if not self._failing:
                self._failing = True
                _LOG.warning("live data cannot be sent to %s: %s", self._address, error)
        else:
            if self._failing:
                self._failing = False
                _LOG.warning("live data are sent to %s again", self._address)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
