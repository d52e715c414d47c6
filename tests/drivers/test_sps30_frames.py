"""The SPS30's frames on both sides: published ones, and each side against the other.

Driver and simulator share no code, so what they agree on was read twice from the same rules.
"""

from __future__ import annotations

import itertools
import struct

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from labframe_drivers.sps30 import Sps30, Sps30Simulator
from labframe_drivers.sps30.octets import FrameReader, framed
from labframe_drivers.sps30.telegrams import answered, measured, request, status_text

from labframe.errors import BadReply
from labframe.line import Framing

unhurried = settings(max_examples=200, deadline=None)

# Escapes, flags and what they become, more often than by chance.
telling = st.lists(st.sampled_from(b"\x7e\x7d\x11\x13\x5e\x5d\x31\x33\x00\xff"), max_size=60)
contents = st.one_of(st.binary(min_size=1, max_size=100), telling.filter(bool).map(bytes))


def framing() -> Framing:
    assert Sps30.line is not None
    assert Sps30.line.framing is not None
    return Sps30.line.framing


def hexed(text: str) -> bytes:
    return bytes.fromhex(text)


def read_by_the_simulator(frame: bytes) -> list[bytes]:
    reader = FrameReader()
    return [content for octet in frame if (content := reader.take(octet)) is not None]


ONE_TO_NINE = struct.pack(">10f", 1, 2, 3, 4, 5, 6, 7, 8, 9, 0.5)

REQUESTS = [
    ("start in float format: documentation of PyPMS", 0x00, "01 03", "7E 00 00 02 01 03 F9 7E"),
    ("stop: documentation of PyPMS", 0x01, "", "7E 00 01 00 FE 7E"),
    ("read: documentation of PyPMS", 0x03, "", "7E 00 03 00 FC 7E"),
    ("serial number: computed, as published", 0xD0, "03", "7E 00 D0 01 03 2B 7E"),
    ("clean the fan: computed, as published", 0x56, "", "7E 00 56 00 A9 7E"),
    ("reset: embedded-uart-sps issue 52", 0xD3, "", "7E 00 D3 00 2C 7E"),
    ("version: paulvha/sps30 issue 23", 0xD1, "", "7E 00 D1 00 2E 7E"),
    ("wake: stuffed by the rule, computed", 0x11, "", "7E 00 7D 31 00 EE 7E"),
]

ANSWERS = [
    ("started: documentation of PyPMS", 0x00, 0, "", "7E 00 00 00 00 FF 7E"),
    ("start while measuring: source of PyPMS", 0x00, 0x43, "", "7E 00 00 43 00 BC 7E"),
    ("no new measurement: source of PyPMS", 0x03, 0, "", "7E 00 03 00 00 FC 7E"),
    ("a sensor: wake-up while awake, raspberrypi.SE 137657", 0x11, 0x43, "",
     "7E 00 7D 31 43 00 AB 7E"),
    ("a sensor: product type, chat.SE 61230637", 0xD0, 0, "30 30 30 38 30 30 30 30 00",
     "7E 00 D0 00 09 30 30 30 38 30 30 30 30 00 9E 7E"),
    ("1 to 9 and 0.5: computed", 0x03, 0, ONE_TO_NINE.hex(),
     f"7E 00 03 00 28 {ONE_TO_NINE.hex()} C4 7E"),
]  # fmt: skip


@pytest.mark.parametrize(("command", "data", "frame"), [one[1:] for one in REQUESTS],
                         ids=[one[0] for one in REQUESTS])  # fmt: skip
def test_a_published_request_is_what_the_driver_writes_and_the_simulator_reads(
    command: int, data: str, frame: str
) -> None:
    payload = request(command, hexed(data))
    assert framing().encode(payload) == hexed(frame) == framed(payload)
    assert read_by_the_simulator(hexed(frame)) == [payload]


@pytest.mark.parametrize(("command", "code", "data", "frame"), [one[1:] for one in ANSWERS],
                         ids=[one[0] for one in ANSWERS])  # fmt: skip
def test_a_published_answer_is_what_the_simulator_writes_and_the_driver_reads(
    command: int, code: int, data: str, frame: str
) -> None:
    payload = framing().decoder().feed(hexed(frame))
    assert payload is not None
    assert answered(payload, command) == (code, hexed(data))
    assert framed(payload) == hexed(frame)


def test_the_capture_with_a_noise_byte_before_the_frame_is_read() -> None:
    """raspberrypi.SE 137657 prints ``b'\\xfe~\\x00}1C\\x00\\xab~'``."""
    payload = framing().decoder().feed(b"\xfe~\x00}1C\x00\xab~")
    assert payload is not None
    assert answered(payload, 0x11) == (0x43, b"")


def test_the_answer_of_ten_numbers_is_47_bytes_and_has_their_names() -> None:
    frame = framed(b"\x00\x03\x00\x28" + ONE_TO_NINE)
    assert len(frame) == 47
    values = measured(answered(framing().decoder().feed(frame) or b"", 0x03)[1])
    assert list(values.values()) == [1, 2, 3, 4, 5, 6, 7, 8, 9, 0.5]
    assert (values["mass_pm2_5"], values["number_pm0_5"], values["typical_size"]) == (2, 5, 0.5)


def test_a_value_that_looks_like_an_escape_is_that_value() -> None:
    """PM1.0 = 15.8244628 is 41 7D 31 00; undone by chained replacements it is 41 11 00."""
    data = hexed("41 7D 31 00") + ONE_TO_NINE[4:]
    frame = framed(b"\x00\x03\x00\x28" + data)
    assert hexed("41 7D 5D 31 00") in frame
    values = measured(answered(framing().decoder().feed(frame) or b"", 0x03)[1])
    assert values["mass_pm1"] == pytest.approx(15.8244628, abs=1e-6)


@unhurried
@given(contents)
@example(bytes(range(256)))
@example(b"\x7d\x31")
def test_both_sides_stuff_alike_and_undo_what_the_other_wrote(content: bytes) -> None:
    frame = framing().encode(content)
    assert frame == framed(content)
    assert framing().decoder().feed(frame) == content
    assert read_by_the_simulator(frame) == [content]


@unhurried
@given(st.one_of(st.binary(max_size=60), telling.map(bytes)))
def test_both_sides_take_the_same_first_frame_out_of_garbage(garbage: bytes) -> None:
    body = garbage.replace(b"~", b"")
    taken = read_by_the_simulator(b"~" + body + b"~")
    try:
        payload = framing().decoder().feed(b"~" + body + b"~")
    except BadReply:
        payload = None
    bare = set(body) & {0x11, 0x13}  # the simulator lets them pass, a driver trusts nothing
    assert bare or taken == ([] if payload is None else [payload])


@unhurried
@given(st.lists(st.floats(0, 1e5, width=32), min_size=10, max_size=10), st.data())
def test_one_changed_byte_is_never_another_measurement(
    values: list[float], data: st.DataObject
) -> None:
    sent = struct.pack(">10f", *values)
    frame = bytearray(framed(b"\x00\x03\x00\x28" + sent))
    place = data.draw(st.integers(0, len(frame) - 1))
    frame[place] ^= data.draw(st.integers(1, 255))
    decoder = framing().decoder()
    try:
        payload = decoder.feed(bytes(frame))
        if payload is not None and not decoder.rest:
            assert answered(payload, 0x03) == (0, sent)
    except BadReply:
        return


@pytest.mark.parametrize(
    ("reply", "says"),
    [
        ("00 03 00", "RX and TX of the adapter are connected"),  # the request itself, as an echo
        ("01 03 00 00", "the answer of device 1 to command 03"),
        ("00 01 00 00", "to command 01, not of device 0 to 03"),
        ("00 03 00 02 FF", "it announces 2 bytes of data, and has 1"),
    ],
)
def test_what_is_not_the_answer_to_this_command_is_a_bad_reply(reply: str, says: str) -> None:
    with pytest.raises(BadReply, match=says):
        answered(hexed(reply), 0x03)


def test_the_highest_bit_of_the_state_is_no_error_of_the_command() -> None:
    assert answered(hexed("00 03 80 00"), 0x03) == (0, b"")
    assert answered(hexed("00 03 C3 00"), 0x03) == (0x43, b"")


@pytest.mark.parametrize(
    ("register", "text"),
    [
        (0, "ok"),
        (1 << 21, "fan speed out of range"),
        (1 << 5, "laser failure"),
        (1 << 4, "fan failure"),
        (1 << 21 | 1 << 4 | 1, "fan speed out of range, fan failure"),
    ],
)
def test_the_status_register_in_words(register: int, text: str) -> None:
    assert status_text(register) == text


@unhurried
@given(st.lists(st.integers(0, 400), max_size=8))
def test_however_the_requests_are_cut_the_simulator_answers_the_same(cuts: list[int]) -> None:
    stream = b"".join(hexed(one[3]) for one in REQUESTS[:5])
    edges = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
    whole, cut_up = Sps30Simulator(), Sps30Simulator()
    pieces = [stream[low:high] for low, high in itertools.pairwise(edges)]
    answers = [answer for piece in pieces for answer in cut_up.feed(piece, 0.0)]
    assert [one.data for one in answers] == [one.data for one in whole.feed(stream, 0.0)]


@given(st.binary(max_size=80), st.binary(max_size=80))
def test_whatever_is_sent_the_simulator_answers_with_frames(noise: bytes, more: bytes) -> None:
    simulator = Sps30Simulator()
    for answer in simulator.feed(noise, 0.0) + simulator.feed(framed(b"\0" + more), 1.0):
        assert len(read_by_the_simulator(answer.data)) == 1
