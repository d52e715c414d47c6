"""Values on the screen, codenames side by side; each line is printed as soon as it is read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

import click

from labframe.cli.values import printable
from labframe_plugins.recorder.command_line.choice import Span, ends, nice_span, windows
from labframe_plugins.recorder.command_line.resampled import (
    Bucket,
    SpanRow,
    resampled,
    texts_of,
)  # fmt: skip
from labframe_plugins.recorder.command_line.times import Clock, span_in_words
from labframe_plugins.recorder.history import History
from labframe_plugins.recorder.records import Gap, Row

__all__ = ["show_values"]

_MOST_ROWS: Final = 1000
_ROWS: Final = 40
_WIDTH: Final = 12
_NOTHING: Final = "-"


class _Line(NamedTuple):
    """One line of the table: when, and a cell or several for each codename."""

    time: float
    cells: list[str]


def show_values(history: History, names: Sequence[str], span: Span, every: float | None) -> None:
    """Print the values of some codenames.

    Args:
        history: The history.
        names: The codenames.
        span: From when to when.
        every: How many seconds a line is of; 0 is each point, and None is each point where these
            are few.
    """
    begin, end = ends(history, names, span)
    if every is None and (count := history.count(names, begin, end)) > _MOST_ROWS:
        every = nice_span((end - begin) / _ROWS)
        click.echo(
            f"{count:,} points, so each line is of {span_in_words(every)}; --every 0 shows each "
            "point, --plot their course",
            err=True,
        )
    digits = 3 if not every else 0 if every % 1 == 0 else 3
    clock = Clock((begin, end), digits)
    if every:
        lines = _span_lines(history, names, span, every)
        headings = _span_headings(history, names)
    else:
        lines = _point_lines(history, names, span)
        headings = [_heading(history, name) for name in names]
    if not _print(clock, headings, lines):
        last = ends(history, names, Span(None, None))[1]
        newest = f"; the newest is of {Clock((last,))(last)}" if last else ""
        click.echo(f"Nothing was recorded then{newest}.", err=True)


def _print(clock: Clock, headings: list[str], lines: Iterator[_Line]) -> bool:
    """Print the lines; return whether there was any."""
    widths = [max(_WIDTH, len(one)) for one in headings]
    first = f"TIME ({clock.zone})"
    width = 0
    for line in lines:
        time = clock(line.time)
        if not width:
            width = max(len(first), len(time))
            click.echo(_aligned([first, *headings], [width, *widths]))
        click.echo(_aligned([time, *line.cells], [width, *widths]))
    return bool(width)


def _aligned(cells: Sequence[str], widths: Sequence[int]) -> str:
    first, *rest = (
        f"{cell:>{width}}" if number else f"{cell:<{width}}"
        for number, (cell, width) in enumerate(zip(cells, widths, strict=True))
    )
    return "  ".join([first, *rest]).rstrip()


def _heading(history: History, name: str) -> str:
    unit = history.codenames()[name].unit
    return name if unit in ("", "1") else f"{name} [{printable(unit)}]"


def _span_headings(history: History, names: Sequence[str]) -> list[str]:
    texts = texts_of(history, names)
    headings = []
    for name in names:
        own = _heading(history, name)
        headings += [own] if name in texts else [f"{own} min", "mean", "max"]
    return headings


# Each point.


def _point_lines(history: History, names: Sequence[str], span: Span) -> Iterator[_Line]:
    """Yield the points and the gaps in the order of their times."""
    places = {name: place for place, name in enumerate(names)}
    for piece in windows(history, names, span):
        found: list[tuple[float, int, str, str]] = [
            (row.time, 0, row.codename, _value(row))
            for row in history.rows(names, piece.since, piece.until)
        ]
        found += [
            (gap.since, 1, gap.codename, gap.cause)
            for gap in history.gaps(since=piece.since, until=piece.until)
            if gap.codename in places and (piece.since is None or gap.since >= piece.since)
        ]
        found.sort(key=lambda one: one[:2])
        line: list[str] = []
        last = None
        for time, kind, name, text in found:
            if last != (time, kind) or line[places[name]]:
                if last is not None:
                    yield _Line(last[0], line)
                line, last = [""] * len(names), (time, kind)
            line[places[name]] = text
        if last is not None:
            yield _Line(last[0], line)


def _value(row: Row) -> str:
    if row.value is None:
        return printable(row.text or "")
    text = f"{row.value:.9g}"
    if row.points > 1:
        text = f"{row.value:.6g} ({row.low:.6g} to {row.high:.6g})"
    return text if row.x is None else f"{text} at x = {row.x:g}"


# Minimum, mean and maximum.


def _span_lines(
    history: History, names: Sequence[str], span: Span, every: float
) -> Iterator[_Line]:
    """Yield the spans; of several without a value only the first, with the reason."""
    texts = texts_of(history, names)
    gaps = {name: _Gaps(history.gaps(name, span.since, span.until)) for name in names}
    after: float | None = None
    for row in resampled(history, names, span, every):
        if after is not None and row.time > after + every / 2:
            yield _line(SpanRow(after, {}), names, texts, gaps, every)
        yield _line(row, names, texts, gaps, every)
        after = row.time + every


def _line(
    row: SpanRow, names: Sequence[str], texts: set[str], gaps: dict[str, _Gaps], every: float
) -> _Line:
    cells: list[str] = []
    for name in names:
        cell = row.cells.get(name)
        if isinstance(cell, Bucket):
            cells += [f"{one:.6g}" for one in cell[:3]]
            continue
        text = printable(cell) if cell is not None else gaps[name].cause(row.time, every)
        cells += [text] if name in texts else [text, "", ""]
    return _Line(row.time, cells)


class _Gaps:
    """The gaps of a codename, asked about in the order of time."""

    def __init__(self, gaps: list[Gap]) -> None:
        self._gaps = gaps
        self._first = 0

    def cause(self, time: float, every: float) -> str:
        """Return why there is nothing in a span."""
        while self._first < len(self._gaps):
            gap = self._gaps[self._first]
            if gap.until is None or gap.until > time:
                return gap.cause if gap.since < time + every else _NOTHING
            self._first += 1
        return _NOTHING
