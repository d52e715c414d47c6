"""How much of a slow bus the host uses: ``python benchmarks/bus.py``, about a minute.

31 simulated drive units share one line at 9600 baud, and each wants its speed read once a second,
which is more than the line carries. What the wire alone allows: the bytes of question and answer,
ten bits each, and between them the time that a unit takes to answer and the gap that the driver has
to leave before the next question. The units are in a process of their own. A pseudo-terminal
carries the question at once; so the simulated units take its time on the wire, too, before they
answer, and send their answers at the pace of the baud rate.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Final

import labframe_drivers.tc400
from labframe_drivers.tc400 import Tc400, Tc400Simulator

from labframe import Host
from labframe.host.turns import quick_turns
from labframe.plugins import Plugins
from labframe.simulation import PtyCarrier, SimulatedBus

__all__ = ["main"]

_UNITS: Final = 31
_BAUDRATE: Final = 9600
_BYTE_S: Final = 10 / _BAUDRATE
_QUESTION: Final = len(b"0010030902=?107\r")
_ANSWER: Final = len(b"0011030906001500031\r")
_LATENCY_S: Final = 0.005
"""From the end of a question to the beginning of the answer, as a TC 110 was recorded."""
_BAR: Final = 0.80


class _Entry:
    name = "tc400"
    dist: Any = None

    def load(self) -> object:
        return labframe_drivers.tc400


def _units(count: int) -> None:
    """Simulate the units, until the standard input ends."""
    latency_s = _LATENCY_S + _QUESTION * _BYTE_S
    members = [
        Tc400Simulator(address=address, on=True, speed_hz=1500, latency_s=latency_s)
        for address in range(1, count + 1)
    ]
    with PtyCarrier(SimulatedBus(*members)) as carrier:
        print(carrier.url, flush=True)
        sys.stdin.read()


def _host(port: str, count: int) -> Host:
    """Return a host that reads the speed of each unit, and nothing else."""
    others = {name: {"enabled": False} for name in Tc400.readings() if name != "speed"}
    instruments = {
        f"unit_{address}": {"driver": "tc400", "port": port, "address": address, "reading": others}
        for address in range(1, count + 1)
    }
    config: dict[str, Any] = {
        "host": {"name": "benchmark"},
        "network": {"date_port": 0, "push_port": 0, "live_server": False},
        "instrument": instruments,
    }
    entries: list[Any] = [_Entry()]
    return Host(config, plugins=Plugins(entry_points=entries))


def _polled(port: str, count: int, seconds: float) -> dict[str, float]:
    with quick_turns(1), _host(port, count) as host:
        for address in range(1, count + 1):
            host.wait_fresh(f"unit_{address}_speed", 30.0)
        before = [member.status() for member in host.members]
        began, cpu = time.monotonic(), time.process_time()
        time.sleep(seconds)
        passed, used = time.monotonic() - began, time.process_time() - cpu
        after = [member.status() for member in host.members]
    polls = [b.polls - a.polls for a, b in zip(before, after, strict=True)]
    failures = sum(b.failures - a.failures for a, b in zip(before, after, strict=True))
    return {
        "rate": sum(polls) / passed,
        "least": min(polls) / passed,
        "most": max(polls) / passed,
        "failures": failures,
        "us": used / max(sum(polls), 1) * 1e6,
    }


def main() -> None:
    """Measure, and print it beside its bar."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a shorter round")
    seconds = 10.0 if parser.parse_args().quick else 40.0
    with subprocess.Popen(
        [sys.executable, Path(__file__), "--units", str(_UNITS)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as units:  # fmt: skip
        assert units.stdin is not None
        assert units.stdout is not None
        found = _polled(units.stdout.readline().strip(), _UNITS, seconds)
        units.stdin.close()
    assert Tc400.line is not None
    poll_s = (_QUESTION + _ANSWER) * _BYTE_S + _LATENCY_S + Tc400.line.min_gap_s
    share = found["rate"] * poll_s
    verdict = "holds" if share >= _BAR else "MISSED"
    print(f"{_UNITS} units on one line at {_BAUDRATE} baud, {_QUESTION} + {_ANSWER} bytes a poll")
    print(f"  the wire alone allows {1 / poll_s:6.2f} polls/s ({poll_s * 1e3:.1f} ms each)")
    print(f"  the host makes        {found['rate']:6.2f} polls/s, {found['failures']:.0f} failed")
    print(f"  ratio {share * 100:.1f} % (bar {_BAR * 100:g} %)  {verdict}")
    print(f"  each unit: {found['least']:.2f} to {found['most']:.2f} polls/s")
    print(f"  processor time of a poll: {found['us']:.0f} us")


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["--units", count]:
            _units(int(count))
        case _:
            main()
