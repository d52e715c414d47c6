"""The state of a host, and what it has, as JSON knows them."""

from __future__ import annotations

import platform
import time
from collections.abc import Iterable, Mapping
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from labframe.plan import PlannedInstrument
from labframe.worker import Feed, InstrumentStatus, State

if TYPE_CHECKING:
    from labframe.host.host import Host

__all__ = ["description", "status"]


def status(host: Host) -> dict[str, Any]:
    """Return the state of everything in a host."""
    by_source = _by_source(host, host.feeds)
    return {
        "host": host.config.host.name,
        "computer": platform.node(),
        "version": version("labframe"),
        "started": host.started_at,
        "sockets": [
            {"kind": one.kind, "port": one.port, "name": one.name, "codenames": len(one.codenames)}
            for one in host.sockets
        ]
        + [
            {"kind": one.kind, "port": one.port, "name": one.name, "codenames": 0}
            for one in host.commanding.sockets
        ],
        "sinks": [
            {"name": s.name, "queued": s.queued, "dropped": s.dropped, "error": s.error or None}
            for s in host.sinks
        ],
        "plugins": host.problems,
        "instruments": [_instrument(one, by_source.get(one.name, {})) for one in host.instruments]
        + [_disabled(host, name) for name in host.plan.disabled],
    }


def description(host: Host) -> dict[str, Any]:
    """Return what a host has: instruments, codenames with their ages, commands with schemas."""
    by_source = _by_source(host, host.feeds)
    planned = {one.name: one for one in host.plan.instruments}
    methods: dict[str, list[dict[str, Any]]] = {}
    for method in host.commanding.methods:
        methods.setdefault(method.member.name, []).append(method.described())
    return {
        "host": host.config.host.name,
        "version": version("labframe"),
        "push_port": host.commanding.port,
        "default_instrument": host.config.network.default_instrument,
        "return_format": host.config.network.return_format,
        "instruments": [
            {
                "name": one.name,
                "driver": one.driver,
                **_about(planned.get(one.name)),
                "state": str(one.state),
                "error": one.error or None,
                "codenames": {
                    codename: {**facts, **_declared(planned.get(one.name), codename)}
                    for codename, facts in by_source.get(one.name, {}).items()
                },
                "methods": methods.get(one.name, []),
            }
            for one in host.instruments
        ],
    }


def _by_source(host: Host, feeds: Iterable[Feed]) -> dict[str, dict[str, dict[str, Any]]]:
    """Return what there is to say of each codename, by its instrument or producer."""
    now = time.monotonic()
    ports = {codename: socket.port for socket in host.sockets for codename in socket.codenames}
    on_demand = {
        output.codename
        for instrument in host.plan.instruments
        for reading in instrument.readings
        if reading.every is None
        for output in reading.outputs
    }
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for feed in feeds:
        last = feed.last
        found.setdefault(feed.source, {})[feed.codename] = {
            "unit": feed.unit,
            "quality": str(feed.quality(now)),
            "age": None if last is None else round(now - last.arrival, 3),
            "socket": ports[feed.codename],
            **({"on_demand": True} if feed.codename in on_demand else {}),
        }
    return found


def _about(planned: PlannedInstrument | None) -> dict[str, Any]:
    if planned is None:
        return {}
    doc = (planned.driver.__doc__ or "").strip().partition("\n")[0]
    return {"label": planned.config.label or planned.name, "doc": doc}


def _declared(planned: PlannedInstrument | None, codename: str) -> dict[str, Any]:
    """Return what was declared of a codename of an instrument."""
    for reading in () if planned is None else planned.readings:
        for output in reading.outputs:
            if output.codename == codename:
                return {
                    "label": output.label,
                    "kind": output.kind,
                    "reading": reading.declaration.name,
                    "every": reading.every,
                    **({"pushed": True} if reading.declaration.pushed else {}),
                    "stale_after": output.stale_after,
                }
    return {}


def _instrument(status: InstrumentStatus, codenames: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "name": status.name,
        "driver": status.driver,
        "state": str(status.state),
        "since": status.since,
        "error": status.error or None,
        "identity": status.identity or None,
        "port": status.port or None,
        "reconnects": status.reconnects,
        "polls": status.polls,
        "failures": status.failures,
        "late_p99_ms": round(status.lateness_s * 1000, 3),
        "codenames": codenames,
    }


def _disabled(host: Host, name: str) -> dict[str, Any]:
    return {
        "name": name,
        "driver": host.config.instruments[name].driver,
        "state": str(State.DISABLED),
        "error": None,
        "reconnects": 0,
        "late_p99_ms": 0.0,
        "since": host.started_at,
        "codenames": {},
    }
