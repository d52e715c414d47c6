"""What a byte looks like to a receiver that is set otherwise than its sender. Pure functions."""

from __future__ import annotations

from typing import Final, NamedTuple

__all__ = ["Framing", "as_received", "garbled"]

_GARBLE: Final = bytes((byte * 167 + 89 & 0xFF) | 0x80 for byte in range(256))
"""At the wrong baud rate: never ASCII, always the same."""
_ODD: Final = tuple(bin(byte).count("1") % 2 for byte in range(256))


class Framing(NamedTuple):
    """How bytes are framed; None is whatever the other end has.

    Attributes:
        baudrate: Bits per second.
        bytesize: Data bits.
        parity: ``N``, ``E``, ``O``, ``M`` or ``S``.
    """

    baudrate: int | None = None
    bytesize: int | None = None
    parity: str | None = None


def garbled(data: bytes) -> bytes:
    """Return what arrives at the wrong baud rate: never ASCII."""
    return data.translate(_GARBLE)


def as_received(data: bytes, sent: Framing, expected: Framing) -> bytes:
    """Return what a receiver makes of bytes.

    Args:
        data: What was sent.
        sent: How the sender is set.
        expected: How the receiver is set.
    """
    if None not in (sent.baudrate, expected.baudrate) and sent.baudrate != expected.baudrate:
        return garbled(data)
    size, parity = sent.bytesize or expected.bytesize or 8, sent.parity or expected.parity or "N"
    to_size, to_parity = expected.bytesize or size, expected.parity or parity
    bits, to_bits = size + (parity != "N"), to_size + (to_parity != "N")
    if bits != to_bits:
        return garbled(data)  # the frames have different lengths
    mask, to_mask = (1 << size) - 1, (1 << to_size) - 1
    received = bytearray()
    for byte in data:
        frame = byte & mask
        if parity != "N":
            frame |= _parity(frame, parity) << size
        value = frame & to_mask
        is_right = to_parity == "N" or frame >> to_size == _parity(value, to_parity)
        received.append(value if is_right else _GARBLE[value])
    return bytes(received)


def _parity(value: int, parity: str) -> int:
    """Return the parity bit of a value: E and O make the ones even or odd, M is 1, S is 0."""
    if parity in "MS":
        return int(parity == "M")
    return _ODD[value] if parity == "E" else 1 - _ODD[value]
