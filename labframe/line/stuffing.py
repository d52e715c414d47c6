"""Frames between flags, with escaped bytes inside: HDLC, SHDLC, PPP."""

from __future__ import annotations

from dataclasses import dataclass

from labframe.errors import BadReply
from labframe.line.framing import Decoder

__all__ = ["Stuffed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stuffed:
    r"""Frames that begin and end with a flag; a byte inside that is reserved is escaped.

    An escaped byte goes over the line as the escape and then the byte, exclusive-or ``flip``. So
    with the defaults ``7E`` becomes ``7D 5E``, and ``7D`` becomes ``7D 5D``. Put a checksum around
    it: Sensirion's SHDLC is ``Checked(Stuffed(reserved=b"\x11\x13"), "sum_inverted")``.

    What comes before the first flag is noise, and is dropped; flags in a row are one. A frame that
    no sender would write so is broken: with a reserved byte that is not escaped, or an escaped one
    that is not reserved.

    Attributes:
        flag: Stands at both ends of a frame, one byte.
        escape: Stands before an escaped byte, one byte.
        reserved: The bytes that are escaped beside these two, such as XON and XOFF.
        flip: What an escaped byte is exclusive-or'ed with.
        wake: Is sent before each request, outside the frame; answers do not have it.
        max_length: An answer that is longer than this many bytes on the line is broken.
    """

    flag: bytes = b"\x7e"
    escape: bytes = b"\x7d"
    reserved: bytes = b""
    flip: int = 0x20
    wake: bytes = b""
    max_length: int = 65536

    def __post_init__(self) -> None:
        for field in ("flag", "escape"):
            if len(getattr(self, field)) != 1:
                raise ValueError(f"Stuffed: {field} = {getattr(self, field)!r}: not one byte")
        if not 1 <= self.flip <= 0xFF:
            raise ValueError(f"Stuffed: flip = {self.flip}: not 1 to 255")
        escaped = self.flag + self.escape + self.reserved
        if len(set(escaped)) != len(escaped):
            raise ValueError(f"Stuffed: reserved = {self.reserved!r}: not each byte once")
        for byte in escaped:
            if byte ^ self.flip in escaped:
                raise ValueError(
                    f"Stuffed: flip = {self.flip}: not one that turns {byte:02X} into a byte that "
                    "needs no escape"
                )

    def encode(self, payload: bytes) -> bytes:
        """Return the frame of a payload; an empty one is refused, as flags in a row are no frame.

        Raises:
            ValueError: If the payload is empty.
        """
        if not payload:
            raise ValueError("an empty request cannot be written between flags")
        escape, flip = self.escape[0], self.flip
        reserved = self.flag + self.escape + self.reserved
        body = bytearray()
        for byte in payload:
            if byte in reserved:
                body += bytes((escape, byte ^ flip))
            else:
                body.append(byte)
        return self.wake + self.flag + body + self.flag

    def decoder(self) -> Decoder:
        """Return a decoder that looks for the flags."""
        return _BetweenFlags(self)

    def unstuffed(self, body: bytes) -> bytes:
        """Return the payload of what stands between two flags, in one pass over it.

        Raises:
            BadReply: If no sender would write so.
        """
        escape, flip = self.escape[0], self.flip
        reserved = self.flag + self.escape + self.reserved
        payload = bytearray()
        is_escaped = False
        for byte in body:
            if is_escaped:
                byte ^= flip
                if byte not in reserved:
                    raise BadReply(f"{byte ^ flip:02X} after the escape {escape:02X}, which is "
                                   "the escaped form of no byte", received=body)  # fmt: skip
                is_escaped = False
            elif byte == escape:
                is_escaped = True
                continue
            elif byte in reserved:
                raise BadReply(f"a byte {byte:02X} that is not escaped", received=body)
            payload.append(byte)
        if is_escaped:
            raise BadReply(f"the frame ends with the escape {escape:02X}", received=body)
        return bytes(payload)


class _BetweenFlags:
    """Drops what comes before the first flag, then collects until the next one."""

    __slots__ = ("_data", "_framing", "rest")

    def __init__(self, framing: Stuffed) -> None:
        self.rest = b""
        self._framing = framing
        self._data = b""

    def feed(self, data: bytes) -> bytes | None:
        flag = self._framing.flag
        self._data = data = self._data + data
        start = data.find(flag)
        while data[start + 1 : start + 2] == flag and start >= 0:
            start += 1
        end = data.find(flag, start + 1) if start >= 0 else -1
        longest = self._framing.max_length
        if (end + 1 if end >= 0 else len(data)) > longest:
            raise BadReply(f"more than {longest} bytes without a whole frame", received=data)
        if end < 0:
            return None
        self.rest = data[end + 1 :]
        return self._framing.unstuffed(data[start + 1 : end])

    def silence(self) -> bytes | None:
        return None
