"""What an iSeries controller writes as hexadecimal words, and as decimal values. Pure.

Setpoints: manual, page 22; the reading configuration: page 27; the decimal values: page 23.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

__all__ = ["ReadingConfiguration", "from_word", "to_word", "value_of"]

_WORD: Final = re.compile("[0-9A-F]{6}")
_BYTE: Final = re.compile("[0-9A-F]{2}")
_VALUE: Final = re.compile(r"-?[0-9]+(?:\.([0-9]*))?")
_NEGATIVE: Final = 1 << 23
_MOST_COUNTS: Final = 9999
"""Four digits are what it can show."""
_LEAST_COUNTS: Final = -1999


@dataclass(frozen=True, slots=True)
class ReadingConfiguration:
    """How the controller shows values: the byte of index 08.

    Attributes:
        decimals: Digits after the point, 0 to 3.
        is_fahrenheit: Whether temperatures are in °F, not in °C.
    """

    decimals: int
    is_fahrenheit: bool

    @classmethod
    def read(cls, data: str) -> ReadingConfiguration:
        """Return what two hexadecimal digits say.

        Raises:
            ValueError: If the manual does not allow them.
        """
        if not _BYTE.fullmatch(data):
            raise ValueError(f"{data!r}: not two hexadecimal digits")
        bits = int(data, 16)
        code = bits & 0b111
        if not 1 <= code <= 4:
            raise ValueError(f"{data!r}: decimal point {code}, not 1 to 4")
        return cls(code - 1, bool(bits & 0b1000))

    def celsius(self, shown: float) -> float:
        """Return in °C what is shown."""
        return round((shown - 32) / 1.8, 4) if self.is_fahrenheit else shown

    def shown(self, celsius: float) -> float:
        """Return a temperature as it is shown."""
        return celsius * 1.8 + 32 if self.is_fahrenheit else celsius


def from_word(word: str) -> float:
    """Return the value of six hexadecimal digits: sign, decimal point, 20 bits of data.

    Raises:
        ValueError: If the manual does not allow them.
    """
    if not _WORD.fullmatch(word):
        raise ValueError(f"{word!r}: not six hexadecimal digits")
    bits = int(word, 16)
    point = bits >> 20 & 0b111
    if not 1 <= point <= 4:
        raise ValueError(f"{word!r}: decimal point {point}, not 1 to 4")
    value = (bits & 0xFFFFF) / 10.0 ** (point - 1)
    return -value if bits & _NEGATIVE and value else value


def to_word(value: float, decimals: int) -> str:
    """Return the six digits for a value, rounded to so many decimals.

    Raises:
        ValueError: If the controller cannot show it.
    """
    counts = round(value * 10**decimals)
    if not _LEAST_COUNTS <= counts <= _MOST_COUNTS:
        low, high = (counts / 10**decimals for counts in (_LEAST_COUNTS, _MOST_COUNTS))
        raise ValueError(f"with {decimals} decimals it can show {low:g} to {high:g}")
    sign = _NEGATIVE if counts < 0 else 0
    return f"{sign | decimals + 1 << 20 | abs(counts):06X}"


def value_of(text: str) -> tuple[float, int]:
    """Return a measured value, and how many decimals it has.

    Raises:
        ValueError: If it is no decimal number.
    """
    found = _VALUE.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r}: no decimal number")
    return float(text), len(found[1] or "")
