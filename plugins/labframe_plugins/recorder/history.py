"""Reads a history, also while it is written: ``open_history("lab.db")``.

Nothing here writes, and no reader keeps the one who writes waiting. Times are unix times in seconds
or ``datetime``; without ``since`` everything from the beginning is meant, without ``until``
everything to the end. ``until`` itself is included. A history is used on one thread at a time.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from labframe import LabframeError
from labframe.closing import Closing
from labframe.nearest import did_you_mean
from labframe_plugins.recorder.frames import frame
from labframe_plugins.recorder.records import (
    Buckets,
    Codename,
    CommandRecord,
    EventRecord,
    Gap,
    Points,
    Row,
    Spectrum,
)  # fmt: skip
from labframe_plugins.recorder.resampling import Spans, array_of, joined
from labframe_plugins.recorder.schema import APPLICATION, VERSION
from labframe_plugins.recorder.selection import FRESH, SEEN, ends, fill, pieces
from labframe_plugins.recorder.verify import verify

__all__ = ["History", "HistoryError", "Time", "open_history"]

Time = float | datetime

_EVER: Final = 1 << 62
_FETCHED: Final = 2000


class HistoryError(LabframeError):
    """A history cannot be read, or has not what is asked for."""


def open_history(file: str | Path) -> History:
    """Open a history for reading.

    Args:
        file: ``lab.db``, or wherever ``[plugin.recorder] file`` says.

    Raises:
        HistoryError: If it is not there, or no history.

    Example::

        with open_history("lab.db") as history:
            pressure = history.points("chamber_pressure", since=time.time() - 3600)
            print(pressure.times, pressure.values, pressure.unit)
    """
    return History(Path(file))


class History(Closing):
    """A history that is open for reading.

    Args:
        file: The file.

    Raises:
        HistoryError: If it is not there, or no history.
    """

    def __init__(self, file: Path) -> None:
        self.file = file
        if not file.is_file():
            raise HistoryError(f"{file}: there is no such file")
        where = f"file:{quote(str(file.absolute()))}"
        try:
            self._connection = _opened(where)
        except sqlite3.Error as error:
            raise HistoryError(f"{file} cannot be read: {error}") from error
        (kind,) = self._connection.execute("PRAGMA application_id").fetchone()
        (version,) = self._connection.execute("PRAGMA user_version").fetchone()
        if kind != APPLICATION or version > VERSION:
            self.close()
            what = "no history of labframe" if kind != APPLICATION else "of a later labframe"
            raise HistoryError(f"{file} is {what}")

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    # What there is.

    def codenames(self) -> dict[str, Codename]:
        """Return all codenames that were ever recorded, in the order of their first point."""
        columns = "codename, unit, instrument, description, kind"
        rows = self._rows(f"SELECT {columns}, first_time, last_time FROM codenames")
        return {
            name: Codename(name, unit or "", instrument or "", text or "", kind or "", first, last)
            for name, unit, instrument, text, kind, first, last in rows
        }

    def newest(self) -> dict[str, Row]:
        """Return the newest point of every codename."""
        rows = self._rows("SELECT codename, time, value, text, x, unit FROM newest_readings")
        return {
            name: Row(name, time, value, text, x, value, value, 1, unit or "")
            for name, time, value, text, x, unit in rows
        }

    # Values.

    def points(self, codename: str, since: Time | None = None, until: Time | None = None) -> Points:
        """Return the points of a codename that are numbers, in the order in which they came.

        Where retention has made minimum, mean and maximum of them, it is the mean.

        Raises:
            HistoryError: If there is no such codename.
        """
        begin, end = _span(since, until)
        with self._reading():
            number, unit = self._number(codename)
            found = pieces(self._connection, number, begin, end)
            return Points(codename, unit, *joined(found, begin, end))

    def buckets(
        self,
        codename: str,
        since: Time | None = None,
        until: Time | None = None,
        *,
        count: int = 500,
        every: float | None = None,
    ) -> Buckets:
        """Return minimum, mean and maximum by spans of time, so that no peak is lost.

        Args:
            codename: The codename.
            since: From when on; None is its first point.
            until: Until when; None is its newest point.
            count: How many spans there are.
            every: How many seconds each is long, in place of ``count``; spans begin at multiples
                of it then.

        Raises:
            HistoryError: If there is no such codename.
        """
        with self._reading():
            number, unit = self._number(codename)
            first, last = ends(self._connection, number)
            begin = first if since is None else round(_seconds(since) * 1e6)
            end = last if until is None else round(_seconds(until) * 1e6)
            width = max(1, -(-(end - begin + 1) // count) if every is None else round(every * 1e6))
            edge = begin if every is None else begin // width * width
            spans = Spans(edge, width, max(1, -(-(end - edge + 1) // width)))
            fill(self._connection, spans, number, begin, end)
        return Buckets(codename, unit, width / 1e6, *spans.filled())

    def rows(
        self,
        codenames: Iterable[str] | None = None,
        since: Time | None = None,
        until: Time | None = None,
    ) -> Iterator[Row]:
        """Return the rows of the view ``readings``, one codename after the other.

        For exports: never more than a few blocks are in memory.

        Args:
            codenames: Which; None is all of them.
            since: From when on.
            until: Until when.

        Raises:
            HistoryError: If there is no such codename.
        """
        begin, end = _span(since, until)
        for codename in self.codenames() if codenames is None else codenames:
            self._number(codename)
            found = self._connection.execute(
                "SELECT codename, time, value, text, x, low, high, count, ifnull(unit, '') "
                "FROM readings "
                "WHERE codename = ? AND until >= ? AND since <= ? AND time BETWEEN ? AND ?",
                (codename, *(begin / 1e6, end / 1e6) * 2),
            )
            while some := found.fetchmany(_FETCHED):
                yield from map(Row._make, some)

    def count(
        self,
        codenames: Iterable[str] | None = None,
        since: Time | None = None,
        until: Time | None = None,
    ) -> int:
        """Return about how many rows ``rows`` gives, at once: for progress bars."""
        begin, end = _span(since, until)
        total = 0
        with self._reading():
            for codename in self.codenames() if codenames is None else codenames:
                number, _ = self._number(codename)
                for table, seen, first, last, what in (
                    ("block", SEEN, "until", "since", "sum(count)"),
                    ("kept", SEEN, "time", "time", "count(*)"),
                    ("bucket", "1", "time", "time", "count(*)"),
                    ("fresh", FRESH, "time", "time", "count(*)"),
                ):
                    total += self._connection.execute(
                        f"SELECT ifnull({what}, 0) FROM {table} WHERE codename = ? AND {seen} "
                        f"AND {first} >= ? AND {last} <= ?",
                        (number, begin, end),
                    ).fetchone()[0]
        return total

    def counts(self) -> dict[str, int]:
        """Return how many rows of each codename there are, sweeps too."""
        rows = self._rows(
            "SELECT c.name, ifnull(sum(n.count), 0) FROM codename c LEFT JOIN ("
            f"SELECT codename, sum(count) AS count FROM block WHERE {SEEN} GROUP BY codename "
            f"UNION ALL SELECT codename, count(*) FROM kept WHERE {SEEN} GROUP BY codename "
            f"UNION ALL SELECT codename, count(*) FROM fresh WHERE {FRESH} GROUP BY codename "
            "UNION ALL SELECT codename, count(*) FROM bucket GROUP BY codename "
            "UNION ALL SELECT codename, count(*) FROM sweep GROUP BY codename"
            ") n ON n.codename = c.id GROUP BY c.id"
        )
        return dict(rows)

    def frame(
        self,
        codenames: Iterable[str],
        since: Time | None = None,
        until: Time | None = None,
        *,
        every: float | None = None,
        using: str = "pandas",
    ) -> Any:
        """Return a table of pandas or polars with columns ``codename``, ``time`` and ``value``.

        With ``every`` there are ``low``, ``mean``, ``high`` and ``count`` in place of ``value``.

        Args:
            codenames: Which.
            since: From when on.
            until: Until when.
            every: How many seconds one row is of; None gives the points as they are.
            using: ``pandas`` or ``polars``.

        Raises:
            HistoryError: If there is no such codename, or the library is not installed.
        """
        if isinstance(codenames, str):
            codenames = [codenames]
        if every is None:
            return frame([self.points(one, since, until) for one in codenames], using)
        return frame([self.buckets(one, since, until, every=every) for one in codenames], using)

    def sweeps(
        self, codename: str, since: Time | None = None, until: Time | None = None
    ) -> list[Spectrum]:
        """Return the sweeps of a codename.

        Raises:
            HistoryError: If there is no such codename.
        """
        number, _ = self._number(codename)
        rows = self._rows(
            "SELECT time, x_unit, unit, xs, ys FROM sweep WHERE codename = ? AND time BETWEEN ? "
            "AND ? ORDER BY id",
            number, *_span(since, until),
        )  # fmt: skip
        return [
            Spectrum(codename, time / 1e6, x_unit or "", unit or "", *map(_numbers, (xs, ys)))
            for time, x_unit, unit, xs, ys in rows
        ]

    # What happened.

    def gaps(
        self, codename: str | None = None, since: Time | None = None, until: Time | None = None
    ) -> list[Gap]:
        """Return the gaps that reach into a time; of one codename, or of all.

        Raises:
            HistoryError: If there is no such codename.
        """
        if codename is not None:
            self._number(codename)
        begin, end = _span(since, until)
        rows = self._rows(
            "SELECT codename, since, until, cause, why FROM gaps WHERE "
            "codename = ifnull(?, codename) AND ifnull(until, 1e300) >= ? AND since <= ? "
            "ORDER BY since",
            codename,
            begin / 1e6,
            end / 1e6,
        )
        return [Gap(*row) for row in rows]

    def commands(self, since: Time | None = None, until: Time | None = None) -> list[CommandRecord]:
        """Return the commands that came, refused ones too, in the order in which they were done."""
        rows = self._rows(
            "SELECT time / 1e6, instrument, method, arguments, sender, sender_id, outcome, answer, "
            "duration FROM command WHERE time BETWEEN ? AND ? ORDER BY id",
            *_span(since, until),
        )
        return [CommandRecord._make((*row[:3], json.loads(row[3]), *row[4:])) for row in rows]

    def events(
        self, since: Time | None = None, until: Time | None = None, kind: str | None = None
    ) -> list[EventRecord]:
        """Return what else happened: starts and stops of the host, steps of the clock, and more."""
        rows = self._rows(
            "SELECT time / 1e6, kind, source, text, fields FROM event "
            "WHERE time BETWEEN ? AND ? AND kind = ifnull(?, kind) ORDER BY id",
            *_span(since, until), kind,
        )  # fmt: skip
        return [EventRecord._make((*row[:4], json.loads(row[4]))) for row in rows]

    def verify(self) -> list[str]:
        """Return what is wrong with the file: counts, order, gaps, integrity; empty if nothing is.

        Reads all of it.
        """
        with self._reading():
            return list(verify(self._connection))

    # In detail.

    @contextlib.contextmanager
    def _reading(self) -> Iterator[None]:
        """See the file in one state, whatever is written meanwhile."""
        if self._connection.in_transaction:
            yield
            return
        self._connection.execute("BEGIN")
        try:
            yield
        finally:
            self._connection.execute("COMMIT")

    def _rows(self, sql: str, *values: Any) -> list[Any]:
        return self._connection.execute(sql, values).fetchall()

    def _number(self, codename: str) -> tuple[int, str]:
        found = self._rows("SELECT id, unit FROM codename WHERE name = ?", codename)
        if not found:
            known = [row[0] for row in self._rows("SELECT name FROM codename")]
            raise HistoryError(
                f"{self.file} has no codename {codename!r}{did_you_mean(codename, known)}"
            )
        return found[0][0], found[0][1] or ""


def _opened(where: str) -> sqlite3.Connection:
    """Open for reading; where the directory is read-only too, as a file that nobody writes."""
    for more in ("?mode=ro", "?mode=ro&immutable=1"):
        connection = sqlite3.connect(where + more, uri=True, isolation_level=None, timeout=5.0)
        try:
            connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        except sqlite3.OperationalError:
            connection.close()
            if "immutable" in more:
                raise
        except BaseException:
            connection.close()
            raise
        else:
            return connection
    raise AssertionError("unreachable: the last one raises")


def _seconds(time: Time) -> float:
    return time.timestamp() if isinstance(time, datetime) else float(time)


def _span(since: Time | None, until: Time | None) -> tuple[int, int]:
    return (
        -_EVER if since is None else round(_seconds(since) * 1e6),
        _EVER if until is None else round(_seconds(until) * 1e6),
    )


def _numbers(text: str) -> Any:
    return array_of([float("nan") if one is None else one for one in json.loads(text)])
