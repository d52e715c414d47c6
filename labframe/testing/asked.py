"""The driver that the command line of pytest names, for the suites that run against any driver."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import pytest

from labframe.instrument import Instrument
from labframe.nearest import did_you_mean
from labframe.plugins import Plugins
from labframe.simulation import SimulatedInstrument
from labframe.testing.chaos import contract_of
from labframe.testing.contract import DriverContract
from labframe.testing.handles import SimHandle
from labframe.wires import ManualClock

__all__ = ["contract_asked"]


def contract_asked(config: pytest.Config, option: str) -> DriverContract:
    """Return the contract of the driver that an option names.

    Args:
        config: Where the options are; ``--labframe-set`` gives start values of the simulator.
        option: ``--labframe-chaos`` or ``--labframe-contract``: an installed driver, or a file.
    """
    asked: str = config.getoption(option)
    files = [asked] if asked.endswith(".py") else []
    plugins = Plugins(files, Path.cwd(), simulate=True)
    drivers, simulators = plugins.drivers(), plugins.simulators()
    name = asked
    if files:
        given = [one.drivers for one in plugins.statuses if one.name == Path(asked).stem]
        name = given[0][0] if given and given[0] else asked
    if name not in drivers or name not in simulators:
        known = sorted(set(drivers) & set(simulators))
        pytest.fail(
            f"{option}={asked}: there is no driver of this name with a simulator"
            f"{did_you_mean(name, known)} There are: {', '.join(known)}"
        )
    driver, simulator = drivers[name], simulators[name]
    state = dict(_parted(config.getoption("--labframe-set")))
    return contract_of(
        driver, simulator, channels=_channels(driver, simulator, state), address=driver.address,
        state=state,
    )  # fmt: skip


def _channels(
    driver: type[Instrument], simulator: type[SimulatedInstrument], state: Mapping[str, str]
) -> Sequence[str]:
    """Return the channels of the class; where they depend on the instrument, ask the simulated."""
    if driver.channels or not any(one.channels for one in driver.readings().values()):
        return driver.channels
    handle = SimHandle(simulator(**state), "sim", ManualClock())
    try:
        with driver(handle.url, address=driver.address) as opened:
            return tuple(opened.channels)
    finally:
        handle.close()


def _parted(pairs: Iterable[str]) -> Iterable[tuple[str, str]]:
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals:
            pytest.fail(f"--labframe-set {pair}: write KEY=VALUE")
        yield key.strip(), value.strip()
