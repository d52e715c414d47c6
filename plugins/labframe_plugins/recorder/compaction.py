"""Turns fresh rows into blocks of one codename each, a little at a time.

A round takes all rows up to one of now. Its blocks are written with its number, which is higher
than the file's, so nobody sees them. When all are there one row of ``state`` is changed: from then
on the blocks are seen, and the fresh rows are not. Then these are deleted. Each of these steps is
a short transaction of its own, so that no commit waits for long; what a crash leaves behind is
found by the next round.
"""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final, NamedTuple

from labframe_plugins.recorder.packing import MOST_POINTS, Packed, pack

__all__ = ["MOST_ROWS", "Run", "block_rows", "compact", "runs_of"]

_CODENAMES: Final = 25
"""So many codenames are written in one transaction."""
_ROWS: Final = 5000
"""So many fresh rows are deleted in one transaction."""
MOST_ROWS: Final = 250_000
"""So many fresh rows are in memory at a time."""
_FETCHED: Final = 500
_NOTE: Final = """
INSERT OR REPLACE INTO newest SELECT codename, max(number), time, y, x FROM fresh
WHERE id > (SELECT noted FROM state) AND id <= ? GROUP BY codename
"""
"""The newest points are noted before their fresh rows are gone."""
_MOST_BYTES: Final = 4000
"""A block above that does not fit on one page of the file."""
_FEWEST: Final = 8

Transaction = Any


class Run(NamedTuple):
    """Points of one codename, numbered without a hole.

    Attributes:
        number: Of the first one.
        times: Microseconds since 1970.
        ys: The values as they are stored.
        xs: Their x, None where that is time.
    """

    number: int
    times: Sequence[int]
    ys: Sequence[Any]
    xs: Sequence[float | None]


def runs_of(rows: Iterable[tuple[int, int, int, Any, Any]]) -> list[tuple[int, Run]]:
    """Return rows (codename, number, time, y, x) by their codename.

    No row is kept: hundreds of thousands of tuples would have the garbage collector look through
    them again and again, which takes longer than all of this.
    """
    found: dict[int, tuple[int, list[int], list[Any], list[Any]]] = {}
    for codename, number, time, y, x in rows:
        run = found.get(codename)
        if run is None:
            run = found[codename] = (number, [], [], [])
        run[1].append(time)
        run[2].append(y)
        run[3].append(x)
    return [(codename, Run(*found[codename])) for codename in sorted(found)]


def compact(connection: sqlite3.Connection, transaction: Transaction) -> Iterator[int]:
    """Compact what is fresh now, ``MOST_ROWS`` at most.

    Yields after each transaction how many points are done.

    Args:
        connection: A connection that writes.
        transaction: Returns a context manager: a transaction that others are kept from meanwhile.
    """
    yield from _cleared(connection, transaction)
    round_before, compacted = connection.execute("SELECT round, compacted FROM state").fetchone()
    (last,) = connection.execute("SELECT max(id) FROM fresh").fetchone()
    if last is None or last <= compacted:
        return
    until = min(last, compacted + MOST_ROWS)
    found = connection.execute(
        "SELECT codename, number, time, y, x FROM fresh WHERE id > ? AND id <= ? ORDER BY id",
        (compacted, until),
    )
    runs = runs_of(_fetched(found))
    done = 0
    for first in range(0, len(runs), _CODENAMES):
        some = runs[first : first + _CODENAMES]
        made = [(codename, list(block_rows(run))) for codename, run in some]
        with transaction():
            for codename, blocks in made:
                insert(connection, codename, blocks, round_before + 1)
        done += sum(len(run.times) for _, run in some)
        yield done
    with transaction():
        connection.execute(_NOTE, (until,))
        connection.execute(
            "UPDATE state SET round = ?, compacted = ?, noted = max(noted, ?)",
            (round_before + 1, until, until),
        )
    yield done
    yield from _cleared(connection, transaction)


Piece = tuple[int, Sequence[int], Sequence[Any], "Packed | None", Sequence[Any]]
"""Number of its first point, times, values, how they are packed if they are, and each x."""


def block_rows(run: Run) -> Iterator[Piece]:
    """Cut a run into blocks, and into what cannot be packed."""
    begin, count = 0, len(run.times)
    if _is_plain(run):  # nearly always
        for begin in range(0, count, MOST_POINTS):
            yield from _pieces(run, begin, min(count, begin + MOST_POINTS), packable=True)
        return
    while begin < count:
        packable = _packable(run, begin)
        end = begin + 1
        while end < count and end - begin < MOST_POINTS and _packable(run, end) is packable:
            end += 1
        yield from _pieces(run, begin, end, packable=packable)
        begin = end


def _is_plain(run: Run) -> bool:
    return (
        {*map(type, run.ys)} <= {float, int}
        and {*run.xs} == {None}
        and all(map(math.isfinite, run.ys))
    )


def _packable(run: Run, index: int) -> bool:
    y = run.ys[index]
    return run.xs[index] is None and (
        type(y) is int or (type(y) is float and math.isfinite(y))
    )  # fmt: skip


def _pieces(run: Run, begin: int, end: int, *, packable: bool) -> Iterator[Piece]:
    times, ys = run.times[begin:end], run.ys[begin:end]
    packed = pack(times, ys) if packable else None
    if packed is None:
        parts = 2 if packable and end - begin > _FEWEST else 1
    else:
        parts = -(-(len(packed.times) + len(packed.values)) // _MOST_BYTES)
    if parts > 1:
        step = -(-(end - begin) // parts)
        for first in range(begin, end, step):
            yield from _pieces(run, first, min(end, first + step), packable=True)
    else:
        yield run.number + begin, times, ys, packed, run.xs[begin:end]


def insert(
    connection: sqlite3.Connection, codename: int, pieces: Iterable[Piece], round_: int
) -> None:
    """Insert pieces of a codename, within a transaction."""
    for number, times, ys, packed, xs in pieces:
        if packed is None:
            connection.executemany(
                "INSERT INTO kept VALUES (?, ?, ?, ?, ?, ?)",
                [
                    (codename, number + index, time, y, x, round_)
                    for index, (time, y, x) in enumerate(zip(times, ys, xs, strict=True))
                ],
            )
            continue
        place = connection.execute(
            "INSERT INTO packed (times, ys) VALUES (?, ?)", (packed.times, packed.values)
        ).lastrowid
        connection.execute(
            "INSERT INTO block VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                codename, number, packed.count, min(times), max(times),
                min(ys), math.fsum(ys) / packed.count, max(ys),
                packed.start, packed.step, len(packed.times) // packed.count,
                packed.low, packed.divisor, len(packed.values) // packed.count, place, round_,
            ),
        )  # fmt: skip


def _fetched(found: sqlite3.Cursor) -> Iterator[Any]:
    while rows := found.fetchmany(_FETCHED):
        yield from rows


def _cleared(connection: sqlite3.Connection, transaction: Transaction) -> Iterator[int]:
    """Delete what nobody sees: fresh rows that are in blocks."""
    (compacted,) = connection.execute("SELECT compacted FROM state").fetchone()
    while True:
        (first,) = connection.execute("SELECT min(id) FROM fresh").fetchone()
        if first is None or first > compacted:
            return
        with transaction():
            connection.execute("DELETE FROM fresh WHERE id <= ?", (min(compacted, first + _ROWS),))
        yield 0


def forget_unfinished(connection: sqlite3.Connection, transaction: Transaction) -> None:
    """Delete the blocks of a round that a crash has ended."""
    where = "round > (SELECT round FROM state)"
    with transaction():
        connection.execute(
            f"DELETE FROM packed WHERE id IN (SELECT packed FROM block WHERE {where})"
        )
        connection.execute(f"DELETE FROM block WHERE {where}")
        connection.execute(f"DELETE FROM kept WHERE {where}")
