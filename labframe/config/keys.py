"""Keys that are not known where they stand: which one is meant, and where it belongs."""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Iterable
from typing import Final

from labframe.config.problems import Place
from labframe.config.schema import (
    AuditConfig,
    CommandConfig,
    HostConfig,
    NetworkConfig,
    ReadingConfig,
    SocketConfig,
)
from labframe.line import SerialLine

__all__ = ["INSTRUMENT_KEYS", "LINE_KEYS", "TOP_KEYS", "known", "meant"]

TOP_KEYS: Final = ("plugins", "host", "network", "audit", "socket", "instrument", "plugin")
INSTRUMENT_KEYS: Final = (
    "driver", "port", "address", "enabled", "label", "identity", "socket", "channels", "options",
    "simulate", "line", "reading", "command",
)  # fmt: skip
LINE_KEYS: Final = tuple(
    field.name for field in dataclasses.fields(SerialLine) if field.name != "framing"
)

_KNOWN: Final[dict[str, tuple[str, ...]]] = {
    "line": LINE_KEYS,
    "reading": ReadingConfig.__struct_fields__,
    "command": CommandConfig.__struct_fields__,
    "audit": AuditConfig.__struct_fields__,
    "instrument": INSTRUMENT_KEYS,
    "network": NetworkConfig.__struct_fields__,
    "host": HostConfig.__struct_fields__,
    "socket": SocketConfig.__struct_fields__,
    "top": ("plugins",),
}
_OTHER_WORDS: Final[dict[str, dict[str, str]]] = {
    "line": {
        "baud": "baudrate", "baud_rate": "baudrate", "timeout": "first_byte_s", "eol": "terminator",
        "databits": "bytesize", "data_bits": "bytesize", "delay": "min_gap_s",
    },
    "reading": {
        "interval": "every", "period": "every", "poll": "every", "poll_interval": "every",
        "factor": "scale", "gain": "scale", "multiplier": "scale", "timeout": "stale_after",
    },
    "instrument": {
        "channel": "channels", "readings": "reading", "serial": "line", "id": "identity",
        "commands": "command",
    },
    "command": {"range": "limits", "reconnect": "after_reconnect"},
    "audit": {"path": "file", "policy": "on_failure", "files": "keep"},
    "network": {"port": "date_port", "ip": "listen", "bind": "listen", "host": "listen"},
    "host": {"log": "log_file", "require": "required_plugins", "block": "blocked_plugins"},
    "socket": {"type": "kind"},
    "top": {"plugin": "plugins"},
}  # fmt: skip
_NEARBY: Final = {
    "instrument": ("line", "reading", "command", "host", "network"),
    "command": ("reading", "instrument"),
    "audit": ("host", "network"),
    "line": ("instrument", "reading"),
    "reading": ("instrument", "line"),
    "host": ("network", "top", "instrument"),
    "network": ("host", "socket", "instrument"),
    "socket": ("network",),
    "top": ("host", "network"),
}
_NEAR: Final = 0.55
_VERY_NEAR: Final = 0.8


def meant(place: Place, key: str, value: object) -> str:
    """Return what to say of a key that is not known: the nearest one, here or elsewhere.

    Args:
        place: The section's place, empty at the top of the file.
        key: The key.
        value: Its value; a table is rather a section with a wrong name than a wrong key.
    """
    kind = _kind(place)
    if kind in ("instrument", "reading") and key == "unit":
        return (
            ": the unit is the driver's; to publish another one, convert with scale and offset "
            f"{_section(place, 'reading')}."
        )
    if kind == "instrument" and key == "name":
        return f": the instrument's name is that of its section, {place[-1]!r}; leave it out."
    found = _near(kind, key, _VERY_NEAR)
    if found is not None:
        return f"; did you mean {found!r}?"
    for elsewhere, least in [(one, cut) for cut in (1.0, _VERY_NEAR) for one in _NEARBY[kind]]:
        other = _near(elsewhere, key, least)
        if other is not None:
            return f"; did you mean {other!r} {_section(place, elsewhere)}?"
    if kind == "instrument" and isinstance(value, dict):
        return f"; did you mean [{'.'.join(place)}.reading.{key}]?"
    found = _near(kind, key, _NEAR)
    return f"; did you mean {found!r}?" if found is not None else "."


def known(place: Place) -> tuple[str, ...]:
    """Return the keys of the section at a place."""
    return _KNOWN[_kind(place)]


def _kind(place: Place) -> str:
    if not place:
        return "top"
    if place[0] == "instrument" and len(place) > 2:
        return place[2] if place[2] in ("line", "command") else "reading"
    return place[0]


def _near(kind: str, key: str, least: float) -> str | None:
    """Return the nearest key of a kind of section; a ``least`` of 1 is the same but for case."""
    word = key.lower().replace("-", "_")
    other = _OTHER_WORDS[kind].get(word)
    return other if other is not None else _nearest(word, _KNOWN[kind], least)


def _nearest(word: str, among: Iterable[str], least: float) -> str | None:
    return next(iter(difflib.get_close_matches(word, among, 1, least)), None)


def _section(place: Place, kind: str) -> str:
    instrument = ".".join(place[:2]) if place[:1] == ("instrument",) else "instrument.NAME"
    return {
        "line": f"in [{instrument}.line]",
        "reading": f"in [{instrument}.reading.NAME]",
        "command": f"in [{instrument}.command.NAME]",
        "instrument": f"in [{instrument}]",
        "socket": "in [socket.NAME]",
        "top": "at the top, above the first section",
    }.get(kind, f"in [{kind}]")
