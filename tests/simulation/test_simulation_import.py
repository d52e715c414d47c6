"""The simulation imports everywhere, and drags nothing in."""

from __future__ import annotations

import subprocess
import sys

BLOCKED = """
import sys
for name in ("termios", "tty", "pty", "fcntl", "resource", "serial"):
    sys.modules[name] = None
import os
for name in ("openpty", "eventfd", "ttyname"):
    if hasattr(os, name):
        delattr(os, name)
from labframe.simulation import *
import labframe.simulation as simulation
assert not simulation.available()

class Echo(LineSimulator):
    driver = "echo"
    def respond(self, line, now):
        return line

assert Echo().feed(b"x\\r\\n", 0.0) == [Answer(b"x\\r\\n")]
with CarrierLoop() as loop:
    for make in (PtyCarrier, loop.add):
        try:
            make(Echo())
        except NoPseudoTerminal as error:
            assert "this computer has no pseudo-terminals" in str(error)
        else:
            raise AssertionError("a carrier without pseudo-terminals")
print("fine")
"""

LEAN = """
import sys
before = set(sys.modules)
import labframe.simulation
outside = {name.partition(".")[0] for name in set(sys.modules) - before}
print(sorted(outside - set(sys.stdlib_module_names)))
print(any(name.startswith("labframe.line") for name in sys.modules))
"""


def run(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_it_imports_where_there_is_no_termios_and_says_so_when_asked_for_a_port() -> None:
    assert run(BLOCKED) == "fine\n"


def test_it_needs_nothing_but_the_standard_library_and_never_the_line() -> None:
    assert run(LEAN) == "['labframe']\nFalse\n"
