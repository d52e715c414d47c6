"""The frames of Modbus RTU: published ones, whole and in pieces, and what is none."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from labframe.errors import BadReply
from labframe.line import SerialLine, Spaced
from labframe.line.conversation import Conversation
from labframe.modbus import ModbusRtu
from labframe.simulation import modbus_crc

PUBLISHED = [
    ("red-y smart, flow", "F7 03 00 00 00 02", "D0 9D"),
    ("red-y smart at unit 1, flow", "01 03 00 00 00 02", "C4 0B"),
    ("its answer: 12.5", "01 03 04 41 48 00 00", "6E 19"),
    ("its temperature", "01 03 00 02 00 02", "65 CB"),
    ("its setpoint 5.0", "01 10 00 06 00 02 04 40 A0 00 00", "66 67"),
    ("that it was taken", "01 10 00 06 00 02", "A1 C9"),
    ("no such register", "01 83 02", "C0 F1"),
    ("Omega CN7800, temperature", "01 03 10 00 00 01", "80 CA"),
]


@pytest.mark.parametrize(
    ("payload", "crc"), [one[1:] for one in PUBLISHED], ids=[one[0] for one in PUBLISHED]
)
def test_a_published_frame_is_written_and_read(payload: str, crc: str) -> None:
    content, checksum = bytes.fromhex(payload), bytes.fromhex(crc)

    assert ModbusRtu().encode(content) == content + checksum
    assert modbus_crc(content) == checksum


def test_both_checksums_have_the_published_check_value() -> None:
    assert modbus_crc(b"123456789") == ModbusRtu().encode(b"123456789")[-2:] == b"\x37\x4b"


ANSWERS = st.one_of(
    st.tuples(st.integers(0, 255), st.integers(1, 4), st.binary(max_size=250)).map(
        lambda one: bytes((one[0], one[1], len(one[2]))) + one[2]
    ),
    st.tuples(
        st.integers(0, 255), st.sampled_from([5, 6, 8, 15, 16]), st.binary(min_size=4, max_size=4)
    ).map(lambda one: bytes(one[:2]) + one[2]),
    st.tuples(st.integers(0, 255), st.integers(0x80, 0xFF), st.integers(0, 255)).map(bytes),
)


@given(answer=ANSWERS, cuts=st.lists(st.integers(1, 255), max_size=4), after=st.binary(max_size=9))
def test_an_answer_is_whole_at_its_last_byte_however_it_was_cut(
    answer: bytes, cuts: list[int], after: bytes
) -> None:
    frame = ModbusRtu().encode(answer)
    places = [0, *sorted(cut for cut in cuts if cut < len(frame)), len(frame)]
    decoder = ModbusRtu().decoder()
    pieces = [frame[a:b] for a, b in itertools.pairwise(places)]

    for piece in pieces[:-1]:
        assert decoder.feed(piece) is None
    assert decoder.feed(pieces[-1] + after) == answer
    assert decoder.rest == after


@given(answer=ANSWERS, data=st.data())
def test_no_turned_bit_goes_unnoticed(answer: bytes, data: st.DataObject) -> None:
    frame = bytearray(ModbusRtu().encode(answer))
    bit = data.draw(st.integers(0, 8 * len(frame) - 1))
    frame[bit // 8] ^= 1 << bit % 8
    decoder = ModbusRtu().decoder()

    try:
        payload = decoder.feed(bytes(frame)) or decoder.silence()
    except BadReply:
        return
    assert payload is None, "a turned bit in the length leaves it waiting, and that is an error too"


@given(garbage=st.binary(max_size=400))
@example(b"\0" * 300)
@example(b"\xff" * 300)
def test_garbage_is_never_an_answer(garbage: bytes) -> None:
    decoder = ModbusRtu().decoder()

    try:
        payload = decoder.feed(garbage)
        if payload is None:
            payload = decoder.silence()
    except BadReply:
        return
    if payload is not None:
        assert garbage.startswith(payload + modbus_crc(payload)), "only by a checksum that fits"


def test_an_answer_of_an_unknown_function_ends_with_silence() -> None:
    answer = b"\x01\x2b\x0e\x01\x01"
    decoder = ModbusRtu().decoder()

    assert decoder.feed(ModbusRtu().encode(answer)) is None
    assert decoder.silence() == answer
    broken = ModbusRtu().decoder()
    broken.feed(answer + b"\0\0")
    with pytest.raises(BadReply, match="the checksum is 00 00 in place of"):
        broken.silence()


def test_bytes_without_end_are_no_answer() -> None:
    with pytest.raises(BadReply, match="more than 256 bytes"):
        ModbusRtu().decoder().feed(b"\x01\x2b" + bytes(300))


@pytest.mark.parametrize("payload", [b"", b"\x01", bytes(255)])
def test_what_is_too_short_or_too_long_is_not_sent(payload: bytes) -> None:
    with pytest.raises(ValueError, match=f"a Modbus request of {len(payload)} bytes"):
        ModbusRtu().encode(payload)


@pytest.mark.parametrize(
    ("settings", "gap_s"),
    [
        (SerialLine(baudrate=9600, stopbits=2, framing=ModbusRtu()), 3.5 * 11 / 9600),
        (SerialLine(baudrate=1200, parity="E", framing=ModbusRtu()), 3.5 * 11 / 1200),
        (SerialLine(baudrate=115200, framing=ModbusRtu()), 0.00175),
        (SerialLine(baudrate=115200, framing=ModbusRtu(), min_gap_s=0.02), 0.02),
        (SerialLine(baudrate=1200), 0.0),
    ],
)
def test_a_line_keeps_three_and_a_half_characters_of_silence_at_any_rate(
    settings: SerialLine, gap_s: float
) -> None:
    assert Conversation("port", settings).min_gap_s == pytest.approx(gap_s)
    assert isinstance(settings.effective_framing, Spaced) == (settings.framing is not None)
