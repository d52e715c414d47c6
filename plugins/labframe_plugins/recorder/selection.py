"""Finds the points of one codename and one time, wherever they are: buckets, blocks, single rows.

All times are microseconds since 1970, and all of it is within one reading transaction.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Any, Final

from labframe_plugins.recorder.packing import Packed
from labframe_plugins.recorder.resampling import Spans, unpacked
from labframe_plugins.recorder.retention import BLOCK_COLUMNS, packed_of

__all__ = ["FRESH", "SEEN", "ends", "fill", "pieces"]

SEEN: Final = "round <= (SELECT round FROM state)"
"""Of blocks: not one that compaction has not finished."""
FRESH: Final = "id > (SELECT compacted FROM state)"
"""Of fresh rows: not one that is in a block."""


def ends(connection: sqlite3.Connection, codename: int) -> tuple[int, int]:
    """Return the earliest and the latest time of a codename, or 0: imports may come later."""
    first, last = connection.execute(
        f"""
        SELECT min(first), max(last) FROM (
            SELECT first_time AS first, NULL AS last FROM codename WHERE id = :id
            UNION ALL SELECT time, time FROM newest WHERE codename = :id
            UNION ALL SELECT time, time FROM fresh
                WHERE codename = :id AND id > (SELECT noted FROM state)
            UNION ALL SELECT min(since), max(until) FROM block WHERE codename = :id AND {SEEN}
            UNION ALL SELECT min(time), max(time) FROM bucket WHERE codename = :id
        )
        """,
        {"id": codename},
    ).fetchone()
    return first or 0, last or 0


def pieces(
    connection: sqlite3.Connection, codename: int, begin: int, end: int
) -> list[tuple[int, Any, Any]]:
    """Return points of a codename, and some around them: first number, times, values."""
    thinned = connection.execute(
        "SELECT number, time + width / 2, mean FROM bucket WHERE codename = ? AND "
        "time + width >= ? AND time <= ?",
        (codename, begin, end),
    )
    blocks = connection.execute(
        f"SELECT b.number, {BLOCK_COLUMNS} FROM block b JOIN packed p ON p.id = b.packed "
        f"WHERE b.codename = ? AND b.until >= ? AND b.since <= ? AND b.{SEEN}",
        (codename, begin, end),
    )
    found = [(first, *unpacked(packed_of(columns))) for first, *columns in blocks]
    for rows in (thinned, _loose(connection, codename, begin, end)):
        found += [(first, (time,), (y,)) for first, time, y in rows]
    return found


def fill(connection: sqlite3.Connection, spans: Spans, codename: int, begin: int, end: int) -> None:
    """Sort the points of a codename into spans of time.

    A block that lies within one span is known by its summary; only the others are unpacked.
    """
    for time, width, *summary in connection.execute(
        "SELECT time, width, count, low, mean, high FROM bucket WHERE codename = ? AND "
        "time + width >= ? AND time <= ?",
        (codename, begin, end),
    ):
        spans.summary(time + width // 2, *summary)
    cut = []
    for since, until, count, low, mean, high, *columns in connection.execute(
        "SELECT since, until, count, low, mean, high, packed, start, step, lowest, divisor "
        f"FROM block WHERE codename = ? AND until >= ? AND since <= ? AND {SEEN}",
        (codename, begin, end),
    ):
        if spans.place(since) == spans.place(until) and begin <= since and until <= end:
            spans.summary(since, count, low, mean, high)
        else:
            cut.append((count, *columns))
    for count, place, start, step, lowest, divisor in cut:
        times, ys = connection.execute(
            "SELECT times, ys FROM packed WHERE id = ?", (place,)
        ).fetchone()
        packed = Packed(count, start, step, times, lowest, divisor, ys)
        spans.points(*unpacked(packed), begin, end)
    for _, time, y in _loose(connection, codename, begin, end):
        spans.summary(time, 1, y, y, y)


def _loose(
    connection: sqlite3.Connection, codename: int, begin: int, end: int
) -> Iterator[tuple[int, int, float]]:
    """Return the points that are in no block: number, time, value."""
    for table, seen in (("kept", SEEN), ("fresh", FRESH)):
        yield from connection.execute(
            f"SELECT number, time, y FROM {table} WHERE codename = ? AND {seen} "
            "AND time BETWEEN ? AND ? AND typeof(y) IN ('real', 'integer')",
            (codename, begin, end),
        )
