"""What ``pytest --labframe-chaos=DRIVER`` runs: chaos against any driver that has a simulator."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis.stateful import run_state_machine_as_test

from labframe.nearest import did_you_mean
from labframe.plugins import Plugins
from labframe.testing.chaos import CHAOS, contract_of, machine_of


def test_what_is_served_is_right_or_marked_old(request: pytest.FixtureRequest) -> None:
    """Whatever happens to the line."""
    asked: str = request.config.getoption("--labframe-chaos")
    files = [asked] if asked.endswith(".py") else []
    plugins = Plugins(files, Path.cwd(), simulate=True)
    drivers, simulators = plugins.drivers(), plugins.simulators()
    if files:
        stem = Path(asked).stem
        given = [status.drivers for status in plugins.statuses if status.name == stem]
        name = given[0][0] if given and given[0] else asked
    else:
        name = asked
    if name not in drivers or name not in simulators:
        known = sorted(set(drivers) & set(simulators))
        pytest.fail(
            f"--labframe-chaos={asked}: there is no driver of this name with a simulator"
            f"{did_you_mean(name, known)} There are: {', '.join(known)}"
        )
    driver = drivers[name]
    address = driver.address
    contract = contract_of(driver, simulators[name], channels=driver.channels, address=address)
    run_state_machine_as_test(machine_of(contract), settings=CHAOS)
