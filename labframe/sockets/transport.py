"""One bound UDP port: receive a datagram, send the answer, until closed.

Where the system offers it (Linux), several waiting datagrams are received and answered with one
call each; see :mod:`labframe.sockets.batch`. Elsewhere, and while only one client asks at a time, a
plain blocking loop is the faster one.
"""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import socket
import struct
import threading
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final, TypeAlias

from labframe.errors import PortStillReserved
from labframe.protocol import pull
from labframe.sockets.mail import Address, Mail, failed

if TYPE_CHECKING:
    from labframe.sockets.batch import Batch

__all__ = ["RECEIVE_BYTES", "Reply", "UdpServer"]

_LOG = logging.getLogger(__name__)

RECEIVE_BYTES: Final = 65535
"""Room for any datagram that IP can carry."""

Reply: TypeAlias = Callable[[bytes], "bytes | None"]
"""From the bytes of a request to those of its answer; None sends nothing."""


Prepared: TypeAlias = Callable[[], Mapping[bytes, bytes]]
"""Gives answers by request."""

_ALONE: Final = 16
"""Plain receives before the next look whether more than one datagram waits."""

_SLOW_S: Final = 0.0002
"""A plain send that takes longer had to wait for the interpreter's lock."""

_PATIENCE: Final = 1000
"""Then so many batches of one come before the next plain send: a batch keeps the lock."""


class UdpServer:
    """A bound UDP socket and its serving loop.

    Args:
        host: The address to listen on: an IPv4 or IPv6 address or a name of this computer; empty
            for every IPv4 address, ``"::"`` for every address of both kinds.
        port: The port; 0 takes a free one.
        wake_s: How often ``tick`` is called while nobody asks; None is never.

    Attributes:
        socket: The bound socket.
        server_address: Its own address: ``(host, port)``, with two more items for IPv6.
        batched: Whether ``serve`` may take several datagrams at once.
        gate: Called with each datagram and its address: what it returns is answered, and the
            datagram goes no further; None lets it through. With a gate they come one at a time.

    Raises:
        PortStillReserved: If another socket has the port.
        OSError: If the system refuses for any other reason: an address that is not of this
            computer, a port below 1024 without the right to it, a name that nobody knows.
    """

    def __init__(self, host: str, port: int, wake_s: float | None = None) -> None:
        self.socket = _bound(host, port)
        self.server_address: Address = self.socket.getsockname()
        self.batched = True
        self.gate: Callable[[bytes, Address], bytes | None] | None = None
        self.closing = False
        if wake_s is not None:
            self.set_wake(wake_s)

    @property
    def port(self) -> int:
        """The port that was bound."""
        port: int = self.server_address[1]
        return port

    def set_wake(self, seconds: float | None) -> None:
        """Let a receive end after so long without a datagram; None lets it wait."""
        # Not settimeout: that would cost a poll() before each receive.
        if os.name == "nt":
            value: int | bytes = max(1, int(seconds * 1000)) if seconds else 0
        else:
            whole, rest = divmod(seconds or 0.0, 1.0)
            value = struct.pack("@ll", int(whole), int(rest * 1e6))
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, value)

    def mail(self) -> Mail:
        """Return the way to receive datagrams and answer them."""
        return self._batch() or _SingleMail(self)

    def _batch(self) -> Batch | None:
        if not self.batched or self.gate is not None:
            return None
        from labframe.sockets import batch  # ctypes costs 10 ms at import

        return batch.Batch(self.socket) if batch.available() else None

    def serve(self, reply: Reply, tick: Callable[[], object], prepared: Prepared = dict) -> None:
        """Answer datagrams until ``close``; blocks.

        Args:
            reply: Gives the answer; if it raises, that is logged and the client is told.
            tick: Called when nothing came for ``wake_s``.
            prepared: Gives answers that are right at this moment; ``reply`` gives the others.
        """
        batch, patience = self._batch(), _PATIENCE
        while not self.closing:
            try:
                if batch is not None:
                    batch.serve(reply, prepared, tick, lambda: self.closing, patience)
                quick = self._serve_alone(reply, tick, prepared)
                patience = 1 if quick else _PATIENCE
            except OSError as error:
                if not self.closing:
                    _LOG.warning("port %d: receiving failed, trying again: %s", self.port, error)
                    threading.Event().wait(0.1)

    def _serve_alone(self, reply: Reply, tick: Callable[[], object], prepared: Prepared) -> bool:
        """Answer some datagrams one by one; tell whether that is the quick way."""
        receive, send = self.receive, self.socket.sendto
        began = 0.0
        for number in range(_ALONE):
            received = receive()
            if received is None:
                tick()
                if self.closing:
                    break
                continue
            if not number:
                began = time.monotonic()
            request, address = received
            try:
                answer = prepared().get(request)
                if answer is None:
                    answer = reply(request)
            except Exception as error:  # noqa: BLE001  # a handler class may raise anything
                answer = failed(request, error)
            if answer is not None:
                try:
                    send(answer, address)
                except OSError as error:
                    self._not_sent(error, request, answer, address)
            if not number and time.monotonic() - began > _SLOW_S:
                return False
        return True

    def receive(self) -> tuple[bytes, Address] | None:
        """Wait for one datagram; None when nothing came for ``wake_s``, or on ``close``."""
        try:
            request, address = self.socket.recvfrom(RECEIVE_BYTES)
        except (BlockingIOError, TimeoutError, InterruptedError):
            return None
        except ConnectionError:  # Windows reports here that an earlier answer found nobody
            return None
        if self.closing:
            return None
        if self.gate is not None:
            refusal = self.gate(request, address)
            if refusal is not None:
                self.send(request, refusal, address)
                return None
        return request, address

    def send(self, request: bytes, answer: bytes, address: Address) -> None:
        """Send one answer; what the system refuses is told to the client, or else logged."""
        try:
            self.socket.sendto(answer, address)
        except OSError as error:
            self._not_sent(error, request, answer, address)

    def _not_sent(self, error: OSError, request: bytes, answer: bytes, address: Address) -> None:
        if error.errno == errno.EMSGSIZE:  # a system whose datagrams are shorter than IP allows
            with contextlib.suppress(OSError):
                self.socket.sendto(pull.too_long(request, len(answer)), address)
        elif not self.closing:
            _LOG.warning("port %d: no answer sent to %s: %s", self.port, address, error)

    def wake(self) -> None:
        """Make the serving loop end: it finds ``closing`` set."""
        self.closing = True
        # Wakes a receiver on Linux, although it raises there. What is ready can still be sent.
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RD)
        host = self.server_address[0]
        own = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
        with (
            contextlib.suppress(OSError),
            socket.socket(self.socket.family, socket.SOCK_DGRAM) as waker,
        ):
            waker.setblocking(False)
            waker.sendto(b"", (own, *self.server_address[1:]))

    def close(self) -> None:
        """Wake the loop and give the port back."""
        if not self.closing:
            self.wake()
        self.socket.close()

    server_close = close
    shutdown = wake


class _SingleMail:
    """Mail with one slot, where the system receives one datagram at a time."""

    def __init__(self, server: UdpServer) -> None:
        self._server = server
        self._received: tuple[bytes, Address] = (b"", None)

    def receive(self) -> list[bytes]:
        received = self._server.receive()
        if received is None:
            return []
        self._received = received
        return [received[0]]

    def address(self, _slot: int) -> Address:
        return self._received[1]

    def send(self, _first: int, answers: list[bytes | None]) -> None:
        request, address = self._received
        for answer in answers:
            if answer is not None:
                self._server.send(request, answer, address)


def _bound(host: str, port: int) -> socket.socket:
    if not 0 <= port <= 65535:
        raise ValueError(
            f"port {port}: a UDP port is a number from 1 to 65535, or 0 for a free one"
        )
    address: Address
    if host:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM, flags=socket.AI_PASSIVE)
        family, _, _, _, address = found[0]
    else:
        family, address = socket.AF_INET, ("", port)
    bound = socket.socket(family, socket.SOCK_DGRAM)
    try:
        if family == socket.AF_INET6:
            bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        bound.bind(address)
    except OSError as error:
        bound.close()
        if error.errno == errno.EADDRINUSE:
            raise PortStillReserved(port, host) from error
        error.add_note(f"labframe could not listen on UDP port {port} of {host or 'this computer'}")
        raise
    return bound
