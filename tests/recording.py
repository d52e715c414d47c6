"""A recorder without a host, and readings for it."""

from __future__ import annotations

import logging
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from labframe_plugins.recorder import History, Recorder, open_history
from labframe_plugins.recorder.settings import settings_of

from labframe import Event, LabframeError, PluginContext, Quality, Reading

START = 1_795_000_000.0


def reading(
    y: Any,
    second: float = 0.0,
    *,
    codename: str = "oven",
    sequence: int = 1,
    quality: Quality = Quality.OK,
    x: float | None = None,
) -> Reading:
    """Return a reading of so many seconds after START."""
    at = START + second
    return Reading(codename, at if x is None else x, y, "K", quality, sequence, at, second)


def readings(count: int, first: int = 0, codename: str = "oven") -> list[Reading]:
    """Return a reading each second, numbered from ``first + 1`` on."""
    return [
        reading(20 + index % 7 / 10, index, codename=codename, sequence=index + 1)
        for index in range(first, first + count)
    ]


def started(*codenames: str) -> Event:
    """Return the event with which a host begins."""
    facts = {"unit": "K", "source": "furnace", "label": "the oven", "kind": "date"}
    told: Any = dict.fromkeys(codenames, facts)
    return Event("host", "host", START, "lab: start", {"what": "start", "codenames": told})


def recorder(file: Path, **section: Any) -> Recorder:
    """Return a recorder as the configuration would have it."""
    context = PluginContext(name="recorder", section={"file": str(file), **section})
    return Recorder(settings_of(context), logging.getLogger("labframe.plugin.recorder"))


@contextmanager
def recording(file: Path, **section: Any) -> Iterator[Recorder]:
    """Record, and have all of it in the file at the end."""
    one = recorder(file, **section)
    try:
        yield one
    finally:
        one.close()


def recorded(file: Path, codename: str = "oven") -> list[tuple[float, float]]:
    """Return what is in a file, through the view that everybody reads: seconds and values."""
    with open_history(file) as history:
        assert history.verify() == []
        return [(round(row.time - START, 6), row.value or 0.0) for row in history.rows([codename])]


def until_written(file: Path, count: int, codename: str = "oven", within_s: float = 15.0) -> None:
    """Wait until so many points of a codename are in the file.

    Raises:
        AssertionError: If they are not in time.
    """
    deadline = time.monotonic() + within_s
    while (there := _count(file, codename)) < count:
        assert time.monotonic() < deadline, f"{there} of {count} points"
        time.sleep(0.02)


def _count(file: Path, codename: str) -> int:
    try:
        with open_history(file) as history:
            return history.count([codename])
    except (LabframeError, sqlite3.Error):  # not there yet, or not readable now
        return 0


def opened(file: Path) -> History:
    """Open a file that must be whole."""
    history = open_history(file)
    assert history.verify() == []
    return history
