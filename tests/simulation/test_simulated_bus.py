"""Several simulated instruments on one wire."""

from __future__ import annotations

from typing import ClassVar

import pytest

from labframe.simulation import (
    Answer,
    LineSimulator,
    PtyCarrier,
    Settable,
    SimulatedBus,
    SimulatedInstrument,
    SimulationError,
)


class Member(LineSimulator):
    driver: ClassVar[str] = "member"
    baudrate: ClassVar[int | None] = 19200
    address = Settable("1", "the address")

    def respond(self, line: bytes, now: float) -> bytes | None:
        address, _, text = line.decode().partition(" ")
        return f"{address}:{text}".encode() if address == self.address else None


class Clock(SimulatedInstrument):
    driver: ClassVar[str] = "clock"

    def __init__(self, tick_s: float | None) -> None:
        super().__init__()
        self.tick_s = tick_s
        self.ticks: list[float] = []

    def feed(self, data: bytes, now: float) -> list[Answer]:
        return []

    def tick(self, now: float) -> list[Answer]:
        self.ticks.append(now)
        return [Answer(b"%d" % now)]


def test_every_member_hears_and_the_one_that_is_meant_answers() -> None:
    bus = SimulatedBus(Member(address="1"), Member(address="2", latency_s=0.1))
    assert bus.feed(b"1 a\r\n2 b\r\n3 c\r\n", 0.0) == [
        Answer(b"1:a\r\n"),
        Answer(b"2:b\r\n", 0.1),
    ]


def test_a_bus_has_the_baud_rate_of_its_members() -> None:
    assert SimulatedBus(Member(), Clock(None)).baudrate == 19200
    assert SimulatedBus(Clock(None)).baudrate is None

    class Fast(Member):
        baudrate: ClassVar[int | None] = 115200

    with pytest.raises(SimulationError, match=r"at one baud rate, not at \[19200, 115200\]"):
        SimulatedBus(Member(), Fast())
    with pytest.raises(SimulationError, match="at least one member"):
        SimulatedBus()


def test_each_member_is_ticked_at_its_own_pace() -> None:
    quick, slow, never = Clock(0.5), Clock(2.0), Clock(None)
    bus = SimulatedBus(quick, slow, never)
    assert bus.tick_s == 0.5
    answers = [bus.tick(step / 2) for step in range(9)]
    assert len(quick.ticks) == 9
    assert slow.ticks == [0.0, 2.0, 4.0]
    assert never.ticks == []
    assert answers[4] == [Answer(b"2"), Answer(b"2")]
    assert SimulatedBus(never).tick_s is None


def test_two_members_share_one_pseudo_terminal() -> None:
    import serial

    with (
        PtyCarrier(SimulatedBus(Member(address="1"), Member(address="2"))) as carrier,
        serial.Serial(carrier.url, 19200, timeout=5) as port,
    ):
        for turn in range(200):
            member = turn % 2 + 1
            port.write(b"%d %d\r\n" % (member, turn))
            assert port.read_until(b"\r\n") == b"%d:%d\r\n" % (member, turn)
        assert b"".join(carrier.seen[:2]) == b"1 0\r\n2 1\r\n"
