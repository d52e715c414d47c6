"""All that a configuration means, before anything is opened, bound or started."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import msgspec

from labframe.commands import Interlocks
from labframe.config import Config, ConfigurationError, load
from labframe.hookspecs import CommandConsumer, PluginContext
from labframe.host.producers import ProducerRunner
from labframe.host.sinks import Fanout
from labframe.instrument import Instrument
from labframe.nearest import did_you_mean
from labframe.plan import Channel, make_plan, plan_sockets
from labframe.plugins import Condition, Plugins

__all__ = ["Draft", "default_state_dir"]

_NOT_THERE = (Condition.FAILED, Condition.LEFT_OUT)


class Draft:
    """A configuration with its plugins, its plan and its sockets; nothing runs yet.

    Args:
        config: A configuration, or the path of one, or a dictionary as TOML would give it.
        plugins: The plugins; None loads the configuration's and the installed ones.
        state_dir: Where plugins keep what they keep; None is the configuration's directory for it.
        simulate: Whether to load the simulators' files beside those of the configuration too.
        plugin_defaults: Keys of ``[plugin.NAME]`` where the configuration does not have them.

    Attributes:
        config: The configuration.
        state_dir: Where plugins keep what they keep.
        plugins: The plugins.
        plan: What the configuration means.
        fanout: Where readings and events will go.
        producers: The producers that are no instruments.
        sockets: The pull sockets.
        consumers: The consumers of push commands, each with its plugin's name.
        interlocks: What is asked before each command.

    Raises:
        ConfigurationError: If anything is wrong with the configuration; it holds all problems.
    """

    def __init__(
        self,
        config: Config | str | Path | Mapping[str, Any],
        plugins: Plugins | None = None,
        state_dir: Path | None = None,
        *,
        simulate: bool = False,
        plugin_defaults: Mapping[str, Mapping[str, Any]] = MappingProxyType({}),
    ) -> None:
        found = [] if plugins is None else [plugins]

        def plugins_of(config: Config) -> Plugins:
            if not found:
                found.append(
                    Plugins(
                        config.plugins,
                        config.directory,
                        config.host.blocked_plugins,
                        config.host.required_plugins,
                        simulate=simulate,
                    )
                )
            return found[0]

        def fixed_drivers(config: Config) -> Collection[str]:
            return _fixed(config, plugins_of(config).drivers())

        self.config = config = _completed(_config(config, fixed_drivers), plugin_defaults)
        self.state_dir = state_dir or default_state_dir(config)
        self.plugins = plugins_of(config)
        self._check_sections()
        self.plan = make_plan(config, self.plugins.drivers(), self.plugins.why_no_driver)
        self.fanout = Fanout()
        self.producers = self._make_producers()
        self.sockets = plan_sockets(config, self._groups())
        self.consumers = self._make_consumers()
        self.interlocks = self._make_interlocks()

    @property
    def audit_file(self) -> Path:
        """The file that tells of every command."""
        if self.config.audit.file is None:
            return self.state_dir / "commands.jsonl"
        return self.config.directory / Path(self.config.audit.file).expanduser()

    def gathered(self, hook: str) -> list[Any]:
        """Return what all plugins give by a hook, in the configuration's order."""
        return [one for name in self._plugin_order() for one in self._given(hook, name)]

    def _context(self, plugin: str) -> PluginContext:
        return PluginContext(
            name=plugin,
            section=self.config.plugin_sections.get(plugin, {}),
            log=logging.getLogger(f"labframe.plugin.{plugin}"),
            state_dir=self.state_dir / plugin,
            source=self.config.name,
            base=self.config.directory,
            live_server=self.config.network.live_server or "",
        )

    def _plugin_order(self) -> list[str]:
        """Return the plugins' names in the configuration's order, then in that of loading."""
        names, sections = self.plugins.names, self.config.plugin_sections
        return [one for one in sections if one in names] + [n for n in names if n not in sections]

    def _check_sections(self) -> None:
        known = [status.name for status in self.plugins.statuses]
        unknown = [name for name in self.config.plugin_sections if name not in known]
        if unknown:
            raise ConfigurationError(
                f"{self.config.name}: [plugin.{name}]: there is no such plugin"
                f"{did_you_mean(name, known)} There are: {', '.join(known) or 'none'}"
                for name in unknown
            )

    def _make_producers(self) -> list[ProducerRunner]:
        runners = []
        for name in self._plugin_order():
            for producer in self._given("labframe_point_producers", name):
                try:
                    channels = tuple(producer.channels)
                    runners.append(ProducerRunner(producer, name, channels, self.fanout))
                except Exception as error:  # noqa: BLE001  # a producer is a plugin
                    self.plugins.note(name, f"its producer cannot be used: {error}")
        return runners

    def _make_consumers(self) -> list[tuple[str, CommandConsumer]]:
        found = []
        for name in self._plugin_order():
            for one in self._given("labframe_command_consumers", name):
                if isinstance(one, CommandConsumer):
                    found.append((name, one))
                else:
                    self.plugins.note(name, f"its consumer {one!r} is no CommandConsumer")
        return found

    def _make_interlocks(self) -> Interlocks:
        given = [
            (name, one)
            for name in self._plugin_order()
            for one in self._given("labframe_interlocks", name)
        ]
        wanted = {
            *self.config.plugin_sections,
            *self.config.host.required_plugins,
            *(Path(file).stem for file in self.config.plugins),
        }
        missing = [
            f"plugin {one.name}: {one.reason}"
            for one in self.plugins.statuses
            if one.reason
            and (
                "labframe_interlocks" in one.failed_hooks
                or (one.name in wanted and one.condition in _NOT_THERE and not one.hooks)
            )
        ]
        interlocks = Interlocks(given, missing)
        codenames = [channel.codename for _, _, channels in self._groups() for channel in channels]
        commands = [f"{i.name}.{c.name}" for i in self.plan.instruments for c in i.commands]
        problems = interlocks.unknown(codenames, commands)
        if problems:
            raise ConfigurationError(f"{self.config.name}: {problem}" for problem in problems)
        return interlocks

    def _given(self, hook: str, name: str) -> list[Any]:
        return self.plugins.listed(hook, name, context=self._context(name))

    def _groups(self) -> list[tuple[str, str | None, Sequence[Channel]]]:
        groups: list[tuple[str, str | None, Sequence[Channel]]] = [
            (one.section, one.config.socket, one.outputs) for one in self.plan.instruments
        ]
        return groups + [
            (f"{self.config.name}: [plugin.{one.plugin}]", None, one.channels)
            for one in self.producers
        ]


def _fixed(config: Config, drivers: Mapping[str, type[Instrument]]) -> Collection[str]:
    """Return the drivers, and names near to them, that take no keys of their own."""
    fixed = {name for name, one in drivers.items() if one.own_keys is None}
    asked = {one.driver for one in config.instruments.values()} - set(drivers)
    meant = {name: did_you_mean(name, drivers) for name in asked}
    return fixed | {name for name in asked if any(f"{one!r}?" in meant[name] for one in fixed)}


def _config(
    config: Config | str | Path | Mapping[str, Any],
    fixed_drivers: Callable[[Config], Collection[str]],
) -> Config:
    if isinstance(config, Config):
        return config
    if isinstance(config, Mapping):
        return Config.from_dict(dict(config), fixed_drivers=fixed_drivers)
    return load(Path(config), fixed_drivers=fixed_drivers)


def _completed(config: Config, defaults: Mapping[str, Mapping[str, Any]]) -> Config:
    """Return a configuration with the keys of plugins' sections that it does not have."""
    sections = dict(config.plugin_sections)
    for name, keys in defaults.items():
        if name not in config.host.blocked_plugins:
            sections[name] = {**keys, **sections.get(name, {})}
    return msgspec.structs.replace(config, plugin_sections=sections)


def default_state_dir(config: Config) -> Path:
    """Return where a host keeps its log, its control socket and its plugins' files."""
    if config.host.state_dir is not None:
        return config.directory / Path(config.host.state_dir).expanduser()
    home = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(home) / "labframe" / Path(config.name).stem
