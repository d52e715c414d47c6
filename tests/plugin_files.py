"""Plugins in files and in distributions, for the tests of plugins."""

import importlib
import importlib.metadata
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from labframe.hookspecs import PluginContext
from labframe.plugins import Plugins, PluginStatus

__all__ = [
    "SINK",
    "THERMOMETER",
    "Install",
    "files",
    "installed",
    "installer",
    "load",
    "sinks",
    "status",
    "write",
]

HEAD = """
from labframe import ConfigurationError, Instrument, hookimpl
from labframe.simulation import LineSimulator
"""

THERMOMETER = """
class Thermometer(Instrument):
    driver = "thermometer"

@hookimpl
def labframe_instruments():
    return [Thermometer]
"""

SINK = """
@hookimpl
def labframe_sinks(context):
    return [f"sink of {context.name}"]
"""

Install = Callable[..., None]


def write(path: Path, *code: str) -> str:
    """Write a plugin into a file; return its name."""
    path.write_text("\n".join([HEAD, *code]), "utf-8")
    return path.name


def files(directory: Path, *names: str, blocked: tuple[str, ...] = ()) -> Plugins:
    """Load the files of a directory, and nothing that is installed."""
    return Plugins(names, directory, blocked, entry_points=[])


def load(directory: Path, *code: str) -> Plugins:
    """Load one plugin, ``lab``, from a file."""
    return files(directory, write(directory / "lab.py", *code))


def status(plugins: Plugins, name: str = "lab") -> PluginStatus:
    """Return what became of the first plugin of a name."""
    return next(one for one in plugins.statuses if one.name == name)


def sinks(plugins: Plugins) -> list[tuple[str, object]]:
    """Return what the plugins give as sinks, by their names."""
    return plugins.call("labframe_sinks", context=PluginContext("any"))


def installer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Return what installs a distribution in a directory of its own, as pip lays it out."""

    def make(name: str, entry_points: dict[str, str], modules: dict[str, str]) -> None:
        site = tmp_path / f"site-{name}"
        about = site / f"{name.replace('-', '_')}-1.2.dist-info"
        about.mkdir(parents=True)
        (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.2\n")
        lines = [f"{key} = {value}" for key, value in entry_points.items()]
        (about / "entry_points.txt").write_text("\n".join(["[labframe]", *lines]) + "\n")
        for module, code in modules.items():
            write(site / f"{module}.py", code)
            monkeypatch.delitem(sys.modules, module, raising=False)
        monkeypatch.syspath_prepend(str(site))
        importlib.invalidate_caches()

    return make


def installed(*distributions: str, **options: object) -> Plugins:
    """Load the installed plugins, of these distributions only."""
    found = [
        one
        for one in importlib.metadata.entry_points(group="labframe")
        if one.dist is not None and one.dist.name in distributions
    ]
    return Plugins(entry_points=found, **options)  # type: ignore[arg-type]  # what a test wants
