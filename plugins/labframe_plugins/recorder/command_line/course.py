"""The course of codenames, as it is drawn: pieces between gaps, and commands as marks."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Final, NamedTuple

from labframe_plugins.recorder.command_line.choice import Span, ends
from labframe_plugins.recorder.command_line.happened import called
from labframe_plugins.recorder.history import History, HistoryError
from labframe_plugins.recorder.records import Gap

__all__ = ["Course", "Mark", "Place", "courses", "is_logarithmic", "marks"]

_PRESSURE: Final = re.compile(r"[nµmhkMG]?(Pa|bar|Torr)|atm|psi")
_A_DECADE: Final = 10.0


class Place(NamedTuple):
    """A point to draw, or several that are at one place: unix time, minimum, mean, maximum."""

    time: float
    low: float
    mean: float
    high: float


class Course(NamedTuple):
    """The course of a codename.

    Attributes:
        codename: The codename.
        unit: Its unit; empty without dimension.
        pieces: What is drawn as one line each; between them are gaps.
    """

    codename: str
    unit: str
    pieces: list[list[Place]]

    def places(self) -> list[Place]:
        """Return all places."""
        return [place for piece in self.pieces for place in piece]


class Mark(NamedTuple):
    """Something to mark: when, what, and what became of it."""

    time: float
    text: str
    outcome: str


def courses(history: History, names: Sequence[str], span: Span, width: int) -> list[Course]:
    """Return the course of each codename that has numbers in a span.

    Args:
        history: The history.
        names: The codenames.
        span: From when to when.
        width: How many places there are beside each other.

    Raises:
        HistoryError: If none has any numbers then.
    """
    begin, end = ends(history, names, span)
    facts = history.codenames()
    found = []
    for name in names:
        places = _places(history, name, begin, end, width)
        if places:
            unit = facts[name].unit
            gaps = history.gaps(name, begin, end)
            found.append(Course(name, "" if unit == "1" else unit, _pieces(places, gaps)))
    if not found:
        raise HistoryError(f"{history.file}: no numbers of {', '.join(names)} to draw then")
    return found


def _places(history: History, name: str, begin: float, end: float, width: int) -> list[Place]:
    if history.count([name], begin, end) <= width:
        points = history.points(name, begin, end)
        return sorted(
            Place(float(time), float(y), float(y), float(y))
            for time, y in zip(points.times, points.values, strict=True)
        )
    found = history.buckets(name, begin, end, count=width)
    columns = (found.times, found.lows, found.means, found.highs)
    return [Place(*map(float, one)) for one in zip(*columns, strict=True)]


def _pieces(places: Sequence[Place], gaps: Sequence[Gap]) -> list[list[Place]]:
    """Cut where a gap is that takes up most of the way from one place to the next."""
    closed = [(one.since, one.until) for one in gaps if one.until is not None]
    middles = sorted(((since + until) / 2, until - since) for since, until in closed)
    pieces = [[places[0]]]
    number = 0
    for before, place in pairwise(places):
        is_cut = False
        while number < len(middles) and middles[number][0] < place.time:
            middle, length = middles[number]
            number += 1
            is_cut |= middle > before.time and length >= (place.time - before.time) / 2
        if is_cut:
            pieces.append([])
        pieces[-1].append(place)
    return pieces


def marks(history: History, names: Sequence[str], span: Span) -> list[Mark]:
    """Return the commands to mark beside these codenames."""
    begin, end = ends(history, names, span)
    return [Mark(one.time, called(one), one.outcome) for one in history.commands(begin, end)]


def is_logarithmic(group: Sequence[Course], wanted: bool | None) -> bool:
    """Tell whether an axis is logarithmic.

    Args:
        group: What is drawn on it, of one unit.
        wanted: Whether the user wants it; None is for pressures that span a decade.
    """
    places = [place for course in group for place in course.places()]
    highs = [place.high for place in places if place.high > 0]
    lows = [place.low for place in places if place.low > 0]
    if wanted is not None or not highs or not lows:
        return bool(wanted) and bool(highs)
    is_pressure = _PRESSURE.fullmatch(group[0].unit) is not None
    return is_pressure and len(lows) == len(places) and max(highs) / min(lows) >= _A_DECADE
