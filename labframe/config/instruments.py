"""Sections of instruments: the port, the channels, the line and the readings."""

from __future__ import annotations

import typing
from typing import Any, Final, TypeVar

from labframe.config.keys import LINE_KEYS
from labframe.config.problems import Place
from labframe.config.rules import from_text, why_not
from labframe.config.schema import CommandConfig, InstrumentConfig, ReadingConfig
from labframe.config.sections import Sections
from labframe.line import SerialLine, UsbPort

__all__ = ["instrument"]

Member = TypeVar("Member", ReadingConfig, CommandConfig)

_PORT: Final = (
    'not a port: a path "/dev/ttyUSB0", a URL "socket://box:4001", or a USB identity '
    '{ vid = "0403", pid = "6001", serial = "A1" } (`labframe ports` shows what there is)'
)
_CHANNELS: Final = (
    'not channels: a list of texts in quotes, ["A", "B"], or a table with their codenames, '
    '{ A = "chamber_pressure" }'
)

_CHANNEL: Final = 'not a codename in quotes, nor a table { codename = "chamber_pressure" }'
_JARGON: Final = {
    "True, False or None (as the system sets it)": "true or false",
    "True or False": "true or false",
}


def instrument(sections: Sections, name: str, table: dict[str, Any]) -> InstrumentConfig:
    """Return the section of one instrument."""
    place = ("instrument", name)
    readings, commands = table.get("reading", {}), table.get("command", {})
    parts = {
        "name": name,
        "table": table,
        "port": _port(sections, (*place, "port"), table.get("port")),
        "channels": _channels(sections, (*place, "channels"), table.get("channels", {})),
        "line": _line(sections, (*place, "line"), table.get("line", {})),
        "readings": _members(sections, (*place, "reading"), readings, ReadingConfig),
        "commands": _members(sections, (*place, "command"), commands, CommandConfig),
    }
    return sections.struct(InstrumentConfig, place, table, parts)


def _port(sections: Sections, place: Place, value: Any) -> str | UsbPort | None:
    if isinstance(value, dict):
        try:
            return UsbPort.from_table(value)
        except (ValueError, TypeError) as error:
            sections.problems.add(place, str(error))
            return None
    if value is None or isinstance(value, UsbPort) or (isinstance(value, str) and value.strip()):
        return value
    sections.problems.add(place, _PORT, value)
    return None


def _channels(sections: Sections, place: Place, value: Any) -> dict[str, ReadingConfig]:
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        for one in sorted({one for one in value if value.count(one) > 1}):
            sections.problems.add(place, f"channel {one!r} is there twice", value)
        return dict.fromkeys(value, ReadingConfig())
    if not isinstance(value, dict):
        sections.problems.add(place, _CHANNELS, value)
        return {}
    return {name: _channel(sections, (*place, name), one) for name, one in value.items()}


def _channel(sections: Sections, place: Place, value: Any) -> ReadingConfig:
    if isinstance(value, dict):
        return sections.struct(ReadingConfig, place, value)
    why = why_not("codename", value) if isinstance(value, str) else _CHANNEL
    if why is None:
        return ReadingConfig(codename=value)
    sections.problems.add(place, why, value)
    return ReadingConfig()


def _members(sections: Sections, place: Place, value: Any, kind: type[Member]) -> dict[str, Member]:
    """Return the sections of readings, or of commands, by name."""
    if not isinstance(value, dict):
        sections.problems.add(place, f"must be sections [{'.'.join(place)}.NAME]", value)
        return {}
    return {name: sections.struct(kind, (*place, name), one) for name, one in value.items()}


def _line(sections: Sections, place: Place, value: Any) -> dict[str, Any]:
    given: dict[str, Any] = {}
    kinds = typing.get_type_hints(SerialLine)
    for key, one in sections.table(place, value).items():
        if key not in LINE_KEYS:
            sections.unknown_key(place, key, one)
            continue
        made = one
        if isinstance(one, str) and sections.problems.secrets.is_variable((*place, key)):
            made = from_text(one, str if key.endswith("terminator") else kinds[key])
        why, made = _checked(key, made)
        if why is None:
            given[key] = made
        else:
            sections.problems.add((*place, key), why, one)
    _check_times(sections, place, given)
    return given


def _checked(key: str, value: Any) -> tuple[str | None, Any]:
    """Return what is wrong with a setting of a line, or None, and the setting."""
    if key.endswith("terminator"):
        return _terminator(value)
    given = {key: value}
    if key in ("first_byte_s", "total_s") and isinstance(value, (int, float)) and value > 0:
        given = {"first_byte_s": value, "total_s": value}  # which is the longer one comes later
    try:
        SerialLine(**given)
    except (ValueError, TypeError) as error:
        why = str(error).partition(": ")[2] or str(error)
        for jargon, plain in _JARGON.items():
            why = why.replace(jargon, plain)
        return why, None
    return None, value


def _terminator(value: Any) -> tuple[str | None, Any]:
    if isinstance(value, bytes):
        return None, value
    if not isinstance(value, str):
        return 'not a text in quotes, such as "\\r\\n"', None
    try:
        return None, value.encode("latin-1")
    except UnicodeEncodeError:
        return 'has a character above 255, which is no byte: write bytes as "\\u0003"', None


def _check_times(sections: Sections, place: Place, given: dict[str, Any]) -> None:
    first, total = given.get("first_byte_s"), given.get("total_s")
    if first is not None and total is not None and first > total:
        text = "longer than total_s, the time for the whole answer; raise total_s too"
        sections.problems.add((*place, "first_byte_s"), text, first)
        del given["first_byte_s"]
