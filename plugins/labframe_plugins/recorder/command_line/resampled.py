"""Minimum, mean and maximum of several codenames by spans of time, however many spans there are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from labframe_plugins.recorder.command_line.choice import Span, ends
from labframe_plugins.recorder.history import History

__all__ = ["Bucket", "SpanRow", "resampled", "span_count", "texts_of"]

_AT_ONCE: Final = 5000
_MICRO: Final = 1_000_000


class Bucket(NamedTuple):
    """What a codename was in one span: minimum, mean and maximum of so many points."""

    low: float
    mean: float
    high: float
    points: int


class SpanRow(NamedTuple):
    """One span of time: when it begins, and what was in it; a text is the last one of it."""

    time: float
    cells: dict[str, Bucket | str]


def span_count(history: History, names: Sequence[str], span: Span, every: float) -> int:
    """Return how many spans there are, empty ones too."""
    begin, end = ends(history, names, span)
    return int((end - begin) / every) + 1


def resampled(
    history: History, names: Sequence[str], span: Span, every: float
) -> Iterator[SpanRow]:
    """Yield every span in which there is anything, in order.

    Args:
        history: The history.
        names: The codenames.
        span: From when to when.
        every: How long each span is, in seconds; they begin at multiples of it.
    """
    begin, end = (round(one * _MICRO) for one in ends(history, names, span))
    width = round(every * _MICRO)
    texts = texts_of(history, names)
    edge = begin // width * width
    while edge <= end:
        after = edge + width * _AT_ONCE
        piece = Span(max(begin, edge) / _MICRO, min(end, after - 1) / _MICRO)
        rows: dict[int, dict[str, Bucket | str]] = {}
        for name in names:
            cells = _texts if name in texts else _buckets
            for time, cell in cells(history, name, piece, width):
                rows.setdefault(time, {})[name] = cell
        for time in sorted(rows):
            yield SpanRow(time / _MICRO, rows[time])
        edge = after


def texts_of(history: History, names: Sequence[str]) -> set[str]:
    """Return the codenames whose newest value is a text."""
    newest = history.newest()
    return {name for name in names if name in newest and newest[name].text is not None}


def _buckets(
    history: History, name: str, piece: Span, width: int
) -> Iterator[tuple[int, Bucket | str]]:
    found = history.buckets(name, piece.since, piece.until, every=width / _MICRO)
    columns = (found.times, found.lows, found.means, found.highs, found.counts)
    for time, low, mean, high, count in zip(*columns, strict=True):
        begin = round(float(time) * _MICRO) // width * width
        yield begin, Bucket(float(low), float(mean), float(high), int(count))


def _texts(
    history: History, name: str, piece: Span, width: int
) -> Iterator[tuple[int, Bucket | str]]:
    last: dict[int, str] = {}
    for row in history.rows([name], piece.since, piece.until):
        text = row.text if row.text is not None else f"{row.value:.6g}"
        last[round(row.time * _MICRO) // width * width] = text
    yield from last.items()
