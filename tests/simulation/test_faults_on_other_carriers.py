"""Faults on ``sim://`` and ``socket://``: cable, flow control and time are those of the carrier."""

from __future__ import annotations

import time
from typing import ClassVar

import pytest
from labframe_drivers.sps30 import Sps30Simulator

from labframe.errors import LineError, NoReply, PortGone, PortNotFound
from labframe.line import Line, SerialLine
from labframe.simulation import (
    Answer,
    FaultySimulator,
    LineSimulator,
    SimCarrier,
    SimulationError,
    SocketCarrier,
)
from labframe.wires import ManualClock

SETTINGS = SerialLine(baudrate=9600, terminator=b"\r", first_byte_s=0.2, gap_s=0.1, total_s=0.5)


class Parrot(LineSimulator):
    driver: ClassVar[str] = "parrot"
    baudrate: ClassVar[int | None] = 9600
    bytesize: ClassVar[int | None] = 8
    terminator: ClassVar[bytes] = b"\r"

    def respond(self, line: bytes, now: float) -> bytes:
        return line.upper()


def test_on_a_manual_clock_a_late_answer_takes_no_time_and_does_not_shift_the_next() -> None:
    faulty = FaultySimulator(Parrot())
    began = time.monotonic()
    with SimCarrier(faulty, clock=ManualClock()) as carrier, Line(carrier.url, SETTINGS) as line:
        with faulty.fault("late", 0.4), pytest.raises(NoReply):
            line.transact(b"first")
        assert line.transact(b"second") == b"SECOND"
    assert time.monotonic() - began < 0.1
    assert faulty.bytesize == 8


def test_held_output_is_released_though_nobody_can_write() -> None:
    faulty = FaultySimulator(Parrot())
    clock = ManualClock()
    with SimCarrier(faulty, clock=clock) as carrier, Line(carrier.url, SETTINGS) as line:
        with faulty.fault("write_blocked", 0.3):
            line.transact(b"a")
            before = clock.monotonic()
            assert line.transact(b"b") == b"B"
            assert 0.2 < clock.monotonic() - before < 0.5
        with faulty.fault("write_blocked", 2.0):
            line.transact(b"a")
            with pytest.raises(NoReply, match="could not be sent"):
                line.transact(b"b")


def test_the_cable_comes_back_when_somebody_looks_for_it() -> None:
    faulty = FaultySimulator(Parrot())
    clock = ManualClock()
    with SimCarrier(faulty, clock=clock) as carrier, Line(carrier.url, SETTINGS) as line:
        with faulty.fault("replug", s=1.0), pytest.raises(LineError):
            line.transact(b"abcd")
        line.close()
        assert not carrier.plugged
        with pytest.raises(PortNotFound):
            line.open()
        clock.advance(1.1)
        line.open()
        assert line.transact(b"abcd") == b"ABCD"


def test_on_a_socket_the_connection_is_cut_and_output_cannot_be_held() -> None:
    faulty = FaultySimulator(Parrot())
    with SocketCarrier(faulty) as carrier, Line(carrier.url, SETTINGS) as line:
        with faulty.fault("unplug", 2), pytest.raises(PortGone):
            line.transact(b"abcd")
        assert not carrier.plugged
        carrier.replug()
        line.open()
        assert line.transact(b"abcd") == b"ABCD"
        with pytest.raises(SimulationError, match="write_blocked: its carrier cannot hold back"):
            faulty.inject("write_blocked")


def test_frames_with_a_checksum_are_spoiled_by_their_rules() -> None:
    ask = bytes.fromhex("7E00D1002E7E")
    faulty = FaultySimulator(Sps30Simulator(latency_s=0))
    (right,) = faulty.feed(ask, 0.0)

    def answered(fault: str, *values: object) -> bytes:
        with faulty.fault(fault, *values):
            (answer,) = faulty.feed(ask, 1.0)
        return answer.data

    total = sum(right.data[1:-2])
    assert right.data[-2] == 255 - total % 256
    assert answered("bad_checksum") == right.data[:-2] + bytes([right.data[-2] ^ 1]) + b"\x7e"
    assert answered("wrong_address")[:2] == b"\x7e\x01"
    assert answered("device_error") == bytes.fromhex("7E00D14300EB7E")
    assert answered("device_error", "28") == bytes.fromhex("7E00D12800067E")
    with pytest.raises(SimulationError, match="no error '99'; it has: 43, 01, 02, 04, 28"):
        faulty.inject("device_error", "99")
    with faulty.fault("power_cycle"):
        assert faulty.feed(ask, 2.0) == []
    assert faulty.feed(ask, 2.05) == [], "it is deaf for a while"
    assert faulty.feed(ask, 3.0) == [Answer(right.data)]
