"""Instruments that are described in the configuration, from the command line."""

import itertools
import subprocess
import sys
from pathlib import Path
from typing import Any, cast

import pytest
from labframe_drivers.scpi import Scpi, ScpiSimulator

from labframe.scorecard import scorecard
from labframe.simulation import PtyCarrier
from labframe.starter import Found, _recognised
from labframe.testing.asked import contract_asked

LAB = """
[instrument.supply]
driver = "scpi"
port = "/dev/no-such-port"
simulate = { voltage = 3.5 }
[instrument.supply.reading.voltage]
request = "MEAS:VOLT?"
unit = "V"
scale = 1000
offset = 1
[instrument.supply.command.off]
request = "OUTP OFF"
"""


@pytest.fixture
def lab(tmp_path: Path) -> Path:
    path = tmp_path / "lab.toml"
    path.write_text(LAB)
    return path


def run(*words: object, **options: Any) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "labframe", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, **options)


def test_check_says_what_is_sent_and_what_must_come(lab: Path) -> None:
    shown = run("check", lab).stdout

    assert (
        'voltage: every 1 s asks "MEAS:VOLT?"; the answer must be a number; published as '
        "supply_voltage in V, times 1000, plus 1, old after 3 s" in shown
    )
    assert 'off: supply.off() sends "OUTP OFF"; no answer comes; then "SYST:ERR?" must' in shown
    assert '"in_words": {"supply": {"when connecting": "asks' in run("check", "--json", lab).stdout


def test_an_instrument_of_a_configuration_is_simulated_by_its_name(lab: Path) -> None:
    shown = run("simulate", f"{lab}:supply", "--list").stdout
    assert "what 'MEAS:VOLT?' is answered, V" in shown
    assert "voltage" in run("simulate", lab, "--list").stdout

    wrong = run("simulate", f"{lab}:suply", "--list")
    assert wrong.returncode == 1
    assert "lab.toml: there is no [instrument.suply]; did you mean 'supply'?" in wrong.stderr


def test_one_of_several_instruments_has_to_be_named(lab: Path) -> None:
    lab.write_text(LAB + LAB.replace("supply", "other").replace("no-such", "no-other"))
    shown = run("simulate", lab, "--list")
    assert "it has the instruments supply, other; say which: lab.toml:NAME" in shown.stderr


def test_the_start_values_of_the_section_are_used(lab: Path) -> None:
    lab.write_text(LAB.replace("voltage = 3.5", "voltag = 3.5"))
    shown = run("simulate", lab)
    assert "has no value 'voltag' to set; did you mean 'voltage'?" in shown.stderr


def test_a_driver_without_readings_of_its_own_says_which_keys_it_takes() -> None:
    shown = run("drivers", "scpi").stdout
    assert "readings and commands are those of its section: identify, setup" in shown
    assert "[reading.NAME] request, pattern" in shown


def test_nobody_is_recognised_as_an_instrument_that_has_to_be_described(lab: Path) -> None:
    played = ScpiSimulator.for_section(Scpi.example())(latency_s=0)
    with PtyCarrier(played) as carrier:
        found = Found(f'"{carrier.url}"', carrier.url)
        assert list(_recognised(found, [Scpi])) == []
        assert carrier.seen == []


def test_lint_says_what_a_described_instrument_lacks(lab: Path) -> None:
    lab.write_text(LAB + '[instrument.supply.command.set]\nrequest = "VOLT {v}"\nunit = "V"\n')
    marks = {one.check: one for one in itertools.islice(scorecard(f"{lab}:supply"), 8)}

    assert marks["limits"].says == "none for set(v)"
    assert marks["units"].ok
    assert marks["identity"].ok
    assert marks["simulator"].says == "ScpiSimulator"


@pytest.mark.parametrize("name", ["ascii", "scpi"])
def test_lint_tries_a_driver_with_its_example(name: str) -> None:
    marks = list(itertools.islice(scorecard(name), 8))

    assert [one.check for one in marks if not one.ok] == []
    assert "every setting is read back" in [one.says for one in marks]


def test_the_suites_are_run_against_an_instrument_of_a_configuration(
    lab: Path,
) -> None:
    class Options:
        def getoption(self, name: str) -> object:
            return f"{lab}:supply" if name == "--labframe-contract" else []

    contract = contract_asked(cast("pytest.Config", Options()), "--labframe-contract")

    assert list(contract.driver.readings()) == ["voltage"]
    assert "voltage" in contract.simulator.settables()
    assert contract.state == {"voltage": 3.5}
