"""The command ``labframe history`` in this process, in a zone of time that tests know."""

from __future__ import annotations

import contextlib
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from counting import Run, counting
from labframe_plugins.recorder import HistoryWriter
from recording import START

from labframe import Event
from labframe.cli.main import main


@pytest.fixture
def copenhagen(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Set the local zone: an hour before UTC in winter, two in summer."""
    if not hasattr(time, "tzset"):
        pytest.skip("the local zone cannot be set on this system")
    monkeypatch.setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.fixture
def shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Return ``shown("oven", "--since", "2h")``: what ``labframe history`` did."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: object, columns: int = 100) -> Result:
        return CliRunner(env={"COLUMNS": str(columns), "LINES": "40"}).invoke(
            main, ["history", *map(str, arguments)], prog_name="labframe"
        )

    return run


@pytest.fixture
def lab(tmp_path: Path) -> Path:
    """A history: an oven with a gap, a chiller, a pressure that rises, a state, commands.

    START is 2026-11-18 11:06:40 UTC.
    """
    file = tmp_path / "lab.db"
    with HistoryWriter(file) as writer:
        writer.describe("oven", unit="K", instrument="furnace")
        writer.describe("chiller", unit="°C", instrument="cold")
        writer.describe("chamber_pressure", unit="mbar", instrument="vacuum")
        writer.describe("state", unit="", instrument="furnace")
        seconds = [second for second in range(60) if not 20 < second < 40]
        writer.points("oven", [START + one for one in seconds], [300 + one for one in seconds])
        writer.gap("oven", START + 20, START + 40, "disconnected", "no such port")
        writer.points("chiller", [START, START + 30], [12.5, -3.25])
        rise = [10.0 ** (second / 10 - 8) for second in range(60)]
        writer.points("chamber_pressure", [START + one for one in range(60)], rise)
        writer.points("state", [START, START + 30], ["heating", "cold"])
        writer.event(Event("host", "host", START, "lab: start", {"what": "start"}))
        writer.event(command(START + 25, "done", target=500))
        writer.event(command(START + 50, "refused", target=5000))
    return file


def command(time: float, outcome: str, **arguments: float) -> Event:
    """Return the event of a command to the furnace."""
    fields = {
        "method": "furnace.setpoint", "arguments": arguments, "sender": "10.0.0.7", "id": "",
        "outcome": outcome, "answer": "RET#null" if outcome == "done" else "ERROR#OUT_OF_RANGE",
        "received": time, "duration_s": 0.01,
    }  # fmt: skip
    return Event("command", "furnace", time, "", fields)  # type: ignore[arg-type]  # a mapping too


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    """Return ``run(more="", environment=None)``: a host that counts, as a program of its own."""
    with contextlib.ExitStack() as ends:

        def start(
            more: str = "", environment: Mapping[str, str] | None = None
        ) -> subprocess.Popen[str]:
            program = counting(tmp_path, more, environment)
            ends.callback(_ended, program)
            return program

        yield start


def _ended(program: subprocess.Popen[str]) -> None:
    """End a program that a failed test has left behind."""
    if program.poll() is None:
        program.kill()
        program.communicate()


@pytest.fixture
def history_file(tmp_path: Path) -> Path:
    """Return where that host records."""
    return tmp_path / "state" / "recorder" / "history.db"
