"""The contract and chaos, run by pytest in a process of its own."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

from labframe.plugins.tried import absolute
from labframe.scorecard.mark import Mark

__all__ = ["suite_mark"]

_MOST_S: Final = 600
_NEEDS: Final = ("pytest", "hypothesis")
_SHOWN: Final = 200


def suite_mark(suite: str, driver: str, values: Mapping[str, str] = MappingProxyType({})) -> Mark:
    """Run a suite against a driver and its simulator.

    Args:
        suite: ``contract`` or ``chaos``.
        driver: The driver's name, the path of its file, or an instrument of a configuration.
        values: Start values of the simulator.
    """
    lacking = [name for name in _NEEDS if importlib.util.find_spec(name) is None]
    if lacking:
        return Mark(
            suite, False, True, f"not run: {' and '.join(lacking)} not installed",
            f"pip install {' '.join(lacking)}",
        )  # fmt: skip
    asked = absolute(driver)
    words = ["--labframe-carrier=sim", f"--labframe-{suite}={asked}"]
    words += [f"--labframe-set={key}={value}" for key, value in values.items()]
    again = " ".join(["pytest", f"--labframe-{suite}={driver}", *words[2:]])
    with tempfile.TemporaryDirectory(prefix="labframe-lint-") as folder:
        report, settings = Path(folder, "report.xml"), Path(folder, "pytest.ini")
        settings.write_text("[pytest]\n", encoding="utf-8")
        run: list[str | Path] = [
            sys.executable, "-m", "pytest", "-q", "-c", settings, "-p", "no:cacheprovider",
            f"--junitxml={report}", *words,
        ]  # fmt: skip
        try:
            done = subprocess.run(
                run, cwd=folder, capture_output=True, text=True, timeout=_MOST_S, check=False
            )
        except subprocess.TimeoutExpired:
            return Mark(suite, False, True, f"not at its end after {_MOST_S} s", again)
        if not report.exists():
            said = (done.stderr or done.stdout).strip().splitlines()[-1:]
            return Mark(suite, False, True, f"could not be run: {' '.join(said)}", again)
        return _judged(suite, ElementTree.parse(report).getroot(), again)


def _judged(suite: str, report: ElementTree.Element, again: str) -> Mark:
    cases = list(report.iter("testcase"))
    failures = [
        f"{case.get('name', '').removeprefix('test_').replace('_', ' ')}: {_first_line(problem)}"
        for case in cases
        for problem in case
        if problem.tag in ("failure", "error")
    ]
    if failures:
        return Mark(suite, False, True, "; ".join(failures), again)
    if not cases:
        return Mark(suite, False, True, "nothing was tested", again)
    return Mark(suite, True, True, f"kept: {len(cases)} test{'s' if len(cases) > 1 else ''}")


def _first_line(problem: ElementTree.Element) -> str:
    text = problem.get("message", "").partition("\n")[0]
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 3]}..."
