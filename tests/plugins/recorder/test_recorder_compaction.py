"""Compaction and retention: nobody sees them work, and nothing is lost or there twice."""

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from labframe_plugins.recorder import HistoryWriter
from labframe_plugins.recorder.background import transactions
from labframe_plugins.recorder.compaction import compact, forget_unfinished
from labframe_plugins.recorder.entries import Batch
from labframe_plugins.recorder.retention import retain
from labframe_plugins.recorder.settings import RetainRule
from labframe_plugins.recorder.store import Store, connect
from recording import START, opened, readings, recorded, recording

CODENAMES = [f"c{number}" for number in range(60)]
DAY_S = 86_400.0


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A history of 60 codenames with 300 fresh points each."""
    path = tmp_path / "lab.db"
    with recording(path) as sink:
        for codename in CODENAMES:
            sink.write(readings(300, codename=codename))
    return path


@pytest.fixture
def connection(file: Path) -> Iterator[sqlite3.Connection]:
    with closing(connect(file, sync=False)) as made:
        yield made


def steps(connection: sqlite3.Connection) -> Iterator[int]:
    return compact(connection, transactions(connection, threading.Lock()))


def seen(connection: sqlite3.Connection) -> list[tuple[object, ...]]:
    return connection.execute(
        "SELECT codename, number, time, value FROM readings ORDER BY codename, number"
    ).fetchall()


def test_at_no_step_of_a_compaction_does_anybody_see_other_points(
    file: Path, connection: sqlite3.Connection
) -> None:
    before = seen(connection)
    assert len(before) == 60 * 300

    count = 0
    for _ in steps(connection):
        assert seen(connection) == before
        count += 1

    assert count > 4
    assert connection.execute("SELECT count(*) FROM fresh").fetchone() == (0,)
    opened(file).close()


@pytest.mark.parametrize("steps_done", [1, 2, 3, 4])
def test_a_compaction_that_is_killed_is_begun_anew(
    file: Path, connection: sqlite3.Connection, steps_done: int
) -> None:
    before = seen(connection)
    begun = steps(connection)
    for _ in range(steps_done):
        next(begun)
    del begun
    connection.close()

    with closing(connect(file, sync=False)) as after:
        forget_unfinished(after, transactions(after, threading.Lock()))
        assert seen(after) == before
        list(steps(after))
        assert seen(after) == before
    opened(file).close()


def test_points_that_come_during_a_compaction_are_kept_for_the_next_one(file: Path) -> None:
    with closing(connect(file, sync=False)) as connection:
        begun = steps(connection)
        next(begun)
        store, batch = Store(file), Batch()
        batch.points().extend(
            ("c3", round((START + second) * 1e6), 1.0, None) for second in range(300, 310)
        )
        store.write(batch)
        store.close()
        list(begun)
        assert connection.execute("SELECT count(*) FROM fresh").fetchone() == (10,)

    assert [second for second, _ in recorded(file, "c3")] == list(range(310))


def test_a_step_of_a_compaction_holds_up_a_commit_for_less_than_a_tenth_of_a_second(
    connection: sqlite3.Connection,
) -> None:
    held: list[float] = []
    lock = threading.Lock()
    make = transactions(connection, lock)

    class Timed:
        def __enter__(self) -> None:
            self.began = time.thread_time()
            self.inner = make()
            self.inner.__enter__()

        def __exit__(self, *error: object) -> None:
            self.inner.__exit__(None, None, None)
            held.append(time.thread_time() - self.began)

    list(compact(connection, Timed))

    assert len(held) > 4
    assert max(held) < 0.1


def test_a_fresh_point_takes_40_bytes_and_a_compacted_one_10(tmp_path: Path) -> None:
    path = tmp_path / "lab.db"
    with recording(path) as sink:
        for first in range(0, 40_000, 400):
            for codename in CODENAMES[:10]:
                sink.write(readings(40, first=first // 10, codename=codename))
    assert path.stat().st_size / 40_000 < 40

    with HistoryWriter(path):
        pass
    with closing(sqlite3.connect(path)) as plain:
        plain.execute("VACUUM")
    assert path.stat().st_size / 40_000 < 10
    assert len(recorded(path, "c1")) == 4000


def test_old_points_become_minimum_mean_and_maximum(
    file: Path, connection: sqlite3.Connection
) -> None:
    list(steps(connection))
    rules = {"c1": RetainRule(thin_after=DAY_S, every=60.0)}
    transaction = transactions(connection, threading.Lock())

    list(retain(connection, transaction, rules, START + DAY_S + 10_000))

    with opened(file) as history:
        rows = list(history.rows(["c1"]))
        assert len(list(history.rows(["c2"]))) == 300
        thinned = history.buckets("c1", since=START, until=START + 300, every=60.0)
        assert thinned.lows.min() == 20.0
        assert thinned.highs.max() == 20.6
    assert sum(row.points for row in rows) == 300
    assert {(row.low, row.high) for row in rows} == {(20.0, 20.6)}
    assert 5 <= len(rows) <= 6
    assert all(19.9 < (row.value or 0) < 20.7 for row in rows)


def test_dropped_points_are_accounted_for(file: Path, connection: sqlite3.Connection) -> None:
    list(steps(connection))
    rules = {"c*": RetainRule(drop_after=DAY_S)}
    transaction = transactions(connection, threading.Lock())

    list(retain(connection, transaction, rules, START + DAY_S + 100))
    assert len(seen(connection)) == 60 * 300, "a block goes when all of it is old"
    list(retain(connection, transaction, rules, START + DAY_S + 301))
    assert seen(connection) == []

    with recording(file) as sink:
        sink.write(readings(5, first=300, codename="c1"))
    assert [second for second, _ in recorded(file, "c1")] == list(range(300, 305))


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        ("DELETE FROM block WHERE codename = 1", "c0: 300 points are not there"),
        ("DELETE FROM packed WHERE id = 1", "no points"),
        ("UPDATE block SET high = 99 WHERE codename = 2", "other values than its summary"),
        ("UPDATE block SET until = 3 WHERE codename = 2", "not of the time"),
        ("UPDATE packed SET ys = substr(ys, 2) WHERE id = 3", "unpacked|holds|other values"),
        ("INSERT INTO fresh VALUES (9e9, 1, 7, 0, 1.0, NULL)", "point 7 is there twice"),
        (
            "INSERT INTO gap (codename, since, until, cause) VALUES (1, 9, 3, '')",
            "before it begins",
        ),
        ("INSERT INTO gap (codename, since, cause) VALUES (1, 9, ''), (1, 8, '')", "have no end"),
        ("UPDATE state SET noted = 9e9", "noted as the newest"),
    ],
)
def test_verify_finds_harm(
    file: Path, connection: sqlite3.Connection, harm: str, said: str
) -> None:
    import re

    from labframe_plugins.recorder import open_history

    list(steps(connection))
    connection.execute(harm)

    with open_history(file) as history:
        found = history.verify()
    assert any(re.search(said, text) for text in found), found


def test_a_minute_that_two_blocks_share_is_one_bucket(tmp_path: Path) -> None:
    path, minute = tmp_path / "lab.db", START - START % 60
    for first, second in (([1.0, 9.0], 10), ([5.0, 7.0], 30)):
        with HistoryWriter(path) as writer:
            writer.points("oven", [minute + second, minute + second + 1], first)
    with closing(connect(path, sync=False)) as connection:
        rules = {"*": RetainRule(thin_after=DAY_S, every=60.0)}
        transaction = transactions(connection, threading.Lock())
        list(retain(connection, transaction, rules, minute + DAY_S + 60))

    with opened(path) as history:
        (row,) = history.rows()
    assert (row.low, row.value, row.high, row.points) == (1.0, 5.5, 9.0, 4)
