"""A host with drivers that a test makes up, on real pseudo-terminals and real sockets."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from labframe import Host, Instrument, hookimpl
from labframe.plugins import Plugins
from labframe.simulation import SimulatedInstrument


class Plugin:
    """What a plugin's module would be."""

    def __init__(
        self,
        drivers: Sequence[type[Instrument]] = (),
        simulators: Mapping[str, type[SimulatedInstrument]] | None = None,
        sinks: Sequence[Any] = (),
        producers: Sequence[Any] = (),
    ) -> None:
        self.drivers = drivers
        self.simulators = simulators or {}
        self.sinks = sinks
        self.producers = producers

    @hookimpl
    def labframe_instruments(self) -> Sequence[type[Instrument]]:
        return list(self.drivers)

    @hookimpl
    def labframe_simulators(self) -> Mapping[str, type[SimulatedInstrument]]:
        return self.simulators

    @hookimpl
    def labframe_sinks(self) -> Sequence[Any]:
        return list(self.sinks)

    @hookimpl
    def labframe_point_producers(self) -> Sequence[Any]:
        return list(self.producers)


class Entry:
    """An entry point that gives an object."""

    def __init__(self, plugin: object, name: str = "test") -> None:
        self.dist: Any = None
        self.name = name
        self._plugin = plugin

    def load(self) -> object:
        if isinstance(self._plugin, Exception):
            raise self._plugin
        return self._plugin


def lab(
    plugin: object, instruments: Mapping[str, Any], *, more: Sequence[Entry] = (), **rest: Any
) -> Host:
    """Return a host, not started, with one plugin and free ports."""
    simulate = rest.pop("simulate", True)
    free = {"date_port": 0, "data_port": 0, "push_port": 0, "live_server": False}
    network = {**free, **rest.pop("network", {})}
    config = {"host": {"name": "test lab"}, "network": network, "instrument": instruments, **rest}
    entries: list[Any] = [Entry(plugin), *more]
    plugins = Plugins(entry_points=entries)
    return Host(config, simulate=simulate, plugins=plugins)


def until(condition: Callable[[], object], within_s: float = 5.0) -> None:
    """Wait for a condition.

    Raises:
        AssertionError: If it does not come true in time.
    """
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.005)
