"""Many simulated instruments on one thread."""

from __future__ import annotations

import os
import select
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import pytest

from labframe.simulation import (
    Answer,
    CarrierLoop,
    LineSimulator,
    NoPseudoTerminal,
    PtyCarrier,
    Settable,
    SimulatedInstrument,
    SimulationError,
    available,
)
from labframe.simulation.selector_thread import SelectorThread

pytestmark = pytest.mark.skipif(not available(), reason="no pseudo-terminals here")

MANY = 300


class Numbered(LineSimulator):
    driver: ClassVar[str] = "numbered"
    usb_name: ClassVar[str] = "Numbered"
    number = Settable(0, "its number")

    def respond(self, line: bytes, now: float) -> bytes:
        if line == b"fail":
            raise RuntimeError("on purpose")
        return b"%d %s" % (self.number, line)


class Beacon(SimulatedInstrument):
    driver: ClassVar[str] = "beacon"

    def __init__(self, tick_s: float) -> None:
        super().__init__()
        self.tick_s = tick_s
        self.ticks = 0
        self.tenth = threading.Event()

    def feed(self, data: bytes, now: float) -> list[Answer]:
        return []

    def tick(self, now: float) -> list[Answer]:
        self.ticks += 1
        if self.ticks == 10:
            self.tenth.set()
        return []


def read_line(fd: int, wait_s: float = 5.0) -> bytes:
    got = b""
    while not got.endswith(b"\n") and select.select([fd], [], [], wait_s)[0]:
        got += os.read(fd, 1000)
    return got


def opened(carrier: PtyCarrier) -> int:
    return os.open(carrier.url, os.O_RDWR | os.O_NOCTTY)


@pytest.fixture
def loop() -> Iterator[CarrierLoop]:
    with CarrierLoop() as carriers:
        yield carriers


def test_hundreds_of_instruments_answer_on_one_thread(loop: CarrierLoop) -> None:
    threads, descriptors = threading.active_count(), len(os.listdir("/dev/fd"))
    carriers = [loop.add(Numbered(number=number)) for number in range(MANY)]
    assert threading.active_count() == threads
    assert len(os.listdir("/dev/fd")) == descriptors + 2 * MANY
    assert loop.carriers == tuple(carriers)
    fds = [opened(carrier) for carrier in carriers]
    try:
        for turn in range(3):
            for fd in fds:
                os.write(fd, b"t%d\r\n" % turn)
            assert [read_line(fd) for fd in fds] == [
                b"%d t%d\r\n" % (number, turn) for number in range(MANY)
            ]
    finally:
        for fd in fds:
            os.close(fd)


def test_the_second_of_a_kind_gets_a_number(loop: CarrierLoop, tmp_path: Path) -> None:
    names = [Path(loop.add(Numbered(), name).url).name for name in (None, None, "cryo", None)]
    assert names == [
        "usb-Numbered-if00-port0",
        "usb-Numbered_2-if00-port0",
        "usb-cryo-if00-port0",
        "usb-Numbered_3-if00-port0",
    ]
    assert sorted(os.listdir(loop.directory)) == sorted(names)
    with pytest.raises(SimulationError, match="exists already"):
        loop.add(Numbered(), "cryo")
    with CarrierLoop(tmp_path) as other:
        assert Path(other.add(Numbered()).url).parent == tmp_path
    assert os.listdir(tmp_path) == []


def test_it_sleeps_when_there_is_nothing_to_do(loop: CarrierLoop) -> None:
    carriers = [loop.add(Numbered(latency_s=0.3)) for _ in range(MANY)]
    fd = opened(carriers[7])
    try:
        before = loop.wakeups
        os.write(fd, b"x\r\n")
        assert read_line(fd) == b"0 x\r\n"
        assert loop.wakeups - before <= 3  # the request, the answer, perhaps a rounding
    finally:
        os.close(fd)


def test_it_wakes_as_often_as_the_instruments_ask(loop: CarrierLoop) -> None:
    for _ in range(20):
        loop.add(Numbered())
    before = loop.wakeups
    beacon = Beacon(tick_s=0.02)
    loop.add(beacon)
    assert beacon.tenth.wait(5)
    assert loop.wakeups - before <= 15


def test_an_unplugged_or_failing_instrument_leaves_the_others_alone(loop: CarrierLoop) -> None:
    pulled, failing, well = (loop.add(Numbered(number=number)) for number in range(3))
    fds = [opened(carrier) for carrier in (pulled, failing, well)]
    try:
        pulled.unplug()
        os.write(fds[1], b"fail\r\n")
        os.write(fds[2], b"x\r\n")
        assert read_line(fds[2]) == b"2 x\r\n"
        os.write(fds[1], b"y\r\n")
        assert read_line(fds[1]) == b"1 y\r\n"
        assert isinstance(failing.failure, RuntimeError)
        assert (pulled.failure, well.failure) == (None, None)
        pulled.replug()
        fds.append(opened(pulled))
        os.write(fds[3], b"z\r\n")
        assert read_line(fds[3]) == b"0 z\r\n"
    finally:
        for fd in fds:
            os.close(fd)


def test_one_carrier_can_be_closed_and_the_loop_goes_on(loop: CarrierLoop) -> None:
    first, second = loop.add(Numbered()), loop.add(Numbered())
    first.close()
    assert loop.carriers == (second,)
    assert os.listdir(loop.directory) == [Path(second.url).name]
    assert loop.add(Numbered()).plugged


def test_instruments_come_and_go_from_several_threads(loop: CarrierLoop) -> None:
    def come_and_go() -> None:
        for _ in range(30):
            carrier = PtyCarrier(Numbered())
            carrier.replug()
            carrier.unplug()
            carrier.close()

    threads = [threading.Thread(target=come_and_go) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_a_closed_loop_takes_nothing_more() -> None:
    loop = CarrierLoop()
    carrier = loop.add(Numbered())
    loop.close()
    loop.close()
    carrier.close()
    assert carrier.closed
    with pytest.raises(SimulationError, match="was closed"):
        loop.add(Numbered())


def test_when_no_pseudo_terminal_is_left_the_message_says_what_to_do(loop: CarrierLoop) -> None:
    resource = pytest.importorskip("resource", reason="Windows has none")

    def add_thirty() -> None:
        for _ in range(30):
            loop.add(Numbered())

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (len(os.listdir("/dev/fd")) + 18, hard))
    try:
        with pytest.raises(NoPseudoTerminal, match=r"no pseudo-terminal is left .*ulimit -n"):
            add_thirty()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert len(os.listdir(loop.directory)) == len(loop.carriers) > 3
    assert loop.add(Numbered()).plugged


# The thread itself.


def test_what_is_called_on_the_thread_raises_where_it_was_called() -> None:
    thread = SelectorThread("test")
    try:
        assert thread.call(lambda: 6 * 7) == 42
        assert thread.call(lambda: thread.call(threading.get_ident)) != threading.get_ident()
        with pytest.raises(ZeroDivisionError):
            thread.call(lambda: 1 // 0)
    finally:
        thread.close()
    with pytest.raises(SimulationError, match="was closed"):
        thread.call(int)


def test_what_is_due_is_done_in_order() -> None:
    thread = SelectorThread("test")
    done = threading.Event()
    order: list[str] = []

    def plan() -> None:
        thread.at(2.0, lambda: order.append("third"))
        thread.at(1.0, lambda: order.append("first"))
        thread.at(1.0, lambda: order.append("second"))
        thread.at(3.0, done.set)

    try:
        thread.call(plan)
        assert done.wait(5)
        assert order == ["first", "second", "third"]
    finally:
        thread.close()


def test_it_can_be_closed_from_its_own_thread() -> None:
    thread = SelectorThread("test")
    thread.call(thread.close)
    thread.close()
