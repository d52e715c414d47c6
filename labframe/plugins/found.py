"""Finding plugins and calling their hooks, so that a broken one breaks nothing else."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import logging
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pluggy

from labframe.config import ConfigurationError
from labframe.errors import LabframeError
from labframe.hookspecs import PROJECT
from labframe.instrument import Instrument
from labframe.nearest import did_you_mean
from labframe.plan.declaring import configured_driver
from labframe.plugins.checks import distribution, imported, problems_of, told, unknown_hooks
from labframe.plugins.plugin import Condition, Plugin, PluginStatus
from labframe.simulation import SimulatedInstrument, SimulationError

__all__ = ["Plugins"]

_LOG = logging.getLogger("labframe.host")


class Plugins:
    """The plugins of one host.

    Args:
        files: Single-file plugins; they go before installed ones.
        directory: Where relative paths among them begin.
        blocked: Names of plugins that are not loaded.
        required: Names of plugins that must be there.
        entry_points: Installed plugins; None takes those of the group ``labframe``.
        simulate: Whether to load the file ``X_simulator.py`` beside a single-file plugin ``X.py``
            too, where there is one and it is not among the files.

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
        *,
        simulate: bool = False,
    ) -> None:
        self._plugins: list[Plugin] = []
        self._drivers: dict[str, type[Instrument]] | None = None
        paths = [directory / file for file in files]
        for path in [*paths, *(_simulators_beside(paths, blocked) if simulate else ())]:
            self._load_file(path, blocked)
        if entry_points is None:
            entry_points = importlib.metadata.entry_points(group=PROJECT)
        for entry_point in sorted(entry_points, key=lambda one: one.name):
            self._load_entry_point(entry_point, blocked)
        self._require(required)

    def _load_file(self, path: Path, blocked: Collection[str]) -> None:
        plugin = Plugin(path.stem, str(path), is_file=True)
        if not self._take(plugin, blocked):
            return
        if path.is_file():
            self._load(plugin, lambda: imported(path))
        else:
            there = sorted(one.name for one in path.parent.glob("*.py"))
            hint = f" In {path.parent} there are: {', '.join(there)}." if there else ""
            plugin.leave_out(Condition.FAILED, f"there is no such file.{hint}")

    def _load_entry_point(self, entry_point: EntryPoint, blocked: Collection[str]) -> None:
        plugin = Plugin(entry_point.name, distribution(entry_point), is_file=False)
        if self._take(plugin, blocked):
            self._load(plugin, entry_point.load)

    def _load(self, plugin: Plugin, load: Callable[[], Any]) -> None:
        try:
            self._register(plugin, load())
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # noqa: BLE001  # a plugin may do anything when imported
            _LOG.debug("plugin %s", plugin.name, exc_info=error)
            plugin.leave_out(Condition.FAILED, f"it does not load: {told(error)}")

    def _take(self, plugin: Plugin, blocked: Collection[str]) -> bool:
        """List the plugin; tell whether to load it."""
        before = next((one for one in self._plugins if one.name == plugin.name), None)
        self._plugins.append(plugin)
        if plugin.name in blocked:
            plugin.leave_out(Condition.BLOCKED, "the configuration blocks it")
        elif before is None:
            return True
        elif before.is_file and not plugin.is_file:
            plugin.condition = Condition.LEFT_OUT
            plugin.notes.append(f"{before.source} takes its place")
        else:
            reason = f"{before.source} has a plugin of this name already"
            plugin.leave_out(Condition.LEFT_OUT, reason)
        return False

    def _register(self, plugin: Plugin, loaded: Any) -> None:
        twin = next((one.name for one in self._plugins if one.loaded is loaded), None)
        problems = [f"it is the same as plugin {twin!r}"] if twin else problems_of(loaded)
        if not problems:
            try:
                plugin.manager.register(loaded, plugin.name)
            except pluggy.PluginValidationError as error:
                problems = [" ".join(str(error).split())]
            else:
                problems = unknown_hooks(plugin.manager, loaded)
        if problems:
            plugin.leave_out(Condition.LEFT_OUT, "; ".join(problems))
            return
        plugin.loaded = loaded
        callers = plugin.manager.get_hookcallers(loaded) or []
        plugin.hooks = tuple(sorted(caller.name for caller in callers if caller.has_spec()))
        if not plugin.hooks:
            plugin.fail("it implements no hook; is @hookimpl missing?")

    def _require(self, required: Collection[str]) -> None:
        known = {one.name: one.reasons for one in reversed(self._plugins)}
        problems = []
        for name in sorted({*required} - {*self.names}):
            why = known.get(name)
            text = "; ".join(why) if why else f"it is not installed{did_you_mean(name, known)}"
            problems.append(f"[host] required_plugins: {name!r}: {text}")
        if problems:
            raise ConfigurationError(problems)

    def call(self, hook: str, **arguments: object) -> list[tuple[str, Any]]:
        """Call a hook of each plugin; return what each gave, by the plugin's name.

        A plugin that raises is logged and noted; the others' results are returned.

        Raises:
            ConfigurationError: If a plugin says that its own section is wrong.
        """
        return [(plugin.name, result) for plugin, result in self._called(hook, arguments)]

    def _called(
        self, hook: str, arguments: Mapping[str, object], only: str | None = None
    ) -> Iterator[tuple[Plugin, Any]]:
        for plugin in self._plugins:
            if hook in plugin.hooks and only in (None, plugin.name):
                for result in self._call_one(plugin, hook, arguments):
                    yield plugin, result

    def _call_one(self, plugin: Plugin, hook: str, arguments: Mapping[str, object]) -> list[Any]:
        try:
            results = getattr(plugin.manager.hook, hook)(**arguments)
            results = [_copied(result) for result in results]
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # a plugin may do anything
            if isinstance(error, ConfigurationError) and "context" in arguments:
                raise
            plugin.failed_hooks.add(hook)
            plugin.fail(f"{hook} raised {told(error)}")
            return []
        if not results and hook != "labframe_cli":
            plugin.failed_hooks.add(hook)
            plugin.fail(f"{hook} returned None: is `return` missing?")
        return results

    def note(self, name: str, reason: str) -> None:
        """Note that something is wrong with what a plugin gave, and log it."""
        for plugin in self._plugins:
            if plugin.name == name and plugin.hooks:
                plugin.fail(reason)

    @property
    def statuses(self) -> tuple[PluginStatus, ...]:
        """What became of each plugin, the blocked and broken ones included."""
        return tuple(plugin.status() for plugin in self._plugins)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the plugins that were loaded, in the order in which they are called."""
        return tuple(one.name for one in self._plugins if one.hooks)

    def drivers(self) -> Mapping[str, type[Instrument]]:
        """Return the driver classes by name."""
        if self._drivers is None:
            self._drivers = {}
            for plugin, given in self._called("labframe_instruments", {}):
                for driver in _listed(plugin, "labframe_instruments", given):
                    if _is_driver(driver):
                        self._add_driver(self._drivers, plugin, driver)
                    else:
                        plugin.fail(f"labframe_instruments gave {driver!r}, not a driver class")
        return self._drivers

    def _add_driver(
        self, drivers: dict[str, type[Instrument]], plugin: Plugin, driver: type[Instrument]
    ) -> None:
        name = driver.driver
        if name not in drivers:
            drivers[name] = driver
            plugin.drivers.append(name)
            return
        first = next(one for one in self._plugins if name in one.drivers)
        if first.is_file and not plugin.is_file:
            plugin.notes.append(f"driver {name!r}: that of {first.source} takes its place")
        else:
            plugin.fail(f"driver {name!r} is provided by plugin {first.name!r} already")

    def simulators(self) -> Mapping[str, type[SimulatedInstrument]]:
        """Return the simulator classes by the name of their driver."""
        found: dict[str, type[SimulatedInstrument]] = {}
        for plugin, given in self._called("labframe_simulators", {}):
            if not isinstance(given, dict):
                plugin.fail(f"labframe_simulators returned {given!r}, not a mapping by driver")
                continue
            for driver, simulator in given.items():
                if not (isinstance(simulator, type) and issubclass(simulator, SimulatedInstrument)):
                    plugin.fail(f"labframe_simulators gave {simulator!r} for {driver!r}")
                else:
                    found.setdefault(driver, simulator)
        return found

    def simulator(self, driver: str) -> type[SimulatedInstrument]:
        """Return the simulator class that stands in for a driver.

        Where the driver finds its readings in a configuration, it plays the driver's example.

        Raises:
            SimulationError: If there is none; it names the nearest one, and all.
        """
        known = self.simulators()
        if driver in known:
            described = self.drivers().get(driver)
            example = {} if described is None else described.example()
            return known[driver].for_section(example) if example else known[driver]
        raise SimulationError(
            f"no simulator stands in for a driver {driver!r}{did_you_mean(driver, known)} "
            f"There are: {', '.join(sorted(known))}"
        )

    def driver(self, name: str) -> type[Instrument]:
        """Return a driver to try: one that finds its readings in a configuration has an example's.

        Raises:
            LabframeError: If there is none; it names the nearest one, and all.
        """
        found = self.drivers().get(name)
        if found is None:
            raise LabframeError(f"{name}: {self.why_no_driver(name)}")
        return found if found.own_keys is None else configured_driver(found, found.example(), name)

    def listed(self, hook: str, name: str, **arguments: object) -> list[Any]:
        """Return all that one plugin gives by a hook that returns a sequence."""
        return [
            one
            for plugin, given in self._called(hook, arguments, name)
            for one in _listed(plugin, hook, given)
        ]

    def why_no_driver(self, driver: str) -> str:
        """Say why there is no driver of a name, which is near, and what may be the reason."""
        known = sorted(self.drivers())
        hint = did_you_mean(driver, known)
        text = f"there is no such driver{hint} There are: {', '.join(known) or 'none'}."
        is_near = hint.startswith(";")
        broken = self._broken(lambda one: one.name == driver or not is_near)
        if broken:
            return f"{text} {broken}"
        return text if is_near else f'{text} Is its file missing in plugins = ["./driver.py"]?'

    def why_no_simulator(self, driver: str) -> str:
        """Say why a driver has no simulator, which is near, and where one is looked for."""
        known = sorted(self.simulators())
        hint = did_you_mean(driver, known)
        text = f"it has no simulator{hint} There are: {', '.join(known) or 'none'}."
        files = [one.name for one in self._plugins if one.is_file and driver in one.drivers]
        wanted = [f"{name}_simulator" for name in files]
        broken = self._broken(lambda one: one.name in wanted or not hint.startswith(";"))
        if broken:
            return f"{text} {broken}"
        return f"{text} Put it into {wanted[0]}.py, beside {files[0]}.py." if files else text

    def _broken(self, may_matter: Callable[[PluginStatus], bool]) -> str:
        broken = [
            f"plugin {one.name} ({one.source}): {one.reason}"
            for one in self.statuses
            if one.reason and may_matter(one)
        ]
        return f"Plugins that did not give all they should: {'; '.join(broken)}" if broken else ""


def _simulators_beside(paths: Sequence[Path], blocked: Collection[str]) -> list[Path]:
    """Return the simulators' files beside drivers' files; one that is listed has precedence."""
    listed = {path.stem for path in paths}
    beside = [
        path.parent / f"{path.stem}_simulator.py" for path in paths if path.stem not in blocked
    ]
    return [path for path in dict.fromkeys(beside) if path.stem not in listed and path.is_file()]


def _copied(result: Any) -> Any:
    """Return what a hook gave as a plain list or dict, so that reading it later cannot raise."""
    if isinstance(result, Mapping):
        return dict(result)
    if isinstance(result, Sequence) and not isinstance(result, (str, bytes)):
        return list(result)
    return result


def _listed(plugin: Plugin, hook: str, given: Any) -> list[Any]:
    if isinstance(given, list):
        return given
    plugin.failed_hooks.add(hook)
    plugin.fail(f"{hook} returned {given!r}, not a list")
    return []


def _is_driver(given: Any) -> bool:
    return isinstance(given, type) and issubclass(given, Instrument) and given is not Instrument
