"""Which codenames are meant, from when to when, and in pieces that fit into memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from typing import Final, NamedTuple

from labframe.nearest import did_you_mean
from labframe_plugins.recorder.history import History, HistoryError

__all__ = ["Span", "ends", "nice_span", "selected", "windows"]

_NICE_S: Final = (
    0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600,
    43200, 86400,
)  # fmt: skip
_AT_ONCE: Final = 20_000
_SHORTEST_S: Final = 0.01


class Span(NamedTuple):
    """From when to when; None is from the first point, or to the newest one."""

    since: float | None
    until: float | None


def selected(history: History, wanted: Sequence[str]) -> list[str]:
    """Return the codenames that are named, or fit a pattern such as ``*_pressure``.

    Raises:
        HistoryError: If one is not there, or nothing fits a pattern.
    """
    known = list(history.codenames())
    found: dict[str, None] = {}
    for one in wanted:
        fitting = [one] if one in known else [name for name in known if fnmatchcase(name, one)]
        if not fitting:
            hint = did_you_mean(one, known)
            all_of_them = f" There are: {', '.join(known)}" if len(known) <= 20 else ""
            raise HistoryError(f"{history.file} has no codename {one!r}{hint}{all_of_them}")
        found.update(dict.fromkeys(fitting))
    return list(found)


def ends(history: History, names: Sequence[str], span: Span) -> tuple[float, float]:
    """Return from when to when there are points of some codenames within a span."""
    facts = history.codenames()
    first = [facts[name].first_time for name in names]
    last = [facts[name].last_time for name in names]
    since = min((one for one in first if one is not None), default=0.0)
    until = max((one for one in last if one is not None), default=0.0)
    begin = since if span.since is None else max(span.since, since)
    end = until if span.until is None else min(span.until, until)
    return begin, max(begin, end)


def nice_span(seconds: float) -> float:
    """Return a length of time for people that is at least so long."""
    for one in _NICE_S:
        if one >= seconds:
            return float(one)
    return float(-(-seconds // 86400) * 86400)


def windows(history: History, names: Sequence[str], span: Span) -> Iterator[Span]:
    """Cut a span into pieces, in order, that hold some ten thousand points each."""
    begin, end = ends(history, names, span)
    pieces = [(begin, end)]
    since = span.since
    while pieces:
        begin, end = pieces.pop()
        most = _AT_ONCE + 2048 * len(names)  # whole blocks are counted at both edges
        if end - begin > _SHORTEST_S and history.count(names, begin, end) > most:
            middle = round((begin + end) / 2, 6)
            pieces += [(middle + 1e-6, end), (begin, middle)]
            continue
        yield Span(since, end if pieces else span.until)
        since = end + 1e-6
