"""The cable of a simulated instrument: pulled, put back, closed; and simulators that fail."""

from __future__ import annotations

import itertools
import logging
import os
import re
import threading
from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

import pytest
import serial
from rawclient import RawClient

from labframe.simulation import (
    Answer,
    LineSimulator,
    PtyCarrier,
    SimulatedInstrument,
    SimulationError,
    available,
)

pytestmark = pytest.mark.skipif(not available(), reason="no pseudo-terminals here")

WAIT_S = 5.0


class Echo(SimulatedInstrument):
    """Sends back every byte."""

    driver: ClassVar[str] = "echo"
    usb_name: ClassVar[str] = "ACME_Echo_7"

    def feed(self, data: bytes, now: float) -> list[Answer]:
        return [Answer(data)]


# The cable.


def test_a_pulled_cable_hangs_up_on_a_serial_port() -> None:
    with PtyCarrier(Echo()) as carrier, serial.Serial(carrier.url, timeout=WAIT_S) as port:
        carrier.unplug()
        assert not os.path.lexists(carrier.url)
        assert not carrier.plugged
        with pytest.raises(serial.SerialException):
            port.read(1)
        with pytest.raises(OSError, match="Input/output error"):
            _ = port.in_waiting
        with pytest.raises(serial.SerialException):
            port.write(b"x")


def test_a_pulled_cable_wakes_a_raw_reader(raw_client: Callable[[str], RawClient]) -> None:
    with PtyCarrier(Echo()) as carrier:
        client = raw_client(carrier.url)
        puller = threading.Timer(0.05, carrier.unplug)
        puller.start()
        assert client.read(1) == b""
        puller.join()
        with pytest.raises(OSError, match="Input/output error"):
            os.write(client.fd, b"x")


def test_back_again_it_has_another_number_behind_the_same_link(
    raw_client: Callable[[str], RawClient],
) -> None:
    with PtyCarrier(Echo()) as carrier:
        url, device = carrier.url, carrier.device
        for _ in range(5):
            carrier.unplug()
            carrier.replug()
            assert carrier.url == url
            assert carrier.device != device
            device = carrier.device
            assert os.readlink(url) == device
            assert raw_client(url).ask(b"hello", 5) == b"hello"


def test_who_held_the_old_device_stays_cut_off(raw_client: Callable[[str], RawClient]) -> None:
    with PtyCarrier(Echo()) as carrier:
        old = raw_client(carrier.url)
        number = os.fstat(old.fd).st_rdev
        carrier.unplug()
        carrier.replug()
        assert os.stat(carrier.url).st_rdev != number
        with pytest.raises(OSError, match="Input/output error"):
            os.write(old.fd, b"x")
        assert raw_client(carrier.url).ask(b"y", 1) == b"y"


def test_an_answer_of_the_time_before_is_lost_and_the_instrument_lives_on(
    raw_client: Callable[[str], RawClient],
) -> None:
    heard = threading.Event()

    class Listener(LineSimulator):
        def respond(self, line: bytes, now: float) -> bytes:
            return line.upper()

        def feed(self, data: bytes, now: float) -> list[Answer]:
            answers = super().feed(data, now)
            if data.endswith(b"hal"):
                heard.set()
            return answers

    with PtyCarrier(listener := Listener(latency_s=0.1)) as carrier:
        os.write(raw_client(carrier.url).fd, b"lost\r\nhal")
        assert heard.wait(WAIT_S)
        carrier.unplug()
        carrier.replug()
        listener.latency_s = 0.2
        client = raw_client(carrier.url)
        assert client.ask(b"f\r\n", 6) == b"HALF\r\n"
        assert client.read(1, wait_s=0.01) == b""


def test_what_is_said_while_the_cable_is_out_is_lost(
    raw_client: Callable[[str], RawClient],
) -> None:
    said = threading.Event()

    class Talker(Echo):
        def tick(self, now: float) -> list[Answer]:
            assert self.carrier is not None
            if self.carrier.plugged or said.is_set():
                return []
            said.set()
            return [Answer(b"into the void", delay_s=0.1)]

    with PtyCarrier(Talker()) as carrier:
        carrier.unplug()
        assert said.wait(WAIT_S)
        carrier.replug()
        client = raw_client(carrier.url)
        assert client.read(1, wait_s=0.3) == b""
        assert client.ask(b"x", 1) == b"x"


def test_a_glitch_changes_the_device_but_never_takes_the_link_away() -> None:
    with PtyCarrier(Echo()) as carrier:
        done = threading.Event()
        missing: list[OSError] = []

        def look() -> None:
            while not done.is_set():
                try:
                    os.readlink(carrier.url)
                except OSError as error:
                    missing.append(error)

        looker = threading.Thread(target=look)
        looker.start()
        devices = [carrier.device]
        for _ in range(100):
            carrier.replug()
            devices.append(carrier.device)
        done.set()
        looker.join()
        assert missing == []
        assert all(a != b for a, b in itertools.pairwise(devices))
        assert os.listdir(Path(carrier.url).parent) == [Path(carrier.url).name]


def test_pulling_twice_is_pulling_once() -> None:
    with PtyCarrier(Echo()) as carrier:
        carrier.unplug()
        carrier.unplug()
        carrier.replug()
        assert carrier.plugged


def test_an_instrument_may_pull_its_own_cable(raw_client: Callable[[str], RawClient]) -> None:
    class Suicidal(Echo):
        carrier: PtyCarrier

        def feed(self, data: bytes, now: float) -> list[Answer]:
            self.carrier.unplug()
            return [Answer(data), Answer(data, 0.01)]

    simulator = Suicidal()
    with PtyCarrier(simulator) as carrier:
        simulator.carrier = carrier
        assert raw_client(carrier.url).ask(b"x", 1) == b""
        assert not carrier.plugged
        assert carrier.failure is None


# The end, and faults.


def test_closing_gives_everything_back_and_may_be_done_twice() -> None:
    before = threading.active_count(), len(os.listdir("/dev/fd"))
    carriers = [PtyCarrier(Echo()) for _ in range(20)]
    carriers[3].unplug()
    assert threading.active_count() == before[0] + 20
    for carrier in carriers:
        carrier.close()
        carrier.close()
        assert carrier.closed
        assert not Path(carrier.url).parent.exists()
    assert (threading.active_count(), len(os.listdir("/dev/fd"))) == before


def test_a_closed_carrier_cannot_be_plugged_in_again() -> None:
    carrier = PtyCarrier(Echo())
    carrier.close()
    with pytest.raises(SimulationError, match="closed"):
        carrier.replug()


def test_a_carrier_can_be_closed_while_it_is_flooded(
    raw_client: Callable[[str], RawClient],
) -> None:
    flooded = threading.Event()

    class Flood(Echo):
        tick_s = 0.001

        def tick(self, now: float) -> list[Answer]:
            flooded.set()
            return [Answer(b"x" * 60_000), Answer(b"x", 0.001)]

    with PtyCarrier(Flood()) as carrier:
        raw_client(carrier.url)
        assert flooded.wait(WAIT_S)


@pytest.mark.parametrize("rubbish", ["raise", "text", "none"])
def test_a_simulator_that_fails_is_logged_once_and_goes_on(
    rubbish: str, raw_client: Callable[[str], RawClient], caplog: pytest.LogCaptureFixture
) -> None:
    class Faulty(Echo):
        def feed(self, data: bytes, now: float) -> list[Answer]:
            if data == b"raise":
                raise ZeroDivisionError("on purpose")
            if data == b"text":
                return [Answer("text")]  # type: ignore[arg-type]  # what a careless author does
            if data == b"none":
                return None  # type: ignore[return-value]  # what a careless author does
            return [Answer(data)]

    with PtyCarrier(Faulty()) as carrier, caplog.at_level(logging.ERROR):
        client = raw_client(carrier.url)
        for _ in range(2):
            os.write(client.fd, rubbish.encode())
            assert client.read(1, wait_s=0.05) == b""
        assert client.ask(b"well", 4) == b"well"
        assert isinstance(carrier.failure, (ZeroDivisionError, TypeError))
        assert [record.name for record in caplog.records] == ["labframe.simulation"]
        assert re.search("usb-ACME_Echo_7-if00-port0 failed", caplog.text)
