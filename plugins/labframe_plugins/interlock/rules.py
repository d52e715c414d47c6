"""The rules: which commands are refused, unless readings are fresh and within limits."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from labframe import Command, PluginContext, Quality, Reading

__all__ = ["Condition", "Refused", "Rule", "rules"]

Look = Callable[[str], "Reading | None"]

_KEYS = ("codename", "below", "above", "is")
_SAY = 'write unless = { codename = "chamber_pressure", below = 1e-3 }'


class Refused(Exception):
    """A rule does not allow a command; the text says why."""


@dataclass(frozen=True, slots=True)
class Condition:
    """What a reading must be.

    Attributes:
        codename: Whose newest reading is looked at; it must be fresh.
        below: It must be less; None if there is no such limit.
        above: It must be more; None if there is no such limit.
        equal: It must be this; None if it need not.
    """

    codename: str
    below: float | None
    above: float | None
    equal: Any

    def check(self, look: Look) -> None:
        """Raise Refused if it is not so, or if nobody knows."""
        reading = look(self.codename)
        if reading is None:
            raise Refused(f"{self.codename} has no value yet")
        value, unit = reading.y, "" if reading.unit in ("", "1") else f" {reading.unit}"
        if reading.quality is not Quality.OK:
            raise Refused(f"{self.codename} is {reading.quality}; it was {value!r}{unit}")
        if self.equal is not None:
            if value != self.equal or isinstance(value, bool) is not isinstance(self.equal, bool):
                raise Refused(f"{self.codename} is {value!r}{unit}, not {self.equal!r}")
            return
        if not isinstance(value, (int, float)) or isinstance(value, bool):
            raise Refused(f"{self.codename} is {value!r}, which is no number")
        if self.below is not None and not value < self.below:
            raise Refused(f"{self.codename} is {value:.6g}{unit}, not below {self.below:g}{unit}")
        if self.above is not None and not value > self.above:
            raise Refused(f"{self.codename} is {value:.6g}{unit}, not above {self.above:g}{unit}")


@dataclass(frozen=True, slots=True)
class Rule:
    """One section ``[plugin.interlock.NAME]``; an interlock.

    Attributes:
        name: The section's name.
        guards: Which commands it is for: patterns such as ``laser.fire`` and ``laser.*``.
        conditions: What must be so, all of it.
    """

    name: str
    guards: Sequence[str]
    conditions: tuple[Condition, ...]

    @property
    def needs(self) -> Sequence[str]:
        """The codenames that it looks at."""
        return [condition.codename for condition in self.conditions]

    def check(self, command: Command, look: Look) -> None:
        """Raise Refused unless every condition is met."""
        del command
        for condition in self.conditions:
            condition.check(look)


def rules(context: PluginContext) -> list[Rule]:
    """Return the rules of the plugin's section.

    Raises:
        ConfigurationError: If one is written wrongly.
    """
    if not context.section:
        return []
    return [_rule(context, name, section) for name, section in context.section.items()]


def _rule(context: PluginContext, name: str, section: Any) -> Rule:
    if not isinstance(section, Mapping):
        raise context.error(
            f"{name} = {section!r}", f"not a section; write [plugin.{context.name}.{name}] above it"
        )
    for key in section:
        if key not in ("refuse", "unless"):
            raise context.error(f"{name}.{key}", "not a key that is known here: refuse, unless")
    patterns = section.get("refuse")
    if isinstance(patterns, str):
        patterns = [patterns]
    is_list = isinstance(patterns, list) and all(isinstance(one, str) for one in patterns)
    if not is_list or not patterns:
        raise context.error(
            f"{name}.refuse = {patterns!r}", 'not commands: write refuse = ["laser.fire"]'
        )
    conditions = section.get("unless")
    if isinstance(conditions, Mapping):
        conditions = [conditions]
    if not isinstance(conditions, list) or not conditions:
        raise context.error(f"{name}.unless = {conditions!r}", f"not a condition: {_SAY}")
    return Rule(name, tuple(patterns), tuple(_condition(context, name, c) for c in conditions))


def _condition(context: PluginContext, name: str, given: Any) -> Condition:
    key = f"{name}.unless"
    if not isinstance(given, Mapping) or not isinstance(given.get("codename"), str):
        raise context.error(f"{key} = {given!r}", f"names no codename: {_SAY}")
    for one in given:
        if one not in _KEYS:
            raise context.error(f"{key}.{one}", f"not a key that is known here: {', '.join(_KEYS)}")
    limits = {one: given.get(one) for one in ("below", "above")}
    for one, value in limits.items():
        if value is not None and (not isinstance(value, (int, float)) or isinstance(value, bool)):
            raise context.error(f"{key}.{one} = {value!r}", "not a number")
    equal = given.get("is")
    if equal is None and not any(value is not None for value in limits.values()):
        raise context.error(f"{key} = {dict(given)!r}", "says neither below, nor above, nor is")
    if equal is not None and any(value is not None for value in limits.values()):
        raise context.error(f"{key} = {dict(given)!r}", "is goes with neither below nor above")
    return Condition(given["codename"], limits["below"], limits["above"], equal)
