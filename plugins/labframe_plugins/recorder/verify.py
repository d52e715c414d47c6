"""Whether a history is whole: counts, order, gaps, integrity."""

from __future__ import annotations

import math
import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from labframe_plugins.recorder.packing import times_of, values_of
from labframe_plugins.recorder.retention import BLOCK_COLUMNS, packed_of
from labframe_plugins.recorder.selection import SEEN

__all__ = ["verify"]


def verify(connection: sqlite3.Connection) -> Iterator[str]:
    """Yield what is wrong, for people.

    The points of a codename are numbered in the order in which they came. So none is missing and
    none is there twice when the numbers of blocks, of single points and of fresh ones follow each
    other without a hole, and what retention has taken makes up for what is missing at the
    beginning.

    Args:
        connection: Within a transaction, so that nothing changes meanwhile.
    """
    for (text,) in connection.execute("PRAGMA integrity_check(20)"):
        if text != "ok":
            yield f"the file is damaged: {text}"
    names = dict(connection.execute("SELECT id, name FROM codename").fetchall())
    yield from _numbers(connection, names)
    for number, name in names.items():
        yield from (f"{name}: {text}" for text in _gaps(connection, number))
    yield from _blocks(connection)
    yield from _times_of_fresh(connection)


def _numbers(connection: sqlite3.Connection, names: Mapping[int, str]) -> Iterator[str]:
    """Look at the numbers of the points of all codenames, in one pass."""
    spans = connection.execute(
        f"SELECT codename, number, count FROM block WHERE {SEEN} UNION ALL "
        f"SELECT codename, number, 1 FROM kept WHERE {SEEN} UNION ALL "
        "SELECT codename, number, 1 FROM fresh WHERE id > (SELECT compacted FROM state) "
        "ORDER BY codename, number"
    )
    taken: Counter[int] = Counter()
    for table in ("bucket", "dropped"):
        for codename, count in connection.execute(f"SELECT codename, count FROM {table}"):
            taken[codename] += count
    noted = dict(connection.execute("SELECT codename, number FROM newest").fetchall())
    missing: Counter[int] = Counter()
    last: dict[int, int] = dict.fromkeys(names, 0)
    for codename, number, count in spans:
        before = last.get(codename)
        if before is None:
            yield f"there are points of a codename {codename}, which nobody knows"
            before = 0
        if number <= before:
            yield f"{names.get(codename)}: point {number} is there twice"
        missing[codename] += max(0, number - before - 1)
        last[codename] = max(before, number + count - 1)
    for codename, end in last.items():
        lacking = missing[codename] + max(0, noted.get(codename, 0) - end)
        if lacking != taken[codename]:
            yield (
                f"{names.get(codename)}: {lacking} points are not there as they were measured, "
                f"and retention has taken {taken[codename]}"
            )


def _gaps(connection: sqlite3.Connection, codename: int) -> Iterator[str]:
    open_gaps = _value(
        connection, "SELECT count(*) FROM gap WHERE codename = ? AND until IS NULL", codename
    )
    if open_gaps > 1:
        yield f"{open_gaps} gaps have no end"
    for since, until in connection.execute(
        "SELECT since, until FROM gap WHERE codename = ? AND until IS NOT NULL", (codename,)
    ):
        if until < since and not _was_set_back(connection):
            yield f"a gap ends {(since - until) / 1e6:g} s before it begins, at {since / 1e6:.3f}"


def _was_set_back(connection: sqlite3.Connection) -> bool:
    """Tell whether the host's clock was ever set back; then a gap may end before it begins."""
    return bool(
        _value(
            connection,
            "SELECT count(*) FROM event WHERE kind = 'clock' "
            "AND json_extract(fields, '$.step_s') < ?",
            0,
        )
    )


def _blocks(connection: sqlite3.Connection) -> Iterator[str]:
    for name, number, since, until, low, mean, high, *columns in connection.execute(
        f"SELECT c.name, b.number, b.since, b.until, b.low, b.mean, b.high, {BLOCK_COLUMNS} "
        "FROM block b JOIN packed p ON p.id = b.packed JOIN codename c ON c.id = b.codename "
        f"WHERE b.{SEEN}"
    ):
        packed = packed_of(columns)
        where = f"{name}: the block of {packed.count} points from number {number} on"
        try:
            times, values = times_of(packed), values_of(packed)
        except (ValueError, IndexError, ArithmeticError) as error:
            yield f"{where} cannot be unpacked: {error}"
            continue
        if (len(times), len(values)) != (packed.count, packed.count):
            yield f"{where} holds {len(times)} times and {len(values)} values"
        elif (min(times), max(times)) != (since, until):
            yield f"{where} is not of the time that its summary says"
        elif (min(values), max(values)) != (low, high) or not math.isclose(
            math.fsum(values) / packed.count, mean, rel_tol=1e-9, abs_tol=1e-300
        ):
            yield f"{where} has other values than its summary says"
    lonely = _value(connection, "SELECT count(*) FROM block WHERE packed NOT IN "
                    "(SELECT id FROM packed) AND ? = 1", 1)  # fmt: skip
    if lonely:
        yield f"{lonely} blocks have a summary, and no points"


def _times_of_fresh(connection: sqlite3.Connection) -> Iterator[str]:
    batch, compacted, noted = connection.execute(
        "SELECT batch, compacted, noted FROM state"
    ).fetchone()
    last = _value(connection, "SELECT ifnull(max(id), ?) FROM fresh", compacted)
    if noted > max(last, compacted):
        yield f"point {noted} was noted as the newest, and {last} is the last one (batch {batch})"


def _value(connection: sqlite3.Connection, sql: str, value: Any) -> int:
    found = connection.execute(sql, (value,)).fetchone()[0]
    return int(found)
