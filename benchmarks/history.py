"""What the history costs: ``python benchmarks/history.py``, about a minute.

Each figure stands beside its bar; beside that is what a plain table takes, filled by
``executemany``, and DuckDB, where it is installed. ``--full`` measures on 100 million points, as
the bars are meant: that takes a quarter of an hour, and 600 MB of disk. Processor time is that of
all threads, system time included; what handing the readings over costs alone is subtracted.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import json
import logging
import os
import random
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from labframe_plugins import recorder as plugin
from labframe_plugins.recorder import HistoryWriter, Recorder, labframe_sinks, open_history
from labframe_plugins.recorder.background import transactions
from labframe_plugins.recorder.compaction import compact
from labframe_plugins.recorder.entries import Batch
from labframe_plugins.recorder.store import Store, connect

from labframe import Host, Instrument, PluginContext, Quality, Reading, hookimpl, reading
from labframe.host.sinks import SinkRunner
from labframe.host.turns import quick_turns
from labframe.plugins import Plugins

__all__ = ["main"]

_CODENAMES = 1000
_DAY_S = 86_400.0
_YEAR_S = 365 * _DAY_S
_TICK_S = 0.01


def _values(count: int) -> list[float]:
    """Return a temperature with three digits behind its point."""
    made = random.Random(1)
    return [round(295 + made.gauss(0, 0.05), 3) for _ in range(count)]


def _recorder(file: Path) -> Recorder:
    section = {"file": str(file), "spool": 2_000_000}
    (sink,) = labframe_sinks(PluginContext(name="recorder", section=section))
    return sink


def _written() -> int:
    fields = dict(line.split(": ") for line in Path("/proc/self/io").read_text().splitlines())
    return int(fields["write_bytes"])


def _sink(directory: Path, rate: int, seconds: float) -> dict[str, float]:
    """Hand readings over at a rate, without a recorder first; return what it adds."""
    with quick_turns(10):
        alone = _handed_over([], rate, seconds)
        runner = SinkRunner(_recorder(directory / "lab.db"))
        found = _handed_over([runner], rate, seconds)
    with open_history(directory / "lab.db") as history:
        assert history.count() == found["count"], "a point is missing"
    return {
        "share": (found["cpu"] - alone["cpu"]) / seconds,
        "us": (found["all_cpu"] - alone["all_cpu"]) / found["count"] * 1e6,
        "bytes": found["bytes"] / found["count"],
        "dropped": found["dropped"],
    }


def _handed_over(runners: list[SinkRunner], rate: int, seconds: float) -> dict[str, float]:
    names, values = [f"c{number}" for number in range(_CODENAMES)], _values(997)
    for runner in runners:
        runner.start()
    cpu, written, began, count = time.process_time(), _written(), time.monotonic(), 0
    for tick in range(round(seconds / _TICK_S)):
        time.sleep(max(0.0, began + tick * _TICK_S - time.monotonic()))
        now, arrival = time.time(), time.monotonic()
        while count < rate * _TICK_S * (tick + 1):
            number, place = divmod(count, _CODENAMES)
            at = now + place * 1e-6
            reading = Reading(
                names[place], at, values[count % 997], "K", Quality.OK, number + 1, at, arrival
            )
            for runner in runners:
                runner.put(reading)
            count += 1
    used = time.process_time() - cpu
    for runner in runners:
        runner.stop()
        assert runner.join(60)
    return {
        "count": count,
        "cpu": used,
        "all_cpu": time.process_time() - cpu,
        "bytes": _written() - written,
        "dropped": sum(runner.status().dropped for runner in runners),
    }


def _plain(directory: Path, count: int) -> dict[str, float]:
    """Do the same with one table and ``executemany``, 500 points a transaction."""
    file, values = directory / "plain.db", _values(997)
    with contextlib.closing(sqlite3.connect(file, isolation_level=None)) as plain:
        plain.execute("PRAGMA journal_mode = WAL")
        plain.execute("CREATE TABLE point (codename TEXT, time REAL, value REAL)")
        cpu, written = time.process_time(), _written()
        for first in range(0, count, 500):
            rows = [(f"c{i % 1000}", i / 1e3, values[i % 997]) for i in range(first, first + 500)]
            plain.execute("BEGIN")
            plain.executemany("INSERT INTO point VALUES (?, ?, ?)", rows)
            plain.execute("COMMIT")
        used = time.process_time() - cpu
    return {
        "us": used / count * 1e6,
        "bytes": (_written() - written) / count,
        "size": file.stat().st_size / count,
    }


# A large file.


def _generated(file: Path, count: int) -> float:
    """Write so many points of a year, and a day of one codename; return seconds per point."""
    each = count // _CODENAMES
    step, values = _YEAR_S / each, _values(10_007)
    end = time.time()
    began = time.process_time()
    with HistoryWriter(file) as writer:
        for first in range(0, each, 400):
            for number in range(_CODENAMES):
                some = range(first, min(each, first + 400))
                writer.points(
                    f"c{number}",
                    [end - _YEAR_S + step * (index + number / _CODENAMES) for index in some],
                    [values[(index * 7 + number) % 10_007] for index in some],
                )
        day = range(86_400)
        writer.points("day", [end - _DAY_S + s for s in day], [values[s % 10_007] for s in day])
    return (time.process_time() - began) / count


def _queries(file: Path) -> dict[str, float]:
    with open_history(file) as history:
        end = history.codenames()["day"].last_time or 0.0
        wanted: dict[str, Callable[[], Any]] = {
            "newest": history.newest,
            "day": lambda: history.buckets("day", since=end - _DAY_S),
            "year": lambda: history.buckets("c7", since=end - _YEAR_S),
        }
        return {name: _best_ms(query) for name, query in wanted.items()}


def _best_ms(query: Callable[[], Any], rounds: int = 5) -> float:
    times = []
    for _ in range(rounds):
        began = time.monotonic()
        query()
        times.append((time.monotonic() - began) * 1e3)
    return sorted(times)[rounds // 2]


def _sizes(directory: Path, count: int) -> dict[str, float]:
    """Write fresh points and compact them; measure both, and how long a commit would wait."""
    file, values = directory / "sizes.db", _values(997)
    store, batch = Store(file), Batch()
    batch.points().extend(
        (f"c{i % _CODENAMES}", 1_795_000_000_000_000 + i * 1000 + i % 97, values[i % 997], None)
        for i in range(count)
    )
    store.write(batch)
    store.close()
    fresh = file.stat().st_size / count
    held: list[float] = []
    with contextlib.closing(connect(file, sync=False)) as connection:
        make = transactions(connection, threading.Lock())

        @contextlib.contextmanager
        def timed() -> Iterator[None]:
            began = time.monotonic()
            with make():
                yield
            held.append(time.monotonic() - began)

        list(compact(connection, timed))
        pages = connection.execute(
            "SELECT sum(pgsize) FROM dbstat WHERE name IN ('block', 'packed', 'kept')"
        ).fetchone()[0]
    return {"fresh": fresh, "compacted": pages / count, "held_ms": max(held) * 1e3}


# The host.


class Computed(Instrument):
    """Ten readings a second, without a line."""

    driver = "computed"
    _value = 0.0

    @reading(unit="K", every=0.1)
    def temperature(self) -> float:
        """Return another value each time."""
        self._value += 1.0
        return self._value


class _Drivers:
    @hookimpl
    def labframe_instruments(self) -> list[type[Instrument]]:
        return [Computed]


class _Entry:
    dist: Any = None

    def __init__(self, name: str, given: object) -> None:
        self.name = name
        self._given = given

    def load(self) -> object:
        return self._given


def _lateness(directory: Path, recorded: bool, seconds: float) -> dict[str, float]:
    entries: list[Any] = [_Entry("drivers", _Drivers()), _Entry("recorder", plugin)]
    config: dict[str, Any] = {
        "host": {"name": "benchmark"},
        "network": {"date_port": 0, "live_server": False},
        "instrument": {f"i{number}": {"driver": "computed"} for number in range(100)},
        "plugin": {"recorder": {"file": str(directory / "host.db"), "enabled": recorded}},
    }
    with quick_turns(100), Host(config, plugins=Plugins(entry_points=entries)) as host:
        time.sleep(seconds)
        late = sorted(one for member in host.members for one in member.latenesses())
    return {"p99_ms": late[int(len(late) * 0.99)] * 1e3}


# The report.


def _duckdb(file: Path) -> str:
    try:
        duckdb = importlib.import_module("duckdb")
    except ImportError:
        return "not installed"
    with duckdb.connect() as other:
        other.execute(f"ATTACH '{file}' AS lab (TYPE sqlite, READ_ONLY)")
        began = time.monotonic()
        other.execute("SELECT max(time) FROM lab.fresh").fetchall()
        return f"{(time.monotonic() - began) * 1e3:.1f} ms for the newest time of the same file"


def _alone(what: str, *arguments: object) -> dict[str, float]:
    """Measure in a process and a directory of its own."""
    with tempfile.TemporaryDirectory(prefix="labframe-history-", dir=os.getcwd()) as directory:
        command = [sys.executable, __file__, what, directory, *map(str, arguments)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def _line(what: str, value: float, bar: float, unit: str) -> None:
    verdict = "holds" if value <= bar else "MISSED"
    print(f"{what:<66} {value:8.2f} {unit:<5} (bar {bar:g})  {verdict}", flush=True)


def main() -> None:
    """Measure everything, and print it beside its bars."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--full", action="store_true", help="100 million points")
    full = parser.parse_args().full
    count, seconds = (100_000_000, 30.0) if full else (1_000_000, 6.0)
    plain = _alone("--plain", 100_000)
    fast = _alone("--sink", 100_000, seconds)
    _line("100,000 readings/s through the sink: share of a core", fast["share"] * 100, 60, "%")
    _line("  dropped", fast["dropped"], 0, "")
    slow = _alone("--sink", 1000, seconds)
    _line("1,000 readings/s, 1 Hz each: processor time of one", slow["us"], 10, "us")
    _line("  written to disk", slow["bytes"], 200, "B")
    print(
        f"  executemany into one table: {plain['us']:.1f} us, {plain['bytes']:.0f} B written, "
        f"{plain['size']:.0f} B of file"
    )
    late = {on: _alone("--late", on, seconds)["p99_ms"] for on in (0, 1)}
    _line("poll lateness (99 %) with the recorder, more than without", late[1] - late[0], 1, "ms")
    sizes = _alone("--sizes", 200_000)
    _line("a fresh point in the file", sizes["fresh"], 40, "B")
    _line("a compacted one", sizes["compacted"], 10, "B")
    _line("compaction holds up a commit for at most", sizes["held_ms"], 100, "ms")
    large = _alone("--large", count)
    print(f"{count:,} points of 1,000 codenames: {large['us']:.1f} us each to import and compact")
    _line("  newest value of all codenames", large["newest"], 20, "ms")
    _line("  a day at 1 Hz in 500 buckets", large["day"], 50, "ms")
    _line("  a year in 500 buckets", large["year"], 300, "ms")


def _measured(arguments: list[str]) -> dict[str, float]:
    what, directory, *rest = arguments
    place = Path(directory)
    match what, rest:
        case "--sink", [rate, seconds]:
            return _sink(place, int(rate), float(seconds))
        case "--plain", [count]:
            return _plain(place, int(count))
        case "--late", [on, seconds]:
            return _lateness(place, on == "1", float(seconds))
        case "--sizes", [count]:
            return _sizes(place, int(count))
        case "--large", [count]:
            us = _generated(place / "large.db", int(count)) * 1e6
            print(f"DuckDB: {_duckdb(place / 'large.db')}", file=sys.stderr)
            return {"us": us, **_queries(place / "large.db")}
    raise SystemExit(f"not known: {arguments}")


if __name__ == "__main__":
    logging.basicConfig(level=logging.ERROR)
    if len(sys.argv) > 2:
        print(json.dumps(_measured(sys.argv[1:])))
    else:
        main()
