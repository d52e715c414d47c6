"""Gives room back: old points become minimum, mean and maximum, older ones are dropped."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from typing import Any, Final

from labframe_plugins.recorder.packing import Packed, times_of, values_of
from labframe_plugins.recorder.settings import RetainRule, rule_for

__all__ = ["BLOCK_COLUMNS", "packed_of", "retain"]

BLOCK_COLUMNS: Final = "b.count, b.start, b.step, p.times, b.lowest, b.divisor, p.ys"
_BLOCKS: Final = 20


def packed_of(row: Any) -> Packed:
    """Return the block that a row of ``BLOCK_COLUMNS`` is."""
    return Packed(*row)


def retain(
    connection: sqlite3.Connection, transaction: Any, rules: Mapping[str, RetainRule], now: float
) -> Iterator[int]:
    """Do what the rules say, block by block; yields after each transaction.

    Args:
        connection: A connection that writes.
        transaction: Returns a context manager: a transaction.
        rules: For how long what is kept, by codename or pattern.
        now: Unix time in seconds.
    """
    for codename, name in connection.execute("SELECT id, name FROM codename").fetchall():
        rule = rule_for(rules, name)
        if rule is None:
            continue
        if rule.drop_after is not None:
            yield from _drop(
                connection, transaction, codename, round((now - rule.drop_after) * 1e6)
            )
        if rule.thin_after is not None:
            before = round((now - rule.thin_after) * 1e6)
            yield from _thin(connection, transaction, codename, before, round(rule.every * 1e6))


def _old_blocks(connection: sqlite3.Connection, codename: int, before: int) -> list[Any]:
    return connection.execute(
        f"SELECT b.number, b.packed, {BLOCK_COLUMNS} FROM block b JOIN packed p ON p.id = b.packed "
        "WHERE b.codename = ? AND b.until < ? AND b.round <= (SELECT round FROM state) "
        "ORDER BY b.number LIMIT ?",
        (codename, before, _BLOCKS),
    ).fetchall()


def _thin(
    connection: sqlite3.Connection, transaction: Any, codename: int, before: int, width: int
) -> Iterator[int]:
    while rows := _old_blocks(connection, codename, before):
        with transaction():
            for number, place, *columns in rows:
                _into_buckets(connection, codename, number, packed_of(columns), width)
                _delete(connection, codename, number, place)
        yield len(rows)


def _into_buckets(
    connection: sqlite3.Connection, codename: int, number: int, packed: Packed, width: int
) -> None:
    buckets: dict[int, list[Any]] = {}
    for index, (time, y) in enumerate(zip(times_of(packed), values_of(packed), strict=True)):
        begin = time // width * width
        bucket = buckets.get(begin)
        if bucket is None:
            buckets[begin] = [number + index, 1, y, y, y]
        else:
            bucket[1] += 1
            bucket[2] = min(bucket[2], y)
            bucket[3] += y
            bucket[4] = max(bucket[4], y)
    connection.executemany(
        "INSERT INTO bucket VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET "
        "mean = (mean * count + excluded.mean * excluded.count) / (count + excluded.count), "
        "count = count + excluded.count, low = min(low, excluded.low), "
        "high = max(high, excluded.high)",
        [
            (codename, width, begin, first, count, low, total / count, high)
            for begin, (first, count, low, total, high) in buckets.items()
        ],
    )


def _drop(
    connection: sqlite3.Connection, transaction: Any, codename: int, before: int
) -> Iterator[int]:
    while rows := _old_blocks(connection, codename, before):
        with transaction():
            for number, place, count, *_ in rows:
                _delete(connection, codename, number, place)
                _count_dropped(connection, codename, count)
        yield len(rows)
    with transaction():
        where = "FROM bucket WHERE codename = ? AND time + width < ?"
        (count,) = connection.execute(
            f"SELECT ifnull(sum(count), 0) {where}", (codename, before)
        ).fetchone()
        connection.execute(f"DELETE {where}", (codename, before))
        _count_dropped(connection, codename, count)
        where = "FROM kept WHERE codename = ? AND time < ? AND round <= (SELECT round FROM state)"
        (count,) = connection.execute(f"SELECT count(*) {where}", (codename, before)).fetchone()
        connection.execute(f"DELETE {where}", (codename, before))
        _count_dropped(connection, codename, count)
        connection.execute("DELETE FROM sweep WHERE codename = ? AND time < ?", (codename, before))
    yield 0


def _delete(connection: sqlite3.Connection, codename: int, number: int, place: int) -> None:
    connection.execute("DELETE FROM block WHERE codename = ? AND number = ?", (codename, number))
    connection.execute("DELETE FROM packed WHERE id = ?", (place,))


def _count_dropped(connection: sqlite3.Connection, codename: int, count: int) -> None:
    if count:
        connection.execute(
            "INSERT INTO dropped VALUES (?, ?) ON CONFLICT DO UPDATE SET count = count + "
            "excluded.count",
            (codename, count),
        )
