"""Run the programs in ``docs/examples`` as a reader would: each as a process of its own."""

import contextlib
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"
_END_WAIT_S = 20.0


@pytest.fixture
def docs() -> Path:
    """Return the folder of the documentation."""
    return DOCS


@pytest.fixture
def run() -> Iterator[Callable[..., "subprocess.Popen[str]"]]:
    """Return ``run("laser_server.py", 0)``: the started example; it is ended after the test."""
    with contextlib.ExitStack() as ends:

        def started(name: str, *arguments: object) -> "subprocess.Popen[str]":
            program = subprocess.Popen(
                [sys.executable, "-W", "error", DOCS / "examples" / name, *map(str, arguments)],
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
            ends.callback(_ended, program)
            return program

        yield started


def _ended(program: "subprocess.Popen[str]") -> None:
    program.kill()
    program.communicate(timeout=_END_WAIT_S)


@pytest.fixture
def first_line() -> Callable[["subprocess.Popen[str]"], str]:
    """Return ``first_line(program)``: what it says when it is ready, which names its ports."""

    def read(program: "subprocess.Popen[str]") -> str:
        assert program.stdout is not None
        line = program.stdout.readline()
        assert "UDP port" in line, line + program.stdout.read()
        return line

    return read


@pytest.fixture
def interrupt() -> Callable[["subprocess.Popen[str]"], str]:
    """Return ``interrupt(program)``: press Ctrl-C; what it printed since, if it ends cleanly."""
    if sys.platform == "win32":
        pytest.skip("Windows cannot send Ctrl-C to one process")

    def end(program: "subprocess.Popen[str]") -> str:
        program.send_signal(signal.SIGINT)
        return _finished(program)

    return end


@pytest.fixture
def finish() -> Callable[["subprocess.Popen[str]"], str]:
    """Return ``finish(program)``: what it printed since, if it ends cleanly by itself."""
    return _finished


def _finished(program: "subprocess.Popen[str]") -> str:
    printed, _ = program.communicate(timeout=_END_WAIT_S)
    assert program.returncode == 0, printed
    assert "Traceback" not in printed
    assert "Warning" not in printed
    return printed
