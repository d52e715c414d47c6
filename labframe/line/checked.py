"""A framing with a checksum: one that wraps any other framing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from labframe.errors import BadReply
from labframe.line.checksums import Checksum, checksum
from labframe.line.framing import Decoder, Framing

__all__ = ["Checked"]


@dataclass(frozen=True, slots=True)
class Checked:
    r"""Appends a checksum to each request; verifies and strips that of each answer.

    For example Pfeiffer's telegrams are ``Checked(Terminated(write=b"\r", read=b"\r"),
    "sum8_dec3")`` and Modbus RTU is ``Checked(Silence(), "crc16_modbus")``.

    Attributes:
        framing: The framing that carries payload and checksum.
        checksum: The name of a checksum of :data:`~labframe.line.CHECKSUMS`, or one of your own.
        position: ``"payload"``: the checksum is of the payload, and stands after it, inside the
            frame (before the terminator). ``"frame"``: it is of the whole frame, terminator
            included, and stands after that; not for answers that end with silence.
        skip: How many bytes at the beginning do not count, e.g. 1 for the ``$`` of NMEA.
        separator: Stands before the checksum and does not count, e.g. ``b"*"`` of NMEA.
    """

    framing: Framing
    checksum: str | Checksum
    position: Literal["payload", "frame"] = "payload"
    skip: int = 0
    separator: bytes = b""

    def __post_init__(self) -> None:
        if self.position not in ("payload", "frame"):
            raise ValueError(f"Checked: position = {self.position!r}: not payload or frame")
        if self.skip < 0:
            raise ValueError(f"Checked: skip = {self.skip}: not 0 or more")
        _ = self.sum

    @property
    def sum(self) -> Checksum:
        """The checksum itself."""
        return checksum(self.checksum) if isinstance(self.checksum, str) else self.checksum

    def encode(self, payload: bytes) -> bytes:
        """Return the frame of the payload, with its checksum."""
        if self.position == "payload":
            return self.framing.encode(payload + self._tail_of(payload))
        frame = self.framing.encode(payload)
        return frame + self._tail_of(frame)

    def decoder(self) -> Decoder:
        """Return a decoder that verifies the checksum and strips it."""
        if self.position == "payload":
            return _CheckedPayload(self)
        return _CheckedFrame(self)

    @property
    def tail_length(self) -> int:
        """How many bytes separator and checksum take."""
        return len(self.separator) + self.sum.size

    def verify(self, data: bytes, tail: bytes) -> None:
        """Make sure that ``tail`` is the separator and the checksum of ``data``.

        Raises:
            BadReply: If it is not.
        """
        received = tail[len(self.separator) :]
        counted = data[self.skip :]
        if not tail.startswith(self.separator) or not self.sum.matches(counted, received):
            raise BadReply(
                f"the checksum ({self.sum.name}) is {tail!r} in place of {self._tail_of(data)!r}",
                received=data + tail,
            )

    def _tail_of(self, data: bytes) -> bytes:
        return self.separator + self.sum.of(data[self.skip :])


class _CheckedPayload:
    """The frame holds the payload and its checksum."""

    __slots__ = ("_checked", "_inner")

    def __init__(self, checked: Checked) -> None:
        self._checked = checked
        self._inner = checked.framing.decoder()

    def feed(self, data: bytes) -> bytes | None:
        return self._verified(self._inner.feed(data))

    def silence(self) -> bytes | None:
        return self._verified(self._inner.silence())

    @property
    def rest(self) -> bytes:
        return self._inner.rest

    def _verified(self, whole: bytes | None) -> bytes | None:
        if whole is None:
            return None
        length = len(whole) - self._checked.tail_length
        if length < 0:
            raise BadReply("shorter than its checksum", received=whole)
        payload = whole[:length]
        self._checked.verify(payload, whole[length:])
        return payload


class _CheckedFrame:
    """The checksum follows the frame."""

    __slots__ = ("_after", "_checked", "_data", "_inner", "_payload", "rest")

    def __init__(self, checked: Checked) -> None:
        self.rest = b""
        self._checked = checked
        self._inner = checked.framing.decoder()
        self._payload: bytes | None = None
        self._data = b""
        self._after = b""

    def feed(self, data: bytes) -> bytes | None:
        if self._payload is None:
            self._data += data
            self._payload = self._inner.feed(data)
            if self._payload is None:
                return None
            data = self._inner.rest
            self._data = self._data[: len(self._data) - len(data)]
        self._after += data
        length = self._checked.tail_length
        if len(self._after) < length:
            return None
        self.rest = self._after[length:]
        self._checked.verify(self._data, self._after[:length])
        return self._payload

    def silence(self) -> bytes | None:
        return None
