"""What the history costs: ``python benchmarks/history.py``, about a minute.

Each figure stands beside its bar; beside that is what a plain table takes, filled by
``executemany``, and DuckDB, where it is installed. ``--full`` measures on 100 million points, as
the bars are meant: that takes some minutes, and 600 MB of disk. Processor time is that of
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
from labframe_plugins.recorder.packing import pack
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
_BLOCK = 200
_WARM_S = 1.5


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
        assert history.count() == found["count"] + _CODENAMES, "a point is missing"
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
        for name in names:  # what is done once for each codename is not counted
            runner.put(Reading(name, 0.0, 295.0, "K", Quality.OK, 1, 0.0, 0.0))
    time.sleep(_WARM_S)
    cpu, written, began, count = time.process_time(), _written(), time.monotonic(), 0
    for tick in range(round(seconds / _TICK_S)):
        time.sleep(max(0.0, began + tick * _TICK_S - time.monotonic()))
        now, arrival = time.time(), time.monotonic()
        while count < rate * _TICK_S * (tick + 1):
            number, place = divmod(count, _CODENAMES)
            at = now + place * 1e-6
            reading = Reading(
                names[place], at, values[count % 997], "K", Quality.OK, number + 2, at, arrival
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


def _generated(file: Path, count: int) -> None:
    """Make a file of so many points in a year, and a day of one codename at 1 Hz.

    The blocks are those that compaction makes of 1,000 codenames, of 200 points each and in turns,
    only packed once and used by all of them.
    """
    rounds = count // _CODENAMES // _BLOCK
    end, step = time.time(), _YEAR_S / (rounds * _BLOCK)
    with HistoryWriter(file) as writer:
        for number in range(_CODENAMES):
            writer.points(f"c{number}", [end], [295.0])
        day, values = range(86_400), _values(10_007)
        writer.points("day", [end - _DAY_S + s for s in day], [values[s % 10_007] for s in day])
    with contextlib.closing(connect(file, sync=False)) as connection:
        (place,) = connection.execute("SELECT max(id) FROM packed").fetchone()
        for turn in range(rounds):
            begin = end - _YEAR_S + turn * _BLOCK * step
            times = [round((begin + step * index) * 1e6) + index % 97 for index in range(_BLOCK)]
            some = [values[(index * 7 + turn * 13) % 10_007] for index in range(_BLOCK)]
            packed = pack(times, some)
            assert packed is not None
            summary = (times[0], times[-1], min(some), sum(some) / _BLOCK, max(some))
            groups = (len(packed.times) // _BLOCK, packed.low, packed.divisor)
            blocks = [
                (
                    codename, 2 + turn * _BLOCK, _BLOCK, *summary, packed.start, packed.step,
                    *groups, len(packed.values) // _BLOCK, place + codename, 0,
                )
                for codename in range(1, _CODENAMES + 1)
            ]  # fmt: skip
            connection.execute("BEGIN")
            connection.executemany(
                "INSERT INTO packed VALUES (?, ?, ?)",
                [(row[14], packed.times, packed.values) for row in blocks],
            )
            connection.executemany(f"INSERT INTO block VALUES ({','.join('?' * 16)})", blocks)
            connection.execute("COMMIT")
            place += _CODENAMES


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


def _duckdb(directory: Path, count: int) -> dict[str, float]:
    """Do the same with DuckDB, from arrays of 5000 points; nothing where it is not installed."""
    try:
        duckdb, numpy = importlib.import_module("duckdb"), importlib.import_module("numpy")
    except ImportError:
        return {}
    file, values = directory / "duck.db", numpy.asarray(_values(5000))
    with duckdb.connect(str(file)) as other:
        other.execute("CREATE TABLE point (codename VARCHAR, time DOUBLE, value DOUBLE)")
        cpu, written = time.process_time(), _written()
        for first in range(0, count, 5000):
            some = numpy.arange(first, first + 5000)
            batch = {"n": some % 1000, "t": some / 1e3, "v": values}
            other.execute("INSERT INTO point SELECT 'c' || n, t, v FROM batch")
            del batch
        used = time.process_time() - cpu
    return {
        "us": used / count * 1e6,
        "bytes": (_written() - written) / count,
        "size": file.stat().st_size / count,
    }


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
    slow = _alone("--sink", 1000, max(20.0, seconds))  # what is written once weighs less
    _line("1,000 readings/s, 1 Hz each: processor time of one", slow["us"], 10, "us")
    _line("  written to disk", slow["bytes"], 200, "B")
    duck = _alone("--duckdb", 100_000)
    for what, found in (("executemany into one table", plain), ("DuckDB, 5000 at a time", duck)):
        print(
            f"  {what}: {found['us']:.1f} us, {found['bytes']:.0f} B written, "
            f"{found['size']:.0f} B of file"
            if found
            else f"  {what}: not installed"
        )
    late = {on: _alone("--late", on, seconds)["p99_ms"] for on in (0, 1)}
    _line("poll lateness (99 %) with the recorder, more than without", late[1] - late[0], 1, "ms")
    sizes = _alone("--sizes", 200_000)
    _line("a fresh point in the file", sizes["fresh"], 40, "B")
    _line("a compacted one", sizes["compacted"], 10, "B")
    _line("compaction holds up a commit for at most", sizes["held_ms"], 100, "ms")
    large = _alone("--large", count)
    print(f"{count:,} points of 1,000 codenames and a year, {large['size']:.1f} B of file each:")
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
            _generated(place / "large.db", int(count))
            size = (place / "large.db").stat().st_size / int(count)
            return {"size": size, **_queries(place / "large.db")}
        case "--duckdb", [count]:
            return _duckdb(place, int(count))
    raise SystemExit(f"not known: {arguments}")


if __name__ == "__main__":
    logging.basicConfig(level=logging.ERROR)
    if len(sys.argv) > 2:
        print(json.dumps(_measured(sys.argv[1:])))
    else:
        main()
