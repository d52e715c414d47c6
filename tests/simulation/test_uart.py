"""What a receiver makes of bytes when it is set otherwise than the sender."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labframe.simulation.pacing import Pacing
from labframe.simulation.uart import Framing, as_received

SETTINGS = st.builds(
    Framing,
    st.sampled_from([9600, 19200]),
    st.sampled_from([7, 8]),
    st.sampled_from(["N", "E", "O", "M", "S"]),
)
ASCII = st.binary(max_size=40).map(lambda data: bytes(byte & 0x7F for byte in data))


@given(ASCII, SETTINGS)
def test_nothing_changes_between_two_that_are_set_alike(data: bytes, both: Framing) -> None:
    assert as_received(data, both, both) == data


@given(st.binary(min_size=1, max_size=40))
def test_at_the_wrong_baud_rate_nothing_looks_like_ascii(data: bytes) -> None:
    received = as_received(data, Framing(9600, 8, "N"), Framing(19200, 8, "N"))

    assert len(received) == len(data)
    assert all(byte >= 0x80 for byte in received)


@given(st.binary(max_size=40))
def test_what_does_not_say_how_it_is_set_takes_everything(data: bytes) -> None:
    assert as_received(data, Framing(9600, 8, "N"), Framing()) == data
    assert as_received(data, Framing(), Framing(9600, 8, "N")) == data


def test_odd_parity_of_seven_bits_is_the_eighth_bit_to_whoever_expects_none() -> None:
    # 0x31 has three ones, so its parity bit is 0; 0x33 has four, so it is 1.
    assert as_received(b"\x31\x33", Framing(9600, 7, "O"), Framing(9600, 8, "N")) == b"\x31\xb3"


@pytest.mark.parametrize(("sent", "expected"), [("E", "O"), ("O", "E"), ("M", "S")])
def test_the_wrong_parity_spoils_every_byte(sent: str, expected: str) -> None:
    received = as_received(b"12", Framing(9600, 7, sent), Framing(9600, 7, expected))

    assert all(byte >= 0x80 for byte in received)


def test_frames_of_another_length_are_garbage() -> None:
    received = as_received(b"12", Framing(9600, 8, "E"), Framing(9600, 8, "N"))

    assert all(byte >= 0x80 for byte in received)


@given(st.binary(min_size=1, max_size=300), st.sampled_from([1200, 9600, 115200]))
def test_paced_bytes_are_all_there_and_none_leaves_before_its_time(data: bytes, rate: int) -> None:
    pacing = Pacing(rate)
    parts = list(pacing.parts(5.0, data))

    assert b"".join(part for _, part in parts) == data
    sent = 0
    for at, part in parts:
        sent += len(part)
        assert at == pytest.approx(5.0 + sent * 10 / rate)
    assert next(pacing.parts(5.0, b"x"))[0] > parts[-1][0]


def test_without_a_rate_all_leaves_at_once() -> None:
    assert list(Pacing(None).parts(5.0, b"abc")) == [(5.0, b"abc")]
