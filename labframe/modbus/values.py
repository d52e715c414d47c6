"""Registers to values and back: integers, floats and texts, whatever order their bytes have."""

from __future__ import annotations

import math
import struct
from types import MappingProxyType
from typing import Final, Literal, TypeAlias, get_args

from labframe.errors import ArgumentError, BadReply, NoValue

__all__ = ["KINDS", "ORDERS", "Kind", "Order", "decoded", "encoded", "text_in", "text_out"]

Kind: TypeAlias = Literal[
    "int16", "uint16", "int32", "uint32", "int64", "uint64", "float32", "float64"
]
"""What a number is in the instrument."""

Order: TypeAlias = Literal["ABCD", "CDAB", "BADC", "DCBA"]
"""How the bytes of a number come, A being the highest one.

``ABCD``: as Modbus has it, high word and high byte first. ``CDAB``: the low word first. ``BADC``:
the low byte of each word first. ``DCBA``: both. A number of four words follows the same rule.
"""

KINDS: Final = MappingProxyType(
    {
        "int16": struct.Struct(">h"),
        "uint16": struct.Struct(">H"),
        "int32": struct.Struct(">i"),
        "uint32": struct.Struct(">I"),
        "int64": struct.Struct(">q"),
        "uint64": struct.Struct(">Q"),
        "float32": struct.Struct(">f"),
        "float64": struct.Struct(">d"),
    }
)
"""How each kind of number is written; its size is that of its registers."""

ORDERS: Final[tuple[Order, ...]] = get_args(Order)


def decoded(data: bytes, kind: Kind, order: Order = "ABCD") -> int | float:
    """Return the number that stands in registers.

    Args:
        data: The registers as they came, two bytes each, as many as the kind has.
        kind: What it is.
        order: How its bytes come.

    Raises:
        BadReply: If there are more or fewer bytes.
        NoValue: For a float that is no number, or infinite.
    """
    one = KINDS[kind]
    if len(data) != one.size:
        raise BadReply(f"{len(data)} bytes for a {kind}, which has {one.size}", received=data)
    value: int | float
    (value,) = one.unpack(data if order == "ABCD" else _ordered(data, order))
    if not math.isfinite(value):
        raise NoValue(f"the instrument has {value} in place of a number ({data.hex(' ')})")
    return value


def encoded(value: float, kind: Kind, order: Order = "ABCD") -> bytes:
    """Return the registers of a number, two bytes each.

    Raises:
        ArgumentError: If the number does not fit: too large, or a fraction in an integer.
    """
    is_float = kind.startswith("float")
    try:
        if not math.isfinite(value) or (not is_float and value != int(value)):
            raise ArgumentError("OUT_OF_RANGE", f"{value!r} cannot be written as {kind}")
        data = KINDS[kind].pack(value if is_float else int(value))
    except (struct.error, OverflowError) as error:
        raise ArgumentError("OUT_OF_RANGE", f"{value!r} does not fit into {kind}") from error
    return data if order == "ABCD" else _ordered(data, order)


def text_in(data: bytes, order: Order = "ABCD") -> str:
    """Return the text that stands in registers, without what fills them up.

    It ends at the first zero; blanks and control characters at its ends are no part of it.

    Raises:
        BadReply: If what is left is no printable text.
    """
    raw = _ordered(data, order).partition(b"\0")[0].decode("latin-1")
    text = raw.strip("".join(map(chr, range(33))))
    if not text.isprintable():
        raise BadReply(f"{data.hex(' ')} is no text", received=data)
    return text


def text_out(text: str, registers: int, order: Order = "ABCD") -> bytes:
    """Return the registers of a text, filled up with zeros.

    Raises:
        ArgumentError: If it is too long, or has other characters than Latin-1.
    """
    try:
        data = text.encode("latin-1")
    except UnicodeEncodeError as error:
        raise ArgumentError(
            "OUT_OF_RANGE", f"{text!r}: only Latin-1 characters can be written"
        ) from error
    if len(data) > 2 * registers:
        raise ArgumentError(
            "OUT_OF_RANGE", f"{text!r}: more than the {2 * registers} characters that fit"
        )
    return _ordered(data.ljust(2 * registers, b"\0"), order)


def _ordered(data: bytes, order: Order) -> bytes:
    """Turn bytes as the instrument has them into those of Modbus, or back: it is the same."""
    words = [data[index : index + 2] for index in range(0, len(data), 2)]
    if order in ("CDAB", "DCBA"):
        words.reverse()
    if order in ("BADC", "DCBA"):
        words = [word[::-1] for word in words]
    return b"".join(words)
