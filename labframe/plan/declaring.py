"""Drivers that find their readings and commands in ``lab.toml``: the class for one section."""

from __future__ import annotations

import dataclasses
import keyword
import types
import typing
from collections.abc import Collection, Mapping
from typing import Any, Final, TypeVar

import msgspec

from labframe.config import (
    CommandConfig,
    Config,
    InstrumentConfig,
    ReadingConfig,
)
from labframe.config.environment import Secrets
from labframe.config.instruments import instrument as read_again
from labframe.config.keys import INSTRUMENT_KEYS
from labframe.config.problems import Place, Problems
from labframe.config.rules import wanted
from labframe.config.sections import Sections
from labframe.errors import DeclarationError
from labframe.instrument import Instrument, OwnKeys, Section, commands, readings
from labframe.instrument.sections import NoKeys
from labframe.line import SerialLine
from labframe.nearest import did_you_mean

__all__ = ["configured_driver", "declared_driver"]

Keys = TypeVar("Keys", bound=msgspec.Struct)

_MEMBERS: Final = {"reading": ReadingConfig.__struct_fields__,
                   "command": CommandConfig.__struct_fields__}  # fmt: skip
"""The keys that readings and commands of every driver have."""


def configured_driver(
    driver: type[Instrument], table: Mapping[str, Any], name: str = "instrument"
) -> type[Instrument]:
    """Return a driver with the readings and commands of a section, for a script or a test.

    Args:
        driver: A driver with ``own_keys``.
        table: The section ``[instrument.NAME]``, as TOML gives it; driver and port may be missing.
        name: The instrument's name.

    Raises:
        ConfigurationError: If anything is wrong with it; it holds all problems.
    """
    section = {"driver": driver.driver, **table}
    config = Config.from_dict({"instrument": {name: section}}, fixed_drivers=lambda _: ())
    return declared_driver(config.instruments[name], driver, config.name, config.secrets)


def declared_driver(
    config: InstrumentConfig, driver: type[Instrument], file: str, secrets: Secrets
) -> type[Instrument]:
    """Return the class for one section: the driver itself, if it takes no keys of its own.

    Args:
        config: The section.
        driver: The driver of its name.
        file: The file's name, for messages.
        secrets: What is not shown in messages.

    Raises:
        ConfigurationError: If the driver does not take what stands there; it holds all problems.
    """
    problems = Problems(file, secrets)
    if driver.own_keys is None:
        if config.table:
            read_again(Sections(problems), config.name, config.table)
            problems.raise_any()
        return driver
    made = _Declaring(config, driver, driver.own_keys, problems).made()
    problems.raise_any()
    assert made is not None, "without a problem there is a class"
    return made


class _Declaring:
    """One section, from its tables to a subclass of its driver."""

    def __init__(
        self,
        config: InstrumentConfig,
        driver: type[Instrument],
        keys: OwnKeys[Any, Any, Any],
        problems: Problems,
    ) -> None:
        self.config = config
        self.driver = driver
        self.keys = keys
        self.problems = problems
        self.sections = Sections(problems)
        self.place: Place = ("instrument", config.name)
        self.is_well = True
        self._noted: set[Place] = set()

    def made(self) -> type[Instrument] | None:
        """Return the class, or None with what is wrong noted."""
        tables = {kind: self._tables(kind) for kind in _MEMBERS}
        own = {name: table for name, table in tables["reading"].items() if self._is_declared(table)}
        keys = self._struct(self.keys.instrument or NoKeys, (), self.config.table, INSTRUMENT_KEYS)
        section = Section(
            name=self.config.name,
            keys=keys or NoKeys(),
            readings=self._structs("reading", self.keys.reading, own),
            commands=self._structs("command", self.keys.command, tables["command"]),
            line=self._line(),
            table=self.config.table,
            problem=self._problem,
        )
        if keys is None:
            return None
        if not any(tables.values()) and self.is_well:
            self._problem(
                f"driver {self.driver.driver!r} finds its readings and commands here, but there "
                f"are none: write [{'.'.join(self.place)}.reading.NAME]"
            )
        members = self.driver.declare(section)
        if not self._fits(members):
            return None
        name = self.driver.__name__
        space = {
            "own_keys": None,
            "driver": self.driver.driver,
            "line": section.line,
            "__doc__": self.driver.__doc__,
            "__module__": self.driver.__module__,
            **members,
        }
        try:
            made: type[Instrument] = type(name, (self.driver,), space)
        except DeclarationError as error:
            self._problem(_without_class(error))
            return None
        parts = {part.name for one in made.readings().values() for part in one.parts}
        for reading, table in tables["reading"].items():
            if reading not in own and reading not in parts and self.is_well:
                self._struct(self.keys.reading, ("reading", reading), table, _MEMBERS["reading"])
        return made

    def _tables(self, kind: str) -> dict[str, Any]:
        """Return the tables of readings or commands whose names can be those of methods."""
        found: dict[str, Any] = {}
        for name, table in self.config.table.get(kind, {}).items():
            why = self._why_no_name(kind, name)
            if why is None:
                found[name] = table
            else:
                self._problem(why, kind, name)
        return found

    def _why_no_name(self, kind: str, name: str) -> str | None:
        if not name.isidentifier() or not name.isascii() or keyword.iskeyword(name):
            return "not a name: letters, digits and _, not beginning with a digit"
        if name.startswith("_"):
            return "not a name: it begins with _"
        if hasattr(self.driver, name):
            return f"every instrument has something of this name; call it {name}_{kind}, say"
        if kind == "command" and name in self.config.table.get("reading", {}):
            return f"a reading has this name; call the command set_{name}, say"
        return None

    def _is_declared(self, table: Any) -> bool:
        """Tell whether a reading is declared here; otherwise it is a part, with its codename."""
        return not isinstance(table, dict) or not {*table} <= {*_MEMBERS["reading"]}

    def _structs(
        self, kind: str, own: type[Keys] | None, tables: Mapping[str, Any]
    ) -> dict[str, Keys]:
        if own is None:
            for name in tables:
                self._problem(f"driver {self.driver.driver!r} takes no commands", kind, name)
            return {}
        made = {
            name: self._struct(own, (kind, name), table, _MEMBERS[kind])
            for name, table in tables.items()
        }
        return {name: one for name, one in made.items() if one is not None}

    def _struct(
        self, kind: type[Keys], place: Place, table: Any, also: Collection[str]
    ) -> Keys | None:
        """Return a table as a struct; None with what is wrong noted."""
        whole = (*self.place, *place)
        if not isinstance(table, dict):
            self.is_well = False
            self.sections.table(whole, table)
            return None
        hints = typing.get_type_hints(kind)
        given: dict[str, Any] = {}
        is_well, meant = True, ""
        for key, value in table.items():
            if key in hints:
                given[key] = self._value((*place, key), hints[key], value)
                is_well &= given[key] is not None
            elif key not in also:
                known = [*kind.__struct_fields__, *(one for one in also if one not in hints)]
                hint = did_you_mean(key, known)
                meant += hint
                text = f"not a key that is known here{hint} Known: {', '.join(known)}"
                self._problem(text, *place, key)
        for field in msgspec.structs.fields(kind):
            if field.required and field.name not in table:
                is_well = False
                if f"{field.name!r}?" not in meant:
                    text = f"is missing: it takes {wanted(field.name, hints[field.name])}"
                    self._problem(text, *place, field.name)
        return kind(**given) if is_well else None

    def _value(self, place: Place, kind: Any, value: Any) -> Any:
        """Return a key's value; None with what is wrong noted."""
        for one in typing.get_args(kind) if typing.get_origin(kind) is types.UnionType else (kind,):
            if isinstance(one, type) and issubclass(one, msgspec.Struct):
                if isinstance(value, dict):
                    return self._struct(one, place, value, ())
                continue
            arguments = typing.get_args(one)
            if (
                typing.get_origin(one) is dict
                and isinstance(value, dict)
                and _is_struct(arguments[1])
            ):
                made = {k: self._struct(arguments[1], (*place, k), v, ()) for k, v in value.items()}
                return None if None in made.values() else made
        made = self.sections.value((*self.place, *place), kind, value)
        self.is_well &= made is not None
        return made

    def _line(self) -> SerialLine | None:
        line = self.driver.line
        try:
            return None if line is None else dataclasses.replace(line, **self.config.line)
        except (TypeError, ValueError):
            return line  # what is wrong is noted with the settings

    def _problem(self, text: str, *place: str) -> None:
        self.is_well = False
        self._noted.add(place[:2])
        value: Any = self.config.table
        for key in place:
            value = value.get(key) if isinstance(value, Mapping) else None
        whole = (*self.place, *place)
        if isinstance(value, Mapping):
            self.problems.say(f"[{'.'.join(whole)}]: {text}")
        elif value is None:
            self.problems.add(whole, text)
        else:
            self.problems.add(whole, text, value)

    def _fits(self, members: Mapping[str, Any]) -> bool:
        """Check each reading and command by itself, so that all that is wrong is noted."""
        known: dict[str, Any] = {}
        ordered: dict[str, Any] = {}
        for kind, declared, found in (
            ("reading", readings.declared, known), ("command", commands.declared, ordered),
        ):  # fmt: skip
            for name, member in members.items():
                try:
                    one = declared(self.driver, name, member)
                except DeclarationError as error:
                    if (kind, name) not in self._noted:  # what the driver says is plainer
                        self._problem(_without_class(error), kind, name)
                else:
                    if one is not None:
                        found[name] = one
        if not self.is_well:
            return False
        for name, one in ordered.items():
            try:
                commands.check_read_backs(self.driver, {name: one}, known)
            except DeclarationError as error:
                self._problem(_without_class(error), "command", name)
        return self.is_well


def _is_struct(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, msgspec.Struct)


def _without_class(error: DeclarationError) -> str:
    """Return what is wrong without ``Class.method: ``, of which a configuration knows nothing."""
    return str(error).partition(": ")[2] or str(error)
