"""Drivers whose readings and commands stand in ``lab.toml``: their keys, and what came."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

import msgspec

from labframe.line import SerialLine

__all__ = ["NoKeys", "OwnKeys", "Section"]


class NoKeys(msgspec.Struct, frozen=True):
    """No keys of its own."""


KeysT = TypeVar("KeysT", bound=msgspec.Struct)
ReadingT = TypeVar("ReadingT", bound=msgspec.Struct)
CommandT = TypeVar("CommandT", bound=msgspec.Struct)


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnKeys(Generic[KeysT, ReadingT, CommandT]):
    """The keys that a driver takes of its section, beside those that every instrument has.

    Each is a frozen msgspec struct: a field is a key, its type is what the key takes, without a
    default it must be there. A field may itself be a struct, or a dictionary of structs: a table.
    A field that every instrument has too (``limits``, ``label``) is given to both.

    Attributes:
        reading: Those of ``[instrument.NAME.reading.READING]``.
        command: Those of ``[instrument.NAME.command.COMMAND]``; None: it has no commands.
        instrument: Those of ``[instrument.NAME]`` itself.
    """

    reading: type[ReadingT]
    command: type[CommandT] | None = None
    instrument: type[KeysT] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Section(Generic[KeysT, ReadingT, CommandT]):
    """What a driver with :class:`OwnKeys` finds in its section; each value is of its type.

    Attributes:
        name: The instrument's name.
        keys: Its own keys of ``[instrument.NAME]``; an empty struct if it has none.
        readings: Those of each reading, in the configuration's order.
        commands: Those of each command, in the configuration's order.
        line: The settings of its line; None if it has none.
        table: The whole section, as it stands there.
        problem: Notes what is wrong with a key: ``problem("is empty", "reading", "t", "request")``.
            The value is shown, if there is one.
    """

    name: str
    keys: KeysT
    readings: Mapping[str, ReadingT]
    commands: Mapping[str, CommandT]
    line: SerialLine | None
    table: Mapping[str, object]
    problem: Callable[..., None]
