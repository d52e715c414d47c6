"""Testing drivers without instruments: fixtures, the contract of every driver, and chaos.

pytest finds the fixtures by itself (entry point ``pytest11``); ``docs/how-to/test-a-driver.md``.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from labframe.testing.contract import DriverContract as DriverContract
    from labframe.testing.handles import SimHandle as SimHandle
    from labframe.testing.hosts import explicit_plugins as explicit_plugins

_HOME = {
    "DriverContract": "labframe.testing.contract",
    "SimHandle": "labframe.testing.handles",
    "explicit_plugins": "labframe.testing.hosts",
}

__all__ = ["DriverContract", "SimHandle", "explicit_plugins"]


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module 'labframe.testing' has no attribute {name!r}")
    value: object = getattr(import_module(_HOME[name]), name)
    globals()[name] = value
    return value
