"""A late answer never becomes the next query's: shown on real ptys whose answers come late."""

from __future__ import annotations

import os
import time
import tty
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, ClassVar

import pytest

from labframe.errors import BadReply, IncompleteReply, NoReply, PortGone
from labframe.line import Checked, Line, SerialLine, Terminated
from labframe.simulation import Answer, LineSimulator, SimCarrier
from labframe.wires import ManualClock

FarEnds = Callable[..., Any]

HASTY = SerialLine(baudrate=115200, terminator=b"\r", first_byte_s=0.1, gap_s=0.05, total_s=1.0)
CALM = SerialLine(baudrate=115200, terminator=b"\r", first_byte_s=10, total_s=10)


def answer_to(request: bytes) -> bytes:
    return b"answer to " + request + b"\r"


def late_by(late_s: float) -> Callable[[bytes], Any]:
    """Answer requests that begin with ``late`` so much later, all others at once."""
    return lambda request: [
        (late_s if request.startswith(b"late") else 0.0, answer_to(request)),
    ]


@pytest.mark.parametrize("late_s", [0.12, 0.2, 0.4, 0.6])
def test_a_late_answer_is_not_the_next_ones(far_end: FarEnds, late_s: float) -> None:
    end = far_end(late_by(late_s))
    with Line(end.url, CALM) as line:
        for _ in range(2):
            with pytest.raises(NoReply):
                line.transact(b"late", settings=HASTY)
            assert line.transact(b"next") == b"answer to next"
        assert line.transact(b"and the next") == b"answer to and the next"


def test_a_late_answer_ends_the_wait_when_it_has_come(far_end: FarEnds) -> None:
    end = far_end(late_by(0.4))
    hasty = SerialLine(baudrate=115200, terminator=b"\r", first_byte_s=0.1, total_s=60)
    with Line(end.url, CALM) as line:
        start = time.monotonic()
        with pytest.raises(NoReply):
            line.transact(b"late", settings=hasty)
        assert line.transact(b"next") == b"answer to next"
        assert time.monotonic() - start < 30


def test_an_instrument_that_is_always_late_never_gives_the_answer_of_another_query(
    far_end: FarEnds,
) -> None:
    end = far_end(late_by(0.3))
    with Line(end.url, HASTY) as line:
        for index in range(4):
            with pytest.raises(NoReply):
                line.transact(b"late %d" % index)


def test_the_rest_of_an_answer_that_paused_is_not_the_next_ones(far_end: FarEnds) -> None:
    halves = [(0.0, b"12"), (0.5, b"34\r")]
    end = far_end(lambda request: halves if request == b"pauses" else b"5678\r")
    stops = SerialLine(baudrate=115200, terminator=b"\r", gap_s=0.2)
    with Line(end.url, CALM) as line:
        with pytest.raises(IncompleteReply):
            line.transact(b"pauses", settings=stops)
        assert line.transact(b"next") == b"5678"


def test_a_late_answer_is_not_the_next_ones_when_the_line_was_closed_between(
    far_end: FarEnds,
) -> None:
    end = far_end(late_by(0.6))
    line = Line(end.url, CALM)
    line.open()
    with pytest.raises(NoReply):
        line.transact(b"late", settings=HASTY)
    line.close()
    line.open()
    assert line.transact(b"next") == b"answer to next"
    line.close()


def test_an_answer_that_was_lost_with_the_port_is_not_waited_for(far_end: FarEnds) -> None:
    end = far_end(late_by(60))
    settings = SerialLine(baudrate=115200, terminator=b"\r", first_byte_s=60, total_s=60)
    line = Line(end.url, settings)
    line.open()
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(line.transact, b"late")
        end.wait_for_requests(1)
        end.unplug()
        with pytest.raises(PortGone):
            answer.result()
    end.replug()
    start = time.monotonic()
    line.open()
    assert line.transact(b"next") == b"answer to next"
    assert time.monotonic() - start < 30
    line.close()


def test_what_came_unasked_is_dropped_before_each_request(far_end: FarEnds) -> None:
    end = far_end(lambda request: [(0.0, answer_to(request)), (0.02, b"a banner\r")])
    settings = SerialLine(
        baudrate=115200, terminator=b"\r", first_byte_s=10, total_s=10, min_gap_s=0.5
    )
    with Line(end.url, settings) as line:  # the banner has come by the next request
        for _ in range(4):
            assert line.transact(b"?") == b"answer to ?"


def test_a_successful_transaction_is_followed_by_the_next_at_once(far_end: FarEnds) -> None:
    end = far_end(answer_to)
    with Line(end.url, SerialLine(terminator=b"\r", gap_s=10, total_s=20)) as line:
        start = time.monotonic()
        for _ in range(20):
            line.transact(b"?")
        assert time.monotonic() - start < 10


def test_a_failure_long_ago_makes_nobody_wait(far_end: FarEnds) -> None:
    end = far_end(late_by(3600))
    settings = SerialLine(terminator=b"\r", first_byte_s=5, gap_s=60, total_s=60)
    hasty = SerialLine(terminator=b"\r", first_byte_s=0.1, gap_s=60, total_s=60)
    with Line(end.url, settings) as line:
        with pytest.raises(NoReply):
            line.transact(b"late", settings=hasty)
        line._silence.ended -= 100  # as if the next poll came so much later
        line._silence.late_until -= 100
        start = time.monotonic()
        assert line.transact(b"next") == b"answer to next"
        assert time.monotonic() - start < 30


def test_a_wrong_checksum_costs_no_more_than_the_first_byte_of_another_answer(
    far_end: FarEnds,
) -> None:
    framing = Checked(Terminated(write=b"\r", read=b"\r"), "sum8_dec3")
    answers = iter([b"0010074002=?107\r", b"0011074006100023025\r"])
    end = far_end(lambda request: next(answers))
    settings = SerialLine(framing=framing, first_byte_s=1, gap_s=0.1, total_s=60)
    with Line(end.url, settings) as line:
        start = time.monotonic()
        with pytest.raises(BadReply, match="checksum"):
            line.transact(b"0010074002=?")
        assert line.transact(b"0010074002=?") == b"0011074006100023"
        assert 1 <= time.monotonic() - start < 30


def test_an_instrument_that_talks_without_end_gives_an_error_and_never_an_answer(
    far_end: FarEnds,
) -> None:
    end = far_end(lambda request: [(0.02 * index, b"x") for index in range(200)])
    settings = SerialLine(
        baudrate=115200, terminator=b"\r", first_byte_s=1.0, gap_s=0.5, total_s=1.0
    )
    with Line(end.url, settings) as line:
        with pytest.raises(IncompleteReply):
            line.transact(b"start")
        with pytest.raises(BadReply, match=r"was not sent: something on the line talks"):
            line.transact(b"number?")
        line.send(b"stop")  # this one goes out: it may be what ends it
    assert end.wait_for_requests(2) == [b"start", b"stop"]


def test_a_flood_does_not_hang_the_line(far_end: FarEnds) -> None:
    end = far_end(lambda request: b"x" * 2_000_000)
    with Line(end.url, HASTY) as line:
        start = time.monotonic()
        with pytest.raises(BadReply, match="more than 65536 bytes without the terminator"):
            line.transact(b"flood")
        with pytest.raises((BadReply, NoReply, IncompleteReply)):
            line.transact(b"next")
        assert time.monotonic() - start < 30


def test_dropping_what_came_ends_even_if_more_comes_than_can_be_dropped(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    master, slave = os.openpty()
    tty.setraw(slave)
    with Line(os.ttyname(slave), HASTY) as line, monkeypatch.context() as patched:
        patched.setattr(os, "read", lambda descriptor, count: b"x" * count)
        line.send(b"stop")
    os.close(slave)
    assert os.read(master, 100) == b"stop\r"
    os.close(master)


def test_an_answer_that_made_no_sense_can_be_doubted(far_end: FarEnds) -> None:
    def respond(request: bytes) -> Any:
        if request == b"noisy":
            return [(0.0, b"\x00\r"), (0.4, answer_to(request))]
        return answer_to(request)

    end = far_end(respond)
    with Line(end.url, CALM) as line:
        assert line.transact(b"noisy") == b"\x00"
        line.doubt()
        assert line.transact(b"next") == b"answer to next"


def test_the_wait_for_a_late_answer_can_be_had_at_once(far_end: FarEnds) -> None:
    end = far_end(late_by(3600))
    with Line(end.url, CALM) as line:
        assert line.resync()
        start = time.monotonic()
        with pytest.raises(NoReply):
            line.transact(b"late", settings=HASTY)
        assert line.resync()
        assert time.monotonic() - start >= HASTY.total_s
        assert not line._silence.is_doubtful
        assert line.transact(b"next") == b"answer to next"


def test_an_interrupted_transaction_leaves_the_line_doubtful(far_end: FarEnds) -> None:
    """A KeyboardInterrupt in a notebook comes wherever it comes: its answer is still due."""

    class Interrupting:
        def encode(self, payload: bytes) -> bytes:
            return payload + b"\r"

        def decoder(self) -> Any:
            raise KeyboardInterrupt

    end = far_end(late_by(0.4))
    with Line(end.url, CALM) as line:
        with pytest.raises(KeyboardInterrupt):
            line.transact(b"late", settings=SerialLine(baudrate=115200, framing=Interrupting()))
        assert line.transact(b"next") == b"answer to next"


def test_an_answer_that_comes_twice_is_never_the_next_requests() -> None:
    class Twice(LineSimulator):
        driver: ClassVar[str] = "twice"
        baudrate: ClassVar[int | None] = 9600

        def respond(self, line: bytes, now: float) -> list[bytes | Answer]:
            return [line * 20, line * 20]

    settings, clock = SerialLine(baudrate=9600, gap_s=0.1, total_s=1.0), ManualClock()
    with SimCarrier(Twice(), clock=clock) as carrier, Line(carrier.url, settings) as line:
        for number in range(10):
            request = b"%d" % number
            assert line.transact(request) == request * 20
            clock.advance(0.005)  # the second one has begun to come
