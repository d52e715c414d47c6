"""The section ``[plugin.recorder]``: where the history is, what is kept, and for how long."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Final, TypeVar

from labframe import PluginContext
from labframe.nearest import did_you_mean
from labframe_plugins.recorder.keep import Band, Interval, Keep

__all__ = ["KeepRule", "RetainRule", "Settings", "rule_for", "settings_of"]

Rule = TypeVar("Rule")

_KEYS: Final = ("enabled", "file", "spool", "sync", "keep", "retain")
_KEEP_KEYS: Final = ("every", "lin", "log", "silence")
_RETAIN_KEYS: Final = ("thin_after", "every", "drop_after")
_SPOOL: Final = 200_000
_SILENCE_S: Final = 600.0
_DURATION: Final = re.compile(r"\s*([0-9]+(?:\.[0-9]+)?)\s*(s|min|h|d|y)\s*")
_SECONDS: Final = {"s": 1.0, "min": 60.0, "h": 3600.0, "d": 86400.0, "y": 365.25 * 86400.0}


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepRule:
    """Which points of a codename are kept; all of them without a rule.

    Attributes:
        every: Seconds that are between two of them at least; None if there is no such limit.
        lin: How far a straight line between two may be from what was measured; None likewise.
        log: The same as a part of the value: 0.02 is 2 %.
        silence: Seconds that are between two of them at most, with ``lin`` or ``log``.
    """

    every: float | None = None
    lin: float | None = None
    log: float | None = None
    silence: float = _SILENCE_S

    def keep(self) -> Keep:
        """Return what decides for one codename."""
        if self.every is not None:
            return Interval(self.every)
        return Band(self.lin or 0.0, self.log or 0.0, self.silence)


@dataclass(frozen=True, slots=True, kw_only=True)
class RetainRule:
    """For how long the points of a codename are kept as they are.

    Attributes:
        thin_after: Seconds after which they become minimum, mean and maximum; None is never.
        every: Seconds that one minimum, mean and maximum is of.
        drop_after: Seconds after which nothing is left of them; None is never.
    """

    thin_after: float | None = None
    every: float = 60.0
    drop_after: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What the section says.

    Attributes:
        enabled: Whether anything is recorded.
        file: The history.
        spool: How many points wait in memory at most while the file cannot be written.
        sync: Whether each commit waits until the disk has it: then a power cut costs no more than
            a crash.
        keep: The rules for what is kept, by codename or pattern; the first that fits counts.
        retain: The rules for how long, likewise.
    """

    enabled: bool
    file: Path
    spool: int = _SPOOL
    sync: bool = True
    keep: Mapping[str, KeepRule]
    retain: Mapping[str, RetainRule]


def settings_of(context: PluginContext) -> Settings:
    """Return what the plugin's section says.

    Raises:
        ConfigurationError: If something in it cannot be.
    """
    section = context.section
    _known(context, "", section, _KEYS)
    file = section.get("file", "")
    if not isinstance(file, str):
        raise context.error(f"file = {file!r}", 'a path in quotes, such as "lab.db"')
    spool = section.get("spool", _SPOOL)
    if type(spool) is not int or spool < 1000:
        raise context.error(f"spool = {spool!r}", "how many points may wait: 1000 or more")
    return Settings(
        enabled=_flag(context, "enabled", default=bool(section)),
        file=context.path(file) if file else context.state_dir / "history.db",
        spool=spool,
        sync=_flag(context, "sync", default=True),
        keep={name: _keep(context, name, table) for name, table in _tables(context, "keep")},
        retain={name: _retain(context, name, table) for name, table in _tables(context, "retain")},
    )


def rule_for(rules: Mapping[str, Rule], codename: str) -> Rule | None:
    """Return the rule for a codename: its own, or the first whose pattern fits, or None."""
    if codename in rules:
        return rules[codename]
    return next((rule for pattern, rule in rules.items() if fnmatchcase(codename, pattern)), None)


def _flag(context: PluginContext, key: str, *, default: bool) -> bool:
    flag = context.section.get(key, default)
    if not isinstance(flag, bool):
        raise context.error(f"{key} = {flag!r}", "true or false")
    return flag


def _tables(context: PluginContext, key: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    tables = context.section.get(key, {})
    if not isinstance(tables, Mapping):
        raise context.error(
            f"{key} = {tables!r}", f'a section; write [plugin.{context.name}.{key}."*"]'
        )
    for name, table in tables.items():
        if not isinstance(table, Mapping):
            raise context.error(
                f"{key}.{name} = {table!r}",
                f'not a section; write [plugin.{context.name}.{key}."{name}"] above its keys',
            )
        yield name, table


def _keep(context: PluginContext, name: str, table: Mapping[str, Any]) -> KeepRule:
    where = f"keep.{name}"
    _known(context, f"{where}.", table, _KEEP_KEYS)
    ways = [key for key in ("every", "lin", "log") if key in table]
    if len(ways) != 1:
        raise context.error(
            f"{where} = {dict(table)!r}", "needs one of every, lin and log, and only one"
        )
    if "silence" in table and "every" in table:
        raise context.error(f"{where}.silence", "goes with lin and log, not with every")
    given = {key: _seconds(context, f"{where}.{key}", table.get(key)) for key in ("every",)}
    for key in ("lin", "log"):
        given[key] = _positive(context, f"{where}.{key}", table.get(key))
    if given["log"] is not None and given["log"] >= 1:
        raise context.error(f"{where}.log = {given['log']:g}", "a part of the value: 0.02 is 2 %")
    silence = _seconds(context, f"{where}.silence", table.get("silence")) or _SILENCE_S
    return KeepRule(**given, silence=silence)


def _retain(context: PluginContext, name: str, table: Mapping[str, Any]) -> RetainRule:
    where = f"retain.{name}"
    _known(context, f"{where}.", table, _RETAIN_KEYS)
    thin = _seconds(context, f"{where}.thin_after", table.get("thin_after"))
    drop = _seconds(context, f"{where}.drop_after", table.get("drop_after"))
    every = _seconds(context, f"{where}.every", table.get("every")) or 60.0
    if thin is None and drop is None:
        raise context.error(f"{where} = {dict(table)!r}", "says neither thin_after nor drop_after")
    if thin is not None and drop is not None and drop <= thin:
        raise context.error(f"{where}.drop_after", "must be longer than thin_after")
    return RetainRule(thin_after=thin, every=every, drop_after=drop)


def _known(
    context: PluginContext, where: str, table: Mapping[str, Any], known: tuple[str, ...]
) -> None:
    for key in table:
        if key not in known:
            hint = did_you_mean(key, known)
            raise context.error(f"{where}{key}", f"not a key that is known here{hint}: {known}")


def _positive(context: PluginContext, key: str, value: Any) -> float | None:
    if value is None:
        return None
    if type(value) not in (int, float) or not 0 < value < float("inf"):
        raise context.error(f"{key} = {value!r}", "a number above 0")
    return float(value)


def _seconds(context: PluginContext, key: str, value: Any) -> float | None:
    if isinstance(value, str):
        found = _DURATION.fullmatch(value)
        if found is None:
            raise context.error(f"{key} = {value!r}", 'seconds, or a text such as "90 d"')
        value = float(found[1]) * _SECONDS[found[2]]
    return _positive(context, key, value)
