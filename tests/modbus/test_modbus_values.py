"""Numbers, texts and bits in registers, in every order of bytes."""

from __future__ import annotations

import math
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labframe import ArgumentError, NoValue
from labframe.errors import BadReply
from labframe.modbus import KINDS, ORDERS, Kind, Order, decoded, encoded, text_in, text_out
from labframe.modbus.requests import bits_in

orders = st.sampled_from(ORDERS)
whole = st.sampled_from([kind for kind in KINDS if "int" in kind])

WRITTEN: list[tuple[float, Kind, Order, str]] = [
    (12.5, "float32", "ABCD", "41 48 00 00"),
    (12.5, "float32", "CDAB", "00 00 41 48"),
    (12.5, "float32", "BADC", "48 41 00 00"),
    (12.5, "float32", "DCBA", "00 00 48 41"),
    (0x12345678, "uint32", "ABCD", "12 34 56 78"),
    (0x12345678, "uint32", "CDAB", "56 78 12 34"),
    (0x12345678, "int32", "BADC", "34 12 78 56"),
    (0x12345678, "int32", "DCBA", "78 56 34 12"),
    (-2, "int16", "ABCD", "FF FE"),
    (-2, "int16", "DCBA", "FE FF"),
    (65534, "uint16", "ABCD", "FF FE"),
    (0x0102030405060708, "uint64", "CDAB", "07 08 05 06 03 04 01 02"),
    (1.0, "float64", "ABCD", "3F F0 00 00 00 00 00 00"),
]


@pytest.mark.parametrize(("value", "kind", "order", "registers"), WRITTEN)
def test_a_number_stands_in_registers_as_written_down(
    value: float, kind: Kind, order: Order, registers: str
) -> None:
    assert encoded(value, kind, order) == bytes.fromhex(registers)
    assert decoded(bytes.fromhex(registers), kind, order) == value


@given(kind=whole, order=orders, data=st.data())
def test_each_whole_number_comes_back(kind: Kind, order: Order, data: st.DataObject) -> None:
    bits = int(kind[-2:])
    low = 0 if kind.startswith("u") else -(2 ** (bits - 1))
    value = data.draw(st.integers(low, low + 2**bits - 1))

    found = decoded(encoded(value, kind, order), kind, order)
    assert (found, type(found)) == (value, int)
    for beyond in (low - 1, low + 2**bits):
        with pytest.raises(ArgumentError, match=f"{beyond} does not fit into {kind}"):
            encoded(beyond, kind, order)


@given(value=st.floats(width=32, allow_nan=False, allow_infinity=False), order=orders)
def test_each_float_comes_back(value: float, order: Order) -> None:
    assert math.copysign(1, decoded(encoded(value, "float32", order), "float32", order)) == (
        math.copysign(1, value)
    )
    assert decoded(encoded(value, "float32", order), "float32", order) == value
    assert decoded(encoded(value, "float64", order), "float64", order) == value


@given(data=st.binary(min_size=4, max_size=4), order=orders)
def test_four_bytes_are_a_finite_number_or_no_value(data: bytes, order: Order) -> None:
    try:
        value = decoded(data, "float32", order)
    except NoValue:
        return  # an exponent of ones: nan, or infinite
    assert math.isfinite(value)
    assert encoded(value, "float32", order) == data


@pytest.mark.parametrize("registers", ["7F C0 00 00", "7F 80 00 00", "FF 80 00 00", "FF FF FF FF"])
def test_a_float_that_is_no_number_is_no_value(registers: str) -> None:
    with pytest.raises(NoValue, match="in place of a number"):
        decoded(bytes.fromhex(registers), "float32")


@given(data=st.binary(max_size=12), kind=st.sampled_from(list(KINDS)))
def test_too_many_or_too_few_bytes_are_no_number(data: bytes, kind: Kind) -> None:
    if len(data) == KINDS[kind].size:
        return
    with pytest.raises(BadReply, match=f"{len(data)} bytes for a {kind}"):
        decoded(data, kind)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf"), 0.5])
def test_what_is_no_whole_number_is_not_written_as_one(value: float) -> None:
    with pytest.raises(ArgumentError, match="cannot be written as int32"):
        encoded(value, "int32")


def test_a_float_that_is_too_large_is_not_written() -> None:
    with pytest.raises(ArgumentError, match=r"1e\+39 does not fit into float32"):
        encoded(1e39, "float32")


@given(text=st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=8), order=orders)
def test_each_text_comes_back(text: str, order: Order) -> None:
    assert text_in(text_out(text, 4, order), order) == text


@pytest.mark.parametrize(
    ("registers", "text"),
    [
        (b"ln/min\0\0", "ln/min"),
        (b"N2      ", "N2"),
        (b"GSC-A9TS", "GSC-A9TS"),
        (b"\x16O2\0\xff\xff\xff\xff", "O2"),
        (b"\0\0\0\0", ""),
        (b"m\xb3/h", "m³/h"),
    ],
)
def test_a_text_ends_where_its_padding_begins(registers: bytes, text: str) -> None:
    assert text_in(registers) == text


def test_what_is_no_text_is_an_error() -> None:
    with pytest.raises(BadReply, match="41 07 42 43 is no text"):
        text_in(b"A\x07BC")
    with pytest.raises(ArgumentError, match="more than the 4 characters"):
        text_out("12345", 2)
    with pytest.raises(ArgumentError, match="only Latin-1"):
        text_out("Ω", 2)


@given(bits=st.lists(st.booleans(), min_size=1, max_size=40))
def test_the_first_bit_is_the_lowest_of_the_first_byte(bits: list[bool]) -> None:
    packed = bytearray(-(-len(bits) // 8))
    for place, bit in enumerate(bits):
        packed[place // 8] |= bit << place % 8
    assert bits_in(bytes(packed), len(bits)) == bits


def test_the_kinds_have_whole_registers() -> None:
    assert all(one.size % 2 == 0 for one in KINDS.values())
    assert {kind: struct.calcsize(one.format) for kind, one in KINDS.items()} == {
        "int16": 2, "uint16": 2, "int32": 4, "uint32": 4, "int64": 8, "uint64": 8, "float32": 4,
        "float64": 8,
    }  # fmt: skip
