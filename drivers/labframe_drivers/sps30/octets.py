"""The simulated sensor's side of SHDLC: frames out of bytes, one byte at a time, and back.

Written from the published rules alone, and on purpose not with what the driver uses: two who agree
have not made the same mistake.
"""

from __future__ import annotations

__all__ = ["FrameReader", "content_of", "framed"]

_LONGEST = 600
"""A whole frame has 522 bytes at most: 255 of data, and every byte of it stuffed."""


def content_of(frame: bytes) -> bytes | None:
    """Return what the first whole frame in some bytes carries, if there is one."""
    reader = FrameReader()
    return next((one for octet in frame if (one := reader.take(octet)) is not None), None)


def framed(content: bytes, *, spoil: int = 0) -> bytes:
    """Return the frame that carries ``content`` and its checksum, some bits of it turned over."""
    total = 0
    for octet in content:
        total = (total + octet) % 256
    out = "7E"
    for octet in [*content, (255 - total) ^ spoil]:
        out += {0x7E: "7D5E", 0x7D: "7D5D", 0x11: "7D31", 0x13: "7D33"}.get(octet, f"{octet:02X}")
    return bytes.fromhex(out + "7E")


class FrameReader:
    """Collects bytes until a frame is whole, and gives its content without the checksum.

    Frames that are broken are dropped; what stands between frames is not looked at.
    """

    _MEANT = {0x5E: 0x7E, 0x5D: 0x7D, 0x31: 0x11, 0x33: 0x13}

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Wait for the beginning of a frame, whatever came."""
        self._content: list[int] | None = None
        self._escaped = False
        self._broken = False

    def take(self, octet: int) -> bytes | None:
        """Take one byte; return the content of the frame that it ends, if that is in order."""
        if octet == 0x7E:
            whole, broken = self._content, self._broken or self._escaped
            self._content, self._escaped, self._broken = [], False, False
            if not whole:
                return None
            self._content = None
            return None if broken or (sum(whole) + 1) % 256 else bytes(whole[:-1])
        if self._content is None:
            return None
        if self._escaped:
            self._escaped = False
            self._broken |= octet not in self._MEANT
            self._content.append(self._MEANT.get(octet, 0))
        elif octet == 0x7D:
            self._escaped = True
        else:
            self._content.append(octet)
        if len(self._content) > _LONGEST:
            self.forget()
        return None
