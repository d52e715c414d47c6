"""The driver that the command line of pytest names, for the suites that run against any driver."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pytest

from labframe.errors import LabframeError
from labframe.instrument import Instrument
from labframe.plugins.tried import tried
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
        option: ``--labframe-chaos`` or ``--labframe-contract``: an installed driver, a file, or an
            instrument of a configuration.
    """
    asked: str = config.getoption(option)
    try:
        found = tried(asked)
    except LabframeError as error:
        pytest.fail(f"{option}={asked}: {error}")
    driver, simulator = found.driver, found.simulator
    if simulator is None:
        pytest.fail(f"{option}={asked}: {found.why_no_simulator}")
    state = {**found.state, **dict(_parted(config.getoption("--labframe-set")))}
    return contract_of(
        driver, simulator, channels=_channels(driver, simulator, state), address=driver.address,
        state=state,
    )  # fmt: skip


def _channels(
    driver: type[Instrument], simulator: type[SimulatedInstrument], state: Mapping[str, Any]
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
