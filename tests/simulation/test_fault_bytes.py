"""What faults do to bytes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labframe.simulation.fault_bytes import (
    collided,
    dropped,
    garbled,
    misread,
    uart_bits,
    uart_bytes,
    with_parity,
)

some_bytes = st.binary(min_size=1, max_size=60)


def test_a_byte_on_the_wire_is_ten_bits_the_lowest_first() -> None:
    assert uart_bits(b"\x03") == [0, 1, 1, 0, 0, 0, 0, 0, 0, 1]


@given(st.binary(max_size=60), st.integers(0, 30))
def test_at_the_right_rate_every_byte_arrives(data: bytes, idle: int) -> None:
    assert uart_bytes([1] * idle + uart_bits(data)) == data


@given(some_bytes, st.floats(0.05, 40).filter(lambda ratio: ratio != 1))
def test_at_a_wrong_rate_something_arrives_that_is_never_text_and_never_right(
    data: bytes, ratio: float
) -> None:
    spoiled = misread(data, ratio)

    assert spoiled != data
    assert len(spoiled) >= 1
    if data.isascii():
        assert min(spoiled) >= 0x80


def test_half_the_rate_makes_two_bytes_of_one_as_a_uart_does() -> None:
    # 'U' is 0101010101 on the wire; at twice the rate each level is seen twice.
    assert uart_bytes(uart_bits(b"U"), 0.5)[0] == 0b01100110
    assert len(uart_bytes(uart_bits(b"UUUU"), 0.5)) > 4
    assert len(uart_bytes(uart_bits(b"UUUU"), 4.0)) < 4


@given(some_bytes, some_bytes)
def test_two_that_begin_at_the_same_time_are_the_and_of_their_bytes(a: bytes, b: bytes) -> None:
    longer, shorter = (a, b) if len(a) >= len(b) else (b, a)
    both = bytes(x & y for x, y in zip(longer, shorter, strict=False))
    assert collided(a, b, 0) == both + longer[len(shorter) :]
    assert collided(a, a, 0) == a


def test_one_that_begins_later_spoils_the_other() -> None:
    assert collided(b">1.000E-07\r", b">1.000E-07\r", 3) != b">1.000E-07\r"
    assert collided(b"ab", b"cd", 20) == b"abcd", "two bytes later there is no collision any more"


@given(some_bytes, st.integers(-70, 70))
def test_one_byte_is_lost_or_none(data: bytes, i: int) -> None:
    left = dropped(data, i)
    if -len(data) <= i < len(data):
        position = i % len(data)
        assert left == data[:position] + data[position + 1 :]
    else:
        assert left == data


@given(some_bytes, st.integers(-70, 70), st.integers(1, 255))
def test_bits_turned_over_twice_are_right_again(data: bytes, i: int, xor: int) -> None:
    once = garbled(data, i, xor)
    assert (once != data) == (-len(data) <= i < len(data))
    assert garbled(once, i, xor) == data


@pytest.mark.parametrize(("parity", "odd"), [("E", 0), ("O", 1)])
def test_with_its_parity_each_byte_has_as_many_ones_as_it_should(parity: str, odd: int) -> None:
    text = bytes(range(128))
    sent = with_parity(text, parity)
    assert bytes(byte & 0x7F for byte in sent) == text
    assert {byte.bit_count() % 2 for byte in sent} == {odd}
