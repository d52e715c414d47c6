"""What happens to bytes on a bad wire: pure functions from the right bytes to the wrong ones.

Each returns its argument unchanged where there is nothing to spoil.
"""

from __future__ import annotations

from itertools import zip_longest

__all__ = ["collided", "dropped", "garbled", "misread", "uart_bits", "uart_bytes", "with_parity"]

_FRAME = 10
"""Bits of a byte on the wire: start, eight data bits, stop."""


def dropped(data: bytes, i: int) -> bytes:
    """Return ``data`` without the byte at ``i``; negative ones count from the end."""
    if not -len(data) <= i < len(data):
        return data
    i %= len(data)
    return data[:i] + data[i + 1 :]


def garbled(data: bytes, i: int, xor: int) -> bytes:
    """Return ``data`` with some bits of the byte at ``i`` turned over."""
    if not -len(data) <= i < len(data):
        return data
    i %= len(data)
    return data[:i] + bytes([data[i] ^ xor]) + data[i + 1 :]


def with_parity(data: bytes, parity: str) -> bytes:
    """Return seven data bits and their parity, as one reads them who expects eight data bits.

    Args:
        data: ASCII.
        parity: ``E`` or ``O``.
    """
    odd = parity == "O"
    return bytes(byte | 0x80 if (byte & 0x7F).bit_count() % 2 != odd else byte for byte in data)


def uart_bits(data: bytes) -> list[int]:
    """Return the levels of 8N1, one a bit, idle being 1: start bit, lowest bit first, stop bit."""
    return [
        level
        for byte in data
        for level in (0, *(byte >> shift & 1 for shift in range(8)), 1)
    ]  # fmt: skip


def uart_bytes(bits: list[int], ratio: float = 1.0) -> bytes:
    """Return what an 8N1 receiver makes of levels; it takes no notice of wrong stop bits.

    Args:
        bits: The levels, one a bit of the sender; after them the line is idle.
        ratio: How many of the sender's bits one bit of the receiver lasts.
    """
    found = bytearray()
    at = 0.0
    while (start := _next_start(bits, int(at))) is not None:
        byte = 0
        for number in range(8):
            sampled = int(start + (number + 1.5) * ratio)
            byte |= (bits[sampled] if sampled < len(bits) else 1) << number
        found.append(byte)
        at = max(start + (_FRAME - 0.5) * ratio, start + 1)
    return bytes(found)


def misread(data: bytes, ratio: float) -> bytes:
    """Return what is received at a wrong baud rate.

    Bit 7 of each byte is set, so that not even by chance it is text, or a frame that begins or ends
    with an ASCII character.

    Args:
        data: What is sent.
        ratio: The sender's baud rate by the receiver's.
    """
    spoiled = bytes(byte | 0x80 for byte in uart_bytes(uart_bits(data), ratio))
    return bytes(byte ^ 0x55 for byte in spoiled) if spoiled == data else spoiled


def collided(first: bytes, second: bytes, shift: int) -> bytes:
    """Return what is received when two send at once: each 0 on the wire wins over a 1.

    Args:
        first: What one sends.
        second: What the other one sends.
        shift: By how many bits the second one is later.
    """
    pairs = zip_longest(uart_bits(first), [1] * shift + uart_bits(second), fillvalue=1)
    return uart_bytes([a & b for a, b in pairs])


def _next_start(bits: list[int], at: int) -> int | None:
    try:
        return bits.index(0, at)
    except ValueError:
        return None
