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

_MSG_WAITFORONE: Final = 0x10000
_ADDRESS_ROOM: Final = 32  # sockaddr_in takes 16 bytes, sockaddr_in6 28


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
    library = ctypes.CDLL(None, use_errno=True)
    try:
        receive, send = library.recvmmsg, library.sendmmsg
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
        self._descriptor = bound.fileno()
        self._address_length = 16 if bound.family == socket.AF_INET else 28
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
        descriptor = self._descriptor
        requests = memoryview(self._requests).cast("B")
        answers = memoryview(self._answers).cast("B")
        words = ctypes.sizeof(_Message) // 4
        lengths = memoryview(self._incoming).cast("B").cast("I")[_Message.length.offset // 4 :]
        answer_lengths = memoryview(self._answer_vectors).cast("B").cast("L")
        patience = _PATIENCE
        while patience:
            count = receive_many(descriptor, incoming, _SLOTS, _MSG_WAITFORONE, None)
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
                request = bytes(requests[start : start + lengths[slot * words]])
                try:
                    answer = reply(request)
                except Exception as error:  # noqa: BLE001  # as above
                    answer = failed(request, error)
                if answer is None:
                    self._flush(first, slot)
                    first = slot + 1
                else:
                    length = len(answer)
                    if length > MAX_DATAGRAM:
                        answer = pull.too_long(request, length)
                        length = len(answer)
                    answers[start : start + length] = answer
                    answer_lengths[2 * slot + 1] = length
            self._flush(first, count)

    def _flush(self, first: int, end: int) -> None:
        """Send the answers of the slots from ``first`` up to ``end``; skip what is refused."""
        outgoing, size = ctypes.addressof(self._outgoing), ctypes.sizeof(_Message)
        while first < end:
            sent = self._send_many(self._descriptor, outgoing + first * size, end - first, 0)
            first += sent if sent > 0 else 1
