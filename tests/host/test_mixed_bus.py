"""Instruments of different models on one line: framings, checksums and addresses of their own."""

import itertools
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from labhost import Plugin, lab, until

from labframe import Host, Instrument, Reading, SerialLine, reading
from labframe.errors import NoReply
from labframe.host.sinks import Fanout
from labframe.line import Checked, LengthPrefixed, Line, Terminated
from labframe.simulation import Answer, LineSimulator, PtyCarrier, Settable, SimulatedInstrument
from labframe.worker import Member

EVERY_S = 0.02
FIRST_BYTE_S, GAP_S, TOTAL_S = 0.1, 0.05, 0.2
TEXT = Checked(Terminated(write=b"\r", read=b"\r"), "sum8_dec3")
BYTES = Checked(LengthPrefixed(offset=2, size=1), "crc16_modbus", position="frame")


class Numbered(Instrument):
    """Asks for a number with a number, so that no answer can pass for another one's."""

    asked = 0

    def head(self) -> bytes:
        """Return what a request and its answer begin with."""
        raise NotImplementedError

    @reading(unit="1", every=EVERY_S, stale_after=0.5)
    def number(self) -> int:
        head, count = self.head(), self.asked
        self.asked += 1
        return int(self.ask_bytes(head + b"?%06d" % count).removeprefix(head + b"="))


class Gauge(Numbered):
    """Text that ends with a sum in three digits and a carriage return."""

    driver = "gauge"
    line = SerialLine(framing=TEXT, first_byte_s=FIRST_BYTE_S, gap_s=GAP_S, total_s=TOTAL_S)

    def head(self) -> bytes:
        return str(self.address).encode()


class Pump(Numbered):
    """STX, address, length and body, then a CRC of two bytes."""

    driver = "pump"
    line = SerialLine(framing=BYTES, first_byte_s=FIRST_BYTE_S, gap_s=GAP_S, total_s=TOTAL_S)

    def head(self) -> bytes:
        return bytes([2, int(str(self.address))])


class SimulatedGauge(LineSimulator):
    driver = "gauge"
    terminator = b"\r"
    address = Settable("001", "its address")

    def __init__(self, **state: object) -> None:
        super().__init__(**state)
        self.asked_at: list[float] = []

    def respond(self, line: bytes, now: float) -> list[bytes | Answer] | None:
        telegram = line[-13:]  # what comes before it was for others
        if not telegram.startswith(self.address.encode() + b"?"):
            return None
        if sum(telegram[:-3]) % 256 != int(telegram[-3:]):
            return None
        self.asked_at.append(now)
        answer = b"%b=%d" % (self.address.encode(), 1_000_000 + int(telegram[4:10]))
        frame = b"%b%03d\r" % (answer, sum(answer) % 256)
        return [Answer(frame[:5], 0.001), Answer(frame[5:], 0.003)]


class SimulatedPump(SimulatedInstrument):
    driver = "pump"
    address = Settable("1", "its address")
    is_on = Settable(True, "whether it answers")

    def __init__(self, **state: object) -> None:
        super().__init__(**state)
        self.asked_at: list[float] = []
        self._came = b""

    def feed(self, data: bytes, now: float) -> list[Answer]:
        head = bytes([2, int(self.address), 7])
        before, found, rest = (self._came + data).rpartition(head)
        if not found or len(rest) < 9:
            self._came = (before + found + rest)[-12:]
            return []
        self._came = b""
        if crc(head + rest[:7]) != rest[7:9] or rest[:1] != b"?":
            return []
        self.asked_at.append(now)
        body = b"=%d" % (2_000_000 + int(rest[1:7]))
        frame = bytes([2, int(self.address), len(body)]) + body
        frame += crc(frame)
        return [Answer(frame[:2], 0.001), Answer(frame[2:], 0.003)] if self.is_on else []


def crc(data: bytes) -> bytes:
    """Return the CRC of Modbus, low byte first; on its own, not the line's."""
    value = 0xFFFF
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ 0xA001 if value & 1 else value >> 1
    return value.to_bytes(2, "little")


class Collector:
    name = "collector"

    def __init__(self) -> None:
        self.values: dict[str, list[Any]] = {"gauge_number": [], "pump_number": []}

    def write(self, readings: Any) -> None:
        for one in readings:
            if isinstance(one, Reading) and one.quality == "ok":
                self.values[one.codename].append(one.y)

    def event(self, event: Any) -> None:
        pass

    def close(self) -> None:
        pass


@pytest.fixture
def mixed() -> Iterator[tuple[Host, Collector]]:
    """A gauge with the address 017 and a pump with the address 4 on one line."""
    collector = Collector()
    plugin = Plugin(
        [Gauge, Pump], {"gauge": SimulatedGauge, "pump": SimulatedPump}, sinks=[collector]
    )
    instruments = {
        "gauge": {"driver": "gauge", "port": "/dev/bus", "address": "017"},
        "pump": {"driver": "pump", "port": "/dev/bus", "address": "4"},
    }
    with lab(plugin, instruments) as host:
        yield host, collector


def simulators(host: Host) -> tuple[SimulatedGauge, SimulatedPump]:
    assert host.simulated is not None
    gauge, pump = host.simulated.simulators["gauge"], host.simulated.simulators["pump"]
    assert isinstance(gauge, SimulatedGauge)
    assert isinstance(pump, SimulatedPump)
    return gauge, pump


def test_200_interleaved_transactions_of_two_models_on_one_line_are_never_crossed(
    mixed: tuple[Host, Collector],
) -> None:
    host, collector = mixed
    gauges, pumps = collector.values["gauge_number"], collector.values["pump_number"]
    until(lambda: min(len(gauges), len(pumps)) >= 100, 20.0)
    host.stop()

    assert gauges == list(range(1_000_000, 1_000_000 + len(gauges)))
    assert pumps == list(range(2_000_000, 2_000_000 + len(pumps)))
    assert [one["failures"] for one in host.status()["instruments"]] == [0, 0]
    gauge, pump = simulators(host)
    asked = [*((at, "gauge") for at in gauge.asked_at), *((at, "pump") for at in pump.asked_at)]
    turns = [who for _, who in sorted(asked)]
    changes = sum(one != other for one, other in itertools.pairwise(turns))
    assert changes > 100, "the two did not interleave"


def test_a_dead_member_of_another_model_takes_a_tenth_of_the_lines_time_and_comes_back(
    mixed: tuple[Host, Collector],
) -> None:
    host, collector = mixed
    gauge, pump = simulators(host)
    host.wait_fresh("pump_number")
    pump.is_on = False
    until(lambda: host.status()["instruments"][1]["state"] == "disconnected")
    known = len(pump.asked_at)
    until(lambda: len(pump.asked_at) > known + 2, 10.0)
    began, *between, ended = pump.asked_at[known : known + 3]

    taken_s = 0.0  # from each question to the dead one to the next one to the other
    for asked in (began, *between):
        taken_s += next(at for at in gauge.asked_at if at > asked) - asked
    share = taken_s / (ended - began)
    assert share <= 0.1, f"{share:.1%} of the line's time"
    assert host.wait_fresh("gauge_number", 0.5).quality == "ok"
    assert host.reading("pump_number").quality == "disconnected"  # type: ignore[union-attr]

    pump.is_on = True
    host.wait_fresh("pump_number", 5.0)
    assert collector.values["gauge_number"] == sorted(set(collector.values["gauge_number"]))


def test_the_slowest_dead_member_is_asked_again_within_30_s(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1000.0
    monkeypatch.setattr("labframe.worker.member.monotonic", lambda: now)

    class Slow(Gauge):
        def on_connect(self) -> None:
            nonlocal now
            now += 20.0
            raise NoReply("nothing came within 20 s")

    with (
        PtyCarrier(SimulatedGauge(), tmp_path) as carrier,
        Line(carrier.url, Slow.line) as line,
    ):
        member = Member(Slow(line, name="slow"), [], Fanout(), line, shares=True)
        assert not member.try_to_connect()
        assert 20.0 < member.retry_at - now < 30.0


def test_a_host_that_stops_while_it_connects_goes_on_to_none_of_the_others() -> None:
    tried: list[str] = []
    asked = threading.Event()

    class Mute(Gauge):
        driver = "mute"
        line = SerialLine(framing=TEXT, first_byte_s=30.0, total_s=30.0)

        def check_identity(self) -> str:
            tried.append(self.name)
            asked.set()
            return self.ask("who")

    class SimulatedMute(SimulatedGauge):
        driver = "mute"

        def respond(self, line: bytes, now: float) -> None:
            return None

    units = {
        name: {"driver": "mute", "port": "simulated", "address": address}
        for name, address in (("first", "001"), ("second", "002"), ("third", "003"))
    }
    with lab(Plugin([Mute], {"mute": SimulatedMute}), units):
        assert asked.wait(5)
    assert tried == ["first"]
