"""``labframe lint``: what a driver lacks is named, with the next step."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from labframe import Instrument, SerialLine, command, reading
from labframe.cli.main import main
from labframe.scorecard import Mark
from labframe.scorecard.declared import declared_marks
from labframe.scorecard.suites import suite_mark

NORTH_STAR = Path(__file__).parents[2] / "docs" / "examples" / "north_star" / "lakeshore.py"

CARELESS = """
from labframe import Instrument, SerialLine, hookimpl, reading
from labframe.errors import LineError

class Careless(Instrument):
    driver = "careless"
    line = SerialLine(terminator=b"\\r\\n")

    @reading(unit="K")
    def temperature(self) -> float:
        try:
            return float(self.ask("T?"))
        except (LineError, ValueError):
            return 0.0

@hookimpl
def labframe_instruments():
    return [Careless]
"""

SIMULATOR = """
from labframe import hookimpl
from labframe.simulation import LineSimulator

class CarelessSimulator(LineSimulator):
    driver = "careless"
    baudrate = 9600

    def respond(self, line, now):
        return b"77.25" if line == b"T?" else None

@hookimpl
def labframe_simulators():
    return {"careless": CarelessSimulator}
"""


@pytest.fixture
def careless(tmp_path: Path) -> Path:
    """The file of a driver that gives a number when there is none."""
    path = tmp_path / "careless.py"
    path.write_text(CARELESS, encoding="utf-8")
    return path


def lint(*words: object) -> Result:
    return CliRunner().invoke(main, ["lint", *map(str, words)])


class Bare(Instrument):
    driver = "bare"
    line = SerialLine()

    @reading(unit="Pa")
    def pressure(self) -> float:
        return float(self.ask("P?"))

    @reading()
    def state(self) -> str:
        return self.ask("S?")

    @command()
    def set_power(self, watts: float) -> None:
        self.tell(f"W {watts}")


def test_what_is_not_declared_is_named_by_its_method() -> None:
    marks = {one.check: one for one in declared_marks(Bare)}

    assert marks["units"].says == "none for set_power(watts)"
    assert marks["limits"].says == "none for set_power(watts)"
    assert marks["identity"].says == "none for bare"
    assert marks["safe values"].says == marks["read-back"].says == "none for set_power"
    assert marks["docs"].says == "none for Bare, pressure, state, set_power"
    assert not any(one.ok for one in marks.values())
    assert all(one.next_step for one in marks.values())
    essential = {name for name, one in marks.items() if one.essential}
    assert essential == {"units", "limits", "identity"}


def test_a_choice_needs_neither_unit_nor_limits() -> None:
    class Chooser(Instrument):
        driver = "chooser"

        @command(choices=(1, 2, 5))
        def set_range(self, number: int) -> None:
            """Take a range."""

    marks = {one.check: one for one in declared_marks(Chooser)}

    assert marks["units"].ok
    assert marks["limits"].ok


def test_a_driver_without_simulator_misses_what_needs_one(careless: Path) -> None:
    shown = lint(careless)

    assert shown.exit_code == 1
    assert "MISSING  simulator" in shown.output
    assert "careless_simulator.py" in shown.output
    assert "MISSING  contract     needs a simulator" in shown.output
    assert "missing  README" in shown.output


def test_a_driver_that_invents_values_does_not_keep_the_contract(careless: Path) -> None:
    careless.with_name("careless_simulator.py").write_text(SIMULATOR, encoding="utf-8")

    kept = suite_mark("contract", str(careless))

    assert not kept.ok
    assert "a spoiled answer is an error and never a wrong value[once]" in kept.says
    assert kept.next_step == f"pytest --labframe-contract={careless}"


@pytest.mark.once
def test_a_good_driver_lacks_nothing_that_is_essential() -> None:
    shown = lint(NORTH_STAR, "--json", "--set", "time_constant_s=1e6")

    assert shown.exit_code == 0, shown.output
    marks = {one["check"]: Mark(**one) for one in json.loads(shown.output)}
    assert marks["contract"].says == "kept: 15 tests"
    assert marks["chaos"].ok
    assert {name for name, one in marks.items() if not one.ok} == {
        "read-back", "docs", "transcripts", "README",
    }  # fmt: skip


def test_a_driver_that_is_not_there_is_answered_with_those_that_are() -> None:
    shown = lint("xgs60")

    assert shown.exit_code == 1
    assert "did you mean 'xgs600'?" in shown.output


def test_a_file_without_driver_is_named(tmp_path: Path) -> None:
    path = tmp_path / "empty.py"
    path.write_text("", encoding="utf-8")

    shown = lint(path)

    assert shown.exit_code == 1
    assert f"{path}: has no driver" in shown.output
    assert "give a file with one driver" in shown.output


def test_a_start_value_that_the_simulator_does_not_know_is_refused() -> None:
    shown = lint("xgs600", "--set", "latency=1")

    assert shown.exit_code == 1
    assert shown.output.startswith("Error: ")
    assert "did you mean 'latency_s'?" in shown.output
