"""Finding plugins and calling their hooks, so that a broken one breaks nothing else."""

from __future__ import annotations

import difflib
import importlib.metadata
import importlib.util
import logging
import sys
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, Protocol

import pluggy

from labframe.config import ConfigurationError
from labframe.config.problems import did_you_mean
from labframe.hookspecs import PROJECT, HookSpecs
from labframe.instrument import Instrument
from labframe.simulation import SimulatedInstrument

__all__ = ["API_VERSION", "Condition", "EntryPoint", "PluginStatus", "Plugins"]

_LOG = logging.getLogger("labframe.host")

API_VERSION: Final = 1
"""A plugin may state the version that it was written for: ``labframe_api = 1``."""

_HOOKS: Final = tuple(name for name in vars(HookSpecs) if name.startswith("labframe_"))
_NO_HOOKS: Final = ("labframe_api",)


class Condition(StrEnum):
    """What became of a plugin."""

    LOADED = "loaded"
    BLOCKED = "blocked"
    LEFT_OUT = "left out"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class PluginStatus:
    """A plugin, and what became of it.

    Attributes:
        name: Its name.
        source: The distribution, or the file, that it is from.
        condition: What became of it.
        reason: Why it was left out, or what went wrong; empty when it is well.
        hooks: The hooks that it implements.
        drivers: The drivers that it provides.
    """

    name: str
    source: str
    condition: Condition
    reason: str = ""
    hooks: tuple[str, ...] = ()
    drivers: tuple[str, ...] = ()


class EntryPoint(Protocol):
    """What is used of ``importlib.metadata.EntryPoint``."""

    @property
    def name(self) -> str:
        """Its name."""

    @property
    def dist(self) -> Any:
        """The distribution that it is from."""

    def load(self) -> Any:
        """Import what it names."""


class _Plugin:
    """A plugin while it is being found."""

    def __init__(self, name: str, source: str, is_file: bool) -> None:
        self.name = name
        self.source = source
        self.is_file = is_file
        self.condition = Condition.LOADED
        self.reasons: list[str] = []
        self.hooks: tuple[str, ...] = ()
        self.drivers: list[str] = []

    def leave_out(self, condition: Condition, reason: str) -> None:
        self.condition = condition
        self.reasons.append(reason)
        if condition is not Condition.BLOCKED:
            _LOG.warning("plugin %s (%s) is left out: %s", self.name, self.source, reason)

    def status(self) -> PluginStatus:
        return PluginStatus(
            name=self.name, source=self.source, condition=self.condition,
            reason="; ".join(self.reasons), hooks=self.hooks, drivers=tuple(self.drivers),
        )  # fmt: skip


class Plugins:
    """The plugins of one host.

    Args:
        files: Single-file plugins; they go before installed ones.
        directory: Where relative paths among them begin.
        blocked: Names of plugins that are not loaded.
        required: Names of plugins that must be there.
        entry_points: Installed plugins; None takes those of the group ``labframe``.

    Raises:
        ConfigurationError: If a required plugin is missing.
    """

    def __init__(
        self,
        files: Sequence[str] = (),
        directory: Path = Path(),
        blocked: Collection[str] = (),
        required: Collection[str] = (),
        entry_points: Iterable[EntryPoint] | None = None,
    ) -> None:
        self._manager = pluggy.PluginManager(PROJECT)
        self._manager.add_hookspecs(HookSpecs)
        self._plugins: list[_Plugin] = []
        self._drivers: dict[str, type[Instrument]] | None = None
        self._files = [str(directory / file) for file in files]
        for file in self._files:
            self._load_file(Path(file), blocked)
        if entry_points is None:
            entry_points = importlib.metadata.entry_points(group=PROJECT)
        for entry_point in sorted(entry_points, key=lambda one: one.name):
            self._load_entry_point(entry_point, blocked)
        self._require(required)

    # Loading.

    def _load_file(self, path: Path, blocked: Collection[str]) -> None:
        plugin = _Plugin(path.stem, str(path), is_file=True)
        if not self._take(plugin, blocked):
            return
        if not path.is_file():
            there = sorted(one.name for one in path.parent.glob("*.py"))
            hint = f" In {path.parent} there are: {', '.join(there)}." if there else ""
            plugin.leave_out(Condition.FAILED, f"there is no such file.{hint}")
            return
        name = f"labframe_file_plugin_{path.stem}"
        try:
            spec = importlib.util.spec_from_file_location(name, path)
            if spec is None or spec.loader is None:
                raise ImportError("not a Python file: its name must end with .py")
            module = importlib.util.module_from_spec(spec)
            sys.modules[name] = module  # annotations are looked up there
            spec.loader.exec_module(module)
        except BaseException as error:  # noqa: BLE001  # a plugin may do anything when imported
            sys.modules.pop(name, None)
            self._failed_to_load(plugin, error)
        else:
            self._register(plugin, module)

    def _load_entry_point(self, entry_point: EntryPoint, blocked: Collection[str]) -> None:
        dist = entry_point.dist
        source = "installed" if dist is None else f"{dist.name} {dist.version}"
        plugin = _Plugin(entry_point.name, source, is_file=False)
        if not self._take(plugin, blocked):
            return
        try:
            loaded = entry_point.load()
        except BaseException as error:  # noqa: BLE001  # a plugin may do anything when imported
            self._failed_to_load(plugin, error)
        else:
            self._register(plugin, loaded)

    def _failed_to_load(self, plugin: _Plugin, error: BaseException) -> None:
        if isinstance(error, KeyboardInterrupt):
            raise error
        _LOG.debug("plugin %s", plugin.name, exc_info=error)
        where = _place(error)
        plugin.leave_out(
            Condition.FAILED, f"it does not load: {type(error).__name__}: {error}{where}"
        )

    def _take(self, plugin: _Plugin, blocked: Collection[str]) -> bool:
        """List the plugin; tell whether to load it."""
        before = [one for one in self._plugins if one.name == plugin.name]
        self._plugins.append(plugin)
        if plugin.name in blocked:
            plugin.leave_out(Condition.BLOCKED, "the configuration blocks it")
        elif before and not (before[0].is_file and not plugin.is_file):
            plugin.leave_out(
                Condition.LEFT_OUT, f"{before[0].source} has a plugin of this name already"
            )
        elif before:
            plugin.leave_out(Condition.LEFT_OUT, f"{before[0].source} takes its place")
        else:
            return True
        return False

    def _register(self, plugin: _Plugin, loaded: Any) -> None:
        version = getattr(loaded, "labframe_api", API_VERSION)
        if not isinstance(version, int) or version > API_VERSION:
            plugin.leave_out(
                Condition.LEFT_OUT,
                f"it is written for labframe_api = {version!r}; this labframe has {API_VERSION}: "
                "install a newer labframe",
            )
            return
        wrong = _misspelt(loaded)
        if wrong:
            plugin.leave_out(Condition.LEFT_OUT, "; ".join(wrong))
            return
        try:
            self._manager.register(loaded, plugin.name)
        except (ValueError, pluggy.PluginValidationError) as error:
            plugin.leave_out(Condition.LEFT_OUT, f"{error}")
            return
        callers = self._manager.get_hookcallers(loaded) or []
        plugin.hooks = tuple(sorted(caller.name for caller in callers))
        if not plugin.hooks:
            plugin.reasons.append("it implements no hook; is @hookimpl missing?")

    def _require(self, required: Collection[str]) -> None:
        there = {one.name: one for one in self._plugins if one.condition is Condition.LOADED}
        problems = []
        for name in required:
            if name in there:
                continue
            why = next((p.reasons for p in self._plugins if p.name == name), None)
            known = [one.name for one in self._plugins]
            text = "; ".join(why) if why else f"it is not installed{did_you_mean(name, known)}"
            problems.append(f"[host] required_plugins: {name!r}: {text}")
        if problems:
            raise ConfigurationError(problems)

    # Calling.

    def call(self, hook: str, **arguments: object) -> list[tuple[str, Any]]:
        """Call a hook of each plugin; return what each gave, by the plugin's name.

        A plugin that raises is logged and noted; the others' results are returned.

        Raises:
            ConfigurationError: If a plugin says that its own section is wrong.
        """
        results: list[tuple[str, Any]] = []
        for plugin in list(self._plugins):
            if plugin.condition is Condition.LOADED and hook in plugin.hooks:
                results += self._call_one(plugin, hook, arguments)
        return results

    def call_plugin(self, name: str, hook: str, **arguments: object) -> list[Any]:
        """Call a hook of one plugin, as :meth:`call` does; empty if it has it not."""
        return [
            result
            for plugin in self._plugins
            if plugin.name == name and plugin.condition is Condition.LOADED and hook in plugin.hooks
            for _, result in self._call_one(plugin, hook, arguments)
        ]

    def _call_one(
        self, plugin: _Plugin, hook: str, arguments: Mapping[str, object]
    ) -> list[tuple[str, Any]]:
        others = [other for name, other in self._manager.list_name_plugin() if name != plugin.name]
        caller = self._manager.subset_hook_caller(hook, others)
        try:
            return [(plugin.name, result) for result in caller(**arguments)]
        except (KeyboardInterrupt, ConfigurationError):
            raise
        except BaseException as error:  # noqa: BLE001  # a plugin may do anything
            self.note(plugin.name, f"{hook} raised {type(error).__name__}: {error}{_place(error)}")
            return []

    def note(self, name: str, reason: str) -> None:
        """Note that something is wrong with what a plugin gave, and log it."""
        for plugin in self._plugins:
            if plugin.name == name and plugin.condition in (Condition.LOADED, Condition.FAILED):
                plugin.condition = Condition.FAILED if not plugin.drivers else plugin.condition
                plugin.reasons.append(reason)
        _LOG.warning("plugin %s: %s", name, reason)

    @property
    def statuses(self) -> tuple[PluginStatus, ...]:
        """What became of each plugin, the blocked and broken ones included."""
        return tuple(plugin.status() for plugin in self._plugins)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the plugins that were loaded, in the order in which they are called."""
        return tuple(one.name for one in self._plugins if one.hooks)

    # Drivers and simulators.

    def drivers(self) -> Mapping[str, type[Instrument]]:
        """Return the driver classes by name."""
        if self._drivers is None:
            self._drivers = {}
            origin: dict[str, str] = {}
            for name, given in self.call("labframe_instruments"):
                for driver in self._listed(name, "labframe_instruments", given):
                    if not (isinstance(driver, type) and issubclass(driver, Instrument)):
                        self.note(name, f"labframe_instruments gave {driver!r}, not an Instrument")
                    elif driver.driver in origin:
                        self.note(
                            name,
                            f"driver {driver.driver!r} is provided by plugin "
                            f"{origin[driver.driver]!r} already",
                        )
                    else:
                        origin[driver.driver] = name
                        self._drivers[driver.driver] = driver
                        next(p for p in self._plugins if p.name == name and p.hooks).drivers.append(
                            driver.driver
                        )
        return self._drivers

    def simulators(self) -> Mapping[str, type[SimulatedInstrument]]:
        """Return the simulator classes by the name of their driver."""
        found: dict[str, type[SimulatedInstrument]] = {}
        for name, given in self.call("labframe_simulators"):
            if not isinstance(given, Mapping):
                self.note(name, f"labframe_simulators gave {given!r}, not a mapping by driver")
                continue
            for driver, simulator in given.items():
                if not (isinstance(simulator, type) and issubclass(simulator, SimulatedInstrument)):
                    self.note(name, f"labframe_simulators gave {simulator!r} for {driver!r}")
                else:
                    found.setdefault(driver, simulator)
        return found

    def listed(self, hook: str, name: str, **arguments: object) -> list[Any]:
        """Return all that one plugin gives by a hook that returns a sequence."""
        return [
            one
            for given in self.call_plugin(name, hook, **arguments)
            for one in self._listed(name, hook, given)
        ]

    def _listed(self, name: str, hook: str, given: Any) -> list[Any]:
        if isinstance(given, Sequence) and not isinstance(given, (str, bytes)):
            return list(given)
        self.note(name, f"{hook} returned {given!r}, not a list")
        return []

    def why_no_driver(self, driver: str) -> str:
        """Say why there is no driver of a name, which is near, and what may be the reason."""
        known = sorted(self.drivers())
        hint = did_you_mean(driver, known)
        text = f"there is no such driver{hint} There are: {', '.join(known) or 'none'}."
        broken = [
            f"plugin {one.name} ({one.source}): {one.reason}"
            for one in self.statuses
            if one.condition is not Condition.LOADED
        ]
        if broken and not hint.startswith(";"):
            text += " These plugins did not load: " + "; ".join(broken)
        elif not broken and not hint.startswith(";"):
            text += ' Is its file missing in plugins = ["./driver.py"]?'
        return text


def _misspelt(loaded: Any) -> list[str]:
    """Return what is wrong with the names that begin like hooks."""
    problems = []
    for name in dir(loaded):
        if not name.startswith("labframe_") or name in _NO_HOOKS:
            continue
        function = getattr(loaded, name, None)
        if not callable(function):
            continue
        is_marked = hasattr(function, f"{PROJECT}_impl")
        if name in _HOOKS:
            if not is_marked:
                problems.append(f"{name} is not marked with @hookimpl")
        elif is_marked:
            near = difflib.get_close_matches(name, _HOOKS, 1)
            hint = f"; did you mean {near[0]}?" if near else f"; there are: {', '.join(_HOOKS)}"
            problems.append(f"there is no hook {name}{hint}")
    return problems


def _place(error: BaseException) -> str:
    """Return in which line of which file an error arose."""
    if isinstance(error, SyntaxError) or error.__traceback__ is None:
        return ""
    trace = error.__traceback__
    while trace.tb_next is not None:
        trace = trace.tb_next
    file = Path(trace.tb_frame.f_code.co_filename).name
    return "" if file.startswith("<") else f" ({file}, line {trace.tb_lineno})"
