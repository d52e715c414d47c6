"""Which simulators there are."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from labframe.plugins import Plugins
from labframe.plugins.tried import is_in_configuration, tried
from labframe.simulation import SimulatedInstrument, SimulationError

__all__ = ["simulator", "simulators", "start_values"]


def simulators() -> dict[str, type[SimulatedInstrument]]:
    """Return the installed simulators by the names of the drivers that they stand in for."""
    return dict(sorted(Plugins().simulators().items()))


def simulator(driver: str) -> type[SimulatedInstrument]:
    """Return the simulator class that stands in for a driver.

    Args:
        driver: The name of an installed driver, or the path of a file: a simulator's, a driver's
            with the simulator beside it, or a configuration's; ``lab.toml:cryo`` is one of its
            instruments.

    Raises:
        SimulationError: If there is none; it names the nearest one, and all.
    """
    if is_in_configuration(driver):
        return _in_configuration(driver)[0]
    if driver.endswith(".py") or os.sep in driver:
        return _in_file(driver)
    try:
        return Plugins().simulator(driver)
    except SimulationError as error:
        raise SimulationError(
            f"{error}. For one in a file give its path: ./my_simulator.py"
        ) from None


def start_values(driver: str) -> Mapping[str, Any]:
    """Return the values that a configuration has its simulated instrument begin with."""
    return _in_configuration(driver)[1] if is_in_configuration(driver) else {}


def _in_configuration(asked: str) -> tuple[type[SimulatedInstrument], Mapping[str, Any]]:
    found = tried(asked)
    if found.simulator is None:
        raise SimulationError(f"{asked}: {found.why_no_simulator}")
    return found.simulator, found.state


def _in_file(path: str) -> type[SimulatedInstrument]:
    plugins = Plugins([path], Path(), entry_points=[], simulate=True)
    found = plugins.simulators()
    if len(found) == 1:
        return next(iter(found.values()))
    if found:
        raise SimulationError(
            f"{path}: it has simulators for {', '.join(sorted(found))}; give each a file of its own"
        )
    reasons = [one.reason for one in plugins.statuses if one.reason]
    beside = f"{Path(path).stem}_simulator.py"
    why = "; ".join(reasons) or f"no labframe_simulators in it gives one, nor is {beside} beside it"
    raise SimulationError(f"{path}: {why}")
