"""The air in front of the simulated sensor, and a measurement of it as bytes. Pure computation."""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence

__all__ = ["as_floats", "as_whole_numbers", "awkward", "drifting"]

_ROUND_S = 311.0

_RESERVED = (b"\x7d\x31", b"\x7e\x7d", b"\x11\x13", b"\x7d\x5e", b"\x13\x7e", b"\x7d\x5d")
"""Bytes that must be stuffed, and those that stuffing makes, in pairs that are easily mixed up."""


def drifting(values: Sequence[float], share: float, age_s: float) -> list[float]:
    """Return the values moved slowly up and down by this share, no two of them alike."""
    return [
        value * (1 + share * math.sin(2 * math.pi * (age_s / _ROUND_S + index / 7)))
        for index, value in enumerate(values)
    ]


def awkward(values: Sequence[float], turn: int) -> list[float]:
    """Return values next to these, 0.8 % off at most, whose bytes have to be stuffed."""
    made = []
    for index, value in enumerate(values):
        pair = _RESERVED[(turn + index) % len(_RESERVED)]
        (near,) = struct.unpack(">f", struct.pack(">f", value)[:2] + pair)
        made.append(near)
    return made


def as_floats(values: Sequence[float]) -> bytes:
    """Return ten floats of four bytes, the highest first."""
    return struct.pack(">10f", *values)


def as_whole_numbers(values: Sequence[float]) -> bytes:
    """Return ten whole numbers of two bytes; the last one, the size, is in nm then."""
    *counts, size = values
    return struct.pack(">10H", *(min(round(one), 65535) for one in [*counts, size * 1000]))
