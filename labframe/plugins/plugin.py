"""One plugin: where it is from, what it gives, and what became of it."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import pluggy

from labframe.hookspecs import PROJECT, HookSpecs

__all__ = ["Condition", "Plugin", "PluginStatus"]

_LOG = logging.getLogger("labframe.host")


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
        note: What is as it should be, and yet good to know: what takes its place.
        hooks: The hooks that it implements.
        drivers: The drivers that it provides.
        failed_hooks: The hooks of it that raised, or gave what they should not.
    """

    name: str
    source: str
    condition: Condition
    reason: str = ""
    note: str = ""
    hooks: tuple[str, ...] = ()
    drivers: tuple[str, ...] = ()
    failed_hooks: frozenset[str] = frozenset()


class Plugin:
    """A plugin, with a manager of its own: nothing that it does reaches the others' hooks."""

    def __init__(self, name: str, source: str, is_file: bool) -> None:
        self.name = name
        self.source = source
        self.is_file = is_file
        self.manager = pluggy.PluginManager(PROJECT)
        self.manager.add_hookspecs(HookSpecs)
        self.loaded: Any = None
        self.condition = Condition.LOADED
        self.has_failed = False
        self.reasons: list[str] = []
        self.notes: list[str] = []
        self.hooks: tuple[str, ...] = ()
        self.drivers: list[str] = []
        self.failed_hooks: set[str] = set()

    def leave_out(self, condition: Condition, reason: str) -> None:
        """Note that none of it is used."""
        self.condition = condition
        self.reasons.append(reason)
        if condition is not Condition.BLOCKED:
            _LOG.warning("plugin %s (%s) is left out: %s", self.name, self.source, reason)

    def fail(self, reason: str) -> None:
        """Note that something of it went wrong; each reason is logged once."""
        self.has_failed = True
        if reason not in self.reasons:
            self.reasons.append(reason)
            _LOG.warning("plugin %s: %s", self.name, reason)

    def status(self) -> PluginStatus:
        """Return what became of it."""
        return PluginStatus(
            name=self.name, source=self.source, reason="; ".join(self.reasons),
            condition=Condition.FAILED if self.has_failed and not self.drivers else self.condition,
            note="; ".join(self.notes), hooks=self.hooks, drivers=tuple(self.drivers),
            failed_hooks=frozenset(self.failed_hooks),
        )  # fmt: skip
