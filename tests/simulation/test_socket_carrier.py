"""A simulated instrument behind a TCP port, through the real line."""

from __future__ import annotations

import socket
import threading
from typing import ClassVar

import pytest
from labhost import until

from labframe import SerialLine
from labframe.errors import LineError, PortGone
from labframe.line import Line
from labframe.simulation import Answer, LineSimulator, SimulationError, SocketCarrier


class Echo(LineSimulator):
    driver: ClassVar[str] = "echo"
    baudrate: ClassVar[int | None] = 9600

    def respond(self, line: bytes, now: float) -> bytes:
        if line == b"raise":
            raise ZeroDivisionError("on purpose")
        return line


SETTINGS = SerialLine(baudrate=9600, first_byte_s=0.5, total_s=2.0)


def test_a_line_talks_to_it_by_its_url() -> None:
    with SocketCarrier(Echo()) as carrier, Line(carrier.url, SETTINGS) as line:
        assert line.transact(b"hello") == b"hello"
        assert carrier.seen == [b"hello\r\n"]


def test_the_connection_is_cut_and_comes_back_at_the_same_port() -> None:
    with SocketCarrier(Echo()) as carrier, Line(carrier.url, SETTINGS) as line:
        assert line.transact(b"1") == b"1"
        carrier.unplug()
        with pytest.raises(PortGone):
            line.transact(b"2")
        with pytest.raises(LineError, match="not reachable"):
            line.open()
        carrier.replug()
        line.open()
        assert line.transact(b"3") == b"3"


def test_the_next_client_is_let_in_when_the_first_is_gone() -> None:
    with SocketCarrier(Echo()) as carrier:
        for number in range(3):
            with Line(carrier.url, SETTINGS) as line:
                assert line.transact(b"%d" % number) == b"%d" % number


def test_a_simulator_that_raises_goes_unanswered_and_carries_on() -> None:
    with SocketCarrier(Echo()) as carrier, Line(carrier.url, SETTINGS) as line:
        with pytest.raises(LineError):
            line.transact(b"raise")
        assert isinstance(carrier.failure, ZeroDivisionError)
        assert line.transact(b"well") == b"well"


def test_an_instrument_that_talks_by_itself_is_heard() -> None:
    class Stream(Echo):
        tick_s = 0.01

        def tick(self, now: float) -> list[Answer]:
            return [Answer(b"tick\r\n")]

    with SocketCarrier(Stream()) as carrier:
        host, _, port = carrier.url.removeprefix("socket://").partition(":")
        with socket.create_connection((host, int(port)), timeout=2.0) as client:
            data = b""
            while data.count(b"tick\r\n") < 3:
                data += client.recv(100)


def test_nothing_is_left_behind() -> None:
    before = threading.active_count()
    carrier = SocketCarrier(Echo())
    carrier.close()
    carrier.close()
    until(lambda: threading.active_count() == before)
    with pytest.raises(SimulationError, match="closed"):
        carrier.replug()
