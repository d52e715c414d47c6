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
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, Final

from labframe.protocol import pull
from labframe.protocol.wire import MAX_DATAGRAM
from labframe.sockets.mail import failed

__all__ = ["Batch", "available"]

_SLOTS: Final = 32
"""How many datagrams one call receives at most."""

_HEAD: Final = 64
"""Bytes at the start of a request that usually are all of it."""

_ROOM: Final = 65536
"""Bytes of a slot: any datagram fits."""

_MSG_WAITFORONE: Final = 0x10000
_MSG_DONTWAIT: Final = 0x40
_IPV4_LENGTH: Final = 16  # bytes of a sockaddr_in
_IPV6_LENGTH: Final = 28  # and of a sockaddr_in6
_ADDRESS_ROOM: Final = 32


_STARTS: Final = range(0, _SLOTS * _HEAD, _HEAD)


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
def _calls() -> tuple[Any, Any, Any] | None:
    """Return recvmmsg, sendmmsg, and a sendmmsg that keeps the interpreter's lock."""
    if sys.platform != "linux":
        return None
    library, keeping = ctypes.CDLL(None, use_errno=True), ctypes.PyDLL(None, use_errno=True)
    try:
        receive, send, send_now = library.recvmmsg, library.sendmmsg, keeping.sendmmsg
    except AttributeError:
        return None
    receive.argtypes = [
        ctypes.c_int, ctypes.c_void_p, ctypes.c_uint, ctypes.c_int, ctypes.c_void_p,
    ]  # fmt: skip
    send.argtypes = [ctypes.c_int, ctypes.c_void_p, ctypes.c_uint, ctypes.c_int]
    send_now.argtypes = send.argtypes
    receive.restype = send.restype = send_now.restype = ctypes.c_int
    return receive, send, send_now


def available() -> bool:
    """Tell whether this system has the two calls."""
    return _calls() is not None


class Batch:
    """Mail with several slots: the buffers of one socket, and a loop over them.

    Args:
        bound: The bound socket.
    """

    def __init__(self, bound: socket.socket) -> None:
        calls = _calls()
        assert calls is not None
        self._receive_many, self._send_many, self._send_now = calls
        self._address_length = _IPV4_LENGTH if bound.family == socket.AF_INET else _IPV6_LENGTH
        self._addresses = ctypes.create_string_buffer(_SLOTS * _ADDRESS_ROOM)
        # The heads of the requests lie side by side, so that one copy takes them all.
        self._heads = ctypes.create_string_buffer(_SLOTS * _HEAD)
        self._tails = (ctypes.c_char * (_SLOTS * _ROOM))()
        self._answers = (ctypes.c_char * (_SLOTS * _ROOM))()
        self._request_vectors = (_IoVec * (2 * _SLOTS))()
        self._answer_vectors = (_IoVec * _SLOTS)()
        self._incoming = (_Message * _SLOTS)()
        self._outgoing = (_Message * _SLOTS)()
        for slot in range(_SLOTS):
            head, tail = self._request_vectors[2 * slot : 2 * slot + 2]
            head.base, head.length = ctypes.addressof(self._heads) + slot * _HEAD, _HEAD
            tail.base, tail.length = ctypes.addressof(self._tails) + slot * _ROOM, _ROOM
            self._answer_vectors[slot].base = ctypes.addressof(self._answers) + slot * _ROOM
            for message, vector, count in (
                (self._incoming[slot], head, 2),
                (self._outgoing[slot], self._answer_vectors[slot], 1),
            ):
                header = message.header
                header.name = ctypes.addressof(self._addresses) + slot * _ADDRESS_ROOM
                header.name_length = self._address_length
                header.vectors = ctypes.addressof(vector)
                header.vector_count = count
        self._tail_bytes = memoryview(self._tails).cast("B")
        self._answer_bytes = memoryview(self._answers).cast("B")
        words = memoryview(self._incoming).cast("B").cast("I")
        self._request_lengths = words[_Message.length.offset // 4 :: ctypes.sizeof(_Message) // 4]
        self._answer_lengths = memoryview(self._answer_vectors).cast("B").cast("L")[1::2]
        self._placed = [b""] * _SLOTS
        # The arguments of the calls: to make them each time would cost more than the calls.
        self._bound = bound
        self._descriptor = ctypes.c_int()
        self._to_receive = (
            self._descriptor, ctypes.c_void_p(ctypes.addressof(self._incoming)),
            ctypes.c_uint(_SLOTS), ctypes.c_int(_MSG_WAITFORONE), ctypes.c_void_p(None),
        )  # fmt: skip
        self._slots = [ctypes.c_void_p(ctypes.addressof(message)) for message in self._outgoing]
        self._counts = [ctypes.c_uint(count) for count in range(_SLOTS + 1)]
        self._at_once = ctypes.c_int(_MSG_DONTWAIT)

    def _wait(self) -> int:
        """Wait for datagrams; return how many there are, 0 when none came in time."""
        # Asked anew: a number that was given back may be another socket's by now.
        self._descriptor.value = self._bound.fileno()
        count: int = self._receive_many(*self._to_receive)
        if count > 0:
            return count
        code = ctypes.get_errno()
        if code not in (errno.EAGAIN, errno.EINTR):
            raise OSError(code, os.strerror(code))
        return 0

    # One by one: for a handler that may be slow.

    def receive(self) -> list[bytes]:
        """Wait for datagrams; return them by slot, none when none came in time.

        Raises:
            OSError: If receiving fails.
        """
        count, heads = self._wait(), self._heads.raw
        return [
            heads[start : start + length] if length <= _HEAD else self._whole(heads, start, length)
            for start, length in zip(_STARTS, self._request_lengths[:count].tolist(), strict=False)
        ]

    def _whole(self, heads: bytes, start: int, length: int) -> bytes:
        tail = start // _HEAD * _ROOM
        rest = self._tail_bytes[tail : tail + length - _HEAD]
        return heads[start : start + _HEAD] + rest

    def address(self, slot: int) -> tuple[Any, ...]:
        """Return the address that a datagram came from, as the socket module writes it."""
        raw = self._addresses.raw[slot * _ADDRESS_ROOM :][: self._address_length]
        port = int.from_bytes(raw[2:4])
        if self._address_length == _IPV4_LENGTH:
            return socket.inet_ntop(socket.AF_INET, raw[4:8]), port
        scope = int.from_bytes(raw[24:28], sys.byteorder)
        return socket.inet_ntop(socket.AF_INET6, raw[8:24]), port, 0, scope

    def send(self, first: int, answers: list[bytes | None]) -> None:
        """Send the answers to the datagrams from slot ``first`` on; None is no answer."""
        begin = first
        for slot, answer in enumerate(answers, first):
            if answer is None:
                self._send(begin, slot)
                begin = slot + 1
            else:
                self._place(slot, answer)
        self._send(begin, first + len(answers))

    # All at once: for a handler that is quick.

    def serve(
        self,
        reply: Callable[[bytes], bytes | None],
        prepared: Callable[[], Mapping[bytes, bytes]],
        tick: Callable[[], object],
        closing: Callable[[], bool],
        patience: int,
    ) -> None:
        """Answer datagrams until ``closing()``, or until so many in a row came alone.

        Raises:
            OSError: If receiving fails.
        """
        wait, whole, place, send = self._wait, self._whole, self._place, self._send
        all_heads, lengths, placed = self._heads, self._request_lengths, self._placed
        alone = 0
        while alone < patience:
            count = wait()
            if closing():
                return
            if not count:
                tick()
                continue
            alone = alone + 1 if count == 1 else 0
            ready = _prepared(prepared).get
            heads = all_heads.raw
            first = slot = start = 0
            for length in lengths[:count].tolist():
                if length <= _HEAD:
                    request = heads[start : start + length]
                else:
                    request = whole(heads, start, length)
                answer = ready(request)
                if answer is None:
                    try:
                        answer = reply(request)
                    except Exception as error:  # noqa: BLE001  # a handler class may raise anything
                        answer = failed(request, error)
                if answer is None:
                    send(first, slot)
                    first = slot + 1
                elif answer is not placed[slot]:  # else it is there already
                    place(slot, answer)
                slot += 1  # noqa: SIM113  # enumerate would cost more than the look-up
                start += _HEAD
            send(first, count)

    def _place(self, slot: int, answer: bytes) -> None:
        length = len(answer)
        if length > MAX_DATAGRAM:
            answer = pull.too_long(self._request(slot), length)
            length = len(answer)
        start = slot * _ROOM
        self._answer_bytes[start : start + length] = answer
        self._answer_lengths[slot] = length
        self._placed[slot] = answer

    def _request(self, slot: int) -> bytes:
        return self._heads.raw[slot * _HEAD :][: min(self._request_lengths[slot], _HEAD)]

    def _send(self, first: int, end: int) -> None:
        """Send what is in the slots from ``first`` up to ``end``; skip what is refused."""
        # Usually a send need not wait. So it keeps the interpreter's lock: to give it away beside a
        # thread that computes would cost a switch interval before the next receive.
        self._descriptor.value = self._bound.fileno()
        while first < end:
            slot, count = self._slots[first], self._counts[end - first]
            sent = self._send_now(self._descriptor, slot, count, self._at_once)
            if sent < 0 and ctypes.get_errno() == errno.EAGAIN:  # it would wait for the network
                sent = self._send_many(self._descriptor, slot, 1, 0)
            first += max(sent, 1)


def _prepared(prepared: Callable[[], Mapping[bytes, bytes]]) -> Mapping[bytes, bytes]:
    try:
        return prepared()
    except Exception:  # noqa: BLE001  # ``reply`` will meet the same, and answer that
        return {}
