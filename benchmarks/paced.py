"""Latency at a fixed rate, beside a thread that computes all the time.

A closed loop hides a stall: while the server stalls, nothing is asked. Here requests are due at
fixed times, and each latency counts from then.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Final

from benchmarks.load import Client, Paced
from benchmarks.report import Row, percentile
from benchmarks.rounds import Effort
from benchmarks.servers import Kind, Spec, points, running
from labframe.protocol.pull import raw_point

__all__ = ["paced"]

_RATE_HZ: Final = 300.0
_INTERVALS_S: Final = (0.005, 0.0005)  # Python's own, and that of `labframe run`
_BAR: Final = 3  # switch intervals
_ROUNDS_AT_MOST: Final = 5
_QUIET: Final = 0.2  # of the bar: a round in which requests were sent later than that is left out
_TRIES: Final = 5  # for each round


def paced(effort: Effort) -> Iterator[Row]:
    """The 99th percentile at 300 requests a second."""
    rounds = min(effort.rounds, _ROUNDS_AT_MOST)
    for interval_s in _INTERVALS_S:
        bar_s = _BAR * interval_s
        p99_ms: dict[str, list[float]] = {"labframe": [], "plain": [], "echo alone": []}
        busy = 0
        for _, (name, values) in itertools.product(range(rounds), p99_ms.items()):
            for _ in range(_TRIES):
                latencies, lateness = _asked(name, interval_s, effort.paced)
                if percentile(lateness, 0.99) <= _QUIET * bar_s:
                    values.append(percentile(latencies, 0.99) * 1e3)
                    break
                busy += 1
        details = ", ".join(
            f"{name} {percentile(values, 0.5):.3g} ms" for name, values in p99_ms.items() if values
        )
        details += f"; {busy} rounds left out" if busy else ""
        name = f"p99 at 300/s, switch interval {interval_s * 1e3:g} ms"
        yield Row.of(name, p99_ms["labframe"], "ms", bar_s * 1e3, details)


def _asked(name: str, interval_s: float, count: int) -> Paced:
    """Ask a fresh server.

    ``echo alone`` has no thread beside it: it shows what this machine and the client add.
    """
    if name == "echo alone":
        spec = Spec("echo")
        answers = {f"{number}".encode(): f"{number}".encode() for number in range(count)}
    else:
        kind: Kind = "labframe" if name == "labframe" else "plain"
        spec = Spec(kind, codenames=count, busy=True, switch_interval_s=interval_s)
        answers = {
            f"{codename}#raw".encode(): raw_point(*point) for codename, point in points(count)[0]
        }
    with running(spec) as server, Client(server.port) as client:
        return client.ask_paced(answers, _RATE_HZ)
