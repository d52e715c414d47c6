"""``labframe transcript`` and ``labframe record``, as their users run them."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import serial
from click.testing import Result
from labframe_drivers.moon_laser import MoonLaserSimulator

from labframe.simulation import PtyCarrier, available
from labframe.transcripts import Chunk, Header, Incident, PortSettings, Transcript

pytestmark = pytest.mark.skipif(not available(), reason="no pseudo-terminals here")

Cli = Callable[..., Result]
Started = Callable[..., subprocess.Popen[str]]

LASER = Transcript.of(
    Header(instrument="moon_laser", port=PortSettings(baud=115200), note="by hand"),
    [
        Chunk(0.0, True, b"ID?\r\n"),
        Chunk(0.0052, False, b"MOONLASER,GL-1,0001,1.0\r\n"),
        Chunk(1.5, True, b"STATE?\r\n"),
        Chunk(1.505, False, b"IDLE\r\n"),
        Incident(2.0, "unplug", "the cable"),
    ],
)


@pytest.fixture
def laser(tmp_path: Path) -> Path:
    path = tmp_path / "laser.jsonl"
    LASER.save(path)
    return path


def test_a_transcript_is_shown_with_times_gaps_and_escapes(cli: Cli, laser: Path) -> None:
    assert cli("transcript", "show", laser).output == (
        "instrument: moon_laser\n"
        "port: 115200 baud 8N1\n"
        "note: by hand\n"
        "      0.0000  +0.00 ms > ID?\\r\\n\n"
        "      0.0052  +5.20 ms < MOONLASER,GL-1,0001,1.0\\r\\n\n"
        "      1.5000   +1.49 s > STATE?\\r\\n\n"
        "      1.5050  +5.00 ms < IDLE\\r\\n\n"
        "      2.0000 +495.00 ms ! unplug: the cable\n"
    )


def test_a_good_transcript_is_compared_with_the_simulator(cli: Cli, laser: Path) -> None:
    result = cli("transcript", "check", laser)

    assert result.exit_code == 0
    assert result.output == f"{laser}: 2 exchanges; the simulator of moon_laser answers the same\n"


def test_what_is_wrong_with_transcripts_is_said_of_each(
    cli: Cli, laser: Path, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.jsonl"
    broken.write_text('{"v":1}\n{"t":0}\n{}\n')
    other = tmp_path / "other.jsonl"
    other.write_text(laser.read_text().replace("IDLE", "IDOL"))
    result = cli("transcript", "check", broken, laser, other, tmp_path / "none.jsonl")

    assert result.exit_code == 1
    assert f"{broken}, line 2: " in result.stderr
    assert f'{other}: request 2 of 2, at 1.500 s: to "STATE?\\r\\n" the recorded' in result.stderr
    assert "none.jsonl" in result.stderr
    assert result.stdout.startswith(f"{laser}: 2 exchanges")


def test_an_instrument_without_a_simulator_is_no_mistake_unless_it_is_named(
    cli: Cli, tmp_path: Path
) -> None:
    path = tmp_path / "a.jsonl"
    Transcript.of(Header(instrument="toaster"), LASER.entries).save(path)

    assert "there is no simulator of 'toaster'" in cli("transcript", "check", path).output
    named = cli("transcript", "check", path, "--driver", "toaster")
    assert (named.exit_code, "no simulator stands in" in named.stderr) == (1, True)


def test_a_serial_number_is_redacted_into_another_file(
    cli: Cli, laser: Path, tmp_path: Path
) -> None:
    target = tmp_path / "clean.jsonl"
    arguments = ("transcript", "redact", laser, "--pattern", r"GL-1,(\d+)", "--to", target)

    assert cli(*arguments).output == f"{target}: 1 line changed\n"
    assert "MOONLASER,GL-1,0000,1.0" in target.read_text()
    assert "0001" not in target.read_text()
    again = cli(*arguments)
    assert (again.exit_code, "exists already" in again.stderr) == (1, True)


def passed(path: Path) -> bool:
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "-W",
        "error",
        str(path),
    ]
    done = subprocess.run(command, capture_output=True, text=True, cwd=path.parent, timeout=60)
    assert "1 passed" in done.stdout or done.returncode, done.stdout
    return done.returncode == 0


def test_a_transcript_becomes_a_test_that_passes_as_it_is_and_fails_when_it_should(
    cli: Cli, laser: Path
) -> None:
    result = cli("transcript", "to-test", laser)
    test = laser.with_name("test_laser.py")

    assert result.output == f"{test}: run it with pytest\n"
    assert "assert instrument.state() == 'IDLE'" in test.read_text()
    assert passed(test)
    laser.write_text(laser.read_text().replace("IDLE", "IDOL"))
    assert not passed(test)


@pytest.mark.once
@pytest.mark.parametrize("name", ["xgs600/transcripts/examples", "moon_laser/transcripts/readme"])
def test_the_bundled_transcripts_become_tests(cli: Cli, tmp_path: Path, name: str) -> None:
    import labframe_drivers

    (drivers,) = labframe_drivers.__path__
    target = tmp_path / "test_it.py"
    result = cli("transcript", "to-test", Path(drivers, f"{name}.jsonl"), "--to", target)

    assert result.exit_code == 0, result.output
    assert passed(target)


LAKESHORE = """
from labframe import Instrument, SerialLine, hookimpl, reading

class LakeShore(Instrument):
    driver = "lakeshore"
    line = SerialLine(terminator=b"\\r\\n", first_byte_s=0.3)

    @reading(unit="K")
    def temperature(self):
        return float(self.ask("KRDG? A"))

@hookimpl
def labframe_instruments():
    return [LakeShore]
"""


def test_a_driver_in_a_file_with_an_answer_that_fails_it_becomes_a_test(
    cli: Cli, tmp_path: Path
) -> None:
    (tmp_path / "lakeshore.py").write_text(LAKESHORE)
    chunks = [
        Chunk(0.0, True, b"KRDG? A\r\n"), Chunk(0.1, False, b"+77.35\r\n"),
        Chunk(1.0, True, b"KRDG? A\r\n"), Chunk(1.1, False, b"OL\r\n"),
        Chunk(2.0, True, b"KRDG? A\r\n"),
    ]  # fmt: skip
    (tmp_path / "tests").mkdir()
    Transcript.of(Header(), chunks).save(tmp_path / "cold.jsonl")
    test = tmp_path / "tests" / "test_cold.py"
    result = cli(
        "transcript", "to-test", tmp_path / "cold.jsonl",
        "--driver", tmp_path / "lakeshore.py", "--to", test,
    )  # fmt: skip

    assert result.exit_code == 0, result.output
    text = test.read_text()
    assert "== 77.35" in text
    assert "with pytest.raises(ValueError):" in text
    assert "with pytest.raises(NoReply):" in text
    assert passed(test)


def test_a_request_that_no_driver_can_make_is_named(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "odd.jsonl"
    Transcript.of(Header(), [Chunk(0.0, True, b"\x01\x02")]).save(path)
    result = cli("transcript", "to-test", path, "--driver", "moon_laser")

    assert result.exit_code == 1
    assert 'request 1 of 1: "\\x01\\x02" is made by no reading of moon_laser' in result.stderr
    unknown = cli("transcript", "to-test", path, "--driver", "moon_lase")
    assert "moon_laser" in unknown.stderr


def test_a_foreign_program_is_recorded_from_the_command_line(
    started: Started, tmp_path: Path
) -> None:
    file = tmp_path / "recorded.jsonl"
    with PtyCarrier(MoonLaserSimulator(late_every=0)) as carrier:
        process = started("record", carrier.url, "--to", file, "--driver", "moon_laser")
        assert process.stdout is not None
        path = process.stdout.readline().removesuffix("\n")
        with serial.Serial(path, 115200, timeout=5) as port:
            port.write(b"ID?\r\n")
            assert port.read_until(b"\r\n") == b"MOONLASER,GL-1,0001,1.0\r\n"
        process.send_signal(signal.SIGINT)
        rest, said = process.communicate(timeout=10)

    assert (process.returncode, rest) == (0, "")
    assert said.endswith("Stopped; the port is removed.\n")
    assert not os.path.lexists(path)
    transcript = Transcript.load(file)
    assert transcript.header.instrument == "moon_laser"
    assert [one.request for one in transcript.exchanges] == [b"ID?\r\n"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["/dev/nothing", "--to", "a.jsonl"], "there is no such port"),
        (["/dev/nothing", "--to", "a.jsonl", "--driver", "moon_lase"], "moon_laser"),
        (["/dev/nothing", "--to", "a.jsonl", "--baudrate", "1"], "baudrate = 1: not a whole"),
        (["/dev/nothing"], "labframe record PORT --to FILE"),
        (["--last", "a", "/no/lab.toml"], "/no/lab.toml"),
    ],
)
def test_what_cannot_be_recorded_is_said_in_a_line(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    result = cli("record", *arguments)

    assert result.exit_code != 0
    assert re.search(said, result.stderr)
    assert list(tmp_path.iterdir()) == []
