"""What was: from the recorder's file of the host, or from the live server's memory."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final, NamedTuple

from labframe import LabframeError
from labframe_plugins.live.laboratory import Laboratory
from labframe_plugins.recorder import History, open_history

__all__ = ["Past", "Wanted"]

_THREADS: Final = 2
_MARKS: Final = 1000
_NOTHING: Final[dict[str, Any]] = {
    "source": "none", "unit": None, "bucket_s": 0.0, "t": [], "low": [], "mean": [], "high": [],
    "count": [], "gaps": [], "error": None,
}  # fmt: skip


class Wanted(NamedTuple):
    """What somebody wants to see of the past.

    Attributes:
        names: ``HOST:CODENAME`` each.
        since: Unix time.
        until: Unix time.
        buckets: How many spans of time at most.
        with_marks: Whether commands are wanted too.
    """

    names: Sequence[str]
    since: float
    until: float
    buckets: int
    with_marks: bool


class _Asked(NamedTuple):
    """One codename, with what the event loop's thread knows of it."""

    name: str
    host: str
    codename: str
    file: str
    unit: str | None
    remembered: list[float]
    is_known: bool


class Past:
    """Looks things up, on threads of its own: a large file must not hold up what is live.

    Args:
        laboratory: Knows the files, and the last points.
    """

    def __init__(self, laboratory: Laboratory) -> None:
        self._laboratory = laboratory
        self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="labframe live history")

    def close(self) -> None:
        """Look nothing up any more."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def look_up(self, wanted: Wanted) -> dict[str, Any]:
        """Return the series that are wanted, and the commands of that time."""
        asked = [self._asked(name) for name in wanted.names]
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._pool, _looked_up, wanted, asked)

    def _asked(self, name: str) -> _Asked:
        found = self._laboratory.channel(name)
        host_key, _, codename = name.rpartition(":")
        if found is None:
            host = self._laboratory.hosts.get(host_key)
            file = "" if host is None else host.history
            return _Asked(name, host_key, codename, file, None, [], is_known=False)
        host, channel = found
        remembered = [] if channel.is_spectrum else channel.recent()
        unit = channel.facts["unit"]
        return _Asked(name, host.key, codename, host.history, unit, remembered, is_known=True)


def _looked_up(wanted: Wanted, asked: Sequence[_Asked]) -> dict[str, Any]:
    histories: dict[str, History | str] = {}
    try:
        for file in dict.fromkeys(one.file for one in asked if one.file):
            histories[file] = _opened(file)
        series = [_series(wanted, one, histories.get(one.file)) for one in asked]
        marks: list[dict[str, Any]] = []
        if wanted.with_marks:
            hosts = {one.file: one.host for one in asked if one.file}
            for file, host in hosts.items():
                marks += _marks(wanted, host, histories[file])
    finally:
        for history in histories.values():
            if isinstance(history, History):
                history.close()
    marks.sort(key=lambda mark: mark["time"])
    return {"series": series, "marks": marks[-_MARKS:]}


def _opened(file: str) -> History | str:
    """Return a history, or why it cannot be read."""
    try:
        return open_history(Path(file))
    except (LabframeError, sqlite3.Error, OSError) as error:
        return str(error)


def _series(wanted: Wanted, asked: _Asked, history: History | str | None) -> dict[str, Any]:
    if isinstance(history, History):
        try:
            return {**_NOTHING, "codename": asked.name, **_recorded(wanted, asked, history)}
        except (LabframeError, sqlite3.Error) as error:
            history = str(error)
    series = {**_NOTHING, "codename": asked.name, "unit": asked.unit}
    if asked.is_known:
        return {**series, **_remembered(wanted, asked.remembered), "error": history}
    return {**series, "error": history or f"there is no {asked.name}"}


def _recorded(wanted: Wanted, asked: _Asked, history: History) -> dict[str, Any]:
    since, until, codename = wanted.since, wanted.until, asked.codename
    gaps = [
        {"since": gap.since, "until": gap.until, "cause": gap.cause, "why": gap.why}
        for gap in history.gaps(codename, since, until)
    ]
    if history.count([codename], since, until) <= wanted.buckets:
        points = history.points(codename, since, until)
        if len(points.times) <= wanted.buckets:
            ys = _plain(points.values)
            return {
                "source": "recorder", "unit": points.unit, "t": _plain(points.times),
                "low": ys, "mean": ys, "high": ys, "count": [1] * len(ys), "gaps": gaps,
            }  # fmt: skip
    found = history.buckets(codename, since, until, count=wanted.buckets)
    return {
        "source": "recorder", "unit": found.unit, "bucket_s": found.every,
        "t": _plain(found.times), "low": _plain(found.lows), "mean": _plain(found.means),
        "high": _plain(found.highs), "count": _plain(found.counts), "gaps": gaps,
    }  # fmt: skip


def _remembered(wanted: Wanted, flat: Sequence[float]) -> dict[str, Any]:
    points = [
        (x, y)
        for x, y in zip(flat[::2], flat[1::2], strict=True)
        if wanted.since <= x <= wanted.until
    ][-wanted.buckets :]
    ys = [y for _, y in points]
    return {
        "source": "memory", "t": [x for x, _ in points], "low": ys, "mean": ys, "high": ys,
        "count": [1] * len(ys),
    }  # fmt: skip


def _marks(wanted: Wanted, host: str, history: History | str) -> list[dict[str, Any]]:
    if isinstance(history, str):
        return []
    try:
        commands = history.commands(wanted.since, wanted.until)[-_MARKS:]
    except (LabframeError, sqlite3.Error):
        return []
    return [
        {
            "host": host, "time": one.time, "instrument": one.instrument, "method": one.method,
            "arguments": one.arguments, "outcome": one.outcome, "answer": one.answer,
            "sender": one.sender, "id": one.id,
        }
        for one in commands
    ]  # fmt: skip


def _plain(values: Any) -> list[Any]:
    return list(values.tolist() if hasattr(values, "tolist") else values)
