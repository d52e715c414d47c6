"""Loading what a plugin is, and what is wrong with it before any of it is called."""

from __future__ import annotations

import difflib
import importlib.util
import inspect
import sys
from importlib.metadata import EntryPoint
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import pluggy

from labframe.hookspecs import PROJECT, HookSpecs

__all__ = ["API_VERSION", "distribution", "imported", "problems_of", "told", "unknown_hooks"]

API_VERSION: Final = 1
"""A plugin may state the version that it was written for: ``labframe_api = 1``."""

_HOOKS: Final = tuple(name for name in vars(HookSpecs) if name.startswith("labframe_"))


def imported(path: Path) -> ModuleType:
    """Return the module in a file; raises whatever importing it raises."""
    name = f"labframe_file_plugin_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ImportError("not a Python file: its name must end with .py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # annotations are looked up there
    try:
        spec.loader.exec_module(module)
    except BaseException:
        sys.modules.pop(name, None)
        raise
    return module


def distribution(entry_point: EntryPoint) -> str:
    """Return which distribution an entry point is from, with its version."""
    dist = entry_point.dist
    try:
        return f"{dist.name} {dist.version}" if dist and dist.name else "installed"
    except Exception:  # noqa: BLE001  # its description may be missing, or broken
        return "installed"


def problems_of(loaded: Any) -> list[str]:
    """Return why something cannot be a plugin."""
    if isinstance(loaded, type):
        return [f"it is the class {loaded.__name__}, not a module or an instance of a class"]
    version = getattr(loaded, "labframe_api", API_VERSION)
    if not isinstance(version, int):
        return [f"labframe_api = {version!r}: write a whole number: {API_VERSION}"]
    if version > API_VERSION:
        return [
            f"it is written for labframe_api = {version}; this labframe has {API_VERSION}: "
            "install a newer labframe"
        ]
    return _unmarked(loaded)


def _unmarked(loaded: Any) -> list[str]:
    """Return which functions have the name of a hook, or one near to it, but not the marker."""
    problems = []
    for name in dir(loaded):
        if not name.startswith("labframe_"):
            continue
        function = getattr(loaded, name, None)
        if not inspect.isroutine(function) or hasattr(function, f"{PROJECT}_impl"):
            continue
        if name in _HOOKS:
            problems.append(f"{name} is not marked with @hookimpl")
        elif near := difflib.get_close_matches(name, _HOOKS, 1, 0.85):
            problems.append(f"there is no hook {name}; did you mean {near[0]}, with @hookimpl?")
    return problems


def unknown_hooks(manager: pluggy.PluginManager, loaded: Any) -> list[str]:
    """Return which functions are marked, but implement no hook that there is."""
    problems = []
    for caller in manager.get_hookcallers(loaded) or []:
        if caller.has_spec() or all(one.optionalhook for one in caller.get_hookimpls()):
            continue
        near = difflib.get_close_matches(caller.name, _HOOKS, 1)
        hint = f"; did you mean {near[0]}?" if near else f"; there are: {', '.join(_HOOKS)}"
        problems.append(f"there is no hook {caller.name}{hint}")
    return problems


def told(error: BaseException) -> str:
    """Return an error as text, and in which line of which file it arose."""
    text = f"{type(error).__name__}: {error}"
    trace = error.__traceback__
    if isinstance(error, SyntaxError) or trace is None:
        return text
    while trace.tb_next is not None:
        trace = trace.tb_next
    return f"{text} ({Path(trace.tb_frame.f_code.co_filename).name}, line {trace.tb_lineno})"
