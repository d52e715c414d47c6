"""The data types of the Pfeiffer Vacuum protocol: values to text of a fixed length, and back. Pure.

The numbers of the types, their lengths and examples: manual of the TC 110 PB, page 32. That the
exponent of ``u_expo_new`` counts from -20: manual of the PPT 100, page 13, whose ``100023`` is
1000 hPa.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

__all__ = [
    "BOOLEAN_NEW",
    "BOOLEAN_OLD",
    "STRING",
    "STRING_16",
    "U_EXPO_NEW",
    "U_INTEGER",
    "U_REAL",
    "U_SHORT_INT",
    "DataType",
]

T = TypeVar("T")

_EXPONENT_OF_0 = 20


@dataclass(frozen=True, slots=True)
class DataType(Generic[T]):
    """One of the types.

    Attributes:
        name: As in the manual.
        length: Characters on the line, always so many.
        read: Makes the value of so many characters; raises ValueError.
        write: Makes the characters of a value; raises ValueError.
    """

    name: str
    length: int
    read: Callable[[str], T]
    write: Callable[[T], str]

    def decode(self, data: str) -> T:
        """Return the value of ``data``.

        Raises:
            ValueError: If these are not characters that the type allows.
        """
        if len(data) != self.length:
            raise ValueError(f"{data!r}: {len(data)} characters; a {self.name} has {self.length}")
        try:
            return self.read(data)
        except ValueError as error:
            raise ValueError(f"{data!r}: not a {self.name}") from error

    def encode(self, value: T) -> str:
        """Return the characters for ``value``.

        Raises:
            ValueError: If the type cannot express it.
        """
        data = self.write(value)
        if len(data) != self.length:
            raise ValueError(f"{value!r}: no {self.name} of {self.length} characters can say that")
        return data


def _digits(data: str) -> int:
    if not (data.isascii() and data.isdigit()):  # int() would take blanks and signs
        raise ValueError
    return int(data)


def _padded(value: int, length: int) -> str:
    return f"{value:0{length}d}" if value >= 0 else ""


def _truth(data: str) -> bool:
    if data.strip("1") and data.strip("0"):
        raise ValueError
    return data[0] == "1"


def _expo(data: str) -> float:
    mantissa, exponent = _digits(data[:4]), _digits(data[4:])
    return float(f"{mantissa}e{exponent - _EXPONENT_OF_0 - 3}")


def _as_expo(value: float) -> str:
    if not 0 <= value < float("inf"):
        return ""
    mantissa, _, exponent = f"{value:.3e}".partition("e")
    if float(mantissa) == 0:
        return "000000"
    return mantissa.replace(".", "") + _padded(int(exponent) + _EXPONENT_OF_0, 2)


def _text(data: str) -> str:
    if not (data.isascii() and data.isprintable()):
        raise ValueError
    return data.rstrip()


def _as_text(length: int) -> Callable[[str], str]:
    return lambda value: _text(value).ljust(length)


BOOLEAN_OLD = DataType("boolean_old", 6, _truth, lambda value: "1" * 6 if value else "0" * 6)
U_INTEGER = DataType("u_integer", 6, _digits, lambda value: _padded(value, 6))
U_REAL = DataType(
    "u_real", 6, lambda data: _digits(data) / 100, lambda value: _padded(round(value * 100), 6)
)
STRING = DataType("string", 6, _text, _as_text(6))
BOOLEAN_NEW = DataType("boolean_new", 1, _truth, lambda value: "1" if value else "0")
U_SHORT_INT = DataType("u_short_int", 3, _digits, lambda value: _padded(value, 3))
U_EXPO_NEW = DataType("u_expo_new", 6, _expo, _as_expo)
STRING_16 = DataType("string", 16, _text, _as_text(16))
