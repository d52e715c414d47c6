"""What goes into a history, one batch after the other."""

from __future__ import annotations

import json
from typing import Any, Final, NamedTuple, TypeAlias

from labframe.points import Event, Sweep

__all__ = [
    "Batch", "Describe", "GapEnds", "GapOpens", "Happening", "HostStarted", "PointEntry", "Stored",
    "as_stored", "microseconds",
]  # fmt: skip

Stored: TypeAlias = Any
"""A value as SQLite keeps it: a number or text as it is, anything else as JSON in bytes."""

PointEntry: TypeAlias = tuple[str, int, Stored, "float | None"]
"""Codename, microseconds since 1970, value, and x where that is no time."""

_MOST: Final = 1 << 63


class Describe(NamedTuple):
    """What a codename is."""

    codename: str
    unit: str
    instrument: str
    description: str
    kind: str


class GapOpens(NamedTuple):
    """A codename has no values from a time on, in microseconds."""

    codename: str
    since: int
    cause: str
    why: str


class GapEnds(NamedTuple):
    """A codename has had no values from one time to another, in microseconds."""

    codename: str
    since: int
    until: int
    cause: str
    why: str


class HostStarted(NamedTuple):
    """A host begins to record: what it knew of these codenames until now ends in a gap.

    Attributes:
        time: Unix time in seconds.
        codenames: What it records.
    """

    time: float
    codenames: tuple[str, ...]


Happening: TypeAlias = Describe | GapOpens | GapEnds | HostStarted | Event | Sweep


class Batch:
    """What is written together, all of it or nothing, in the order in which it came.

    Attributes:
        parts: Lists of points, and what happened between them.
    """

    __slots__ = ("parts",)

    def __init__(self) -> None:
        self.parts: list[list[PointEntry] | Happening] = []

    def __bool__(self) -> bool:
        return any(self.parts)

    def __len__(self) -> int:
        return sum(len(part) if isinstance(part, list) else 1 for part in self.parts)

    def points(self) -> list[PointEntry]:
        """Return the list to which points are added until something happens."""
        if self.parts and isinstance(self.parts[-1], list):
            return self.parts[-1]
        points: list[PointEntry] = []
        self.parts.append(points)
        return points

    def add(self, what: Happening) -> None:
        """Add something that happened."""
        self.parts.append(what)

    def take(self, most: int) -> Batch:
        """Take the first parts out, of about so many points and happenings, as another batch."""
        taken = Batch()
        while self.parts and most > 0:
            part = self.parts[0]
            if isinstance(part, list) and len(part) > most:
                taken.parts.append(part[:most])
                del part[:most]
                break
            taken.parts.append(self.parts.pop(0))
            most -= len(part) if isinstance(part, list) else 1
        return taken


def microseconds(seconds: float) -> int:
    """Return a time in whole microseconds.

    Raises:
        ValueError, OverflowError: If it is no time.
    """
    return int(seconds * 1e6 + 0.5)


def as_stored(y: Any) -> Stored:
    """Return a value of a point as SQLite keeps it."""
    kind = type(y)
    if kind is float:
        return y if y == y else b"NaN"  # SQLite would make it NULL
    if kind is int and -_MOST <= y < _MOST:
        return y
    if kind is str:
        return y.encode("utf-8", "replace").decode("utf-8")
    return json.dumps(y, default=str).encode("utf-8")
