"""Deadlines of a transaction, on real ptys: first byte, gap, whole answer; and no busy waiting."""

from __future__ import annotations

import dataclasses
import itertools
import re
import time
from collections.abc import Callable
from typing import Any

import pytest

from labframe.errors import BadReply, IncompleteReply, NoReply
from labframe.line import FixedLength, LengthPrefixed, Line, SerialLine, Silence

FarEnds = Callable[..., Any]

LATE_S = 1.0
"""How much later than its deadline a wait may end on a machine that is busy with other tests."""

QUICK = SerialLine(baudrate=115200, terminator=b"\r", first_byte_s=0.3, gap_s=0.2, total_s=0.6)
CALM = SerialLine(baudrate=115200, terminator=b"\r")


def test_an_answer_comes_back_without_its_terminator(far_end: FarEnds) -> None:
    end = far_end(lambda request: b">1.234E-07\r")
    with Line(end.url, CALM) as line:
        before = time.time()
        assert line.transact(b"#000F") == b">1.234E-07"
        started, ended = line.last_transaction
        assert before <= started <= ended <= time.time()
    assert end.requests == [b"#000F"]


def test_an_answer_in_pieces_is_read_whole(far_end: FarEnds) -> None:
    pieces = [(0.02 * index, bytes([byte])) for index, byte in enumerate(b"12.5\r")]
    end = far_end(lambda request: pieces)
    with Line(end.url, CALM) as line:
        assert line.transact(b"?") == b"12.5"


def test_silence_is_no_reply_when_the_first_byte_is_due(far_end: FarEnds) -> None:
    end = far_end(lambda request: None)
    with Line(end.url, QUICK) as line:
        start = time.monotonic()
        with pytest.raises(NoReply) as caught:
            line.transact(b"#000F")
        assert 0.3 <= time.monotonic() - start < 0.3 + LATE_S
        assert isinstance(caught.value, TimeoutError)
        assert str(caught.value) == (
            f"{end.url}: no answer to b'#000F\\r' within 0.3 s. Is the instrument on, and the "
            "cable in? Are 115200 baud 8N1 and the terminator b'\\r' right?"
        )
        assert line.is_open


def test_the_request_has_its_time_on_the_wire_before_the_answer_is_due(far_end: FarEnds) -> None:
    settings = SerialLine(baudrate=300, terminator=b"\r", first_byte_s=0.01, total_s=0.1)
    end = far_end(lambda request: None)
    with Line(end.url, settings) as line:
        start = time.monotonic()
        with pytest.raises(NoReply):
            line.transact(b"#00000F")  # 8 bytes of 10 bits at 300 bit/s: 0.267 s
        assert 0.27 <= time.monotonic() - start < 0.27 + LATE_S


def test_an_answer_that_stops_is_incomplete_after_the_gap(far_end: FarEnds) -> None:
    end = far_end(lambda request: b">1.23")
    with Line(end.url, QUICK) as line:
        start = time.monotonic()
        with pytest.raises(IncompleteReply, match=r"then nothing more for 0\.2 s") as caught:
            line.transact(b"#000F")
        assert 0.2 <= time.monotonic() - start < 0.2 + LATE_S
        assert caught.value.received == b">1.23"
        assert str(caught.value).startswith(f"{end.url}: the answer to b'#000F\\r' is not whole")


def test_an_answer_that_does_not_end_is_incomplete_after_the_whole_time(far_end: FarEnds) -> None:
    end = far_end(lambda request: [(0.05 * index, b"x") for index in range(30)])
    with Line(end.url, QUICK) as line:
        start = time.monotonic()
        with pytest.raises(IncompleteReply, match=r"then no end within 0\.6 s") as caught:
            line.transact(b"?")
        assert 0.6 <= time.monotonic() - start < 0.6 + LATE_S
        assert set(caught.value.received) == set(b"x")


def test_silence_may_end_an_answer(far_end: FarEnds) -> None:
    end = far_end(lambda request: [(0.0, b"24."), (0.02, b"95")], terminator=b"")
    with Line(end.url, SerialLine(framing=Silence(), gap_s=0.3)) as line:
        assert line.transact(b"VOUT1?") == b"24.95"
    assert end.requests == [b"VOUT1?"]


def test_an_answer_that_silence_should_end_may_not_go_on_for_ever(far_end: FarEnds) -> None:
    end = far_end(lambda request: [(0.05 * index, b"x") for index in range(30)])
    settings = SerialLine(terminator=b"\r", read_terminator=b"", gap_s=0.3, total_s=1.0)
    with Line(end.url, settings) as line, pytest.raises(IncompleteReply, match="no end within"):
        line.transact(b"?")


@pytest.mark.parametrize(
    ("framing", "on_the_wire", "payload"),
    [
        (FixedLength(4), b"\r\n\0\xff", b"\r\n\0\xff"),
        (LengthPrefixed(offset=1), b"\x02\x03abc", b"\x02abc"),
    ],
)
def test_binary_answers_pass_unchanged(
    far_end: FarEnds, framing: Any, on_the_wire: bytes, payload: bytes
) -> None:
    end = far_end(lambda request: on_the_wire, terminator=b"")
    with Line(end.url, SerialLine(framing=framing)) as line:
        assert line.transact(b"\x02?") == payload


def test_every_byte_passes_in_both_directions(far_end: FarEnds) -> None:
    everything = bytes(range(256))
    end = far_end(lambda request: request, terminator=b"")
    with Line(end.url, SerialLine(framing=FixedLength(256))) as line:
        assert line.transact(everything) == everything


def test_a_long_answer_is_read_whole(far_end: FarEnds) -> None:
    spectrum = b"1.0," * 15_000
    end = far_end(lambda request: spectrum + b"\r")
    with Line(end.url, SerialLine(terminator=b"\r")) as line:
        assert line.transact(b"SPECTRUM?") == spectrum


def test_a_long_request_is_written_whole(far_end: FarEnds) -> None:
    waveform = b"1.0," * 15_000
    end = far_end(lambda request: b"OK\r")
    with Line(end.url, SerialLine(terminator=b"\r", total_s=10)) as line:
        assert line.transact(waveform) == b"OK"
    assert end.requests == [waveform]


def test_a_request_that_flow_control_holds_back_is_an_error_and_not_sent_later(
    far_end: FarEnds,
) -> None:
    end = far_end(lambda request: b"OK\r")
    settings = dataclasses.replace(QUICK, baudrate=4_000_000)
    patient = dataclasses.replace(settings, first_byte_s=5, total_s=5)
    with Line(end.url, settings) as line:
        end.stop_reading()
        with pytest.raises(NoReply, match=r"could not be sent within 0.6 s: flow control"):
            line.transact(b"x" * 100_000)
        end.go_on_reading()
        assert line.transact(b"?", settings=patient) == b"OK"
    already_over = end.requests[0].removesuffix(b"?")
    assert len(already_over) < 5000  # a pty keeps 4095 bytes at the far end, beyond recall


def test_bytes_after_the_answer_are_an_error_but_blanks_are_not(far_end: FarEnds) -> None:
    answers = {b"two": b"1.0\r2.0\r", b"prompt": b"1.0\r> ", b"newline": b"1.0\r\n"}
    end = far_end(answers.__getitem__)
    with Line(end.url, CALM) as line:
        assert line.transact(b"newline") == b"1.0"
        for request in (b"two", b"prompt"):
            with pytest.raises(BadReply, match=r"after the answer b'1\.0'") as caught:
                line.transact(request)
            assert caught.value.received == answers[request].replace(b"\r", b"", 1)
        assert line.transact(b"newline") == b"1.0"


def test_a_broken_frame_names_port_and_request(far_end: FarEnds) -> None:
    end = far_end(lambda request: b"\xff\xff", terminator=b"")
    settings = SerialLine(framing=LengthPrefixed(max_length=10))
    with Line(end.url, settings) as line:
        with pytest.raises(BadReply) as caught:
            line.transact(b"?")
        assert str(caught.value) == (
            f"{end.url}: bad answer to b'?': a length that gives a body of 255 bytes, not 0 to 10. "
            "Are 9600 baud 8N1 right?"
        )
        assert caught.value.received == b"\xff\xff"


def test_long_bytes_are_shortened_in_messages(far_end: FarEnds) -> None:
    end = far_end(lambda request: None)
    with Line(end.url, QUICK) as line:
        with pytest.raises(NoReply, match=re.escape("... (10001 bytes) within")) as caught:
            line.transact(b"x" * 10_000)
        assert len(str(caught.value)) < 400


def test_waiting_costs_no_processor_time(far_end: FarEnds) -> None:
    end = far_end(lambda request: [(0.5, b"1.0\r")])
    with Line(end.url, SerialLine(terminator=b"\r")) as line:
        before = time.thread_time()
        assert line.transact(b"?") == b"1.0"
        assert time.thread_time() - before < 0.02


def test_requests_keep_their_distance_from_the_end_of_the_last_transaction(
    far_end: FarEnds,
) -> None:
    end = far_end(lambda request: [(0.05, b"1.0\r")])
    settings = SerialLine(terminator=b"\r", min_gap_s=0.1)
    with Line(end.url, settings) as line:
        for _ in range(3):
            line.transact(b"?")
        line.send(b"!")
        start = time.monotonic()
        line.send(b"!")
        line.send(b"!")
        assert time.monotonic() - start >= 0.19
    end.wait_for_requests(6)
    distances = [after - before for before, after in itertools.pairwise(end.arrivals)]
    assert all(distance >= 0.15 for distance in distances[:3])


def test_the_gap_that_one_instrument_needs_holds_for_its_neighbours_too(far_end: FarEnds) -> None:
    end = far_end(lambda request: b"1.0\r")
    slow, quick = SerialLine(terminator=b"\r", min_gap_s=0.1), SerialLine(terminator=b"\r")
    with Line(end.url, quick) as line:
        for settings in (quick, quick, slow, quick):
            line.transact(b"?", settings=settings)
    _, to_slow, after_slow = (after - before for before, after in itertools.pairwise(end.arrivals))
    assert to_slow >= 0.1
    assert after_slow >= 0.1
