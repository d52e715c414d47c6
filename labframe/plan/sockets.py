"""Which pull socket serves which codename, on which port."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Sequence
from typing import Final

from labframe.config import Config, ConfigurationError
from labframe.plan.codenames import repeated
from labframe.plan.planned import Channel, Kind, PlannedSocket
from labframe.protocol.wire import MAX_DATAGRAM

__all__ = ["plan_sockets"]

_POINT_BYTES: Final = 52
"""What a point takes in a ``json_wn`` answer at most, beside its codename, when y is a number."""


def plan_sockets(
    config: Config, groups: Sequence[tuple[str, str | None, Sequence[Channel]]]
) -> tuple[PlannedSocket, ...]:
    """Return the pull sockets for codenames in groups that stay together.

    The order is the configuration's: the first socket of each kind, then the sections
    ``[socket.NAME]``, then those that are needed because a datagram cannot carry more codenames.

    Args:
        config: The configuration.
        groups: ``(section, name of its socket or None, codenames)`` of instruments and producers.

    Raises:
        ConfigurationError: If a codename is there twice.
    """
    problems = repeated((section, channels) for section, _, channels in groups)
    if problems:
        raise ConfigurationError(problems)
    network, planned = config.network, []
    taken = {one.port for one in config.sockets.values() if one.port}
    ports = {
        "date": _Ports(network.date_port, "[network] date_port", taken),
        "data": _Ports(network.data_port, "[network] data_port", taken),
    }
    kinds: tuple[Kind, ...] = ("date", "data")
    further: list[PlannedSocket] = []
    for kind in kinds:
        own: list[tuple[str | None, str]] = [(None, config.host.name)]
        own += [
            (name, one.name or name) for name, one in config.sockets.items() if one.kind == kind
        ]
        for key, name in own:
            members = [
                tuple(c for c in channels if c.kind == kind)
                for _, socket, channels in groups
                if socket == key or (key is None and not _takes(config, socket, kind))
            ]
            loads = _loads([member for member in members if member])
            if not loads:
                continue
            asked = None if key is None else config.sockets[key].port
            setting = "" if key is None else f"[socket.{key}] port"
            port, setting = ports[kind].next(asked, setting)
            planned.append(PlannedSocket(kind, name, port, setting, loads[0]))
            further += [
                PlannedSocket(kind, f"{name} {number}", -1, "", load)
                for number, load in enumerate(loads[1:], 2)
            ]
    for socket in further:
        port, setting = ports[socket.kind].next(None, "")
        planned.append(dataclasses.replace(socket, port=port, setting=setting))
    return tuple(planned)


def _takes(config: Config, socket: str | None, kind: Kind) -> bool:
    """Tell whether an instrument's codenames of this kind go to the socket that it names."""
    return socket is not None and config.sockets[socket].kind == kind


class _Ports:
    """The ports of one kind, one after the other."""

    def __init__(self, first: int, setting: str, taken: Collection[int]) -> None:
        self._next = first
        self._setting = setting
        self._taken = taken

    def next(self, asked: int | None, setting: str) -> tuple[int, str]:
        if asked is not None:
            return asked, setting
        while self._next in self._taken:
            self._next += 1
        port = self._next
        if port:  # 0 takes a free one, as often as it is asked
            self._next += 1
        return port, f"{setting} or {self._setting}" if setting else self._setting


def _loads(members: Sequence[tuple[Channel, ...]]) -> list[tuple[Channel, ...]]:
    """Spread whole instruments so that each socket's answers fit into a datagram."""
    loads: list[tuple[Channel, ...]] = []
    room = 0
    for member in members:
        size = sum(len(channel.codename) + _POINT_BYTES for channel in member)
        if not loads or size > room:
            loads.append(())
            room = MAX_DATAGRAM - 2
        loads[-1] += member
        room -= size
    return loads
