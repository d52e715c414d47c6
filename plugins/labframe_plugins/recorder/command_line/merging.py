"""Adds points to a history that may have them already: none becomes two."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Final, NamedTuple

from labframe_plugins.recorder.entries import as_stored, microseconds
from labframe_plugins.recorder.history import History, HistoryError, open_history
from labframe_plugins.recorder.records import Row
from labframe_plugins.recorder.writing import HistoryWriter

__all__ = ["Added", "Given", "Merge", "merge_points"]

_TOGETHER: Final = 50_000


class Given(NamedTuple):
    """A point to add: codename, unix time, a number or a text, and x of xy data."""

    codename: str
    time: float
    value: Any
    x: float | None = None


@dataclass
class Added:
    """What became of an import.

    Attributes:
        points: How many were added.
        known: How many were there already.
        happenings: How many gaps, commands, events and sweeps were added.
        means: How many of the points are means of several.
    """

    points: int = 0
    known: int = 0
    happenings: int = 0
    means: int = 0


class Merge:
    """An import into a history: what is there is looked up, what is not is written.

    Args:
        target: The history; made if it is not there.

    Attributes:
        added: What became of it so far.
        writer: What adds to it.

    Raises:
        FileTaken: If a host records into it.
        HistoryError: If it cannot be written.
    """

    def __init__(self, target: Path) -> None:
        self.added = Added()
        self._target = target
        self._closing = ExitStack()
        with self._faults():
            self.writer = self._closing.enter_context(HistoryWriter(target))
            self.there: History = self._closing.enter_context(open_history(target))

    def __enter__(self) -> Merge:
        return self

    def __exit__(self, *error: Any) -> None:
        with self._faults():
            self._closing.__exit__(*error)

    def _faults(self) -> _Faults:
        return _Faults(self._target)

    def describe(self, codename: str, unit: str, **more: str) -> None:
        """Say what a codename is, unless the history knows it."""
        known = self.there.codenames().get(codename)
        if known is None or not known.unit:
            self.writer.describe(codename, unit=unit, **more)

    def points(self, given: Iterable[Given]) -> None:
        """Add points that are not there, in the order in which they come."""
        points = iter(given)
        with self._faults():
            while some := list(islice(points, _TOGETHER)):
                self._add(some)
                self.writer.flush()

    def _add(self, some: list[Given]) -> None:
        waiting: dict[str, dict[tuple[int, Any], Given]] = {}
        for one in some:
            key = (microseconds(one.time), _plain(as_stored(one.value)))
            waiting.setdefault(one.codename, {}).setdefault(key, one)
        for codename, new in waiting.items():
            for key in self._keys(codename, min(new)[0], max(new, key=lambda one: one[0])[0]):
                new.pop(key, None)
            fresh = list(new.values())
            self.writer.points(
                codename,
                [one.time for one in fresh],
                [one.value for one in fresh],
                [one.x for one in fresh],
            )
        written = sum(map(len, waiting.values()))
        self.added.points += written
        self.added.known += len(some) - written

    def _keys(self, codename: str, begin: int, end: int) -> Iterator[tuple[int, Any]]:
        if codename not in self.there.codenames():
            return
        for row in self.there.rows([codename], begin / 1e6, end / 1e6):
            yield microseconds(row.time), value_of(row)


class _Faults:
    """Tells in one line what SQLite says of a file."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        if isinstance(error, sqlite3.Error):
            raise HistoryError(f"{self._file}: {error}") from error


def value_of(row: Row) -> Any:
    """Return what a row holds: a number or a text."""
    return row.text if row.value is None else row.value


def _plain(stored: Any) -> Any:
    return stored.decode() if isinstance(stored, bytes) else stored


def merge_points(target: Path, units: Mapping[str, str], given: Iterable[Given]) -> Added:
    """Add points to a history.

    Args:
        target: The history; made if it is not there.
        units: The units of the codenames, filled while the points are read.
        given: The points.
    """
    with Merge(target) as merge:
        described: set[str] = set()

        def told() -> Iterator[Given]:
            for one in given:
                if one.codename not in described:
                    described.add(one.codename)
                    merge.describe(one.codename, units.get(one.codename, ""))
                yield one

        merge.points(told())
    return merge.added
