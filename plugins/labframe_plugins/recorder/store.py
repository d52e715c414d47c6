"""The file as the one who writes it sees it: each batch goes in whole, and once."""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import threading
from pathlib import Path
from typing import Any, Final

from labframe import LabframeError
from labframe.points import Event, Sweep
from labframe_plugins.recorder.entries import (
    Batch,
    Describe,
    GapEnds,
    GapOpens,
    HostStarted,
    microseconds,
)  # fmt: skip
from labframe_plugins.recorder.lock import WriterLock
from labframe_plugins.recorder.schema import APPLICATION, VERSION, create

__all__ = ["ForeignFile", "Store", "connect"]

_BUSY_S: Final = 1.0
_NOTE_ROWS: Final = 4000
"""After so many points the newest ones are noted, so that few rows are left to look through."""
_STEP_S: Final = 1.0
"""Before this a clock was not set: a reading may be stamped a little early or late."""
_COLUMNS: Final = 6
_AT_ONCE: Final = 50
"""So many fresh rows are inserted by one statement: it takes half the time of one row each."""
_WAL_BYTES: Final = 16 * 1024 * 1024


class ForeignFile(LabframeError):
    """The file is something else than a history, or one of a later labframe."""


class _Known:
    """A codename in the file: what its next point needs."""

    __slots__ = ("has_gap", "id", "last", "noted", "number")

    def __init__(self, number: int, points: int, last: tuple[int, Any, Any] | None) -> None:
        self.id = number
        self.number = points
        self.noted = 0
        self.last = last
        self.has_gap = False


class Store:
    """Writes a history; made, used and closed on one thread.

    Args:
        file: The history; made if it is not there.
        sync: Whether each commit waits for the disk.

    Attributes:
        file: The history.
        batch: The number of the last batch that is in the file.
        turn: Held while something is written: the compaction writes too.

    Raises:
        FileTaken: If another program writes it.
        ForeignFile: If it is something else.
        OSError, sqlite3.Error: If it cannot be opened.
    """

    def __init__(self, file: Path, *, sync: bool = True) -> None:
        self.file = file
        self.turn = threading.Lock()
        file.parent.mkdir(parents=True, exist_ok=True)
        self._lock = WriterLock(file)
        try:
            _refuse_foreign(file)
            self._connection = connect(file, sync=sync)
            try:
                self._open()
            except BaseException:
                self._connection.close()
                raise
        except BaseException:
            self._lock.release()
            raise

    def _open(self) -> None:
        connection = self._connection
        (tables,) = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        if not tables:
            create(connection)
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version > VERSION:
            raise ForeignFile(
                f"{self.file} was written by a later labframe (schema {version}, known is "
                f"{VERSION}); update this one, or give another file"
            )
        there = os.stat(self.file)
        self._inode = (there.st_dev, there.st_ino)
        self._load()

    def _load(self) -> None:
        execute = self._connection.execute
        self.batch, compacted, self._noted = execute(
            "SELECT batch, compacted, noted FROM state"
        ).fetchone()
        (last,) = execute("SELECT ifnull(max(id), 0) FROM fresh").fetchone()
        self._next = max(last, compacted) + 1
        newest = {
            codename: (number, last)
            for codename, number, *last in (
                *execute("SELECT codename, number, time, y, x FROM newest"),
                *execute(
                    "SELECT codename, max(number), time, y, x FROM fresh WHERE id > ? "
                    "GROUP BY codename",
                    (self._noted,),
                ),
            )
        }
        self._known = {}
        for codename, name in execute("SELECT id, name FROM codename").fetchall():
            points, last = newest.get(codename, (0, None))
            self._known[name] = _Known(codename, points, None if last is None else tuple(last))
        open_gaps = {row[0] for row in execute("SELECT codename FROM gap WHERE until IS NULL")}
        for one in self._known.values():
            one.has_gap = one.id in open_gaps

    def is_there(self) -> bool:
        """Tell whether the file that is open still has its name."""
        with contextlib.suppress(OSError):
            there = os.stat(self.file)
            return (there.st_dev, there.st_ino) == self._inode
        return False

    def close(self) -> None:
        """Close it; what was written stays."""
        with contextlib.suppress(sqlite3.Error):
            self._connection.close()
        self._lock.release()

    def write(self, batch: Batch) -> None:
        """Write a batch, all of it.

        After an exception the store is to be closed. Only ``batch`` of the next one tells then
        whether the batch is in the file: a commit may fail after it took effect.

        Raises:
            sqlite3.Error: If it cannot be written.
        """
        with self.turn:
            execute = self._connection.execute
            execute("BEGIN IMMEDIATE")
            try:
                for part in batch.parts:
                    if isinstance(part, list):
                        self._points(part)
                    else:
                        self._happened(part)
                execute(
                    "UPDATE state SET batch = ?, noted = max(noted, ?)",
                    (self.batch + 1, self._noted),
                )
                execute("COMMIT")
            except BaseException:
                with contextlib.suppress(sqlite3.Error):
                    execute("ROLLBACK")
                raise
            self.batch += 1

    # Points.

    def _points(self, points: list[Any]) -> None:
        known, next_id = self._known, self._next
        cells: list[Any] = []
        for name, time, y, x in points:
            one = known.get(name)
            if one is None or one.has_gap or not one.number:
                one = self._first(name, time)
            one.number = number = one.number + 1
            one.last = (time, y, x)
            cells += (next_id, one.id, number, time, y, x)
            next_id += 1
        if cells:
            self._insert(cells)
            self._next = next_id
            if next_id - self._noted > _NOTE_ROWS:
                self.note()

    def _insert(self, cells: list[Any]) -> None:
        """Insert rows that lie one behind the other, as many as can be with one statement."""
        first = 0
        for rows in (_AT_ONCE, 1):
            width = rows * _COLUMNS
            end = len(cells) - (len(cells) - first) % width
            self._connection.executemany(
                f"INSERT INTO fresh VALUES {','.join(['(?, ?, ?, ?, ?, ?)'] * rows)}",
                (cells[at : at + width] for at in range(first, end, width)),
            )
            first = end

    def note(self) -> None:
        """Note the newest points, within a batch."""
        rows = []
        for one in self._known.values():
            if one.last is not None and one.number != one.noted:
                rows.append((one.id, one.number, *one.last))
                one.noted = one.number
        self._connection.executemany("INSERT OR REPLACE INTO newest VALUES (?, ?, ?, ?, ?)", rows)
        self._noted = self._next - 1

    def _first(self, name: str, time: int) -> _Known:
        """Take in the first point of a codename, of all or after a gap."""
        one = self._codename(name)
        if not one.number:
            self._connection.execute(
                "UPDATE codename SET first_time = ? WHERE id = ? AND first_time IS NULL",
                (time, one.id),
            )
        if one.has_gap:
            one.has_gap = False
            self._connection.execute(
                "UPDATE gap SET until = ? WHERE codename = ? AND until IS NULL", (time, one.id)
            )
        return one

    def _codename(self, name: str) -> _Known:
        one = self._known.get(name)
        if one is None:
            done = self._connection.execute("INSERT INTO codename (name) VALUES (?)", (name,))
            assert done.lastrowid is not None
            one = self._known[name] = _Known(done.lastrowid, 0, None)
        return one

    # Everything else.

    def _happened(self, what: Any) -> None:
        execute = self._connection.execute
        match what:
            case Describe(codename, unit, instrument, description, kind):
                execute(
                    "UPDATE codename SET unit = ?, instrument = ?, description = ?, kind = ? "
                    "WHERE id = ?",
                    (unit, instrument, description, kind, self._codename(codename).id),
                )
            case Sweep():
                self._sweep(what)
            case GapOpens():
                self._gap_opens(what)
            case GapEnds():
                self._gap_ends(what)
            case HostStarted(time, codenames):
                self._look_at_clock(time)
                self._host_started(codenames)
            case Event("command"):
                self._command(what)
            case Event():
                self._event(what)

    def _sweep(self, sweep: Sweep) -> None:
        xs, ys = (json.dumps([_plain(one) for one in column]) for column in (sweep.xs, sweep.ys))
        time = microseconds(sweep.time)
        one = self._first(sweep.codename, time)
        self._connection.execute(
            "INSERT INTO sweep (codename, time, x_unit, unit, count, xs, ys) "
            "VALUES (?, ?, ?, ?, ?, ?, ?)",
            (one.id, time, sweep.x_unit, sweep.unit, len(sweep.xs), xs, ys),
        )

    def _gap_opens(self, gap: GapOpens) -> None:
        one = self._codename(gap.codename)
        if one.has_gap:
            self._connection.execute(
                "UPDATE gap SET cause = ?, why = ? WHERE codename = ? AND until IS NULL",
                (gap.cause, gap.why, one.id),
            )
        else:
            one.has_gap = True
            self._connection.execute(
                "INSERT INTO gap (codename, since, cause, why) VALUES (?, ?, ?, ?)",
                (one.id, gap.since, gap.cause, gap.why),
            )

    def _gap_ends(self, gap: GapEnds) -> None:
        one = self._codename(gap.codename)
        if one.has_gap:
            one.has_gap = False
            self._connection.execute(
                "UPDATE gap SET until = ?, cause = ?, why = ? WHERE codename = ? AND until IS NULL",
                (gap.until, gap.cause, gap.why, one.id),
            )
        else:
            self._connection.execute(
                "INSERT INTO gap (codename, since, until, cause, why) VALUES (?, ?, ?, ?, ?)",
                (one.id, gap.since, gap.until, gap.cause, gap.why),
            )

    def _event(self, event: Event) -> None:
        self._connection.execute(
            "INSERT INTO event (time, kind, source, text, fields) VALUES (?, ?, ?, ?, ?)",
            (
                microseconds(event.time), event.kind, event.source, event.text,
                _json(event.fields),
            ),
        )  # fmt: skip

    def _look_at_clock(self, now: float) -> None:
        """Say that the clock was set back while no host ran, if it must have been."""
        last = max((one.last[0] for one in self._known.values() if one.last is not None), default=0)
        step_s = now - last / 1e6
        if step_s < -_STEP_S:
            text = (
                f"the computer's clock was set back {-step_s:.1f} s or more while no host ran: "
                "the history has readings of later times"
            )
            self._event(Event("clock", "recorder", now, text, {"step_s": step_s}))

    def _host_started(self, codenames: tuple[str, ...]) -> None:
        """Begin a gap at the last point of each codename that has none since the last run."""
        for name in codenames:
            one = self._known.get(name)
            if one is not None and not one.has_gap and one.last is not None:
                self._gap_opens(GapOpens(name, one.last[0], "host stopped", ""))

    def _command(self, event: Event) -> None:
        fields = event.fields
        self._connection.execute(
            "INSERT INTO command (time, instrument, method, arguments, sender, sender_id, outcome, "
            "answer, duration) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                microseconds(_time_of(event)), event.source, str(fields.get("method", "")),
                _json(fields.get("arguments", {})), str(fields.get("sender", "")),
                str(fields.get("id", "")), str(fields.get("outcome", "")),
                str(fields.get("answer", "")), fields.get("duration_s"),
            ),
        )  # fmt: skip


def connect(file: Path, *, sync: bool) -> sqlite3.Connection:
    """Open a file for writing, in WAL mode.

    Raises:
        sqlite3.Error: If it is no database, or cannot be written.
    """
    connection = sqlite3.connect(
        file, timeout=_BUSY_S, isolation_level=None, check_same_thread=False
    )
    try:
        for pragma in (
            "journal_mode = WAL", f"synchronous = {'FULL' if sync else 'NORMAL'}",
            "secure_delete = OFF", f"journal_size_limit = {_WAL_BYTES}", "temp_store = MEMORY",
        ):  # fmt: skip
            connection.execute(f"PRAGMA {pragma}").fetchall()
    except BaseException:
        connection.close()
        raise
    return connection


def _refuse_foreign(file: Path) -> None:
    """Look at a file before anything in it is changed.

    Raises:
        ForeignFile: If it is the database of something else.
        sqlite3.Error: If it is no database, or cannot be read.
    """
    if not file.exists() or not file.stat().st_size:
        return
    with contextlib.closing(sqlite3.connect(file, timeout=_BUSY_S)) as connection:
        (kind,) = connection.execute("PRAGMA application_id").fetchone()
        (tables,) = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    if tables and kind != APPLICATION:
        raise ForeignFile(f"{file} is a database, but no history of labframe; give another file")


def _time_of(event: Event) -> float:
    """Return when a command came; the event is made when it is done."""
    received = event.fields.get("received")
    return received if isinstance(received, (int, float)) else event.time


def _plain(number: float) -> Any:
    """Return a number as JSON knows it; it knows neither NaN nor infinity."""
    return number if abs(number) < float("inf") else None


def _json(value: Any) -> str:
    return json.dumps(value, default=str)
