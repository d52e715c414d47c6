"""A plot in the terminal, of braille dots: two by four in each character.

It is drawn here, and not by a library: it is as much code as to teach one gaps, minimum and
maximum, and marks.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from labframe.cli.values import printable
from labframe_plugins.recorder.command_line.course import Course, Mark, is_logarithmic
from labframe_plugins.recorder.command_line.times import Clock

__all__ = ["Canvas", "plotted"]

_HEIGHT: Final = 8
_MARK: Final = "▲"
_MOST_MARKS: Final = 20
_DOTS: Final = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
"""The bit of each dot in a braille character, by line and column."""
_BLANK: Final = 0x2800


class Canvas:
    """Dots on a grid of characters, the lowest line first.

    Args:
        columns: Characters beside each other, of two dots each.
        lines: Characters on top of each other, of four dots each.
    """

    def __init__(self, columns: int, lines: int) -> None:
        self.width, self.height = 2 * columns, 4 * lines
        self._cells = [[0] * columns for _ in range(lines)]

    def dot(self, x: int, y: int) -> None:
        """Set a dot; one outside is left out."""
        if 0 <= x < self.width and 0 <= y < self.height:
            down = self.height - 1 - y
            self._cells[down // 4][x // 2] |= _DOTS[down % 4][x % 2]

    def line(self, x0: int, y0: int, x1: int, y1: int) -> None:
        """Set the dots from one place to another."""
        steps = max(abs(x1 - x0), abs(y1 - y0), 1)
        for step in range(steps + 1):
            self.dot(round(x0 + (x1 - x0) * step / steps), round(y0 + (y1 - y0) * step / steps))

    def lines(self) -> list[str]:
        """Return the lines of text, from the top."""
        return ["".join(chr(_BLANK + cell) if cell else " " for cell in row) for row in self._cells]


def plotted(
    drawn: Sequence[Course], marks: Sequence[Mark], columns: int, log: bool | None
) -> Iterator[str]:
    """Yield the lines of a plot: each codename above the next one, on the same time.

    Args:
        drawn: What to draw.
        marks: What to mark below.
        columns: How wide the terminal is.
        log: Whether the axes are logarithmic; None is for pressures that span a decade.
    """
    times = [place.time for course in drawn for place in course.places()]
    begin, end = min(times), max(times)
    scales = [_Scale(course, log) for course in drawn]
    label = max(len(text) for scale in scales for text in scale.labels)
    width = max(20, columns - label - 2)

    def x_of(time: float) -> int:
        return round((time - begin) / (end - begin) * (2 * width - 1)) if end > begin else 0

    for course, scale in zip(drawn, scales, strict=True):
        unit = f" [{printable(course.unit)}]" if course.unit else ""
        yield f"{printable(course.codename)}{unit}{', logarithmic' if scale.is_log else ''}"
        canvas = Canvas(width, _HEIGHT)
        _draw(canvas, course, x_of, scale)
        for number, line in enumerate(canvas.lines()):
            yield f"{scale.label(number):>{label}} ┤{line}".rstrip()
    yield from _axis(begin, end, label, width)
    yield from _marked([one for one in marks if begin <= one.time <= end], x_of, label, width)


class _Scale:
    """Where values of a codename are on a canvas."""

    def __init__(self, course: Course, log: bool | None) -> None:
        places = course.places()
        self.is_log = is_logarithmic([course], log)
        values = [one for place in places for one in (place.low, place.high)]
        if self.is_log:
            values = [one for one in values if one > 0]
        finite = [one for one in values if math.isfinite(one)] or [0.0]
        self._low, self._high = self._to(min(finite)), self._to(max(finite))
        middle = self._from((self._low + self._high) / 2)
        self.labels = [f"{one:.4g}" for one in (max(finite), middle, min(finite))]

    def label(self, line: int) -> str:
        """Return what stands before a line."""
        at = {0: 0, _HEIGHT // 2: 1, _HEIGHT - 1: 2}
        return self.labels[at[line]] if line in at else ""

    def y_of(self, value: float) -> int | None:
        """Return the dot of a value; None if there is none."""
        if not math.isfinite(value) or (self.is_log and value <= 0):
            return None
        if self._high <= self._low:
            return 2 * _HEIGHT
        part = (self._to(value) - self._low) / (self._high - self._low)
        return round(part * (4 * _HEIGHT - 1))

    def _to(self, value: float) -> float:
        return math.log10(value) if self.is_log else value

    def _from(self, value: float) -> float:
        return 10**value if self.is_log else value


def _draw(canvas: Canvas, course: Course, x_of: Callable[[float], int], scale: _Scale) -> None:
    for piece in course.pieces:
        last: tuple[int, int] | None = None
        for place in piece:
            x, y = x_of(place.time), scale.y_of(place.mean)
            low, high = scale.y_of(place.low), scale.y_of(place.high)
            if low is not None and high is not None:
                canvas.line(x, low, x, high)
            if y is not None:
                canvas.line(*(last or (x, y)), x, y)
            last = None if y is None else (x, y)


def _axis(begin: float, end: float, label: int, width: int) -> Iterator[str]:
    clock = Clock((begin, end))
    texts = [clock(begin), f"time ({clock.zone})", clock(end)]
    free = width - sum(map(len, texts))
    yield f"{'':{label}} └{'─' * width}"
    if free < 4:
        yield f"{'':{label}}  {texts[0]} to {texts[2]} ({clock.zone})"
        return
    left = " " * (free // 2)
    yield f"{'':{label}}  {texts[0]}{left}{texts[1]}{' ' * (free - len(left))}{texts[2]}"


def _marked(
    marks: Sequence[Mark], x_of: Callable[[float], int], label: int, width: int
) -> Iterator[str]:
    """Yield a line with marks, and what they are; with too many of them, the last ones."""
    if not marks:
        return
    line = [" "] * width
    for mark in marks:
        line[min(x_of(mark.time) // 2, width - 1)] = _MARK
    yield f"{'':{label}}  {''.join(line)}".rstrip()
    if len(marks) > _MOST_MARKS:
        yield f"{len(marks)} commands, the last {_MOST_MARKS}:"
    clock = Clock((marks[0].time, marks[-1].time))
    for mark in marks[-_MOST_MARKS:]:
        yield f"{_MARK} {clock(mark.time)}  {mark.text}: {mark.outcome}"
