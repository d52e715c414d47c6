"""Framings: what is written is read back, in pieces of any size; rubbish never becomes a frame."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from labframe.errors import BadReply
from labframe.line import (
    Checked,
    Decoder,
    EnqAck,
    FixedLength,
    Framing,
    Handshake,
    LengthPrefixed,
    Silence,
    Stuffed,
    Terminated,
)

unhurried = settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def without(terminator: bytes) -> Callable[[bytes], bool]:
    return lambda payload: (payload + terminator).find(terminator) == len(payload)


anything = st.binary(max_size=200)
digits = anything.map(lambda data: data.hex().encode())

FRAMINGS: dict[str, tuple[Framing, st.SearchStrategy[bytes]]] = {
    "lines": (Terminated(), anything.filter(without(b"\r\n"))),
    "CR": (Terminated(write=b"\r", read=b"\r"), anything.filter(without(b"\r"))),
    "aa": (Terminated(write=b"aa", read=b"aa"), anything.filter(without(b"aa"))),
    "handshake": (EnqAck(), anything.filter(without(b"\r\n"))),
    "12 bytes": (FixedLength(12), st.binary(min_size=12, max_size=12)),
    "length first": (LengthPrefixed(), anything),
    "length in two bytes": (LengthPrefixed(size=2, byteorder="little"), anything),
    "length after a header": (LengthPrefixed(offset=3, extra=2), st.binary(min_size=5)),
    "length counts itself": (LengthPrefixed(offset=1, extra=-2), st.binary(min_size=1)),
    "silence": (Silence(), anything),
    "no terminator": (Terminated(write=b"", read=b""), anything),
    "Pfeiffer": (Checked(Terminated(write=b"\r", read=b"\r"), "sum8_dec3"), digits),
    "MKS": (Checked(Terminated(write=b";", read=b";"), "sum8_hex", "frame"), digits),
    "NMEA": (Checked(Terminated(), "xor8_hex", skip=1, separator=b"*"), digits),
    "Modbus RTU": (Checked(Silence(), "crc16_modbus"), anything),
    "length and CRC": (Checked(LengthPrefixed(extra=2), "crc16_xmodem"), anything),
    "CRC around a length": (Checked(LengthPrefixed(), "crc16_xmodem", "frame"), anything),
    "HDLC": (Stuffed(), st.binary(min_size=1)),
    "SHDLC": (Checked(Stuffed(reserved=b"\x11\x13"), "sum_inverted"), anything),
    "two checksums": (Checked(Checked(Terminated(), "sum8_hex"), "xor8_hex"), digits),
}

TOKENS = [b"\r", b"\n", b"\r\n", b";", b"*", b"a", b"\0", b"\1", b"\6\r\n", b"\x15", b"00", b"DD"]
TOKENS += [b"~", b"}", b"}^", b"\x11"]


def rubbish_like(kind: str) -> st.SearchStrategy[bytes]:
    """Noise, and frames of that kind that were cut, joined and mixed with pieces of others."""
    framing, payloads = FRAMINGS[kind]
    frames = payloads.map(framing.encode)
    cut = st.tuples(frames, st.integers(0, 20), st.integers(0, 20)).map(
        lambda drawn: drawn[0][drawn[1] : len(drawn[0]) - drawn[2]]
    )
    mixed = st.lists(st.one_of(st.sampled_from(TOKENS), cut, frames), max_size=4).map(b"".join)
    return st.one_of(anything, mixed)


every_framing = pytest.mark.parametrize("kind", FRAMINGS)
cuts = st.lists(st.integers(0, 400), max_size=8)


def in_pieces(data: bytes, at: list[int]) -> list[bytes]:
    edges = [0, *sorted(min(cut, len(data)) for cut in at), len(data)]
    return [data[start:end] for start, end in itertools.pairwise(edges) if end > start]


def decode(decoder: Decoder, pieces: list[bytes]) -> tuple[bytes | None, int]:
    """Return the payload, and how many pieces it took."""
    for index, piece in enumerate(pieces):
        payload = decoder.feed(piece)
        if payload is not None:
            return payload, index + 1
    return decoder.silence(), len(pieces)


@every_framing
@unhurried
@given(data=st.data(), at=cuts)
def test_what_is_encoded_is_decoded_whatever_the_pieces(
    kind: str, data: st.DataObject, at: list[int]
) -> None:
    framing, payloads = FRAMINGS[kind]
    payload = data.draw(payloads)
    decoder = framing.decoder()
    assert decode(decoder, in_pieces(framing.encode(payload), at))[0] == payload
    assert decoder.rest == b""


@pytest.mark.parametrize(
    "kind", sorted(FRAMINGS.keys() - {"silence", "no terminator"} - {"Modbus RTU"})
)
@unhurried
@given(data=st.data(), at=cuts, more=anything)
def test_bytes_after_a_frame_are_kept_apart(
    kind: str, data: st.DataObject, at: list[int], more: bytes
) -> None:
    framing, payloads = FRAMINGS[kind]
    payload = data.draw(payloads)
    pieces = in_pieces(framing.encode(payload) + more, at)
    decoder = framing.decoder()
    got, taken = decode(decoder, pieces)
    assert got == payload
    assert decoder.rest + b"".join(pieces[taken:]) == more


@every_framing
@unhurried
@given(data=st.data(), at=cuts)
def test_rubbish_never_gives_a_frame_that_is_none(
    kind: str, data: st.DataObject, at: list[int]
) -> None:
    framing, _ = FRAMINGS[kind]
    rubbish = data.draw(rubbish_like(kind))
    decoder = framing.decoder()
    pieces = in_pieces(rubbish, at)
    try:
        payload, taken = decode(decoder, pieces)
    except BadReply:
        return
    if payload is None:
        return
    came = b"".join(pieces[:taken])
    frame = came[: len(came) - len(decoder.rest)]
    if "HDLC" in kind:  # noise before the frame, and flags in a row, are none of it
        frame = frame[-len(framing.encode(payload)) :]
    assert framing.encode(payload).lower() == frame.lower()  # checksums may come in small letters


@every_framing
@unhurried
@given(data=st.data(), at=cuts)
def test_the_pieces_change_nothing(kind: str, data: st.DataObject, at: list[int]) -> None:
    def outcome(pieces: list[bytes]) -> bytes | str | None:
        try:
            return decode(framing.decoder(), pieces)[0]
        except BadReply:
            return "broken"

    framing, _ = FRAMINGS[kind]
    rubbish = data.draw(rubbish_like(kind))
    assert outcome(in_pieces(rubbish, at)) == outcome([rubbish] if rubbish else [])


@pytest.mark.parametrize("request_", [b"A\r\nB", b"A\r\n", b"\r\n"])
def test_a_request_that_holds_the_terminator_is_refused(request_: bytes) -> None:
    with pytest.raises(ValueError, match="would take it for two requests"):
        Terminated().encode(request_)


def test_terminators_may_differ_by_direction() -> None:
    framing = Terminated(write=b"\r", read=b"\n")
    assert framing.encode(b"A") == b"A\r"
    assert framing.decoder().feed(b"B\r\n") == b"B\r"


@pytest.mark.parametrize("pieces", [[b"abcd\r\n"], [b"abcd\r", b"\n"], [b"abcd", b"\r\n"]])
def test_an_answer_of_the_greatest_length_is_no_error(pieces: list[bytes]) -> None:
    assert decode(Terminated(max_length=4).decoder(), pieces)[0] == b"abcd"


@pytest.mark.parametrize(
    "framing",
    [
        Terminated(max_length=4),
        Terminated(read=b"", max_length=4),
        Silence(max_length=4),
        LengthPrefixed(max_length=4),
        Stuffed(max_length=4),
    ],
)
def test_endless_bytes_are_a_broken_frame(framing: Framing) -> None:
    decoder = framing.decoder()
    with pytest.raises(BadReply):
        decode(decoder, [b"xx"] * 100)


def test_a_length_that_cannot_be_is_a_broken_frame() -> None:
    framing = LengthPrefixed(offset=1, extra=-2)
    with pytest.raises(BadReply, match="a body of -1 bytes") as caught:
        framing.decoder().feed(b"\x02\x01more")
    assert caught.value.received == b"\x02\x01more"


@pytest.mark.parametrize(
    ("framing", "payload"),
    [
        (LengthPrefixed(), b"x" * 256),
        (LengthPrefixed(offset=3), b"ab"),
        (LengthPrefixed(extra=2), b"x"),
    ],
)
def test_a_request_that_a_length_cannot_describe_is_refused(
    framing: LengthPrefixed, payload: bytes
) -> None:
    with pytest.raises(ValueError, match=f"a request of {len(payload)} bytes cannot be written"):
        framing.encode(payload)


def test_the_safe_mode_of_an_al1000_pump() -> None:
    framing = Checked(LengthPrefixed(offset=1, extra=-1), "crc16_xmodem")
    text = b"00RVER"
    assert framing.encode(b"\x02" + text)[:2] == b"\x02\x09"


@pytest.mark.parametrize(
    "make",
    [
        functools.partial(FixedLength, 0),
        functools.partial(LengthPrefixed, offset=-1),
        functools.partial(LengthPrefixed, size=0),
        functools.partial(LengthPrefixed, size=5),
        functools.partial(Stuffed, flag=b""),
        functools.partial(Stuffed, escape=b"ab"),
        functools.partial(Stuffed, reserved=b"\x7e"),
        functools.partial(Stuffed, reserved=b"\x5e"),
        functools.partial(Stuffed, flip=0),
        functools.partial(LengthPrefixed, byteorder="middle"),  # type: ignore[arg-type]  # that is it
    ],
)
def test_framings_refuse_what_cannot_be(make: Callable[[], Framing]) -> None:
    with pytest.raises(ValueError, match=r"= .*: not "):
        make()


class Gauge:
    """The instrument's side of a handshake, one exchange at a time."""

    def __init__(self, *answers: bytes) -> None:
        self.asked: list[bytes] = []
        self._answers = list(answers)

    def __call__(self, data: bytes, decoder: Decoder) -> bytes:
        self.asked.append(data)
        payload = decoder.feed(self._answers.pop(0))
        assert payload is not None
        return payload


def test_a_handshake_asks_again_when_the_request_was_acknowledged() -> None:
    gauge = Gauge(b"\x06\r\n", b"0,+1.2340E-03,5,+2.0000E-02\r\n")
    assert EnqAck().converse(b"PRX", gauge, answer=True) == b"0,+1.2340E-03,5,+2.0000E-02"
    assert gauge.asked == [b"PRX\r\n", b"\x05"]


def test_a_handshake_without_answer_ends_with_the_acknowledgement() -> None:
    gauge = Gauge(b"\x06\r\n")
    assert EnqAck(write=b"\r").converse(b"SEN,1,1", gauge, answer=False) == b""
    assert gauge.asked == [b"SEN,1,1\r"]


@pytest.mark.parametrize(
    ("said", "message"),
    [(b"\x15\r\n", "NAK: the instrument refuses"), (b"1.0\r\n", "in place of ACK")],
)
def test_a_request_that_is_not_acknowledged_is_a_bad_reply(said: bytes, message: str) -> None:
    gauge = Gauge(said)
    with pytest.raises(BadReply, match=message):
        EnqAck().converse(b"PRX", gauge, answer=True)
    assert gauge.asked == [b"PRX\r\n"]


def test_only_the_handshake_is_a_handshake() -> None:
    assert isinstance(EnqAck(), Handshake)
    assert not isinstance(Terminated(), Handshake)
