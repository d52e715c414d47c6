"""The tutorial "Write a driver in five minutes", followed to the letter by a newcomer."""

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import Popen

import pytest
from udp import ask, default_ports

from labframe.simulation import available

pytestmark = pytest.mark.skipif(not available(), reason="the simulation needs pseudo-terminals")

Start = Callable[[], "Popen[str]"]
_WAIT_S = 20.0


def block(page: str, number: int, language: str) -> str:
    """Return a block of a language on the page, counted from 0."""
    blocks = re.findall(rf"^```{language}\n(.*?)^```", page, re.DOTALL | re.MULTILINE)
    return str(blocks[number])


@pytest.fixture
def page(docs: Path) -> str:
    return (docs / "tutorial" / "first-driver.md").read_text("utf-8")


@pytest.fixture
def desk(page: str, tmp_path: Path) -> Path:
    (tmp_path / "thermometer.py").write_text(block(page, 0, "python"), "utf-8")
    (tmp_path / "lab.toml").write_text(block(page, 0, "toml"), "utf-8")
    (tmp_path / "thermometer_simulator.py").write_text(block(page, 1, "python"), "utf-8")
    return tmp_path


def labframe(desk: Path, *words: str) -> str:
    """Return what ``labframe WORDS`` prints in the folder."""
    done = subprocess.run(
        [sys.executable, "-m", "labframe", *words],
        cwd=desk, capture_output=True, text=True, timeout=_WAIT_S, check=False,
    )  # fmt: skip
    return done.stdout + done.stderr


@pytest.fixture
def run_here(desk: Path) -> Iterator[Start]:
    """Return ``run_here()``: ``labframe run --simulate`` in the folder, ended after the test."""
    programs: list[Popen[str]] = []

    def start() -> "Popen[str]":
        program = Popen(
            [sys.executable, "-m", "labframe", "run", "--simulate", "--state-dir", desk / "state"],
            cwd=desk, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        programs.append(program)
        return program

    with default_ports(9000, 9010):
        yield start
        for program in programs:
            program.terminate()
            program.communicate(timeout=_WAIT_S)


def said(program: "Popen[str]", text: str) -> str:
    """Return what a program has printed when a line with this text has come."""
    assert program.stdout is not None
    printed = ""
    for line in program.stdout:
        printed += line
        if text in line:
            return printed
    raise AssertionError(printed)


def test_check_shows_what_the_page_shows(desk: Path, page: str) -> None:
    shown = page.partition("$ labframe check\n")[2].partition("...\n")[0]

    assert labframe(desk, "check").startswith(shown)


def test_the_value_is_in_watch(desk: Path, page: str, run_here: Start) -> None:
    program = run_here()
    shown = page.partition("$ labframe run --simulate\n")[2].partition("...\n")[0]
    printed = said(program, "INFO desk: connected: ACME,T100,0042")
    if "\nLog: " not in printed:  # the last of its own lines; the log does not wait for them
        printed += said(program, "Log: ")
    assert ask(9000, "desk_temperature#raw") != ""
    watched = labframe(desk, "watch", "127.0.0.1", "--count", "1")

    assert all(line in printed for line in shown.splitlines())
    assert re.search(r"desk_temperature  2[0-2]\.\d+ °C", watched), watched
    assert re.fullmatch(
        r"desk_temperature  2[0-2]\.\d+ °C  \d\.\d s ago\n", labframe(desk, "get", "127.0.0.1")
    )


def test_the_mistake_is_shown_as_the_page_says(desk: Path, page: str, run_here: Start) -> None:
    driver = (desk / "thermometer.py").read_text("utf-8")
    (desk / "thermometer.py").write_text(driver.replace('"TEMP?"', '"TEMPERATURE?"'), "utf-8")
    said(run_here(), "temperature gives no value")
    error = page.rpartition("temperature: ValueError")[2].partition("\n")[0]

    assert labframe(desk, "get", "127.0.0.1") == "desk_temperature  OLD_DATA\n"
    status = " ".join(labframe(desk, "status", "127.0.0.1").split())
    assert f"temperature: ValueError{error}" in status
