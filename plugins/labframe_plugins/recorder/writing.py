"""Writes a history without a host: for imports, and for programs that measure by themselves."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import repeat
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from labframe.points import Event, Sweep
from labframe_plugins.recorder.background import transactions
from labframe_plugins.recorder.compaction import compact
from labframe_plugins.recorder.entries import (
    Batch,
    Describe,
    GapEnds,
    Happening,
    as_stored,
    microseconds,
)
from labframe_plugins.recorder.late import LateStore
from labframe_plugins.recorder.store import connect

__all__ = ["HistoryWriter"]

_TOGETHER: Final = 50_000


class HistoryWriter:
    """Adds to a history; it is made if it is not there.

    Points are numbered in the order in which they are added, whatever their times; they may be
    older than those that are there. Nothing is in the file before ``flush``, or the end of the
    ``with`` statement; an exception in the statement leaves out what was not flushed.

    Args:
        file: The history.

    Raises:
        FileTaken: If a host records into it, or another program writes it.
        ForeignFile: If it is something else.
        OSError, sqlite3.Error: If it cannot be opened.

    Example::

        with HistoryWriter(Path("lab.db")) as writer:
            writer.describe("oven", unit="K")
            writer.points("oven", [1795518314.0, 1795518315.0], [295.1, 295.2])
    """

    def __init__(self, file: Path) -> None:
        self._store = LateStore(file)
        self._batch = Batch()
        self._waiting = 0
        self._since_compaction = 0

    def describe(
        self,
        codename: str,
        *,
        unit: str,
        instrument: str = "",
        description: str = "",
        kind: str = "date",
    ) -> None:
        """Say what a codename is."""
        self._add(Describe(codename, unit, instrument, description, kind))

    def points(
        self,
        codename: str,
        times: Iterable[float],
        values: Iterable[Any],
        xs: Iterable[float | None] | None = None,
    ) -> None:
        """Add points.

        Args:
            codename: Whose; made if it is not there.
            times: Unix times in seconds.
            values: As many: numbers, texts, or anything that JSON knows.
            xs: As many, for xy data; None where x is the time.
        """
        for time, value, x in zip(times, values, _endless(xs), strict=xs is not None):
            self._batch.points().append((codename, microseconds(time), as_stored(value), x))
            self._waiting += 1
            if self._waiting >= _TOGETHER:
                self.flush()

    def gap(self, codename: str, since: float, until: float, cause: str, why: str = "") -> None:
        """Add a time without values, in unix times."""
        self._add(GapEnds(codename, microseconds(since), microseconds(until), cause, why))

    def event(self, event: Event) -> None:
        """Add an event; one of the kind ``command`` becomes a command."""
        self._add(event)

    def sweep(self, sweep: Sweep) -> None:
        """Add a sweep."""
        self._add(sweep)

    def flush(self) -> None:
        """Write what was added; it is on the disk after this."""
        if self._batch:
            self._store.write(self._batch)
            self._since_compaction += self._waiting
        self._batch, self._waiting = Batch(), 0
        if self._since_compaction >= _TOGETHER * 8:
            self.compact()

    def compact(self) -> None:
        """Turn what is fresh into blocks."""
        self._since_compaction = 0
        connection = connect(self._store.file, sync=False)
        try:
            while list(compact(connection, transactions(connection, self._store.turn))):
                pass
        finally:
            connection.close()

    def close(self) -> None:
        """Write what was added, compact it, and close the file."""
        try:
            self.flush()
            self.compact()
        finally:
            self._store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is None:
            self.close()
        else:
            self._store.close()

    def _add(self, what: Happening) -> None:
        self._batch.add(what)
        self._waiting += 1


def _endless(xs: Iterable[float | None] | None) -> Iterable[float | None]:
    return repeat(None) if xs is None else xs
