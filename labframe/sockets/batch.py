"""Answer many waiting datagrams with one system call to receive and one to send (Linux).

``recvmmsg`` and ``sendmmsg`` are called through ctypes on buffers that are made once. The sender's
address stays the bytes that the kernel wrote: nothing is parsed. While only one client asks at a
time the plain receive is cheaper, so the loop looks for company only every so often.
"""

from __future__ import annotations

import ctypes
import errno
import os
import socket
import sys
from collections.abc import Callable
from functools import cache
from typing import Any, Final

from labframe.protocol import pull
from labframe.protocol.wire import MAX_DATAGRAM
from labframe.sockets.transport import failed

__all__ = ["Batch", "available"]

_SLOTS: Final = 32
"""How many datagrams one call receives at most."""

_ROOM: Final = 65536
"""Bytes of a slot: any datagram fits."""

_ALONE: Final = 16
"""Plain receives before the next look whether more than one datagram waits."""

_PATIENCE: Final = 4
"""Batches of one before going back to plain receives."""

_MSG_DONTWAIT: Final = 0x40
_MSG_WAITFORONE: Final = 0x10000
_IPV4_LENGTH: Final = 16  # bytes of a sockaddr_in
_IPV6_LENGTH: Final = 28  # and of a sockaddr_in6
_ADDRESS_ROOM: Final = 32


class _IoVec(ctypes.Structure):
    _fields_ = [("base", ctypes.c_void_p), ("length", ctypes.c_size_t)]


class _Header(ctypes.Structure):
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
    _fields_ = [("header", _Header), ("length", ctypes.c_uint)]


@cache
def _calls() -> tuple[Any, Any] | None:
    if sys.platform != "linux":
        return None
    try:
        receive = ctypes.CDLL(None, use_errno=True).recvmmsg
        # Sending never waits, so it keeps the interpreter's lock: to give it away beside a thread
        # that computes would cost a switch interval before the next receive.
        send = ctypes.PyDLL(None, use_errno=True).sendmmsg
    except AttributeError:
        return None
    receive.argtypes = [
        ctypes.c_int, ctypes.c_void_p, ctypes.c_uint, ctypes.c_int, ctypes.c_void_p,
    ]  # fmt: skip
    send.argtypes = [ctypes.c_int, ctypes.c_void_p, ctypes.c_uint, ctypes.c_int]
    receive.restype = send.restype = ctypes.c_int
    return receive, send


def available() -> bool:
    """Tell whether this system has the two calls."""
    return _calls() is not None


class Batch:
    """The buffers of one socket, and the loop over them.

    Args:
        bound: The bound socket.
        receive: Receives one datagram: ``(request, address)``, or None when nothing came in time.
        send: Sends one answer: ``send(request, answer, address)``.
    """

    def __init__(
        self,
        bound: socket.socket,
        receive: Callable[[], tuple[bytes, Any] | None],
        send: Callable[[bytes, bytes, Any], None],
    ) -> None:
        calls = _calls()
        assert calls is not None
        self._receive_many, self._send_many = calls
        self._receive_one, self._send_one = receive, send
        self._bound = bound
        self._address_length = _IPV4_LENGTH if bound.family == socket.AF_INET else _IPV6_LENGTH
        self._addresses = ctypes.create_string_buffer(_SLOTS * _ADDRESS_ROOM)
        self._requests = (ctypes.c_char * (_SLOTS * _ROOM))()
        self._answers = (ctypes.c_char * (_SLOTS * _ROOM))()
        self._request_vectors = (_IoVec * _SLOTS)()
        self._answer_vectors = (_IoVec * _SLOTS)()
        self._incoming = (_Message * _SLOTS)()
        self._outgoing = (_Message * _SLOTS)()
        for messages, vectors, room in (
            (self._incoming, self._request_vectors, self._requests),
            (self._outgoing, self._answer_vectors, self._answers),
        ):
            for slot in range(_SLOTS):
                vectors[slot].base = ctypes.addressof(room) + slot * _ROOM
                vectors[slot].length = _ROOM
                header = messages[slot].header
                header.name = ctypes.addressof(self._addresses) + slot * _ADDRESS_ROOM
                header.name_length = self._address_length
                header.vectors = ctypes.addressof(vectors[slot])
                header.vector_count = 1
        self._request_bytes = memoryview(self._requests).cast("B")
        self._answer_bytes = memoryview(self._answers).cast("B")
        words = memoryview(self._incoming).cast("B").cast("I")
        self._request_lengths = words[_Message.length.offset // 4 :: ctypes.sizeof(_Message) // 4]
        self._answer_lengths = memoryview(self._answer_vectors).cast("B").cast("L")[1::2]
        self._first = 0
        self._end = 0

    # One by one: for a handler that may be slow.

    def receive(self) -> int:
        """Wait for datagrams; return how many there are, 0 when none came in time.

        Raises:
            OSError: If receiving fails.
        """
        self._first = self._end = 0
        count: int = self._receive_many(
            self._bound.fileno(), ctypes.addressof(self._incoming), _SLOTS, _MSG_WAITFORONE, None
        )
        if count > 0:
            return count
        code = ctypes.get_errno()
        if code not in (errno.EAGAIN, errno.EINTR):
            raise OSError(code, os.strerror(code))
        return 0

    def request(self, slot: int) -> bytes:
        """Return the datagram in a slot."""
        start = slot * _ROOM
        return bytes(self._request_bytes[start : start + self._request_lengths[slot]])

    def address(self, slot: int) -> tuple[Any, ...]:
        """Return the address that a datagram came from, as the socket module writes it."""
        raw = self._addresses.raw[slot * _ADDRESS_ROOM :][: self._address_length]
        port = int.from_bytes(raw[2:4])
        if self._address_length == _IPV4_LENGTH:
            return socket.inet_ntop(socket.AF_INET, raw[4:8]), port
        scope = int.from_bytes(raw[24:28], sys.byteorder)
        return socket.inet_ntop(socket.AF_INET6, raw[8:24]), port, 0, scope

    def put(self, slot: int, answer: bytes) -> None:
        """Have an answer sent by the next ``flush``; slots come in their order."""
        if slot != self._end:
            self.flush()
            self._first = slot
        start, length = slot * _ROOM, len(answer)
        self._answer_bytes[start : start + length] = answer
        self._answer_lengths[slot] = length
        self._end = slot + 1

    def flush(self) -> None:
        """Send what was put."""
        self._send(self._first, self._end)
        self._first = self._end

    # All at once: for a handler that is quick.

    def serve(
        self,
        reply: Callable[[bytes], bytes | None],
        tick: Callable[[], object],
        closing: Callable[[], bool],
    ) -> None:
        """Answer datagrams until ``closing()``.

        Raises:
            OSError: If receiving fails.
        """
        receive, send = self._receive_one, self._send_one
        while not closing():
            for _ in range(_ALONE):
                received = receive()
                if received is None:
                    tick()
                    if closing():
                        return
                    continue
                request, address = received
                try:
                    answer = reply(request)
                except Exception as error:  # noqa: BLE001  # a handler class may raise anything
                    answer = failed(request, error)
                if answer is not None:
                    send(request, answer, address)
            self._serve_many(reply, tick, closing)

    def _serve_many(
        self,
        reply: Callable[[bytes], bytes | None],
        tick: Callable[[], object],
        closing: Callable[[], bool],
    ) -> None:
        receive_many, incoming = self._receive_many, ctypes.addressof(self._incoming)
        bound = self._bound
        requests, lengths = self._request_bytes, self._request_lengths
        answers, answer_lengths = self._answer_bytes, self._answer_lengths
        patience = _PATIENCE
        while patience:
            # Asked anew: a number that was given back may be another socket's by now.
            count = receive_many(bound.fileno(), incoming, _SLOTS, _MSG_WAITFORONE, None)
            if closing():
                return
            if count <= 0:
                code = ctypes.get_errno()
                if code not in (errno.EAGAIN, errno.EINTR):
                    raise OSError(code, os.strerror(code))
                tick()
                return
            patience = _PATIENCE if count > 1 else patience - 1
            first = 0
            for slot in range(count):
                start = slot * _ROOM
                request = bytes(requests[start : start + lengths[slot]])
                try:
                    answer = reply(request)
                except Exception as error:  # noqa: BLE001  # as above
                    answer = failed(request, error)
                if answer is None:
                    self._send(first, slot)
                    first = slot + 1
                else:
                    length = len(answer)
                    if length > MAX_DATAGRAM:
                        answer = pull.too_long(request, length)
                        length = len(answer)
                    answers[start : start + length] = answer
                    answer_lengths[slot] = length
            self._send(first, count)

    def _send(self, first: int, end: int) -> None:
        """Send the answers of the slots from ``first`` up to ``end``; skip what is refused."""
        outgoing, size = ctypes.addressof(self._outgoing), ctypes.sizeof(_Message)
        while first < end:
            sent = self._send_many(
                self._bound.fileno(), outgoing + first * size, end - first, _MSG_DONTWAIT
            )
            first += sent if sent > 0 else 1
