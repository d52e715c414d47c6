"""Framings: where an answer begins and ends. Pure: bytes in, payload out, no port and no clock.

A framing writes a request (``encode``) and makes one decoder per answer. A decoder takes the bytes
as they come, in pieces of any size, and gives the payload when the frame is whole.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

from labframe.errors import BadReply

__all__ = [
    "Decoder",
    "EnqAck",
    "Exchange",
    "FixedLength",
    "Framing",
    "Handshake",
    "LengthPrefixed",
    "Silence",
    "Spaced",
    "Terminated",
]

_LONGEST = 65536


class Decoder(Protocol):
    """Finds one frame in the bytes of an answer."""

    def feed(self, data: bytes) -> bytes | None:
        """Take the next bytes; return the payload when the frame is whole, else None.

        Raises:
            BadReply: If what came cannot become a frame.
        """

    def silence(self) -> bytes | None:
        """Be told that nothing came for ``gap_s``: return the payload if that ends the frame."""

    @property
    def rest(self) -> bytes:
        """The bytes that came after the frame."""


class Framing(Protocol):
    """Writes requests and finds answers."""

    def encode(self, payload: bytes) -> bytes:
        """Return the bytes that go over the line.

        Raises:
            ValueError: If this framing cannot carry the payload.
        """

    def decoder(self) -> Decoder:
        """Return a new decoder, for one answer."""


@runtime_checkable
class Spaced(Framing, Protocol):
    """A framing that needs silence between frames, so that one can be told from the next."""

    def least_gap_s(self, byte_s: float) -> float:
        """Return the least silence before a request, in seconds.

        Args:
            byte_s: How long one byte takes on the wire, in seconds.
        """


Exchange = Callable[[bytes, Decoder], bytes]
"""Writes bytes, reads one frame with the decoder, and returns its payload."""


@runtime_checkable
class Handshake(Framing, Protocol):
    """A framing that takes several exchanges for one request."""

    def converse(self, payload: bytes, exchange: Exchange, *, answer: bool) -> bytes:
        """Hold one conversation.

        Args:
            payload: The request.
            exchange: Writes and reads; called as often as the protocol wants it.
            answer: Whether an answer is wanted; else return ``b""`` when the request is taken.

        Raises:
            BadReply: If the instrument refuses.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Terminated:
    r"""Frames that end with a terminator.

    Attributes:
        write: Ends a request; ``b""`` for none.
        read: Ends an answer; with ``b""`` silence does.
        max_length: An answer that is longer than this many bytes is broken.
    """

    write: bytes = b"\r\n"
    read: bytes = b"\r\n"
    max_length: int = _LONGEST

    def encode(self, payload: bytes) -> bytes:
        """Return the payload with its terminator; a payload that holds one is refused."""
        frame = payload + self.write
        if self.write and frame.find(self.write) != len(payload):
            raise ValueError(
                f"the request {payload!r} holds the terminator {self.write!r}, so the instrument "
                "would take it for two requests; send them one by one, without terminators"
            )
        return frame

    def decoder(self) -> Decoder:
        """Return a decoder that looks for the terminator."""
        if not self.read:
            return _UntilSilence(self.max_length)
        return _UntilTerminator(self.read, self.max_length)


@dataclass(frozen=True, slots=True)
class FixedLength:
    """Answers of a fixed number of bytes; requests go out as they are.

    Attributes:
        length: How many bytes an answer has, 1 or more.
    """

    length: int

    def __post_init__(self) -> None:
        if self.length < 1:
            raise ValueError(f"FixedLength: length = {self.length}: not 1 or more")

    def encode(self, payload: bytes) -> bytes:
        """Return the payload."""
        return payload

    def decoder(self) -> Decoder:
        """Return a decoder that counts."""
        return _UntilLength(self.length)


@dataclass(frozen=True, slots=True, kw_only=True)
class LengthPrefixed:
    """Frames that say how long they are.

    A frame is a header of ``offset`` bytes, the length, and a body of (length + ``extra``) bytes.
    The payload is header and body: ``encode`` puts the length in, decoding takes it out.

    Attributes:
        offset: How many bytes stand before the length.
        size: How many bytes the length has: 1 to 4.
        byteorder: Which of them comes first.
        extra: How many more bytes follow than the length says, e.g. 2 for a checksum that it does
            not count; negative when the length counts bytes before the body too.
        max_length: An answer whose body would be longer is broken.
    """

    offset: int = 0
    size: int = 1
    byteorder: Literal["big", "little"] = "big"
    extra: int = 0
    max_length: int = _LONGEST

    def __post_init__(self) -> None:
        if self.offset < 0:
            raise ValueError(f"LengthPrefixed: offset = {self.offset}: not 0 or more")
        if not 1 <= self.size <= 4:
            raise ValueError(f"LengthPrefixed: size = {self.size}: not 1 to 4")
        if self.byteorder not in ("big", "little"):
            raise ValueError(f"LengthPrefixed: byteorder = {self.byteorder!r}: not big or little")

    def encode(self, payload: bytes) -> bytes:
        """Return the payload with its length put in after the header."""
        header, body = payload[: self.offset], payload[self.offset :]
        length = len(body) - self.extra
        if len(header) < self.offset or not 0 <= length < 256**self.size:
            raise ValueError(
                f"LengthPrefixed: a request of {len(payload)} bytes cannot be written with "
                f"offset = {self.offset}, size = {self.size}, extra = {self.extra}"
            )
        return header + length.to_bytes(self.size, self.byteorder) + body

    def decoder(self) -> Decoder:
        """Return a decoder that reads the length first."""
        return _UntilItsLength(self)


@dataclass(frozen=True, slots=True)
class Silence:
    """Answers that end when nothing comes for ``gap_s``; requests go out as they are.

    Attributes:
        max_length: An answer that is longer than this many bytes is broken.
    """

    max_length: int = _LONGEST

    def encode(self, payload: bytes) -> bytes:
        """Return the payload."""
        return payload

    def decoder(self) -> Decoder:
        """Return a decoder that collects until it is told of the silence."""
        return _UntilSilence(self.max_length)


@dataclass(frozen=True, slots=True, kw_only=True)
class EnqAck:
    r"""The handshake of Pfeiffer's TPG 261 and its kin (Inficon VGC).

    The host sends a mnemonic; the instrument says ACK (``\x06\r\n``) or NAK (``\x15\r\n``). Then
    the host sends ENQ (``\x05``), and the instrument the answer.

    Attributes:
        write: Ends a request.
        read: Ends what the instrument sends, ACK and NAK too.
        max_length: An answer that is longer than this many bytes is broken.
    """

    write: bytes = b"\r\n"
    read: bytes = b"\r\n"
    max_length: int = _LONGEST

    def encode(self, payload: bytes) -> bytes:
        """Return the payload with its terminator."""
        return Terminated(write=self.write, read=self.read).encode(payload)

    def decoder(self) -> Decoder:
        """Return a decoder that looks for the terminator."""
        return _UntilTerminator(self.read, self.max_length)

    def converse(self, payload: bytes, exchange: Exchange, *, answer: bool) -> bytes:
        """Send the mnemonic, see that it is acknowledged, then ask for the answer."""
        said = exchange(self.encode(payload), self.decoder())
        if said == b"\x15":
            raise BadReply("NAK: the instrument refuses the request", received=said)
        if said != b"\x06":
            raise BadReply(f"{said!r} in place of ACK (b'\\x06')", received=said)
        return exchange(b"\x05", self.decoder()) if answer else b""


class _UntilTerminator:
    __slots__ = ("_data", "_max_length", "_terminator", "rest")

    def __init__(self, terminator: bytes, max_length: int) -> None:
        self.rest = b""
        self._data = b""
        self._terminator = terminator
        self._max_length = max_length

    def feed(self, data: bytes) -> bytes | None:
        terminator = self._terminator
        before = self._data
        if before:
            search_from = max(0, len(before) - len(terminator) + 1)
            data = before + data
            end = data.find(terminator, search_from)
        else:
            end = data.find(terminator)
        payload_at_least = end if end >= 0 else len(data) - len(terminator) + 1
        if payload_at_least > self._max_length:
            raise BadReply(
                f"more than {self._max_length} bytes without the terminator {terminator!r}",
                received=data,
            )
        if end < 0:
            self._data = data
            return None
        self.rest = data[end + len(terminator) :]
        return data[:end]

    def silence(self) -> bytes | None:
        return None


class _UntilLength:
    __slots__ = ("_data", "_length", "rest")

    def __init__(self, length: int) -> None:
        self.rest = b""
        self._data = b""
        self._length = length

    def feed(self, data: bytes) -> bytes | None:
        self._data = data = self._data + data
        if len(data) < self._length:
            return None
        self.rest = data[self._length :]
        return data[: self._length]

    def silence(self) -> bytes | None:
        return None


class _UntilItsLength:
    __slots__ = ("_data", "_framing", "rest")

    def __init__(self, framing: LengthPrefixed) -> None:
        self.rest = b""
        self._data = b""
        self._framing = framing

    def feed(self, data: bytes) -> bytes | None:
        framing = self._framing
        self._data = data = self._data + data
        start = framing.offset + framing.size
        if len(data) < start:
            return None
        length = int.from_bytes(data[framing.offset : start], framing.byteorder) + framing.extra
        if not 0 <= length <= framing.max_length:
            raise BadReply(
                f"a length that gives a body of {length} bytes, not 0 to {framing.max_length}",
                received=data,
            )
        end = start + length
        if len(data) < end:
            return None
        self.rest = data[end:]
        return data[: framing.offset] + data[start:end]

    def silence(self) -> bytes | None:
        return None


class _UntilSilence:
    __slots__ = ("_data", "_max_length", "rest")

    def __init__(self, max_length: int) -> None:
        self.rest = b""
        self._data = b""
        self._max_length = max_length

    def feed(self, data: bytes) -> bytes | None:
        self._data += data
        if len(self._data) > self._max_length:
            raise BadReply(
                f"more than {self._max_length} bytes without a silence", received=self._data
            )
        return None

    def silence(self) -> bytes | None:
        return self._data
