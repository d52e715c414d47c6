"""A host that counts a hundred times a second and records it, as a program of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable, Mapping
from pathlib import Path

__all__ = ["Run", "counting", "stopped"]

Run = Callable[..., subprocess.Popen[str]]

_COUNTER = """
    from labframe import Instrument, hookimpl, reading

    class Counter(Instrument):
        driver = "counter"
        count = 0

        @reading(unit="1", every=0.01)
        def value(self) -> float:
            self.count += 1
            return self.count

    @hookimpl
    def labframe_instruments():
        return [Counter]
"""

_CONFIGURATION = """
    plugins = ["./counter.py"]
    [host]
    name = "counting"
    [network]
    date_port = 0
    push_port = 0
    live_server = false
    [instrument.a]
    driver = "counter"
    [instrument.b]
    driver = "counter"
"""


def counting(
    folder: Path, more: str = "", environment: Mapping[str, str] | None = None
) -> subprocess.Popen[str]:
    """Start the host in a folder; its history is ``state/recorder/history.db``.

    Args:
        folder: An empty one, or that of a run before.
        more: For its configuration.
        environment: What is added to that of this program.
    """
    (folder / "counter.py").write_text(textwrap.dedent(_COUNTER))
    (folder / "lab.toml").write_text(textwrap.dedent(_CONFIGURATION) + textwrap.dedent(more))
    return subprocess.Popen(
        [sys.executable, "-m", "labframe", "run", "lab.toml", "--state-dir", "state"],
        cwd=folder, env={**os.environ, **(environment or {})},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip


def stopped(program: subprocess.Popen[str]) -> str:
    """End the host as Ctrl-C does; return what it said."""
    program.send_signal(signal.SIGINT)
    said, _ = program.communicate(timeout=20)
    return said
