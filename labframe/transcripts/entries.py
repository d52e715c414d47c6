"""The lines of a transcript: a header, then chunks of bytes and incidents. Text to structs, back.

Bytes are written as text in which each character is one byte (Latin-1), with JSON's escapes for all
that is not printable ASCII: an ASCII protocol can be read, and all 256 values are exact.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final, TypeAlias

__all__ = [
    "VERSION",
    "Chunk",
    "Entry",
    "Header",
    "Incident",
    "PortSettings",
    "entry_line",
    "header_line",
    "parsed_entry",
    "parsed_header",
]

VERSION: Final = 1
"""Of the format: the ``v`` of the header."""

_HEADER_KEYS: Final = ("instrument", "port", "started", "simulate", "note")
_SENT: Final = ">"
_RECEIVED: Final = "<"
_INCIDENT: Final = "!"
_KEYS: Final[Mapping[str, tuple[str, ...]]] = {
    _SENT: ("t", "d", "b"),
    _RECEIVED: ("t", "d", "b"),
    _INCIDENT: ("t", "d", "event", "text"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PortSettings:
    """How the port was set.

    Attributes:
        baud: Bits per second.
        bytesize: Data bits.
        parity: ``N``, ``E``, ``O``, ``M`` or ``S``.
        stopbits: 1, 1.5 or 2.
    """

    baud: int = 9600
    bytesize: int = 8
    parity: str = "N"
    stopbits: float = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """The first line.

    Attributes:
        instrument: The name of the instrument's driver; empty if it is not known.
        port: How the port was set; None if that is not known.
        started: Unix time at ``t`` = 0; None if it is not known.
        simulate: Start values with which the driver's simulator gives the same answers.
        note: Where it is from, for people.
        more: All other keys; they are kept as they are.
    """

    instrument: str = ""
    port: PortSettings | None = None
    started: float | None = None
    simulate: Mapping[str, Any] = field(default_factory=dict)
    note: str = ""
    more: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Chunk:
    """Bytes exactly as they were written, or as one read returned them.

    Attributes:
        time_s: Seconds since the beginning; of the begin of a write, of the end of a read.
        sent: Whether they went to the instrument; else they came from it.
        data: The bytes.
    """

    time_s: float
    sent: bool
    data: bytes


@dataclass(frozen=True, slots=True)
class Incident:
    """What happened to the line.

    Attributes:
        time_s: Seconds since the beginning.
        event: A word: ``open``, ``close``, ``unplug``, ``replug``, ``baud``, ``blocked``; others
            may come.
        text: More about it, for people.
    """

    time_s: float
    event: str
    text: str = ""


Entry: TypeAlias = Chunk | Incident
"""One line after the header."""


def header_line(header: Header) -> str:
    r"""Return the header as a line, with ``\n``."""
    written: dict[str, Any] = {"v": VERSION}
    if header.instrument:
        written["instrument"] = header.instrument
    if header.port is not None:
        written["port"] = asdict(header.port)
    for key in ("started", "simulate", "note"):
        value = getattr(header, key)
        if value not in (None, "", {}):
            written[key] = value
    return _line(written | {key: value for key, value in header.more.items() if key not in written})


def entry_line(entry: Entry) -> str:
    r"""Return an entry as a line, with ``\n``."""
    if isinstance(entry, Chunk):
        direction = _SENT if entry.sent else _RECEIVED
        return _line({"t": entry.time_s, "d": direction, "b": entry.data.decode("latin-1")})
    text = {"text": entry.text} if entry.text else {}
    return _line({"t": entry.time_s, "d": _INCIDENT, "event": entry.event} | text)


def parsed_header(line: str) -> Header:
    """Return what a header says; raises ValueError with what is wrong."""
    given = _object(line)
    version = given.pop("v", None)
    if version is None:
        raise ValueError('no version; a transcript begins with a header such as {"v":1}')
    if version != VERSION or isinstance(version, bool):
        raise ValueError(
            f"version {version!r}; this labframe reads version {VERSION}. Update labframe, or "
            "record it again"
        )
    known = {key: given.pop(key) for key in _HEADER_KEYS if key in given}
    return Header(
        instrument=_text(known.get("instrument", ""), "instrument"),
        port=_port(known["port"]) if "port" in known else None,
        started=_number(known["started"], "started") if "started" in known else None,
        simulate=_table(known.get("simulate", {}), "simulate"),
        note=_text(known.get("note", ""), "note"),
        more=given,
    )


def parsed_entry(line: str) -> Entry:
    """Return what a line after the header says; raises ValueError with what is wrong."""
    given = _object(line)
    direction = given.get("d")
    if not isinstance(direction, str) or direction not in _KEYS:
        raise ValueError(f'"d" = {direction!r}: must be ">", "<" or "!"')
    unknown = [key for key in given if key not in _KEYS[direction]]
    if unknown:
        raise ValueError(f"{unknown[0]!r}: no key of a line with d = {direction!r}")
    time_s = _number(given.get("t"), "t")
    if time_s < 0:
        raise ValueError(f'"t" = {time_s:g}: must not be negative')
    if direction == _INCIDENT:
        event = _text(given.get("event"), "event")
        return Incident(time_s, event, _text(given.get("text", ""), "text"))
    return Chunk(time_s, direction == _SENT, _bytes(_text(given.get("b"), "b")))


def _line(written: Mapping[str, Any]) -> str:
    return json.dumps(written, separators=(",", ":"), allow_nan=False) + "\n"


def _object(line: str) -> dict[str, Any]:
    try:
        given = json.loads(line)
    except ValueError as error:
        raise ValueError(f"not JSON: {error}") from error
    if not isinstance(given, dict):
        raise ValueError(f"not an object {{...}}: {line.strip()[:40]!r}")  # noqa: TRY004  # all that is wrong with a line is one error
    return given


def _bytes(text: str) -> bytes:
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError as error:
        raise ValueError(
            f'"b" has the character {text[error.start]!r}, which is no byte; bytes are written as '
            "\\u0000 to \\u00ff"
        ) from error


def _text(value: object, key: str) -> str:
    if not isinstance(value, str):
        raise ValueError(f'"{key}" = {value!r}: must be a text')  # noqa: TRY004  # all that is wrong with a line is one error
    return value


def _number(value: object, key: str) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise ValueError(f'"{key}" = {value!r}: must be a number')
    return float(value)


def _table(value: object, key: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError(f'"{key}" = {value!r}: must be an object {{...}}')  # noqa: TRY004  # all that is wrong with a line is one error
    return value


def _port(value: object) -> PortSettings:
    given = _table(value, "port")
    unknown = [key for key in given if key not in PortSettings.__dataclass_fields__]
    if unknown:
        raise ValueError(f'{unknown[0]!r}: no key of "port"')
    settings = PortSettings(**given)
    for key in ("baud", "bytesize"):
        if type(getattr(settings, key)) is not int:
            raise ValueError(f'"{key}" = {getattr(settings, key)!r}: must be a whole number')
    _number(settings.stopbits, "stopbits")
    _text(settings.parity, "parity")
    return settings
