"""Frames between flags: published SHDLC frames, and bytes that must not be taken for others."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labframe.errors import BadReply
from labframe.line import Checked, Stuffed

SHDLC = Checked(Stuffed(reserved=b"\x11\x13"), "sum_inverted")

unhurried = settings(max_examples=200, deadline=None)

# Few different bytes, so that escapes, flags and what they become meet often.
telling = st.lists(st.sampled_from(b"\x7e\x7d\x11\x13\x5e\x5d\x31\x33\x00\xff")).map(bytes)
anything = st.one_of(st.binary(max_size=100), telling)


def unstuffed_by_the_book(body: bytes) -> bytes:
    """Undo the four replacements of the SPS30's data sheet, pair by pair."""
    pairs = {b"}^": b"~", b"}]": b"}", b"}1": b"\x11", b"}3": b"\x13"}
    made, index = b"", 0
    while index < len(body):
        pair = body[index : index + 2]
        made += pairs.get(pair, body[index : index + 1])
        index += 2 if pair in pairs else 1
    return made


@pytest.mark.parametrize(
    ("payload", "frame"),
    [
        ("00 00 02 01 03", "7E 00 00 02 01 03 F9 7E"),  # PyPMS: start measuring
        ("00 01 00", "7E 00 01 00 FE 7E"),  # PyPMS: stop
        ("00 11 43 00", "7E 00 7D 31 43 00 AB 7E"),  # a sensor: raspberrypi.SE 137657
        ("00 D0 00 09" + "3030303830303030" + "00", "7E 00 D0 00 09 3030303830303030 00 9E 7E"),
        ("7E 7D 11 13", "7E 7D5E 7D5D 7D31 7D33 E0 7E"),
        ("EE", "7E EE 7D31 7E"),  # the checksum is escaped too
    ],
)
def test_the_frames_of_shdlc(payload: str, frame: str) -> None:
    assert SHDLC.encode(bytes.fromhex(payload)) == bytes.fromhex(frame)
    assert SHDLC.decoder().feed(bytes.fromhex(frame)) == bytes.fromhex(payload)


def test_an_escape_that_was_sent_as_data_escapes_nothing() -> None:
    """Chained replacements make one byte of these two, and PM1.0 = 15.8244628 a broken frame."""
    assert Stuffed().encode(b"\x7d\x31") == b"\x7e\x7d\x5d\x31\x7e"
    assert Stuffed(reserved=b"\x11").decoder().feed(b"\x7e\x7d\x5d\x31\x7e") == b"\x7d\x31"


@unhurried
@given(payload=telling.filter(bool))
def test_what_is_stuffed_is_undone_by_the_book_and_holds_no_flag(payload: bytes) -> None:
    framing = Stuffed(reserved=b"\x11\x13")
    body = framing.encode(payload)[1:-1]
    assert not set(body) & set(b"\x7e\x11\x13")
    assert unstuffed_by_the_book(body) == payload == framing.unstuffed(body)


@unhurried
@given(garbage=st.one_of(anything, anything.map(lambda body: b"~" + body + b"~")))
def test_garbage_never_gives_a_payload_with_a_wrong_checksum(garbage: bytes) -> None:
    decoder = SHDLC.decoder()
    try:
        payload = decoder.feed(garbage)
    except BadReply:
        return
    if payload is not None:
        came = garbage[: len(garbage) - len(decoder.rest)]
        whole = unstuffed_by_the_book(came[:-1].rpartition(b"~")[2])
        assert whole == payload + bytes([~sum(payload) & 0xFF])


@unhurried
@given(payload=anything, noise=st.binary(max_size=20).map(lambda data: data.replace(b"~", b"")))
def test_noise_before_the_first_flag_is_dropped(payload: bytes, noise: bytes) -> None:
    assert SHDLC.decoder().feed(noise + SHDLC.encode(payload)) == payload


def test_flags_in_a_row_are_one() -> None:
    assert SHDLC.decoder().feed(b"~~~\x00\x01\x00\xfe~") == b"\x00\x01\x00"
    with pytest.raises(ValueError, match="an empty request"):
        Stuffed().encode(b"")


def test_the_flag_between_two_frames_is_left_to_the_second() -> None:
    decoder = SHDLC.decoder()
    assert decoder.feed(b"~\x00\x01\x00\xfe~~\x00\x03") == b"\x00\x01\x00"
    assert decoder.rest == b"~\x00\x03"


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"ab}", "the frame ends with the escape 7D"),
        (b"a}}]", "7D after the escape 7D"),
        (b"a}\x41", "41 after the escape 7D, which is the escaped form of no byte"),
        (b"a\x13b", "a byte 13 that is not escaped"),
    ],
)
def test_what_no_sender_writes_is_a_broken_frame(body: bytes, says: str) -> None:
    with pytest.raises(BadReply, match=says) as caught:
        SHDLC.decoder().feed(b"~" + body + b"~")
    assert caught.value.received == body


def test_a_request_may_be_led_by_a_pulse_that_wakes() -> None:
    framing = Stuffed(wake=b"\xff")
    assert framing.encode(b"A") == b"\xff~A~"
    assert framing.decoder().feed(b"~A~") == b"A"


def test_the_longest_frame_is_no_error() -> None:
    assert Stuffed(max_length=6).decoder().feed(b"~abcd~") == b"abcd"
    assert Stuffed(max_length=6).decoder().feed(b"~abcd~more") == b"abcd"
    with pytest.raises(BadReply, match="more than 6 bytes"):
        Stuffed(max_length=6).decoder().feed(b"~abcde~")
