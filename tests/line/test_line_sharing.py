"""Several instruments and several threads on one line; echoes and handshakes."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from labframe.errors import BadReply, EchoError, IncompleteReply, NoReply
from labframe.line import Checked, EnqAck, Line, SerialLine, Terminated

FarEnds = Callable[..., Any]

PLAIN = SerialLine(terminator=b"\r")
TELEGRAMS = SerialLine(framing=Checked(Terminated(write=b"\r", read=b"\r"), "sum8_dec3"))


def test_200_interleaved_transactions_of_two_instruments_none_crossed(far_end: FarEnds) -> None:
    def respond(request: bytes) -> Any:
        if request.startswith(b"#"):
            return [(0.0, b">"), (0.001, request[1:] + b"\r")]
        telegram = request[:-3].replace(b"=?", b"42")
        frame = TELEGRAMS.effective_framing.encode(telegram)
        return [(0.001, frame[:4]), (0.002, frame[4:])]

    end = far_end(respond)
    both_ready = threading.Barrier(2)

    def first(line: Line) -> int:
        both_ready.wait()
        return sum(line.transact(b"#%03d" % index) == b">%03d" % index for index in range(100))

    def second(line: Line) -> int:
        both_ready.wait()
        return sum(
            line.transact(b"001%03d=?" % index, settings=TELEGRAMS) == b"001%03d42" % index
            for index in range(100)
        )

    with Line(end.url, PLAIN) as line, ThreadPoolExecutor(2) as pool:
        results = [pool.submit(first, line), pool.submit(second, line)]
        assert [result.result() for result in results] == [100, 100]
    kinds = [request[:1] for request in end.requests]
    assert len(kinds) == 200
    assert kinds != sorted(kinds), "the two did not interleave"


def test_members_of_a_line_differ_in_framing_deadlines_and_echo(far_end: FarEnds) -> None:
    answers = {b"A": b"a\r", b"B\n": b"B\nb\n", b"C": None}
    end = far_end(lambda request: answers[request], terminator=b"\r")
    by_newline = SerialLine(
        write_terminator=b"\n\r", read_terminator=b"\n", echo="none", first_byte_s=0.5
    )
    impatient = SerialLine(terminator=b"\r", first_byte_s=0.01, total_s=0.02, gap_s=0.01)
    with Line(end.url, PLAIN) as line:
        assert line.transact(b"A") == b"a"
        with pytest.raises(BadReply, match="b'b\\\\n' after the answer b'B'"):
            line.transact(b"B", settings=by_newline)
        with pytest.raises(NoReply, match=r"within 0\.01 s"):
            line.transact(b"C", settings=impatient)


def test_the_electrical_settings_of_a_line_are_the_same_for_all(far_end: FarEnds) -> None:
    end = far_end(lambda request: b"1\r")
    with (
        Line(end.url, PLAIN) as line,
        pytest.raises(ValueError, match="all instruments on one line need the same baudrate"),
    ):
        line.transact(b"?", settings=SerialLine(baudrate=19200))
    assert end.requests == []


def test_settings_made_anew_for_each_request_do_not_pile_up(far_end: FarEnds) -> None:
    end = far_end(lambda request: b"1\r")
    with Line(end.url, PLAIN) as line:
        for _ in range(600):
            assert line.transact(b"?", settings=SerialLine(terminator=b"\r")) == b"1"
        assert len(line._members) <= 256


def test_a_request_that_the_framing_refuses_is_not_sent(far_end: FarEnds) -> None:
    end = far_end(lambda request: b"1\r")
    with Line(end.url, PLAIN) as line:
        with pytest.raises(ValueError, match="holds the terminator"):
            line.transact(b"SETP 1\rRST")
        assert line.transact(b"?") == b"1"
    assert end.requests == [b"?"]


def test_send_waits_for_no_answer(far_end: FarEnds) -> None:
    end = far_end(lambda request: None)
    with Line(end.url, SerialLine(terminator=b"\r", first_byte_s=60, total_s=60)) as line:
        line.send(b"SETP 1,77")
        line.send(b"SETP 1,78")
    assert end.wait_for_requests(2) == [b"SETP 1,77", b"SETP 1,78"]


# Echoes.

LOCAL = SerialLine(
    terminator=b"\r", echo="local", first_byte_s=0.3, gap_s=0.2, total_s=0.6, baudrate=115200
)
COMMAND = SerialLine(
    terminator=b"\r", echo="command", first_byte_s=0.3, gap_s=0.2, total_s=0.6, baudrate=115200
)


def test_a_local_echo_is_taken_away_byte_by_byte(far_end: FarEnds) -> None:
    echoed = [(0.0, b"#0"), (0.01, b"00F"), (0.02, b"\r>1."), (0.03, b"2\r")]
    end = far_end(lambda request: echoed)
    with Line(end.url, LOCAL) as line:
        assert line.transact(b"#000F") == b">1.2"


def test_a_local_echo_is_taken_away_after_send_too(far_end: FarEnds) -> None:
    end = far_end(lambda request: [(0.02, request + b"\r")])
    with Line(end.url, LOCAL) as line:
        line.send(b"ON")
        line.send(b"OFF")
        with pytest.raises(NoReply):
            line.transact(b"?")


@pytest.mark.parametrize(
    ("came", "received"), [(b"#0x0F\r>1.2\r", b"#0x0F\r>1.2\r"), (b"#0", b"#0"), (None, b"")]
)
def test_a_local_echo_that_differs_or_is_missing_is_an_error(
    far_end: FarEnds, came: bytes | None, received: bytes
) -> None:
    end = far_end(lambda request: came)
    with Line(end.url, LOCAL) as line:
        with pytest.raises(EchoError, match="came back as") as caught:
            line.transact(b"#000F")
        assert caught.value.received == received
        with pytest.raises(EchoError):
            line.send(b"#000F")


def test_a_command_echo_is_a_frame_of_its_own_before_the_answer(far_end: FarEnds) -> None:
    end = far_end(lambda request: [(0.0, request), (0.01, b"\r1.5"), (0.02, b"\r")])
    with Line(end.url, COMMAND) as line:
        assert line.transact(b"KRDG?") == b"1.5"


def test_a_command_echo_follows_send_too(far_end: FarEnds) -> None:
    end = far_end(lambda request: request + b"\r")
    with Line(end.url, COMMAND) as line:
        line.send(b"SETP 1")
        with pytest.raises(NoReply):
            line.transact(b"KRDG?")  # which has no answer after its echo


def test_an_answer_in_place_of_the_command_echo_is_an_error(far_end: FarEnds) -> None:
    end = far_end(lambda request: b"1.5\r2.5\r")
    with Line(end.url, COMMAND) as line:
        with pytest.raises(EchoError, match="Is its echo off") as caught:
            line.transact(b"KRDG?")
        assert caught.value.received == b"1.52.5\r"


def test_a_dead_instrument_with_command_echo_is_no_reply(far_end: FarEnds) -> None:
    end = far_end(lambda request: None)
    with Line(end.url, COMMAND) as line, pytest.raises(NoReply):
        line.transact(b"KRDG?")


# Handshakes.

ENQ = SerialLine(framing=EnqAck(write=b"\r"), gap_s=0.2)


class Tpg262:
    """A gauge controller, byte by byte, as its manual tells."""

    def __init__(self) -> None:
        self.mnemonic = b""
        self.answers = {b"PRX": b"0,+1.2340E-03,5,+2.0000E-02"}

    def __call__(self, data: bytes) -> bytes:
        if data == b"\x05":
            return self.answers[self.mnemonic] + b"\r\n"
        self.mnemonic = data.removesuffix(b"\r")
        return b"\x06\r\n" if self.mnemonic in self.answers else b"\x15\r\n"


def test_a_handshake_is_one_transaction(far_end: FarEnds) -> None:
    end = far_end(Tpg262(), terminator=b"")
    with Line(end.url, ENQ) as line, ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: line.transact(b"PRX"), range(20)))
    assert answers == [b"0,+1.2340E-03,5,+2.0000E-02"] * 20
    assert end.requests == [b"PRX\r", b"\x05"] * 20


def test_a_refused_request_names_port_and_request(far_end: FarEnds) -> None:
    end = far_end(Tpg262(), terminator=b"")
    with Line(end.url, ENQ) as line:
        with pytest.raises(BadReply, match=r"bad answer to b'XXX': NAK: the instrument refuses"):
            line.transact(b"XXX")
        assert line.transact(b"PRX") == b"0,+1.2340E-03,5,+2.0000E-02"


def test_send_with_a_handshake_waits_for_the_acknowledgement(far_end: FarEnds) -> None:
    end = far_end(Tpg262(), terminator=b"")
    with Line(end.url, ENQ) as line:
        line.send(b"PRX")
        with pytest.raises(BadReply, match="NAK"):
            line.send(b"XXX")
    assert end.requests == [b"PRX\r", b"XXX\r"]


def test_a_handshake_that_breaks_off_is_an_error(far_end: FarEnds) -> None:
    end = far_end(lambda data: b"\x06" if data == b"A\r" else b"\x06\r\n", terminator=b"")
    with Line(end.url, ENQ) as line, pytest.raises(IncompleteReply):
        line.transact(b"A")
