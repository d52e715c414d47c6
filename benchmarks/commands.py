"""What commands cost: ``python benchmarks/commands.py``, about half a minute.

Each figure stands beside its bar. The bare transaction is the same request on the same kind of
pseudo-terminal, with a ``Line`` alone and without a host; both are measured in turns.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, ClassVar

from labframe import Arg, Host, Instrument, SerialLine, command, hookimpl, reading
from labframe.host.turns import quick_turns
from labframe.line import Line
from labframe.plugins import Plugins
from labframe.simulation import CarrierLoop, LineSimulator, Settable

__all__ = ["main"]

_ROUNDS = 15


_LINE = SerialLine(baudrate=9600)


class Counter(Instrument):
    """Counts what it is told."""

    driver = "counter"
    line = _LINE

    @reading(unit="counts", every=0.1)
    def count(self) -> float:
        """Read how often it was told."""
        return float(self.ask("COUNT?"))

    @command(unit="K", limits=(0, 470))
    def add(self, target: float) -> None:
        """Add one."""
        self.ask(f"ADD {target:g}")

    @command()
    def several(
        self,
        target: Annotated[float, Arg(unit="K", limits=(0, 470))],
        rate: Annotated[float, Arg(unit="K/min", limits=(0.1, 100))] = 1.0,
        output: int = 1,
        mode: str = "fast",
    ) -> None:
        """Take more arguments."""


class CounterSimulator(LineSimulator):
    """Answers at once, or as an instrument does: after a while, at the pace of its line."""

    driver = "counter"
    baudrate: ClassVar[int | None] = None
    late_every = 0
    latency_s = Settable(0.0, "time from a request to its answer, s", limits=(0, 60))

    def __init__(self, **state: object) -> None:
        super().__init__(**state)
        self._count = 0

    def respond(self, line: bytes, now: float) -> bytes:
        """Count, and tell."""
        del now
        self._count += line.startswith(b"ADD")
        return str(self._count).encode()


class Paced(CounterSimulator):
    """The same at 9600 baud, 5 ms after the request."""

    baudrate: ClassVar[int | None] = 9600
    latency_s = Settable(0.005, "time from a request to its answer, s", limits=(0, 60))


class _Plugin:
    def __init__(self, simulator: type[CounterSimulator]) -> None:
        self._simulator = simulator

    @hookimpl
    def labframe_instruments(self) -> list[type[Instrument]]:
        return [Counter]

    @hookimpl
    def labframe_simulators(self) -> dict[str, type[LineSimulator]]:
        return {"counter": self._simulator}


class _Entry:
    name = "benchmark"
    dist: Any = None

    def __init__(self, simulator: type[CounterSimulator]) -> None:
        self._simulator = simulator

    def load(self) -> object:
        return _Plugin(self._simulator)


def _host(directory: str, simulator: type[CounterSimulator] = CounterSimulator) -> Host:
    entries: list[Any] = [_Entry(simulator)]
    network = {"date_port": 0, "push_port": 0, "live_server": False}
    instruments = {"a": {"driver": "counter", "port": "simulated"}}
    config = {"host": {"name": "benchmark"}, "network": network, "instrument": instruments}
    return Host(
        config, simulate=True, plugins=Plugins(entry_points=entries), state_dir=Path(directory)
    )


def _median_us(call: Callable[[], object], times: int) -> float:
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        call()
        taken.append(time.perf_counter() - began)
    return statistics.median(taken) * 1e6


def _round_trip(kind: type[CounterSimulator], rounds: int, times: int) -> tuple[float, float]:
    """Return the median times of a bare transaction and of a command, in us; in turns."""
    simulator, loop = kind(), CarrierLoop()
    bare, commands = [], []
    with tempfile.TemporaryDirectory() as directory, quick_turns(1), _host(directory, kind) as host:
        host.wait_fresh("a_count")
        port = host.commanding.port
        assert port is not None
        client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        client.connect(("127.0.0.1", port))
        request = b'json_wn#{"method": "a.add", "target": 77}'

        def push() -> None:
            client.send(request)
            answer = client.recv(65535)
            assert answer == b"RET#null", answer

        with client, Line(loop.add(simulator).url, _LINE) as line:
            for _ in range(rounds):
                bare.append(_median_us(lambda: line.transact(b"ADD 77"), times))
                commands.append(_median_us(push, times))
    loop.close()
    return statistics.median(bare), statistics.median(commands)


def _validation_us(name: str, given: dict[str, Any]) -> float:
    declaration = Counter.commands()[name]
    times = []
    for _ in range(_ROUNDS):
        began = time.perf_counter()
        for _ in range(1000):
            declaration.checked("a.add", given)
        times.append((time.perf_counter() - began) / 1000)
    return statistics.median(times) * 1e6


def _flood(rate: int, clients: int, seconds: float) -> dict[str, float]:
    """Send commands from clients in processes of their own; return how the polls fared."""
    with tempfile.TemporaryDirectory() as directory, quick_turns(1), _host(directory) as host:
        host.wait_fresh("a_count")
        member = host.members[0]
        skipped = member.status().polls
        began = time.monotonic()
        senders = [
            subprocess.Popen(
                [sys.executable, __file__, "--send", str(host.commanding.port),
                 str(rate / clients), str(seconds)],
                stdout=subprocess.PIPE, text=True,
            )
            for _ in range(clients)
        ]  # fmt: skip
        late: list[float] = []
        ended = threading.Event()

        def watch() -> None:
            while not ended.wait(1.0):
                late.extend(member.latenesses()[-10:])

        watcher = threading.Thread(target=watch)
        watcher.start()
        answered = [json.loads(sender.communicate()[0]) for sender in senders]
        ended.set()
        watcher.join()
        passed = time.monotonic() - began
        polls = member.status().polls - skipped
        late.extend(member.latenesses())
    return {
        "commands": sum(one["answered"] for one in answered) / seconds,
        "expired": sum(one["expired"] for one in answered),
        "polls": polls / passed,
        "late_ms": max(late) * 1e3,
    }


def _send(port: int, rate: float, seconds: float) -> None:
    """Send commands at a rate, 0 is as fast as they are answered; count the answers."""
    answered = expired = 0
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.connect(("127.0.0.1", port))
        client.settimeout(5.0)
        due = time.monotonic()
        until = due + seconds
        while (now := time.monotonic()) < until:
            if rate and due > now:
                time.sleep(due - now)
            due += 1 / rate if rate else 0.0
            client.send(b'json_wn#{"method": "a.add", "target": 77}')
            answer = client.recv(65535)
            answered += answer == b"RET#null"
            expired += answer.startswith(b"ERROR#EXPIRED")
    print(json.dumps({"answered": answered, "expired": expired}))


def _line(what: str, value: float, bar: float, unit: str) -> None:
    verdict = "holds" if value <= bar else "MISSED"
    print(f"{what:<66} {value:8.2f} {unit:<3} (bar {bar:g})  {verdict}")


def main() -> None:
    """Measure everything, and print it beside its bars."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="shorter rounds")
    seconds = 3.0 if parser.parse_args().quick else 10.0
    for kind, what, rounds, times in (
        (Paced, "that answers after 5 ms at 9600 baud", 5, 10),
        (CounterSimulator, "that answers at once", _ROUNDS, 100),
    ):
        bare, pushed = _round_trip(kind, rounds, times)
        print(f"a simulator {what}: bare {bare:.0f} us, command over UDP {pushed:.0f} us")
        _line("  command / bare transaction", pushed / bare, 1.5, "")
    _line("validation, one argument", _validation_us("add", {"target": 77}), 20, "us")
    four = {"target": 77, "rate": 2, "output": 2, "mode": "slow"}
    _line("validation, four arguments", _validation_us("several", four), 20, "us")
    paced = _flood(500, 4, seconds)
    print(f"500 commands/s: {paced['commands']:.0f} executed/s, {paced['polls']:.1f} polls/s")
    _line("  latest poll, of an interval of 100 ms", paced["late_ms"], 100, "ms")
    flood = _flood(0, 20, seconds)
    print(
        f"20 clients without a pause: {flood['commands']:.0f} executed/s, "
        f"{flood['polls']:.1f} polls/s, latest {flood['late_ms']:.1f} ms, "
        f"{flood['expired']:.0f} expired"
    )


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["--send", port, rate, seconds]:
            os.nice(5)
            _send(int(port), float(rate), float(seconds))
        case _:
            main()
