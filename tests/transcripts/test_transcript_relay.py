"""A foreign program on a pseudo-terminal, a port behind it, and a transcript of both."""

from __future__ import annotations

import os
import select
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import serial
from labframe_drivers.moon_laser import MoonLaser, MoonLaserSimulator

from labframe.errors import PortNotFound
from labframe.line import SerialLine
from labframe.relay import Relay
from labframe.simulation import Answer, PtyCarrier, SimulatedInstrument, TranscriptSimulator
from labframe.transcripts import Incident, PortSettings, Transcript

Plug = Callable[[SimulatedInstrument], PtyCarrier]


class Echo(SimulatedInstrument):
    driver = "echo"

    def feed(self, data: bytes, now: float) -> list[Answer]:
        return [Answer(data)]


def laser() -> MoonLaserSimulator:
    return MoonLaserSimulator(late_every=0, noise=0, rest_s=0)


def events(path: Path) -> list[str]:
    return [one.event for one in Transcript.load(path).entries if isinstance(one, Incident)]


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.005)


def test_a_plain_pyserial_client_is_recorded_and_replayed(plug: Plug, tmp_path: Path) -> None:
    file = tmp_path / "laser.jsonl"
    with (
        Relay(plug(laser()).url, SerialLine(), file, instrument="moon_laser") as relay,
        serial.Serial(relay.url, 9600, timeout=5) as port,
    ):
        for request in (b"ID?\r\n", b"MEAS:TEMP?\r\n"):
            port.write(request)
            port.read_until(b"\r\n")

    recorded = Transcript.load(file)
    assert [(one.request, one.answer) for one in recorded.exchanges] == [
        (b"ID?\r\n", b"MOONLASER,GL-1,0001,1.0\r\n"),
        (b"MEAS:TEMP?\r\n", b"255.00\r\n"),
    ]
    assert recorded.header.port == PortSettings(baud=9600)
    assert recorded.header.instrument == "moon_laser"
    replay = TranscriptSimulator(recorded)
    with MoonLaser(plug(replay).url) as instrument:
        assert instrument.temperature() == 255.0
    replay.check()


def test_all_256_bytes_go_through_in_both_directions(plug: Plug, tmp_path: Path) -> None:
    file = tmp_path / "echo.jsonl"
    every = bytes(range(256)) * 8
    with (
        Relay(plug(Echo()).url, SerialLine(), file) as relay,
        serial.Serial(relay.url, 9600, timeout=5) as port,
    ):
        port.write(every)
        assert port.read(len(every)) == every

    chunks = Transcript.load(file).chunks
    for sent in (True, False):
        assert b"".join(chunk.data for chunk in chunks if chunk.sent is sent) == every


def test_the_baud_rate_of_the_program_is_set_on_the_port(plug: Plug, tmp_path: Path) -> None:
    file = tmp_path / "laser.jsonl"
    quick = SerialLine(baudrate=115200)
    with (
        Relay(plug(laser()).url, quick, file) as relay,
        serial.Serial(relay.url, 9600, timeout=5) as port,
    ):
        port.write(b"ID?\r\n")
        assert port.read_until(b"\r\n") == b"MOONLASER,GL-1,0001,1.0\r\n"

    changes = [one for one in Transcript.load(file).entries if isinstance(one, Incident)]
    assert [(one.event, one.text) for one in changes] == [("baud", "9600")]


def test_bytes_are_forwarded_within_a_millisecond(plug: Plug, tmp_path: Path) -> None:
    def round_trips(path: str) -> list[float]:
        fd = os.open(path, os.O_RDWR | os.O_NOCTTY)
        taken = []
        for _ in range(200):
            began = time.perf_counter()
            os.write(fd, b"x")
            assert select.select([fd], [], [], 5)[0]
            os.read(fd, 10)
            taken.append(time.perf_counter() - began)
        os.close(fd)
        return taken

    carrier = plug(Echo())
    direct = statistics.median(round_trips(carrier.url))
    with Relay(carrier.url, SerialLine(), tmp_path / "echo.jsonl") as relay:
        through = statistics.median(round_trips(relay.url))

    assert (through - direct) / 2 < 0.001


def test_a_cable_that_is_pulled_and_put_back_is_recorded(plug: Plug, tmp_path: Path) -> None:
    file = tmp_path / "laser.jsonl"
    carrier = plug(laser())
    said: list[str] = []
    with Relay(carrier.url, SerialLine(), file, said=said.append) as relay:
        with serial.Serial(relay.url, 9600, timeout=0.1) as port:
            carrier.unplug()
            until(lambda: not os.path.exists(relay.url))
            with pytest.raises(OSError, match=r"."):  # pyserial raises one of several
                until(lambda: port.read(1))
        carrier.replug()
        until(lambda: os.path.exists(relay.url))
        with serial.Serial(relay.url, 9600, timeout=5) as port:
            port.write(b"ID?\r\n")
            assert port.read_until(b"\r\n") == b"MOONLASER,GL-1,0001,1.0\r\n"

    assert events(file) == ["unplug", "replug"]
    assert "it is waited for" in said[0]
    assert "is there again" in said[1]


def test_nothing_is_left_where_the_port_or_the_file_is_wrong(plug: Plug, tmp_path: Path) -> None:
    with pytest.raises(PortNotFound):
        Relay(str(tmp_path / "nothing"), SerialLine(), tmp_path / "a.jsonl")
    (tmp_path / "b.jsonl").write_text("evidence")
    with pytest.raises(FileExistsError):
        Relay(plug(laser()).url, SerialLine(), tmp_path / "b.jsonl")

    assert [one.name for one in tmp_path.iterdir()] == ["b.jsonl"]
