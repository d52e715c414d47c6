"""The package imports anywhere, loads no pyserial by itself, and is the only one that does."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import labframe

PACKAGE = Path(labframe.__file__).parent

BLOCKED = ["termios", "fcntl", "pty", "tty", "grp"]


def run(script: str) -> str:
    result = subprocess.run(
        [sys.executable, "-W", "error", "-c", script], capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


@pytest.mark.parametrize("extra", ["", "; select = __import__('select'); del select.poll"])
def test_every_module_imports_where_there_is_no_posix(extra: str) -> None:
    names = [f"labframe.line.{path.stem}" for path in (PACKAGE / "line").glob("[!_]*.py")]
    assert len(names) > 5
    run(
        f"import sys; sys.modules.update(dict.fromkeys({BLOCKED!r})){extra}\n"
        "import labframe.line, importlib\n"
        f"for name in {names!r}: importlib.import_module(name)\n"
        "settings = labframe.line.SerialLine(framing=labframe.line.EnqAck())\n"
        "labframe.line.Line('COM3', settings).close()"
    )


def test_importing_loads_no_pyserial() -> None:
    assert run("import sys, labframe.line; print('serial' in sys.modules)") == "False\n"


def test_nothing_else_of_labframe_imports_pyserial() -> None:
    importers = {
        path.relative_to(PACKAGE).parts[0]
        for path in PACKAGE.rglob("*.py")
        if "import serial" in path.read_text() or "from serial" in path.read_text()
    }
    assert importers == {"line"}


def test_what_the_package_exports_is_sorted_and_there() -> None:
    from labframe import errors, line

    assert list(line.__all__) == sorted(line.__all__, key=lambda name: (not name.isupper(), name))
    assert all(hasattr(line, name) for name in line.__all__)
    assert errors.__all__ == sorted(errors.__all__)
