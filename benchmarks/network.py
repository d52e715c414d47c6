"""Processor time of a server for each request, as the kernel counts it."""

from __future__ import annotations

import dataclasses
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager

from benchmarks.load import Client
from benchmarks.report import Row
from benchmarks.rounds import Effort
from benchmarks.servers import Running, Spec, codenames, running

__all__ = ["changed", "one", "portable", "pull", "push", "thousand"]

_LABFRAME = Spec("labframe")
_PLAIN = Spec("plain")
_ECHO = Spec("echo")
_SINGLE = codenames(10)[3].encode() + b"#raw"


def pull(effort: Effort) -> Iterator[Row]:
    """Ten codenames, one point set in 1,000 requests, 32 requests outstanding."""
    servers = {"labframe": _LABFRAME, "plain": _PLAIN, "echo": _ECHO}
    for name, request, bar in (
        ("json_wn", b"json_wn", 1 / 8),
        ("raw", b"raw", 1 / 8),
        ("X#raw", _SINGLE, 1 / 3.5),
    ):
        times = _cpu_us(servers, request, 32, effort)
        yield Row.ratio(f"{name}, 32 outstanding", times, bar, "µs")


def one(effort: Effort) -> Iterator[Row]:
    """One request at a time."""
    servers = {"labframe": _LABFRAME, "plain": _PLAIN, "echo": _ECHO}
    times = _cpu_us(servers, b"json_wn", 1, effort)
    yield Row.ratio("json_wn, 1 outstanding", times, 1 / 6, "µs")


def portable(effort: Effort) -> Iterator[Row]:
    """Without receiving in batches, beside the least that a Python server can do."""
    servers = {"portable": Spec("portable"), "echo": _ECHO}
    for outstanding in (32, 1):
        times = _cpu_us(servers, b"json_wn", outstanding, effort)
        name = f"json_wn, {outstanding} outstanding, portable / echo"
        yield Row.ratio(name, times, 1.4, "µs", ("portable", "echo"))


def changed(effort: Effort) -> Iterator[Row]:
    """Every point is set, by the serving thread, before each answer."""
    servers = {"labframe": Spec("labframe", changed=10), "plain": Spec("plain", changed=10)}
    times = _cpu_us(servers, b"json_wn", 32, effort)
    yield Row.ratio("every point changed (aim: 1/2)", times, 1.0, "µs")


def thousand(effort: Effort) -> Iterator[Row]:
    """A thousand codenames, one of them set before each answer."""
    servers = {
        "labframe": Spec("labframe", codenames=1000, changed=1),
        "plain": Spec("plain", codenames=1000, changed=1),
        "echo": _ECHO,
    }
    times = _cpu_us(servers, b"json_wn", 1, effort)
    yield Row.ratio("1,000 codenames, one changed", times, 1 / 50, "µs")


def push(effort: Effort) -> Iterator[Row]:
    """A command with a callback that does nothing, 32 outstanding."""
    servers = {"labframe": Spec("push"), "plain": Spec("plain push"), "echo": _ECHO}
    request = b'json_wn#{"method": "set", "setpoint": 77.5}'
    times = _cpu_us(servers, request, 32, effort)
    yield Row.ratio("push callback_direct, json_wn#", times, 1 / 2.5, "µs")


def _cpu_us(
    specs: Mapping[str, Spec], request: bytes, outstanding: int, effort: Effort
) -> dict[str, list[float]]:
    """Return, by server, the processor time of each round in µs for each request.

    The servers take turns, a short round each, so that what else the machine does, and how fast it
    runs, meets all of them. ``echo`` answers what the first server answers.
    """
    taken: dict[str, list[float]] = {name: [] for name in specs}
    with ExitStack() as stack:
        if not effort.spread:
            stack.enter_context(_one_processor())
        servers: dict[str, Running] = {}
        clients: dict[str, Client] = {}
        expected = b""
        for name, spec in specs.items():
            if spec.kind == "echo":
                spec = dataclasses.replace(spec, answer=expected)
            servers[name] = stack.enter_context(running(spec))
            clients[name] = stack.enter_context(Client(servers[name].port))
            answer = clients[name].ask(request)
            expected = expected or answer
            if answer != expected:
                raise RuntimeError(f"{name} answers {answer[:200]!r}, not {expected[:200]!r}")
        for number in range(effort.rounds + 1):
            for name, server in servers.items():
                before = server.cpu_s()
                count = clients[name].keep_asking(
                    request, outstanding, effort.round_s, server.change
                )
                if number:  # the first round warms up
                    taken[name].append((server.cpu_s() - before) / count * 1e6)
    return taken


@contextmanager
def _one_processor() -> Iterator[None]:
    """Keep this process, and those that it starts, on one processor, where the system can.

    So the client and a server wait for each other: a server finds all outstanding requests there,
    and what it costs to wake a process on another processor, which is more than everything else and
    differs from machine to machine, is left out.
    """
    if sys.platform != "linux":
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(before)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
