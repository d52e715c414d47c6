"""The flight recorder of a host: the last bytes of a line that failed, as a transcript."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from labhost import Entry, Plugin, until

from labframe import Host, Instrument, LabframeError, SerialLine, query
from labframe.host.control import Control, request
from labframe.host.flights import bytes_for_each
from labframe.plugins import Plugins
from labframe.simulation import LineSimulator, PtyCarrier, Settable, TranscriptSimulator
from labframe.transcripts import Incident, Transcript


class Thermometer(Instrument):
    driver = "thermometer"
    line = SerialLine(first_byte_s=0.2, gap_s=0.1, total_s=0.4)
    identify = ("ID?", "THERMO")

    temperature = query("T?", float, unit="K", every=0.1, stale_after=0.5)


class SimulatedThermometer(LineSimulator):
    driver = "thermometer"

    kelvin = Settable("77.5", "what it shows, K")

    def respond(self, line: bytes, now: float) -> bytes | None:
        return {b"ID?": b"THERMO 1", b"T?": self.kelvin.encode()}.get(line)


THERMO = Plugin([Thermometer], {"thermometer": SimulatedThermometer})
NETWORK = {"date_port": 0, "data_port": 0, "live_server": False}

Lab = Callable[..., Host]


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    def make(names: str = "a", state_dir: Path | None = None, **more: Any) -> Host:
        instruments: Mapping[str, Any] = {
            name: {"driver": "thermometer", "port": f"/dev/{name}", **more} for name in names
        }
        entries: list[Any] = [Entry(THERMO)]
        return Host(
            {"host": {"name": "test lab"}, "network": NETWORK, "instrument": instruments},
            simulate=True,
            plugins=Plugins(entry_points=entries),
            state_dir=state_dir or tmp_path / "state",
        )

    return make


def flights(host: Host) -> list[Path]:
    return sorted((host.state_dir / "flights").glob("*.jsonl"))


def test_an_instrument_that_is_unplugged_leaves_a_transcript_that_replays(lab: Lab) -> None:
    with lab() as host:
        assert host.simulated is not None
        host.wait_fresh("a_temperature")
        host.simulated.carriers["a"].unplug()
        until(lambda: flights(host))
        (path,) = flights(host)

    assert path.name.startswith("a-")
    flight = Transcript.load(path)
    assert flight.header.instrument == "thermometer"
    assert "the port is gone" in flight.header.note
    assert flight.header.more["name"] == "a"
    assert "unplug" in [one.event for one in flight.entries if isinstance(one, Incident)]
    asked = [one for one in flight.exchanges if one.answer]
    replay = TranscriptSimulator(flight)
    with PtyCarrier(replay) as carrier, Thermometer(carrier.url) as thermometer:
        values = [thermometer.temperature() for _ in asked[1:]]
    assert values
    assert set(values) == {77.5}
    assert replay.differences == ()


def test_a_reading_that_begins_to_fail_leaves_one_file_however_often_it_fails(
    lab: Lab, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "labframe.host")
    with lab() as host:
        assert host.simulated is not None
        host.wait_fresh("a_temperature")
        simulator = host.simulated.simulators["a"]
        simulator.kelvin = "OPEN"  # type: ignore[union-attr]
        until(lambda: flights(host))
        failures = host.instruments[0].failures
        until(lambda: host.instruments[0].failures > failures + 3)
        simulator.kelvin = "77"  # type: ignore[union-attr]
        until(lambda: host.instruments[0].state == "ok")
        simulator.kelvin = "OPEN"  # type: ignore[union-attr]
        until(lambda: host.instruments[0].state == "error")

    (path,) = flights(host)
    assert any(one.answer == b"OPEN\r\n" for one in Transcript.load(path).exchanges)
    texts = [record.getMessage() for record in caplog.records]
    assert texts.count(f"a: its last bytes are in {path}") == 1


def test_an_instrument_that_was_never_there_leaves_none(lab: Lab, tmp_path: Path) -> None:
    host = lab()
    assert host.simulated is not None
    host.simulated.carriers["a"].unplug()
    with host:
        until(lambda: host.instruments[0].state == "disconnected")
    assert flights(host) == []


def test_another_failure_of_a_line_waits_and_the_same_one_waits_longer(lab: Lab) -> None:
    host = lab()
    now = [1000.0]
    member = host.members[0]
    assert member.line is not None
    member.line.flight.chunk(0.0, True, b"T?")
    flights = type(host.flights)(host.state_dir / "flights", [member], lambda: now[0])
    due = []
    for at, why in [(0, "x"), (59, "y"), (61, "y"), (62, "y"), (3599, "y"), (3662, "y")]:
        now[0] = 1000.0 + at
        due.append(flights._is_due(member.line, why))
        if due[-1]:
            flights._save(member, why)
    assert due == [True, False, True, False, False, True]
    host.stop()


def test_a_bounded_number_of_files_is_kept_and_no_file_of_others_is_taken(lab: Lab) -> None:
    host = lab()
    directory = host.state_dir / "flights"
    directory.mkdir(parents=True)
    (directory / "mine.jsonl").write_text("mine")
    for _ in range(55):
        host.flights._save(host.members[0], "why")
    host.stop()

    names = [path.name for path in flights(host)]
    assert len(names) == 51
    assert "mine.jsonl" in names


def test_a_disk_that_takes_no_flight_is_said_once_and_hurts_nothing(
    lab: Lab, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    state = tmp_path / "full"
    state.mkdir()
    (state / "flights").write_text("no directory")
    with lab("ab", state) as host:
        assert host.simulated is not None
        for name in "ab":
            host.wait_fresh(f"{name}_temperature")
            host.simulated.carriers[name].unplug()
        until(lambda: host.flights.problem)
        for name in "ab":
            host.simulated.carriers[name].replug()
            host.wait_fresh(f"{name}_temperature")
        assert "the flight recorder cannot write" in "".join(host.problems)

    texts = [record.getMessage() for record in caplog.records]
    assert sum("its last bytes cannot be kept" in text for text in texts) == 1


def test_the_last_minutes_are_fetched_from_a_running_host(lab: Lab) -> None:
    with lab() as host:
        control = Control(host, lambda: None)
        control.start()
        try:
            host.wait_fresh("a_temperature")
            text = request(host.state_dir, {"request": "flight", "instrument": "a"})
            with pytest.raises(LabframeError, match=r"no instrument 'b'.* It has: a"):
                request(host.state_dir, {"request": "flight", "instrument": "b"})
        finally:
            control.close()

    transcript = Transcript.loads(text)
    assert transcript.exchanges[0].request == b"ID?\r\n"
    assert transcript.exchanges[0].answer == b"THERMO 1\r\n"


def test_the_command_fetches_them_from_another_process(lab: Lab, tmp_path: Path) -> None:
    def run(*arguments: object) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "labframe", "record", *map(str, arguments)],
            capture_output=True, text=True, timeout=30,
        )  # fmt: skip

    with lab() as host:
        control = Control(host, lambda: None)
        control.start()
        try:
            host.wait_fresh("a_temperature")
            where = ("--state-dir", host.state_dir)
            printed = run("--last", "a", "lab.toml", *where)
            file = tmp_path / "last.jsonl"
            saved = run("--last", "a", *where, "--to", file)
            again = run("--last", "a", *where, "--to", file)
        finally:
            control.close()

    assert json.loads(printed.stdout.splitlines()[0])["instrument"] == "thermometer"
    assert saved.stdout.startswith(f"{file}: ")
    assert Transcript.load(file).chunks
    assert (again.returncode, "exists already" in again.stderr) == (1, True)


def test_many_lines_share_the_memory_of_the_flight_recorders() -> None:
    assert bytes_for_each(1) == bytes_for_each(250) == 256_000
    assert bytes_for_each(1000) == 64_000
