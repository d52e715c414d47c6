"""A driver and its simulator by what somebody typed: a name, a file, or an instrument of a lab."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from labframe.config import Config, InstrumentConfig, load, no_driver
from labframe.errors import LabframeError
from labframe.instrument import Instrument
from labframe.nearest import did_you_mean
from labframe.plan.declaring import declared_driver
from labframe.plugins.found import Plugins
from labframe.simulation import SimulatedInstrument

__all__ = ["Tried", "absolute", "is_in_configuration", "tried"]

_TOML: Final = ".toml"


@dataclass(frozen=True, slots=True)
class Tried:
    """A driver to be tried.

    Attributes:
        name: What it is called: the driver's name, or the instrument's.
        driver: The driver; with the readings of the instrument, where they stand in a section.
        simulator: What stands in for it; None if there is none.
        state: Start values of the simulator.
        why_no_simulator: Why there is none.
    """

    name: str
    driver: type[Instrument]
    simulator: type[SimulatedInstrument] | None
    state: Mapping[str, Any] = field(default_factory=dict)
    why_no_simulator: str = ""


def tried(asked: str) -> Tried:
    """Return the driver that somebody means, with its simulator.

    Args:
        asked: The name of an installed driver, the path of a file with one, or the path of a
            configuration; ``lab.toml:cryo`` is one of its instruments.

    Raises:
        LabframeError: If there is no such thing.
    """
    if is_in_configuration(asked):
        return _configured(asked)
    files = [asked] if asked.endswith(".py") else []
    plugins = Plugins(files, Path.cwd(), simulate=True)
    name = _driver_in(asked, plugins) if files else asked
    driver = plugins.driver(name)
    there = name in plugins.simulators()
    simulator = plugins.simulator(name) if there else None
    why = "" if there else plugins.why_no_simulator(name)
    return Tried(name, driver, simulator, why_no_simulator=why)


def is_in_configuration(asked: str) -> bool:
    """Tell whether somebody means an instrument of a configuration."""
    return asked.endswith(_TOML) or f"{_TOML}:" in asked


def absolute(asked: str) -> str:
    """Return the same for another working directory."""
    path, name = _parted(asked)
    if not asked.endswith(".py") and not is_in_configuration(asked):
        return asked
    return os.path.abspath(path) + name


def _parted(asked: str) -> tuple[str, str]:
    """Return the path, and ``:NAME`` if that is there."""
    path, mark, name = asked.rpartition(f"{_TOML}:")
    return (path + _TOML, f":{name}") if mark else (asked, "")


def _configured(asked: str) -> Tried:
    path, name = _parted(asked)
    config = load(Path(path), fixed_drivers=no_driver)
    instrument = _chosen(config, name.removeprefix(":"))
    plugins = Plugins(config.plugins, config.directory, config.host.blocked_plugins, simulate=True)
    found = plugins.drivers().get(instrument.driver)
    if found is None:
        raise LabframeError(
            f'{config.name}: [instrument.{instrument.name}] driver = "{instrument.driver}": '
            f"{plugins.why_no_driver(instrument.driver)}"
        )
    driver = declared_driver(instrument, found, config.name, config.secrets)
    simulator = plugins.simulators().get(instrument.driver)
    why = plugins.why_no_simulator(instrument.driver) if simulator is None else ""
    if simulator is not None:
        simulator = simulator.for_section(instrument.table)
    return Tried(instrument.name, driver, simulator, instrument.simulate, why)


def _chosen(config: Config, name: str) -> InstrumentConfig:
    if name in config.instruments:
        return config.instruments[name]
    there = ", ".join(config.instruments) or "none"
    if name:
        hint = did_you_mean(name, config.instruments)
        raise LabframeError(
            f"{config.name}: there is no [instrument.{name}]{hint} There are: {there}"
        )
    if len(config.instruments) != 1:
        raise LabframeError(
            f"{config.name}: it has the instruments {there}; say which: {config.name}:NAME"
        )
    return next(iter(config.instruments.values()))


def _driver_in(file: str, plugins: Plugins) -> str:
    plugins.drivers()  # only then a status says which they are
    status = next(one for one in plugins.statuses if one.name == Path(file).stem)
    if len(status.drivers) != 1:
        found = (
            f"has the drivers {', '.join(status.drivers)}" if status.drivers else "has no driver"
        )
        reason = f" ({status.reason})" if status.reason else ""
        raise LabframeError(f"{file}: {found}{reason}; give a file with one driver")
    return status.drivers[0]
