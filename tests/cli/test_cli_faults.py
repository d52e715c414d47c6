"""``labframe simulate`` with faults: from the beginning, and typed while it runs."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import serial
from click.shell_completion import ShellComplete
from click.testing import Result
from hypothesis import given
from hypothesis import strategies as st

from labframe.cli.main import main
from labframe.simulation import FAULTS, FaultySimulator, LineSimulator, SimulationError, available
from labframe.simulation.fault_text import inject_text, parsed_fault

pytestmark = pytest.mark.skipif(not available(), reason="no pseudo-terminals here")

Cli = Callable[..., Result]
Process = subprocess.Popen[str]
Started = Callable[..., Process]


class Parrot(LineSimulator):
    driver = "parrot"

    def respond(self, line: bytes, now: float) -> bytes:
        return line


class Keyboard:
    """Types into a running simulation and reads what it says."""

    def __init__(self, process: Process) -> None:
        assert process.stdout is not None
        self.process = process
        self.path = process.stdout.readline().removesuffix("\n")
        while "KEY=VALUE" not in self.said():
            pass

    def said(self) -> str:
        assert self.process.stderr is not None
        return self.process.stderr.readline().removesuffix("\n")

    def typed(self, text: str) -> str:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{text}\n")
        self.process.stdin.flush()
        return self.said()


@contextmanager
def client(keyboard: Keyboard) -> Iterator[Callable[[int], bytes]]:
    with serial.Serial(keyboard.path, 115200, timeout=5) as port:

        def ask(count: int) -> bytes:
            port.write(b"STATE?\r\n")
            return port.read(count)

        yield ask


@pytest.fixture
def laser(started: Started, tmp_path: Path) -> Callable[..., Keyboard]:
    def start(*options: str) -> Keyboard:
        quiet = ("--set", "late_every=0", "--set", "rest_s=0", "--directory", str(tmp_path))
        return Keyboard(started("simulate", "moon_laser", *quiet, *options))

    return start


def test_a_simulation_begins_with_faults(laser: Callable[..., Keyboard]) -> None:
    keyboard = laser("--fault", "truncate:3,times=2", "--fault", "extra_line:HOT,on,after=2")
    with client(keyboard) as ask:
        assert (ask(3), ask(3)) == (b"IDL", b"IDL")
        assert ask(11) == b"HOT\r\nIDLE\r\n"
        assert ask(6) == b"IDLE\r\n"


def test_faults_are_typed_while_it_runs(laser: Callable[..., Keyboard]) -> None:
    keyboard = laser()
    with client(keyboard) as ask:
        assert ask(6) == b"IDLE\r\n"
        assert keyboard.typed("faults") == "No fault is active."
        assert keyboard.typed("fault truncate 3 times=always") == (
            "From now on: truncate n=3, times=always."
        )
        assert keyboard.typed("fault late s=1000, when=QQ") == "From now on: late s=1000, when=QQ."
        assert (ask(3), ask(3)) == (b"IDL", b"IDL")
        assert keyboard.typed("faults") == "truncate n=3, times=always: fired 2"
        assert keyboard.said() == "late s=1000, when=QQ: fired 0"
        assert keyboard.typed("unfault trunc").startswith(
            "Error: no fault 'trunc' is active; did you mean 'truncate'? Active: truncate, late"
        )
        assert keyboard.typed("unfault truncate") == "Removed: truncate."
        assert ask(6) == b"IDLE\r\n"
        assert keyboard.typed("clear") == "Faults removed: 1."
        assert keyboard.typed("power_kw=900") == "power_kw = 900.0"
        assert keyboard.typed("seed=5") == "seed = 5", "the laser's own, not that of the faults"


def test_what_is_typed_wrong_is_told_in_one_line(laser: Callable[..., Keyboard]) -> None:
    keyboard = laser()
    said = keyboard.typed("fault trunkate 3")
    assert said.startswith("Error: there is no fault 'trunkate'; did you mean 'truncate'? There")
    assert "truncate: n = 'x': must be a whole number" in keyboard.typed("fault truncate x")
    assert "write a fault as NAME:VALUE,KEY=VALUE" in keyboard.typed("fault")
    assert "its answers carry no checksum" in keyboard.typed("fault bad_checksum")
    assert keyboard.typed("faults") == "No fault is active."


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ("trunkate", "there is no fault 'trunkate'; did you mean 'truncate'?"),
        ("truncate:3,times=0", "truncate: times = '0': must be a whole number"),
        ("truncate:3,tmes=1", "'tmes'; did you mean 'times'?"),
        ("truncate:n=1,n=2", "truncate: n is given twice: '1' and '2'"),
        ("wrong_address", "cannot show wrong_address: its answers carry no address"),
        ("device_error:9", "the simulated moon_laser has no error '9'; it has: 1, 2, 3, 4"),
        (":3", "':3': write a fault as NAME:VALUE,KEY=VALUE"),
    ],
)
def test_a_wrong_fault_is_refused_in_one_line_before_there_is_a_port(
    cli: Cli, tmp_path: Path, fault: str, message: str
) -> None:
    shown = cli("simulate", "moon_laser", "--directory", tmp_path, "--fault", fault)

    assert (shown.exit_code, shown.stdout) == (1, "")
    assert message in shown.stderr
    assert shown.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_the_vocabulary_is_listed_for_all_or_for_one_instrument(cli: Cli) -> None:
    def names(*options: str) -> list[str]:
        shown = cli("simulate", *options, "--faults")
        assert shown.exit_code == 0
        return [row.split()[0] for row in shown.stdout.splitlines()[1:] if row[0] != " "]

    assert names() == list(FAULTS)
    assert set(FAULTS) - set(names("xgs600")) == {"bad_checksum", "wrong_address", "busy"}


def completed(text: str) -> list[str]:
    found = ShellComplete(main, {}, "labframe", "_LABFRAME_COMPLETE")
    words = ["simulate", "moon_laser", "--fault"]
    return [item.value for item in found.get_completions(words, text)]


def test_faults_and_their_parameters_are_completed() -> None:
    assert completed("no") == ["no_answer", "noise_before:", "noise_after:"]
    assert completed("split:") == [
        f"split:{name}=" for name in ("at", "gap", "times", "after", "every", "when", "chance")
    ]
    assert completed("split:at=3,g") == ["split:at=3,gap="]
    assert completed("splt:") == []


def test_a_fault_reads_the_same_in_both_forms() -> None:
    expected = ("truncate", ["3"], {"times": "1"})
    for text in ("truncate:3,times=1", "truncate 3 times=1", " truncate: 3, times=1 "):
        assert parsed_fault(text) == expected
    assert parsed_fault("no_answer") == ("no_answer", [], {})


@given(st.binary(min_size=1, max_size=8))
def test_any_bytes_can_be_written(noise: bytes) -> None:
    escaped = "".join(f"\\x{byte:02x}" for byte in noise)
    faulty = FaultySimulator(Parrot())
    assert inject_text(faulty, f"noise_before:{escaped}").parameters == {"noise": noise}


@given(st.text(max_size=30))
def test_whatever_is_typed_is_a_fault_or_a_simulation_error(text: str) -> None:
    with contextlib.suppress(SimulationError):
        inject_text(FaultySimulator(Parrot()), text)
