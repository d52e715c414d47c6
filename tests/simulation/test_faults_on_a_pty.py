"""Faults as a client meets them: on a real pseudo-terminal, with real time."""

from __future__ import annotations

import os
import select
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import ClassVar

import pytest
import serial
from rawclient import RawClient

from labframe.simulation import (
    FAULTS,
    Cable,
    FaultySimulator,
    LineSimulator,
    PtyCarrier,
    SimulatedBus,
    SimulationError,
    available,
)

pytestmark = pytest.mark.skipif(not available(), reason="no pseudo-terminals here")

WAIT_S = 5.0


class Parrot(LineSimulator):
    driver: ClassVar[str] = "parrot"
    terminator: ClassVar[bytes] = b"\r"

    def respond(self, line: bytes, now: float) -> bytes:
        return line.upper()


@contextmanager
def parrot() -> Iterator[tuple[FaultySimulator, PtyCarrier]]:
    faulty = FaultySimulator(Parrot())
    with PtyCarrier(faulty) as carrier:
        yield faulty, carrier
        assert carrier.failure is None


def until(true: Callable[[], bool]) -> None:
    """Wait for something that happens on the carrier's thread."""
    deadline = time.monotonic() + WAIT_S
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.001)


def arrivals(client: RawClient, count: int) -> list[tuple[float, bytes]]:
    """Return so many bytes, each with its time."""
    got: list[tuple[float, bytes]] = []
    while len(got) < count and (byte := client.read(1)):
        got.append((time.monotonic(), byte))
    return got


def test_a_late_answer_arrives_late_and_the_next_one_behind_it(
    raw_client: Callable[[str], RawClient],
) -> None:
    with parrot() as (faulty, carrier):
        client = raw_client(carrier.url)
        with faulty.fault("late", 0.3):
            begun = time.monotonic()
            os.write(client.fd, b"first\r")
            assert client.read(1, wait_s=0.1) == b""
        os.write(client.fd, b"second\r")
        assert client.read(13) == b"FIRST\rSECOND\r"
        assert 0.29 < time.monotonic() - begun < 2


def test_a_split_answer_comes_with_a_pause_in_it(raw_client: Callable[[str], RawClient]) -> None:
    with parrot() as (faulty, carrier), faulty.fault("split", 2, 0.2):
        client = raw_client(carrier.url)
        os.write(client.fd, b"abcd\r")
        times = arrivals(client, 5)
        assert b"".join(byte for _, byte in times) == b"ABCD\r"
        assert times[2][0] - times[1][0] > 0.15
        assert times[4][0] - times[2][0] < 0.15


def test_a_paced_answer_comes_byte_by_byte(raw_client: Callable[[str], RawClient]) -> None:
    with parrot() as (faulty, carrier), faulty.fault("pace", 300):
        client = raw_client(carrier.url)
        begun = time.monotonic()
        os.write(client.fd, b"abcde\r")
        times = arrivals(client, 6)
        assert b"".join(byte for _, byte in times) == b"ABCDE\r"
        assert times[-1][0] - begun > 0.19, "six bytes of 33 ms"
        assert times[0][0] - begun < 0.15


def test_a_truncated_answer_and_no_answer_leave_the_next_one_whole(
    raw_client: Callable[[str], RawClient],
) -> None:
    with parrot() as (faulty, carrier):
        client = raw_client(carrier.url)
        with faulty.fault("truncate", 2) as fault:
            assert client.ask(b"abcd\r", 2) == b"AB"
            assert fault.fired == 1
        with faulty.fault("no_answer"):
            os.write(client.fd, b"x\r")
            assert client.read(1, wait_s=0.05) == b""
        assert client.ask(b"abcd\r", 5) == b"ABCD\r"


def test_the_cable_is_pulled_in_the_middle_of_an_answer(
    raw_client: Callable[[str], RawClient],
) -> None:
    with parrot() as (faulty, carrier), faulty.fault("unplug", 2):
        client = raw_client(carrier.url)
        assert client.ask(b"abcd\r", 5) == b"AB"
        until(lambda: not carrier.plugged)
        assert not os.path.lexists(carrier.url)
        with pytest.raises(OSError, match="Input/output error"):
            os.write(client.fd, b"x")


@pytest.mark.parametrize("slowly", [0.0, 0.2])
def test_the_cable_waits_for_the_bytes_that_come_before(
    raw_client: Callable[[str], RawClient], slowly: float
) -> None:
    with parrot() as (faulty, carrier):
        faulty.inject("slow", slowly)
        faulty.inject("unplug", 3)
        assert raw_client(carrier.url).ask(b"abcd\r", 5) == b"ABC"


def test_the_cable_is_put_back_as_another_device(raw_client: Callable[[str], RawClient]) -> None:
    with parrot() as (faulty, carrier), faulty.fault("replug", True, 0.1):
        before = os.readlink(carrier.url)
        client = raw_client(carrier.url)
        begun = time.monotonic()
        assert client.ask(b"abcd\r", 5) == b"AB"
        until(lambda: not carrier.plugged)
        until(lambda: carrier.plugged)
        assert time.monotonic() - begun > 0.09
        assert os.readlink(carrier.url) != before
        assert raw_client(carrier.url).ask(b"abcd\r", 5) == b"ABCD\r"


@pytest.mark.parametrize("by", ["a fault", "the carrier"])
def test_the_cable_is_put_back_as_the_device_that_it_was(by: str) -> None:
    for _ in range(5):  # another program may take the number while it is free
        with parrot() as (faulty, carrier):
            before = os.readlink(carrier.url)
            if by == "a fault":
                faulty.inject("replug", new_node="off", s=0.1)
                with serial.Serial(carrier.url, timeout=WAIT_S) as port:
                    port.write(b"abcd\r")
                    until(lambda: not carrier.plugged)
                until(lambda: carrier.plugged)
            else:
                carrier.replug(new_node=False)
            is_same = os.readlink(carrier.url) == before
            with serial.Serial(carrier.url, timeout=WAIT_S) as again:
                again.write(b"e\r")
                assert again.read(2) == b"E\r"
        if is_same:
            return
    pytest.fail("it was another device each time")


def test_a_blocked_write_waits_until_flow_control_lets_it_through(
    raw_client: Callable[[str], RawClient],
) -> None:
    with parrot() as (faulty, carrier), faulty.fault("write_blocked", 0.3):
        client = raw_client(carrier.url)
        begun = time.monotonic()
        assert client.ask(b"a\r", 2) == b"A\r", "the answer itself comes"
        assert not select.select([], [client.fd], [], 0.1)[1]
        os.write(client.fd, b"b\r")
        assert time.monotonic() - begun > 0.25
        assert client.read(2) == b"B\r"
        assert carrier.seen == [b"a\r", b"b\r"]


def test_a_write_with_a_timeout_ends_with_an_error_while_output_is_held() -> None:
    with PtyCarrier(Parrot()) as carrier, serial.Serial(carrier.url, timeout=WAIT_S) as port:
        carrier.hold_output()
        port.write_timeout = 0.05
        with pytest.raises(serial.SerialTimeoutException):
            port.write(b"b\r")
        carrier.hold_output(False)
        port.write(b"c\r")
        assert port.read(2) == b"C\r"


def test_a_hold_that_nobody_released_ends_with_the_cable(
    raw_client: Callable[[str], RawClient],
) -> None:
    with PtyCarrier(Parrot()) as carrier:
        carrier.hold_output()
        carrier.hold_output()
        carrier.hold_output(False)
        assert raw_client(carrier.url).ask(b"a\r", 2) == b"A\r"
        carrier.hold_output()
        carrier.unplug()
        carrier.hold_output()
        carrier.replug()
        assert raw_client(carrier.url).ask(b"a\r", 2) == b"A\r"


def test_an_overflow_drowns_the_answer(raw_client: Callable[[str], RawClient]) -> None:
    with parrot() as (faulty, carrier), faulty.fault("overflow", 0.3):
        client = raw_client(carrier.url)
        assert client.ask(b"a\r", 100) == b"U" * 100
        while client.read(100, wait_s=0.2):
            pass
        assert client.ask(b"a\r", 2) == b"A\r"


def test_faults_are_injected_from_any_thread_while_a_client_asks() -> None:
    done = threading.Event()
    with parrot() as (faulty, carrier):

        def disturb() -> None:
            while not done.is_set():
                with faulty.fault("noise_after", b"!", times=None) as fault:
                    until(lambda: fault.fired > 0)

        threads = [threading.Thread(target=disturb) for _ in range(3)]
        for thread in threads:
            thread.start()
        with serial.Serial(carrier.url, timeout=WAIT_S) as port:
            for turn in range(300):
                port.write(b"ask %d\r" % turn)
                assert port.read_until(b"\r").lstrip(b"!") == b"ASK %d\r" % turn
            done.set()
            while any(thread.is_alive() for thread in threads):
                port.write(b"on\r")
                port.read_until(b"\r")
        for thread in threads:
            thread.join()


def test_a_bus_of_members_can_be_faulty_and_a_carrier_shows_all_that_it_can() -> None:
    faulty = FaultySimulator(SimulatedBus(Parrot(), Parrot()))
    with PtyCarrier(faulty) as carrier:
        assert faulty.carrier is faulty.simulator.carrier is carrier
        assert {"unplug", "replug", "write_blocked"} <= set(faulty.applicable())
        with faulty.fault("unplug"), serial.Serial(carrier.url, timeout=WAIT_S) as port:
            port.write(b"a\r")
            until(lambda: not carrier.plugged)


def test_a_carrier_that_cannot_hold_output_is_told_so() -> None:
    class Bare:
        plugged = True

        def unplug(self) -> None: ...
        def replug(self, new_node: bool = True) -> None: ...

    carrier: Cable = Bare()
    faulty = FaultySimulator(Parrot())
    faulty.carrier = carrier
    with pytest.raises(SimulationError, match="write_blocked: its carrier cannot hold back what"):
        faulty.inject("write_blocked")
    assert {name for name, kind in FAULTS.items() if kind.is_cable} == {
        "unplug", "replug", "write_blocked"
    }  # fmt: skip


def test_an_idle_carrier_hardly_wakes_up() -> None:
    from labframe.simulation import CarrierLoop

    with CarrierLoop() as loop:
        loop.add(FaultySimulator(Parrot()))
        before, begun = loop.wakeups, time.monotonic()
        until(lambda: loop.wakeups - before >= 5)
        assert time.monotonic() - begun > 0.15, "20 times a second at most"
