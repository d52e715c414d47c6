"""A simulated instrument on a real pseudo-terminal, as programs see it."""

from __future__ import annotations

import os
import stat
import threading
import time
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
    """Sends back every byte, after ``delay_s``."""

    driver: ClassVar[str] = "echo"
    usb_name: ClassVar[str] = "ACME_Echo_7"

    def __init__(self, delay_s: float = 0.0) -> None:
        super().__init__()
        self.delay_s = delay_s

    def feed(self, data: bytes, now: float) -> list[Answer]:
        return [Answer(data, self.delay_s)]


class Upper(LineSimulator):
    driver: ClassVar[str] = "upper"
    baudrate: ClassVar[int | None] = 19200

    def respond(self, line: bytes, now: float) -> bytes:
        return line.upper()


class Beacon(SimulatedInstrument):
    """Says ``!`` at each tick; ``tenth`` is set at the tenth."""

    driver: ClassVar[str] = "beacon"

    def __init__(self, tick_s: float = 0.01) -> None:
        super().__init__()
        self.tick_s = tick_s
        self.times: list[float] = []
        self.tenth = threading.Event()

    def feed(self, data: bytes, now: float) -> list[Answer]:
        return []

    def tick(self, now: float) -> list[Answer]:
        self.times.append(now)
        if len(self.times) == 10:
            self.tenth.set()
        return [Answer(b"!")]


# The link.


def test_the_link_looks_like_one_of_dev_serial_by_id() -> None:
    with PtyCarrier(Echo()) as carrier:
        link = Path(carrier.url)
        assert link.name == "usb-ACME_Echo_7-if00-port0"
        assert link.is_symlink()
        assert os.readlink(link) == carrier.device
        assert stat.S_ISCHR(link.stat().st_mode)
        assert list(link.parent.iterdir()) == [link]
    assert not link.parent.exists()


def test_odd_characters_of_a_name_are_changed_as_udev_does(tmp_path: Path) -> None:
    with PtyCarrier(Echo(), tmp_path, "../Gauge 1/ä") as carrier:
        assert Path(carrier.url) == tmp_path / "usb-.._Gauge_1__-if00-port0"
    assert list(tmp_path.iterdir()) == []


def test_two_of_a_kind_get_different_links_in_one_directory(tmp_path: Path) -> None:
    with PtyCarrier(Echo(), tmp_path) as first, PtyCarrier(Echo(), tmp_path) as second:
        assert Path(first.url).name == "usb-ACME_Echo_7-if00-port0"
        assert Path(second.url).name == "usb-ACME_Echo_7_2-if00-port0"
        assert first.device != second.device


def test_a_name_that_is_taken_is_refused_and_the_other_goes_on(tmp_path: Path) -> None:
    with PtyCarrier(Echo(), tmp_path, "gauge") as first:
        with pytest.raises(SimulationError, match="exists already"):
            PtyCarrier(Echo(), tmp_path, "gauge")
        assert os.readlink(first.url) == first.device


def test_a_link_that_leads_nowhere_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "usb-gauge-if00-port0").symlink_to(tmp_path / "gone")
    with PtyCarrier(Echo(), tmp_path, "gauge") as carrier:
        assert os.readlink(carrier.url) == carrier.device


def test_a_directory_that_was_given_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "ports").mkdir()
    with PtyCarrier(Echo(), Path("ports")) as carrier:
        assert carrier.url == str(tmp_path / "ports" / "usb-ACME_Echo_7-if00-port0")
    assert list((tmp_path / "ports").iterdir()) == []


# The bytes.


def test_a_plain_serial_port_can_be_opened_on_it() -> None:
    with PtyCarrier(Upper()) as carrier, serial.Serial(carrier.url, 19200, timeout=5) as port:
        port.write(b"krdg?\r\n")
        assert port.read_until(b"\r\n") == b"KRDG?\r\n"
        assert carrier.seen == [b"krdg?\r\n"]


def test_every_byte_passes_unchanged_both_ways(raw_client: Callable[[str], RawClient]) -> None:
    every = bytes(range(256))
    with PtyCarrier(Echo()) as carrier:
        assert raw_client(carrier.url).ask(every, 256) == every
        assert b"".join(carrier.seen) == every


def test_what_waits_is_counted_as_a_real_port_does() -> None:
    with PtyCarrier(Echo()) as carrier, serial.Serial(carrier.url, timeout=5) as port:
        port.write(b"thirteen byte")
        assert port.read(1) == b"t"
        assert port.in_waiting == 12


def test_a_request_in_pieces_and_several_at_once(raw_client: Callable[[str], RawClient]) -> None:
    with PtyCarrier(Upper()) as carrier:
        client = raw_client(carrier.url)
        for piece in (b"a", b"b\r"):
            os.write(client.fd, piece)
        assert client.ask(b"\nc\r\nd\r\n", 10) == b"AB\r\nC\r\nD\r\n"
        assert b"".join(carrier.seen) == b"ab\r\nc\r\nd\r\n"


def test_the_next_client_finds_the_same_instrument(raw_client: Callable[[str], RawClient]) -> None:
    with PtyCarrier(Upper()) as carrier:
        for _ in range(3):
            with serial.Serial(carrier.url, 19200, timeout=5) as port:
                port.write(b"a\r\n")
                assert port.read(3) == b"A\r\n"
        assert raw_client(carrier.url).ask(b"b\r\n", 3) == b"B\r\n"


def test_a_port_with_seven_bits_and_parity_can_be_opened_and_set_again_and_again() -> None:
    """A pseudo-terminal grants neither, and settings that are granted in nothing are refused."""
    with PtyCarrier(Upper()) as carrier:
        for _ in range(3):
            with serial.Serial(carrier.url, 19200, bytesize=7, parity="O", timeout=5) as port:
                for timeout in (4, 5):
                    port.write(b"abc\r\n")
                    assert port.read_until(b"\r\n") == b"ABC\r\n"
                    port.timeout = timeout  # pyserial sets everything anew for that
                port.write(b"d\r\n")
                assert port.read_until(b"\r\n") == b"D\r\n"


def test_at_the_wrong_baud_rate_there_is_no_sense_in_either_direction() -> None:
    with PtyCarrier(Upper()) as carrier, serial.Serial(carrier.url, 9600, timeout=0.1) as port:
        port.write(b"a\r\n")
        assert port.read(3) == b""
        port.baudrate = 19200
        port.timeout = 5
        port.write(b"\r\na\r\n")  # ends the rubbish that the instrument heard before
        assert port.read_until(b"A\r\n")[-3:] == b"A\r\n"

    class FastBeacon(Beacon):
        baudrate: ClassVar[int | None] = 115200

    with PtyCarrier(FastBeacon()) as carrier:
        with serial.Serial(carrier.url, 9600, timeout=5) as port:
            assert port.read(1)[0] & 0x80
        with serial.Serial(carrier.url, 115200, timeout=5) as port:
            assert port.read(1) == b"!"


def test_an_answer_longer_than_the_line_holds_arrives_whole(
    raw_client: Callable[[str], RawClient],
) -> None:
    class Long(Upper):
        def respond(self, line: bytes, now: float) -> bytes:
            return b"x" * 50_000

    with PtyCarrier(Long(), paced=False) as carrier:
        client = raw_client(carrier.url)
        assert len(client.ask(b"?\r\n", 50_002)) == 50_002
        assert client.ask(b"?\r\n", 50_002)[-3:] == b"x\r\n"
        assert carrier.lost == 0


def test_what_nobody_reads_is_lost_in_the_end(raw_client: Callable[[str], RawClient]) -> None:
    class Flood(LineSimulator):
        driver: ClassVar[str] = "flood"

        def respond(self, line: bytes, now: float) -> list[bytes | Answer]:
            return [b"x" * 60_000] * 20

    total = 20 * 60_002
    with PtyCarrier(Flood()) as carrier:
        client = raw_client(carrier.url)
        os.write(client.fd, b"?\r\n")
        arrived = len(client.read(60_002))  # now the simulator has said it all
        arrived += len(client.read(total - carrier.lost - arrived))
        assert arrived == total - carrier.lost < total / 2
        assert client.read(1, wait_s=0.05) == b""


def test_only_the_newest_chunks_are_remembered(raw_client: Callable[[str], RawClient]) -> None:
    with PtyCarrier(Echo(), keep_seen=3) as carrier:
        client = raw_client(carrier.url)
        for number in range(5):
            client.ask(b"%d" % number, 1)
        assert carrier.seen == [b"2", b"3", b"4"]
    with PtyCarrier(Echo(), keep_seen=0) as carrier:
        raw_client(carrier.url).ask(b"1", 1)
        assert carrier.seen == []


# Time.


def test_an_answer_comes_after_its_delay(raw_client: Callable[[str], RawClient]) -> None:
    with PtyCarrier(Echo(delay_s=0.1)) as carrier:
        client = raw_client(carrier.url)
        asked = time.monotonic()
        assert client.ask(b"x", 1) == b"x"
        assert 0.1 <= time.monotonic() - asked < WAIT_S


def test_ticks_come_at_their_pace_also_with_the_cable_out() -> None:
    with PtyCarrier(beacon := Beacon()) as carrier:
        carrier.unplug()
        assert beacon.tenth.wait(WAIT_S)
        assert not carrier.plugged
        assert 0.0899 < beacon.times[9] - beacon.times[0] < WAIT_S


def test_a_simulator_that_is_slower_than_its_ticks_still_answers(
    raw_client: Callable[[str], RawClient],
) -> None:
    class Lazy(Echo):
        tick_s = 0.0001

        def tick(self, now: float) -> list[Answer]:
            threading.Event().wait(0.001)
            return []

    with PtyCarrier(Lazy()) as carrier:
        assert raw_client(carrier.url).ask(b"x", 1) == b"x"
