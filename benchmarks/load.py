"""The client that asks: with so many requests outstanding, or at a fixed rate."""

from __future__ import annotations

import ctypes
import math
import os
import select
import socket
import struct
import sys
import time
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple, Protocol, Self

__all__ = ["Client", "Paced"]

_ROOM: Final = 65536
_PATIENCE_S: Final = 2.0
_CHANGE_EVERY: Final = 1000
_ALERT_S: Final = 0.0002  # a client that slept until a request is due would be late
_WAIT_FOR_ONE: Final = 0x10000  # MSG_WAITFORONE of Linux


class Paced(NamedTuple):
    """What came of requests at a fixed rate.

    Attributes:
        latencies: Seconds from when each request was due to its answer; what was never answered
            took infinitely long.
        lateness: Seconds from when each request was due to when it was sent: more than a fraction
            of a millisecond is the fault of this machine, not of the server.
    """

    latencies: list[float]
    lateness: list[float]


class Client:
    """Asks one server on this machine.

    Args:
        port: The server's UDP port.
    """

    def __init__(self, port: int) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.connect(("127.0.0.1", port))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def ask(self, request: bytes) -> bytes:
        """Return the answer to one request."""
        self._socket.settimeout(_PATIENCE_S)
        self._socket.send(request)
        return self._socket.recv(_ROOM)

    def keep_asking(
        self, request: bytes, outstanding: int, seconds: float, change: Callable[[], None]
    ) -> int:
        """Keep so many requests outstanding for a while; return how many were answered.

        With more than one, the client (on Linux) takes all the answers that are there, and sends as
        many requests, with one system call each. One by one, it would be slower than the servers
        that it is to load, and they would mostly wait for it.

        Args:
            request: What to ask, again and again.
            outstanding: How many requests are sent before the first answer is waited for.
            seconds: How long.
            change: Called once in 1,000 answers.

        Raises:
            OSError: If answers stay out.
        """
        one_by_one = outstanding == 1 or sys.platform != "linux"
        kind = _OneByOne if one_by_one else _ManyAtOnce
        window = kind(self._socket, request, outstanding)
        end = time.perf_counter() + seconds
        answered, changed_at, waiting = 0, _CHANGE_EVERY, outstanding
        window.send(outstanding)
        while time.perf_counter() < end:
            for _ in range(16):
                count = window.receive()
                window.send(count)
                answered += count
            if answered >= changed_at:
                changed_at += _CHANGE_EVERY
                change()
        while waiting:
            count = window.receive()
            waiting -= count
            answered += count
        return answered

    def ask_paced(self, answers: Mapping[bytes, bytes], rate_hz: float) -> Paced:
        """Ask each request once, at a fixed rate.

        The requests are sent when their time has come, whether or not earlier ones are answered,
        and each latency counts from that time: so a server that stalls cannot slow the client down
        and hide it.

        Args:
            answers: The answer to each request; no two are the same.
            rate_hz: Requests per second.
        """
        self._socket.setblocking(False)
        start = time.perf_counter() + 0.05
        due = {answer: start + at / rate_hz for at, answer in enumerate(answers.values())}
        latencies = dict.fromkeys(due, math.inf)
        lateness = []
        to_send = [(start + at / rate_hz, request) for at, request in enumerate(answers)]
        to_send.reverse()
        end = start + len(answers) / rate_hz + _PATIENCE_S
        waiting = len(answers)
        while waiting and (now := time.perf_counter()) < end:
            if to_send and now >= to_send[-1][0]:
                at, request = to_send.pop()
                lateness.append(now - at)
                self._socket.send(request)
                continue
            until = to_send[-1][0] - _ALERT_S if to_send else end
            if select.select([self._socket], [], [], max(0.0, until - now))[0]:
                answer = self._socket.recv(_ROOM)
                latencies[answer] = time.perf_counter() - due[answer]
                waiting -= 1
        return Paced(list(latencies.values()), lateness)


class _Window(Protocol):
    """Sends and receives for ``keep_asking``."""

    def __init__(self, connected: socket.socket, request: bytes, size: int) -> None: ...

    def send(self, count: int) -> None:
        """Send the request so many times."""

    def receive(self) -> int:
        """Wait for an answer, take all that are there, return how many.

        Raises:
            OSError: If none comes.
        """


class _OneByOne(_Window):
    def __init__(self, connected: socket.socket, request: bytes, size: int) -> None:  # noqa: ARG002
        _set_patience(connected)
        self._socket = connected
        self._request = request

    def send(self, count: int) -> None:
        for _ in range(count):
            self._socket.send(self._request)

    def receive(self) -> int:
        self._socket.recv(_ROOM)
        return 1


def _set_patience(connected: socket.socket) -> None:
    """Let a receive end when nothing comes, at no cost while something does."""
    if sys.platform == "linux":
        connected.setblocking(True)
        timeout = struct.pack("@ll", int(_PATIENCE_S), 0)
        connected.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, timeout)
    else:
        connected.settimeout(_PATIENCE_S)


class _Vector(ctypes.Structure):
    _fields_ = [("base", ctypes.c_char_p), ("length", ctypes.c_size_t)]


class _Header(ctypes.Structure):
    """``struct msghdr`` of Linux."""

    _fields_ = [
        ("name", ctypes.c_void_p),
        ("name_length", ctypes.c_uint32),
        ("vectors", ctypes.c_void_p),
        ("vector_count", ctypes.c_size_t),
        ("control", ctypes.c_void_p),
        ("control_length", ctypes.c_size_t),
        ("flags", ctypes.c_int),
    ]


class _Message(ctypes.Structure):
    """``struct mmsghdr`` of Linux."""

    _fields_ = [("header", _Header), ("length", ctypes.c_uint)]


class _ManyAtOnce(_Window):
    """All requests are sent from one buffer, all answers are received into another."""

    def __init__(self, connected: socket.socket, request: bytes, size: int) -> None:
        _set_patience(connected)
        self._descriptor = connected.fileno()
        self._size = size
        self._library = ctypes.CDLL(None, use_errno=True)
        self._room = ctypes.create_string_buffer(_ROOM)
        self._vectors = (
            _Vector(request, len(request)),
            _Vector(ctypes.cast(self._room, ctypes.c_char_p), _ROOM),
        )
        self._outgoing, self._incoming = (
            (_Message * size)(*[_Message(header) for _ in range(size)])
            for header in (
                _Header(vectors=ctypes.addressof(vector), vector_count=1)
                for vector in self._vectors
            )
        )

    def send(self, count: int) -> None:
        while count:
            sent = self._library.sendmmsg(self._descriptor, self._outgoing, count, 0)
            if sent < 0:
                code = ctypes.get_errno()
                raise OSError(code, os.strerror(code))
            count -= sent

    def receive(self) -> int:
        count: int = self._library.recvmmsg(
            self._descriptor, self._incoming, self._size, _WAIT_FOR_ONE, None
        )
        if count < 0:
            raise TimeoutError("no answer")
        return count
