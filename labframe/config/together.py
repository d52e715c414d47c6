"""What only shows when a whole configuration is there: names, codenames and ports, taken twice."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from labframe.config.problems import Place, Problems
from labframe.config.schema import Config, InstrumentConfig
from labframe.nearest import did_you_mean

__all__ = ["check_together"]

_UDP_PORTS: Final = ("date_port", "data_port", "push_port")


def check_together(config: Config, problems: Problems, network: Mapping[str, Any]) -> None:
    """Note what does not fit together.

    Args:
        config: The configuration, without what was wrong with single values.
        problems: Takes what is wrong.
        network: The section ``[network]`` as it was written: what is not in it is a default.
    """
    _check_names(config, problems)
    _check_default_instrument(config, problems)
    _check_sockets(config, problems)
    _check_codenames(config, problems)
    _check_ports(config, problems)
    _check_udp_ports(config, problems, network)


def _check_names(config: Config, problems: Problems) -> None:
    for kind, names in (("instrument", config.instruments), ("socket", config.sockets)):
        seen: dict[str, str] = {}
        for name in names:
            before = seen.setdefault(name.lower(), name)
            if before != name:
                problems.add(
                    (kind, name), f"differs from [{kind}.{before}] in case only; rename one"
                )


def _check_default_instrument(config: Config, problems: Problems) -> None:
    name = config.network.default_instrument
    if name is not None and name not in config.instruments:
        there = ", ".join(config.instruments) or "none"
        problems.add(
            ("network", "default_instrument"),
            f"there is no [instrument.{name}]{did_you_mean(name, config.instruments)} "
            f"There are: {there}",
            name,
        )


def _check_sockets(config: Config, problems: Problems) -> None:
    known = ", ".join(config.sockets) or "none; the first of each kind needs no section"
    for name, instrument in config.instruments.items():
        socket = instrument.socket
        if socket is not None and socket not in config.sockets:
            place = ("instrument", name, "socket")
            shown = problems.secrets.written(place) or socket
            problems.add(
                place,
                f"there is no [socket.{shown}]{did_you_mean(socket, config.sockets)} "
                f"There are: {known}",
                socket,
            )


def _check_codenames(config: Config, problems: Problems) -> None:
    seen: dict[str, tuple[Place, str]] = {}
    for instrument in config.instruments.values():
        if not instrument.enabled:
            continue
        for place, codename in _codenames(instrument):
            before, other = seen.setdefault(codename.lower(), (place, codename))
            if before == place:
                continue
            case = "" if other == codename else ", in other case"
            problems.add(
                (*place, "codename"),
                f"[{'.'.join(before)}] has this codename too{case}; "
                "each is there once in the whole configuration",
                codename,
            )


def _codenames(instrument: InstrumentConfig) -> Iterator[tuple[Place, str]]:
    for kind, members in (("reading", instrument.readings), ("channels", instrument.channels)):
        for name, one in members.items():
            if one.codename is not None and one.enabled is not False:
                yield ("instrument", instrument.name, kind, name), one.codename


def _check_ports(config: Config, problems: Problems) -> None:
    seen: dict[tuple[str, str], str] = {}
    for name, instrument in config.instruments.items():
        if instrument.port is None or not instrument.enabled:
            continue
        before = seen.setdefault((str(instrument.port), str(instrument.address)), name)
        if before != name:
            same = "and no address" if instrument.address is None else "and address"
            problems.add(
                ("instrument", name, "port"),
                f"[instrument.{before}] has the same port {same}; instruments that share a line "
                "need an `address` each, others a port each",
                str(instrument.port),
            )


def _check_udp_ports(config: Config, problems: Problems, network: Mapping[str, Any]) -> None:
    by_default = [key for key in _UDP_PORTS if key not in network]
    written = [key for key in _UDP_PORTS if key in network]
    ports: dict[Place, int | None] = {
        ("network", key): getattr(config.network, key) for key in (*by_default, *written)
    }
    ports |= {("socket", name, "port"): one.port for name, one in config.sockets.items()}
    seen: dict[int, Place] = {}
    for place, port in ports.items():
        if not port:
            continue
        before = seen.setdefault(port, place)
        if before != place:
            default = ", which is its default" if before[-1] in by_default else ""
            problems.add(
                place,
                f"[{'.'.join(before[:-1])}] {before[-1]} is the same port{default}; "
                "give one of them another (0 takes a free one)",
                port,
            )
