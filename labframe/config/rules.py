"""What single values may be, and how that is said in plain words."""

from __future__ import annotations

import ipaddress
import math
import re
import types
import typing
from collections.abc import Callable
from typing import Any, Final, Literal

from labframe.nearest import did_you_mean

__all__ = ["NAME", "NAME_RULE", "from_text", "near_choice", "wanted", "why_not"]

NAME: Final = re.compile(r"[A-Za-z0-9_]{1,64}")
"""Names of instruments and sockets, and codenames."""

NAME_RULE: Final = "letters, digits and _ only, at most 64"

_HOST: Final = re.compile(
    r"(?!.*\.[0-9]+$)(?=.{1,253}$)[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_.])?"
)
_LEAST_S: Final = 0.001
_LEAST_BYTES: Final = 10_000
_MOST_FILES: Final = 1000

_WORDS: Final[dict[Any, str]] = {
    str: 'a text in quotes, such as "cryo"',
    int: "a whole number, such as 1",
    float: "a number, such as 1.5",
    bool: "true or false",
    tuple: 'a list of texts, such as ["a", "b"]',
    dict: "a table, such as { key = 1 }",
}
_WORDS_OF_KEYS: Final = {
    "date_port": "a UDP port, such as 9000",
    "data_port": "a UDP port, such as 9010",
    "push_port": "a UDP port, such as 8500, or false",
    "limits": "two numbers, such as [0, 300]",
    "max_bytes": "a number of bytes, such as 10_000_000",
    "keep": "a number of files, such as 10",
    "file": 'a path in quotes, such as "commands.jsonl"',
    "default_instrument": 'the name of an instrument in quotes, such as "cryo"',
    "port": "a UDP port, such as 9001",
    "listen": 'an address in quotes, such as "127.0.0.1"',
    "live_server": 'a text in quotes, such as "127.0.0.1:9767", or false',
    "log_file": 'a path in quotes, such as "labframe.log"',
    "state_dir": 'a path in quotes, such as "/var/lib/labframe"',
    "driver": 'the name of a driver in quotes, such as "xgs600"',
    "codename": 'a codename in quotes, such as "cryo_temperature"',
    "plugins": 'a list of files, such as ["./lakeshore.py"]',
    "required_plugins": 'a list of plugins\' names, such as ["recorder"]',
    "blocked_plugins": 'a list of plugins\' names, such as ["recorder"]',
    "every": "a number of seconds, such as 1.5",
    "stale_after": "a number of seconds, such as 10",
    "address": 'a whole number or a text in quotes, such as 1 or "01"',
}


def wanted(key: str, kind: Any) -> str:
    """Return what a key takes, in words."""
    if key in _WORDS_OF_KEYS:
        return _WORDS_OF_KEYS[key]
    words = []
    for one in _members(kind):
        if typing.get_origin(one) is Literal:
            words += [repr(choice) for choice in typing.get_args(one)]
        elif one is not type(None):
            words.append(_WORDS.get(typing.get_origin(one) or one, str(one)))
    return " or ".join(words)


def near_choice(kind: Any, value: object) -> str:
    """Return a question for the nearest of the texts that a kind allows, if it lists them."""
    choices = [
        choice
        for one in _members(kind)
        if typing.get_origin(one) is Literal
        for choice in typing.get_args(one)
        if isinstance(choice, str)
    ]
    return did_you_mean(value, choices) if choices and isinstance(value, str) else ""


def from_text(value: str, kind: Any) -> Any:
    """Return what a variable's text means where something else than a text is wanted."""
    if _accepts(kind, str):
        return value
    makers: tuple[tuple[type, Callable[[str], Any]], ...] = ((int, int), (float, float))
    for kind_of_number, make in makers:
        if _accepts(kind, kind_of_number):
            try:
                return make(value)
            except ValueError:
                continue
    if _accepts(kind, bool) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    return value


def why_not(key: str, value: Any) -> str | None:
    """Return what is wrong with a value of the right kind, or None."""
    rule = _RULES.get(key)
    return None if rule is None else rule(value)


def _accepts(kind: Any, wanted: type) -> bool:
    return any(
        one is wanted
        or one is Any
        or (
            typing.get_origin(one) is Literal
            and any(type(choice) is wanted for choice in typing.get_args(one))
        )
        for one in _members(kind)
    )


def _members(kind: Any) -> tuple[Any, ...]:
    if typing.get_origin(kind) in (typing.Union, types.UnionType):
        return tuple(one for part in typing.get_args(kind) for one in _members(part))
    return (kind,)


def _seconds(value: float) -> str | None:
    is_good = math.isfinite(value) and value >= _LEAST_S
    return None if is_good else f"not a number of seconds, {_LEAST_S} or more"


def _finite(value: float) -> str | None:
    return None if math.isfinite(value) else "not a finite number"


def _scale(value: float) -> str | None:
    return _finite(value) or (None if value else "it makes every value 0; write 1 to change none")


def _udp_port(value: int | bool) -> str | None:
    if value is False:
        return None  # where it is allowed
    return None if 0 <= value <= 65535 else "not a UDP port: 0 to 65535, 0 takes a free one"


def _limits(value: tuple[float, float]) -> str | None:
    low, high = value
    is_good = math.isfinite(low) and math.isfinite(high) and low <= high
    return None if is_good else "not [lowest, highest]"


def _max_bytes(value: int) -> str | None:
    return None if value >= _LEAST_BYTES else f"too short: {_LEAST_BYTES} or more"


def _keep(value: int) -> str | None:
    return None if 0 <= value <= _MOST_FILES else f"not a number of files: 0 to {_MOST_FILES}"


def _codename(value: str) -> str | None:
    return None if NAME.fullmatch(value) else f"not a codename: {NAME_RULE}"


def _not_empty(value: str) -> str | None:
    return None if value.strip() else "is empty; write something in the quotes, or leave it out"


def _no_empty(values: tuple[str, ...]) -> str | None:
    return None if all(one.strip() for one in values) else "one of its texts is empty; leave it out"


def _is_host(value: str) -> bool:
    try:
        ipaddress.ip_address(value)
    except ValueError:
        return _HOST.fullmatch(value) is not None and ".." not in value
    return True


def _listen(value: str) -> str | None:
    if _is_host(value):
        return None
    host, colon, port = value.rpartition(":")
    if colon and port.isdecimal() and _is_host(host):
        return f'not an address alone: write listen = "{host}"; the port is another key, date_port'
    return 'not an address: "127.0.0.1" is this computer only, "0.0.0.0" every address it has'


def _live_server(value: str | bool) -> str | None:
    if isinstance(value, bool):
        return None
    host, colon, port = value.rpartition(":")
    if colon and _is_host(host.strip("[]")) and port.isdecimal() and 0 < int(port) < 65536:
        return None
    return 'not "host:port", such as "127.0.0.1:9767" (false sends nothing)'


_RULES: Final[dict[str, Callable[[Any], str | None]]] = {
    "every": _seconds,
    "stale_after": _seconds,
    "scale": _scale,
    "offset": _finite,
    "codename": _codename,
    "limits": _limits,
    "max_bytes": _max_bytes,
    "keep": _keep,
    "listen": _listen,
    "live_server": _live_server,
    **dict.fromkeys(("date_port", "data_port", "push_port", "port"), _udp_port),
    **dict.fromkeys(("driver", "identity", "state_dir", "log_file", "file"), _not_empty),
    **dict.fromkeys(("plugins", "required_plugins", "blocked_plugins"), _no_empty),
}
