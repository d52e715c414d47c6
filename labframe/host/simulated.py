"""Simulators in the place of the hardware, for any configuration whose drivers have them."""

from __future__ import annotations

import dataclasses
from typing import Any

from labframe.config import ConfigurationError
from labframe.plan import Plan, PlannedInstrument, PlannedLine
from labframe.plugins import Plugins
from labframe.simulation import (
    CarrierLoop,
    NoPseudoTerminal,
    PtyCarrier,
    SimulatedBus,
    SimulatedInstrument,
    SimulationError,
    available,
)

__all__ = ["Simulated"]


class Simulated:
    """The lines of a plan on pseudo-terminals, with a simulator behind each.

    Args:
        plan: What the configuration means.
        plugins: Give the simulators.

    Attributes:
        plan: The same with the ports of the simulation.
        simulators: The simulators by the name of their instrument; None for what is always there.
        carriers: Their carriers, to be unplugged and plugged in, by the name of an instrument.

    Raises:
        ConfigurationError: If a driver has no simulator, or a simulator refuses its settings.
        NoPseudoTerminal: If this computer has none.
    """

    def __init__(self, plan: Plan, plugins: Plugins) -> None:
        if not available():
            raise NoPseudoTerminal("this system has no pseudo-terminals, which a simulation needs")
        problems: list[str] = []
        known = plugins.simulators()
        self.simulators = {
            one.name: _simulator(one, known.get(one.driver.driver), plugins, problems)
            for one in plan.instruments
        }
        if problems:
            raise ConfigurationError(problems)
        self._loop = CarrierLoop()
        self.carriers: dict[str, PtyCarrier] = {}
        lines = []
        try:
            for line in plan.lines:
                members = [self.simulators[one.name] for one in line.instruments]
                there = [member for member in members if member is not None]
                if not there:
                    lines.append(line)
                    continue
                simulator = there[0] if len(there) == 1 else SimulatedBus(*there)
                carrier = self._loop.add(simulator)
                self.carriers |= dict.fromkeys([one.name for one in line.instruments], carrier)
                lines.append(_moved(line, carrier.url))
        except SimulationError as error:
            self._loop.close()
            raise ConfigurationError([f"{plan.config.name}: {error}"]) from error
        except BaseException:
            self._loop.close()
            raise
        self.plan = dataclasses.replace(plan, lines=tuple(lines))

    def close(self) -> None:
        """Unplug all for good."""
        self._loop.close()


def _moved(line: PlannedLine, url: str) -> PlannedLine:
    return dataclasses.replace(line, port=url)


def _simulator(
    planned: PlannedInstrument,
    simulator: type[SimulatedInstrument] | None,
    plugins: Plugins,
    problems: list[str],
) -> SimulatedInstrument | None:
    if planned.driver.always_there:
        return None
    if simulator is None or planned.settings is None:
        driver = planned.driver.driver
        why = (
            "it has no serial line, and only lines can be simulated"
            if simulator is not None
            else plugins.why_no_simulator(driver)
        )
        problems.append(f'{planned.section} driver = "{driver}": {why}')
        return None
    state: dict[str, Any] = dict(planned.config.simulate)
    try:
        simulator = simulator.for_section(planned.config.table)
        if planned.config.address is not None and "address" in simulator.settables():
            state.setdefault("address", planned.config.address)
        return simulator(**state)
    except SimulationError as error:
        problems.append(f"{planned.section} simulate: {error}")
        return None
