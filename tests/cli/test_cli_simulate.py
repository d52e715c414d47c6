"""``labframe simulate``: an instrument on a port of its own, in a process of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import serial
from click.shell_completion import ShellComplete
from click.testing import Result

from labframe.cli.main import main
from labframe.cli.simulators import simulators
from labframe.simulation import available

pytestmark = pytest.mark.skipif(not available(), reason="no pseudo-terminals here")

Cli = Callable[..., Result]
Process = subprocess.Popen[str]
Started = Callable[..., Process]
STEADY = ("--set", "late_every=0", "--set", "noise=0")


def line(process: Process) -> str:
    """Return the next line of standard output: the first is the port's path."""
    assert process.stdout is not None
    return process.stdout.readline().removesuffix("\n")


def asked(path: str, request: bytes) -> bytes:
    with serial.Serial(path, 115200, timeout=5) as port:
        port.write(request)
        return port.read_until(b"\r\n")


def typed(process: Process, text: str) -> str:
    """Type a line, and return the first one that is said to it."""
    assert process.stdin is not None
    assert process.stderr is not None
    process.stdin.write(f"{text}\n")
    process.stdin.flush()
    return process.stderr.readline().removesuffix("\n")


def skip_what_to_do(process: Process) -> str:
    assert process.stderr is not None
    said = ""
    while "KEY=VALUE" not in said.rpartition("\n")[2]:
        said += f"\n{process.stderr.readline().removesuffix(chr(10))}"
    return said


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_the_first_line_is_a_port_that_any_program_can_open(
    started: Started, tmp_path: Path, ending: signal.Signals
) -> None:
    process = started("simulate", "moon_laser", *STEADY, "--directory", tmp_path / "new")
    path = line(process)

    assert path == str(tmp_path / "new" / "usb-Simulated_Moon_Laser-if00-port0")
    assert asked(path, b"ID?\r\n") == b"MOONLASER,GL-1,0001,1.0\r\n"
    process.send_signal(ending)
    rest, said = process.communicate(timeout=10)
    assert (process.returncode, rest) == (0, "")
    assert f'  port = "{path}"\n' in said
    assert said.endswith("Stopped; the link is removed.\n")
    assert list((tmp_path / "new").iterdir()) == []


def test_values_and_the_name_can_be_chosen(started: Started, tmp_path: Path) -> None:
    process = started(
        "simulate", "moon_laser", *STEADY, "--set", "serial_number=1234", "--name", "Big laser",
        "--directory", tmp_path,
    )  # fmt: skip
    path = line(process)

    assert Path(path).name == "usb-Big_laser-if00-port0"
    assert asked(path, b"ID?\r\n") == b"MOONLASER,GL-1,1234,1.0\r\n"


def test_values_can_be_changed_while_it_runs(started: Started, tmp_path: Path) -> None:
    process = started("simulate", "moon_laser", *STEADY, "--directory", tmp_path)
    path = line(process)
    skip_what_to_do(process)

    assert typed(process, "power_kw = 900") == "power_kw = 900.0"
    assert asked(path, b"SET:POW?\r\n") == b"900.0\r\n"
    assert typed(process, "power_kw=9000") == "Error: power_kw = '9000': must be from 0 to 5000"
    assert "there is no value 'power' to set; did you mean 'power_kw'?" in typed(process, "power=1")
    assert "write key=value" in typed(process, "faster")
    assert typed(process, "?") == "latency_s = 0.005"
    assert asked(path, b"SET:POW?\r\n") == b"900.0\r\n"


def test_a_value_that_the_instrument_refuses_leaves_the_old_one(
    started: Started, tmp_path: Path
) -> None:
    process = started("simulate", "xgs600", "--directory", tmp_path)
    line(process)
    skip_what_to_do(process)

    assert typed(process, "slots=HFIG,TOASTER").startswith("Error: slots = HFIG, TOASTER: at most")
    said = typed(process, "?")
    assert process.stderr is not None
    while not said.startswith("slots"):
        said = process.stderr.readline().strip()
    assert said == "slots = HFIG,CNV,IMG"


def test_the_cable_can_be_pulled_and_put_back(started: Started, tmp_path: Path) -> None:
    process = started("simulate", "moon_laser", *STEADY, "--directory", tmp_path)
    path = line(process)
    skip_what_to_do(process)
    before = os.readlink(path)

    assert typed(process, "unplug") == "The cable is out."
    assert not os.path.lexists(path)
    assert typed(process, "replug").startswith("The cable is in")
    assert os.readlink(path) != before
    assert asked(path, b"ID?\r\n").startswith(b"MOONLASER")


@pytest.mark.parametrize("streams", [{"stdin": subprocess.DEVNULL}, {}])
def test_the_end_of_the_input_changes_nothing(
    started: Started, tmp_path: Path, streams: dict[str, int]
) -> None:
    process = started("simulate", "moon_laser", *STEADY, "--directory", tmp_path, **streams)
    path = line(process)
    if process.stdin is not None:
        process.stdin.write("power_kw=800")  # without the end of a line
        process.stdin.close()
        process.stdin = None
        assert process.stderr is not None
        while "power_kw = 800.0" not in process.stderr.readline():
            pass

    assert asked(path, b"ID?\r\n").startswith(b"MOONLASER")
    assert process.poll() is None
    process.terminate()
    assert process.wait(10) == 0


_SHELL = """
import fcntl, os, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
script = 'set -m; "$@" & job=$!; trap "kill -TERM $job" TERM; wait $job; wait $job'
os.execvp("sh", ["sh", "-c", script, "sh", *sys.argv[1:]])
"""
"""Start a command with ``&`` in a shell that has a terminal, standard input; end it by SIGTERM."""


def test_in_the_background_of_a_terminal_it_runs_without_a_keyboard(tmp_path: Path) -> None:
    terminal, keyboard = os.openpty()
    command = [sys.executable, "-m", "labframe", "simulate", "moon_laser", *STEADY]
    process = subprocess.Popen(
        [sys.executable, "-c", _SHELL, *command, "--directory", tmp_path],
        stdin=keyboard, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        start_new_session=True,
    )  # fmt: skip
    try:
        path = line(process)
        skip_what_to_do(process)
        os.write(terminal, b"power_kw=800\n")
        assert asked(path, b"SET:POW?\r\n") == b"1200.0\r\n"
        process.terminate()
        _, said = process.communicate(timeout=10)
        assert (process.returncode, said) == (0, "Stopped; the link is removed.\n")
    finally:
        os.close(keyboard)
        os.close(terminal)  # hangs up whatever is left
        process.kill()
        process.communicate(timeout=10)


def test_the_values_that_can_be_set_are_listed(cli: Cli) -> None:
    shown = cli("simulate", "xgs600", "--list")

    assert shown.exit_code == 0
    rows = [row.split() for row in shown.stdout.splitlines()]
    assert rows[0][:3] == ["KEY", "DEFAULT", "ALLOWED"]
    assert {row[0] for row in rows[1:]} == simulators()["xgs600"].settables().keys()
    assert "unit              mBar                  Torr, mBar, Pa" in shown.stdout
    assert "emission          on                    on, off" in shown.stdout
    assert "00, 01, 02 ... 20" in shown.stdout


def test_an_unknown_driver_gets_the_nearest_one_and_the_list(cli: Cli) -> None:
    shown = cli("simulate", "moonlaser")

    assert shown.exit_code == 1
    there = f"There are: {', '.join(simulators())}"
    assert f"'moonlaser'; did you mean 'moon_laser'? {there}" in shown.stderr
    assert f"DRIVER is missing. {there}" in cli("simulate").stderr


SIMULATOR = """
from labframe import hookimpl
from labframe.simulation import LineSimulator, Settable


class Simulated(LineSimulator):
    driver = "oven"
    kelvin = Settable(290.0, "what it shows, K")

    def respond(self, line, now):
        return b"%.1f" % self.kelvin


@hookimpl
def labframe_simulators():
    return {"oven": Simulated}
"""
DRIVER = """
from labframe import Instrument, hookimpl


@hookimpl
def labframe_instruments():
    return []
"""


@pytest.mark.parametrize("named", ["oven.py", "oven_simulator.py"])
def test_a_simulator_in_a_file_is_named_by_it_or_by_its_drivers(
    started: Started, tmp_path: Path, named: str
) -> None:
    (tmp_path / "oven.py").write_text(DRIVER)
    (tmp_path / "oven_simulator.py").write_text(SIMULATOR)

    process = started(
        "simulate", tmp_path / named, "--set", "kelvin=77", "--directory", tmp_path / "links"
    )

    assert asked(line(process), b"T?\r\n") == b"77.0\r\n"


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (None, "oven.py: there is no such file. In "),
        (DRIVER, "no labframe_simulators in it gives one, nor is oven_simulator.py beside it"),
        ("import no_such_library", "does not load: ModuleNotFoundError: No module named 'no_such"),
        (SIMULATOR.replace('{"', '{"kiln": Simulated, "'), "simulators for kiln, oven; give each"),
    ],
)
def test_a_file_without_one_simulator_is_told_why(
    cli: Cli, tmp_path: Path, code: str | None, said: str
) -> None:
    (tmp_path / "other.py").write_text(DRIVER)
    if code is not None:
        (tmp_path / "oven.py").write_text(code)

    shown = cli("simulate", tmp_path / "oven.py")

    assert (shown.exit_code, shown.stdout) == (1, "")
    assert said in shown.stderr


def test_a_simulator_of_an_installed_plugin_is_known_by_its_driver(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    about = tmp_path / "labframe_oven-1.2.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: labframe-oven\nVersion: 1.2\n")
    (about / "entry_points.txt").write_text("[labframe]\noven = oven_that_is_installed\n")
    (tmp_path / "oven_that_is_installed.py").write_text(SIMULATOR)
    monkeypatch.syspath_prepend(str(tmp_path))

    assert "kelvin" in cli("simulate", "oven", "--list").stdout
    assert ", oven, " in cli("simulate").stderr


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("power_kw", "'power_kw': write key=value"),
        ("powr_kw=3", "no value 'powr_kw' to set; did you mean 'power_kw'?"),
        ("power_kw=9e9", "power_kw = '9e9': must be from 0 to 5000"),
    ],
)
def test_a_wrong_start_value_is_refused(cli: Cli, value: str, message: str) -> None:
    shown = cli("simulate", "moon_laser", "--set", value)

    assert (shown.exit_code, shown.stdout) == (1, "")
    assert message in shown.stderr


def completed(*words: str) -> list[str]:
    found = ShellComplete(main, {}, "labframe", "_LABFRAME_COMPLETE")
    return [item.value for item in found.get_completions([*words[:-1]], words[-1])]


def test_drivers_and_values_are_completed() -> None:
    assert completed("simulate", "") == list(simulators())
    assert completed("simulate", "moon_laser", "--set", "po") == ["power_kw="]
    assert completed("simulate", "./la") == ["./la"], "the shell completes the file"
    assert completed("simulate", "no_such_driver", "--set", "po") == []
