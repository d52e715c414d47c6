"""The section ``[plugin.pull_socket]``: which sockets are read, and what is published of them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from labframe import PluginContext
from labframe.hookspecs import Channel
from labframe.nearest import did_you_mean
from labframe.units import UnitError, check_unit

__all__ = ["RemoteSettings", "remotes"]

_KEYS: Final = ("host", "codenames", "every", "stale_after", "kind")
_CODENAME_KEYS: Final = ("codename", "unit", "stale_after", "label")
_PORTS: Final = {"date": 9000, "data": 9010}
_NAME: Final = re.compile(r"[A-Za-z0-9_]{1,64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteSettings:
    """One pull socket of another machine.

    Attributes:
        name: The section's name.
        host: The machine's name or address.
        port: The socket's UDP port.
        every: Seconds from question to question.
        channels: What is published, by the remote codename.
    """

    name: str
    host: str
    port: int
    every: float
    channels: Mapping[str, Channel]


def remotes(context: PluginContext) -> list[RemoteSettings]:
    """Return what the plugin's section asks for.

    Raises:
        ConfigurationError: If something in it cannot be.
    """
    return [_remote(context, name, table) for name, table in context.section.items()]


def _remote(context: PluginContext, name: str, table: Any) -> RemoteSettings:
    if not isinstance(table, Mapping):
        raise context.error(
            name, f"not a section; write [plugin.pull_socket.{name}] above its keys"
        )
    _known(context, name, table, _KEYS)
    kind = table.get("kind", "date")
    if kind not in _PORTS:
        raise context.error(f"{name}.kind = {kind!r}", "'date' (x is time) or 'data'")
    every = _seconds(context, f"{name}.every", table.get("every", 1.0))
    stale_after = _seconds(context, f"{name}.stale_after", table.get("stale_after", 5 * every))
    host, port = _address(context, f"{name}.host", table.get("host"), _PORTS[kind])
    wanted = table.get("codenames")
    if isinstance(wanted, list):
        wanted = {str(one): {} for one in wanted}
    if not isinstance(wanted, Mapping) or not wanted:
        raise context.error(
            f"{name}.codenames", 'is missing: a list ["a"] or a table { a = "local_name" }'
        )
    channels = {}
    for remote, own in wanted.items():
        table = {"codename": own} if isinstance(own, str) else own
        if not isinstance(table, Mapping):
            raise context.error(f"{name}.codenames.{remote} = {own!r}", "a name, or a table")
        _known(context, f"{name}.codenames.{remote}", table, _CODENAME_KEYS)
        codename = table.get("codename", remote)
        if not isinstance(codename, str) or not _NAME.fullmatch(codename):
            raise context.error(
                f"{name}.codenames.{remote}",
                f"{codename!r} is no codename here (letters, digits and _, at most 64); "
                f'give it one: "{remote}" = "local_name"',
            )
        channels[remote] = Channel(
            codename=codename,
            unit=_unit(context, f"{name}.codenames.{remote}.unit", table.get("unit")),
            stale_after=_seconds(
                context, f"{name}.codenames.{remote}.stale_after",
                table.get("stale_after", stale_after),
            ),
            kind=kind,
            label=str(table.get("label", "")),
        )  # fmt: skip
    return RemoteSettings(name=name, host=host, port=port, every=every, channels=channels)


def _known(
    context: PluginContext, where: str, table: Mapping[str, Any], known: tuple[str, ...]
) -> None:
    for key in table:
        if key not in known:
            hint = did_you_mean(key, known)
            raise context.error(f"{where}.{key}", f"not a key that is known here{hint} "
                                f"Known: {', '.join(known)}")  # fmt: skip


def _seconds(context: PluginContext, where: str, value: Any) -> float:
    if type(value) in (int, float) and 0.01 <= value < 1e9:
        return float(value)
    raise context.error(f"{where} = {value!r}", "not a number of seconds, 0.01 or more")


def _unit(context: PluginContext, where: str, unit: Any) -> str | None:
    if unit is None:
        return None
    try:
        return check_unit(str(unit))
    except UnitError as error:
        raise context.error(where, str(error)) from error


def _address(context: PluginContext, where: str, value: Any, port: int) -> tuple[str, int]:
    if not isinstance(value, str) or not value:
        raise context.error(where, 'is missing: host = "10.0.0.7" or "10.0.0.7:9001"')
    host, colon, number = value.rpartition(":")
    if not colon or ":" in host:
        return value, port
    if not number.isdecimal() or not 0 < int(number) < 65536 or not host:
        raise context.error(f"{where} = {value!r}", 'not "host" or "host:port"')
    return host, int(number)
