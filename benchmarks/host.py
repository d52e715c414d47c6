"""What the host costs: ``python benchmarks/host.py``, about a minute.

Each figure stands beside its bar. "Without I/O" means instruments without a line, whose reading is
a computation: each has a worker thread of its own, as every instrument has. The lateness of a poll
is how long after its time it began; processor time is the whole process', system time included.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from labframe import Host, Instrument, PullClient, SerialLine, hookimpl, reading
from labframe.host.turns import quick_turns
from labframe.plugins import Plugins
from labframe.simulation import LineSimulator

__all__ = ["main"]

_COUNTS = (10, 100, 1000)


class Computed(Instrument):
    """Ten readings a second, without a line."""

    driver = "computed"
    _value = 0.0

    @reading(unit="K", every=0.1)
    def temperature(self) -> float:
        """Return another value each time."""
        self._value += 1.0
        return self._value


class Spins(Instrument):
    """A driver that computes all the time."""

    driver = "spins"

    @reading(unit="1", every=0.1)
    def total(self) -> float:
        """Keep the interpreter busy for as long as the next poll is away."""
        until, total = time.monotonic() + 0.1, 0
        while time.monotonic() < until:
            total += 1
        return float(total)


class Asked(Instrument):
    """A question on a pseudo-terminal, as often as possible."""

    driver = "asked"
    line = SerialLine(baudrate=115200)

    @reading(unit="s", every=0.02)
    def answered_at(self) -> float:
        """Return the moment at which the simulator answered."""
        return float(self.ask("T?"))


class Answers(LineSimulator):
    """Answers with the moment at which the answer leaves."""

    driver = "asked"

    def respond(self, line: bytes, now: float) -> bytes:
        """Answer with the monotonic time."""
        del line, now
        return f"{time.monotonic():.7f}".encode()


class _Plugin:
    @hookimpl
    def labframe_instruments(self) -> list[type[Instrument]]:
        return [Computed, Spins, Asked]

    @hookimpl
    def labframe_simulators(self) -> dict[str, type[LineSimulator]]:
        return {"asked": Answers}


class _Entry:
    name = "benchmark"
    dist: Any = None

    def load(self) -> object:
        return _Plugin()


def _host(instruments: dict[str, Any], *, live: bool = False, simulate: bool = False) -> Host:
    entries: list[Any] = [_Entry()]
    network = {"date_port": 0, "live_server": "127.0.0.1:9767" if live else False}
    config = {"host": {"name": "benchmark"}, "network": network, "instrument": instruments}
    return Host(config, simulate=simulate, plugins=Plugins(entry_points=entries))


def _many(count: int, *, live: bool, seconds: float) -> dict[str, float]:
    instruments = {f"i{number}": {"driver": "computed"} for number in range(count)}
    with quick_turns(count), _host(instruments, live=live) as host:
        time.sleep(2.0)
        cpu, wall = time.process_time(), time.monotonic()
        before = sum(member.status().polls for member in host.members)
        time.sleep(seconds)
        used, passed = time.process_time() - cpu, time.monotonic() - wall
        polls = sum(member.status().polls for member in host.members) - before
        late = sorted(one for member in host.members for one in member.latenesses())
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    return {
        "share": used / passed,
        "us": used / polls * 1e6,
        "late_ms": late[int(len(late) * 0.99)] * 1e3,
        "mb": pages * os.sysconf("SC_PAGE_SIZE") / 1e6,
    }


def _held_up(count: int, seconds: float) -> dict[str, float]:
    """Hold the interpreter for a while, as a call into C does; measure what it costs, and after."""
    instruments = {f"i{number}": {"driver": "computed"} for number in range(count)}
    numbers = [(number * 7919) % 1_000_003 for number in range(1_000_000)]
    began = time.monotonic()
    sorted(numbers)
    alone_s = time.monotonic() - began
    with quick_turns(count), _host(instruments) as host:
        time.sleep(2.0)
        began = time.monotonic()
        sorted(numbers)
        beside_s = time.monotonic() - began
        time.sleep(1.0)
        before = sum(member.status().polls for member in host.members)
        began = time.monotonic()
        time.sleep(seconds)
        polls = sum(member.status().polls for member in host.members) - before
        rate = polls / (time.monotonic() - began)
        began = time.monotonic()
        host.stop()
    return {
        "times": beside_s / alone_s,
        "polled": rate / (10 * count),
        "stop_s": time.monotonic() - began,
    }


def _fresh(*, seconds: float) -> dict[str, float]:
    """Measure from the instrument's answer to the value being readable over UDP, in ms."""
    delays = []
    with (
        quick_turns(1),
        _host({"a": {"driver": "asked", "port": "simulated"}}, simulate=True) as host,
        PullClient("127.0.0.1", host.port) as client,
    ):
        before = host.wait_fresh("a_answered_at").y
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            answered = client.point("a_answered_at").y
            if answered != before:
                before = answered
                delays.append((time.monotonic() - float(str(answered))) * 1e3)
    return {"median_ms": statistics.median(delays)}


def _busy(*, seconds: float) -> dict[str, float]:
    """Ask 300 times a second beside a driver that computes; latency from the planned start."""
    with quick_turns(1), _host({"spins": {"driver": "spins"}}) as host:
        host.wait_fresh("spins_total")
        done = subprocess.run(
            [sys.executable, __file__, "--paced", str(host.port), str(seconds)],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
    return {"p99_ms": float(done.stdout)}


def _paced(port: int, seconds: float) -> None:
    latencies = []
    with PullClient("127.0.0.1", port, old="mark") as client:
        due = time.monotonic() + 0.1
        until = due + seconds
        while due < until:
            while (left := due - time.monotonic()) > 0:
                time.sleep(max(0.0, left - 0.0002)) if left > 0.0003 else None
            client.point("spins_total")
            latencies.append((time.monotonic() - due) * 1e3)
            due += 1 / 300
    print(sorted(latencies)[int(len(latencies) * 0.99)])


def _alone(what: str, *arguments: object) -> dict[str, float]:
    """Measure in a process of its own."""
    command = [sys.executable, __file__, what, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def _help_s() -> float:
    times = []
    for _ in range(5):
        began = time.monotonic()
        subprocess.run(
            [sys.executable, "-m", "labframe", "--help"], check=True, capture_output=True
        )
        times.append(time.monotonic() - began)
    return statistics.median(times)


def _demo_s() -> float:
    began = time.monotonic()
    demo = subprocess.Popen(
        [sys.executable, "-m", "labframe", "demo", "--pull-port", "9733", "--data-port", "0",
         "--push-port", "0", "--no-live"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        with PullClient("127.0.0.1", 9733, timeout=0.05) as client:
            while time.monotonic() - began < 20:
                try:
                    client.point("moon_laser_temperature")
                    return time.monotonic() - began
                except Exception:  # noqa: BLE001  # not there yet, or not fresh yet
                    time.sleep(0.01)
    finally:
        demo.terminate()
        demo.wait(10)
    return float("inf")


def _line(what: str, value: float, bar: float, unit: str) -> None:
    verdict = "holds" if value <= bar else "MISSED"
    print(f"{what:<66} {value:8.2f} {unit:<3} (bar {bar:g})  {verdict}")


def main() -> None:
    """Measure everything, and print it beside its bars."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="shorter rounds")
    seconds = 2.0 if parser.parse_args().quick else 8.0
    found = {count: _alone("--many", count, 0, seconds) for count in _COUNTS}
    most = found[1000]
    _line("1,000 instruments, 10 readings/s each: share of a core", most["share"] * 100, 35, "%")
    _line("  poll lateness, 99 %", most["late_ms"], 5, "ms")
    _line("  resident memory", most["mb"], 80, "MB")
    for count in _COUNTS:
        print(
            f"  processor time of a reading with {count} instruments: {found[count]['us']:.1f} us"
        )
    live = _alone("--many", 1000, 1, seconds)
    print(
        f"  the same with the live socket: {live['share'] * 100:.0f} % of a core, lateness "
        f"{live['late_ms']:.1f} ms"
    )
    held = _alone("--held-up", 1000, seconds)
    print(
        f"  held up by a call into C: that takes {held['times']:.1f} times as long as alone; "
        f"then {held['polled'] * 100:.0f} % of the polls are made; stopped in "
        f"{held['stop_s']:.2f} s"
    )
    fresh = _alone("--fresh", seconds)["median_ms"]
    _line("instrument's answer to value over UDP, median", fresh, 0.5, "ms")
    _line("pull at 300/s beside a busy driver, 99 %", _alone("--busy", seconds)["p99_ms"], 3, "ms")
    _line("labframe --help", _help_s(), 0.25, "s")
    _line("labframe demo, until a value is fresh", _demo_s(), 2, "s")


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["--many", count, live, seconds]:
            print(json.dumps(_many(int(count), live=live == "1", seconds=float(seconds))))
        case ["--held-up", count, seconds]:
            print(json.dumps(_held_up(int(count), float(seconds))))
        case ["--fresh", seconds]:
            print(json.dumps(_fresh(seconds=float(seconds))))
        case ["--busy", seconds]:
            print(json.dumps(_busy(seconds=float(seconds))))
        case ["--paced", port, seconds]:
            _paced(int(port), float(seconds))
        case _:
            main()
