"""How ``labframe watch`` shows its hosts: as JSON, as lines, as a table."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final, Protocol

from labframe.cli.values import (
    age_in_words,
    printable,
    short_value,
    sparkline,
    unit_in_words,
)
from labframe.cli.watching import Course

if TYPE_CHECKING:
    from rich.console import RenderableType

__all__ = ["Shown", "drawn", "entry", "lines"]

OLD: Final = "old"
NO_ANSWER: Final = "no answer"
NEVER: Final = "never"
"""What a live server calls the quality of what has no value yet."""


class Shown(Protocol):
    """One host, however its points came here.

    Attributes:
        target: Which one.
        courses: Its codenames.
        error: Why nothing of it is known; empty when all is well.
    """

    target: Any
    courses: dict[str, Course]
    error: str


def entry(hosts: Sequence[Shown], now: float) -> dict[str, Any]:
    """Return one round for programs.

    Returns:
        ``{"time": unix time, "hosts": {host: {"error": None or text, "points": {codename: {"x": x,
        "y": y, "old": bool, "quality": text, "unit": text, "socket": port}}}}}``; x and y of an
        old point are None, and a host that does not answer has no points. A live server tells the
        quality in full, and no port.
    """
    return {"time": now, "hosts": {str(host.target): _host_entry(host) for host in hosts}}


def _host_entry(host: Shown) -> dict[str, Any]:
    points = {} if host.error else host.courses
    return {
        "error": host.error or None,
        "points": {name: _point_entry(course) for name, course in points.items()},
    }


def _point_entry(course: Course) -> dict[str, Any]:
    seen = course.seen
    x, y = (None, None) if seen.point is None else seen.point
    is_old = seen.point is None
    quality = seen.quality or ("old" if is_old else "ok")
    return {
        "x": x, "y": y, "old": is_old, "quality": quality, "unit": seen.unit,
        "socket": seen.socket,
    }  # fmt: skip


def lines(hosts: Sequence[Shown], now: float) -> list[list[str]]:
    """Return one round as rows of plain cells: time, host, codename, value, age."""
    clock = time.strftime("%H:%M:%S", time.localtime(now))
    rows = []
    for host in hosts:
        name = [str(host.target)] if len(hosts) > 1 else []
        if host.error:
            rows.append([clock, *name, f"{NO_ANSWER}: {printable(host.error)}"])
            continue
        for codename, course in host.courses.items():
            value = f"{_value(host, course)} {unit_in_words(course.seen.unit)}".rstrip()
            age = age_in_words(course.age_s(now))
            rows.append([clock, *name, printable(codename), value, age])
    return rows


def drawn(hosts: Sequence[Shown], now: float) -> RenderableType:
    """Return one round as a table for a terminal, with what is wrong beneath it.

    What is read on demand has a row once somebody has asked for it.
    """
    from rich import box
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    with_units = any(course.seen.unit for host in hosts for course in host.courses.values())
    table = Table(box=box.SIMPLE_HEAD, header_style="bold", pad_edge=False)
    if len(hosts) > 1:
        table.add_column("host")
    table.add_column("codename", overflow="fold")
    table.add_column("value", justify="right")
    if with_units:
        table.add_column("unit")
    table.add_column("age", justify="right")
    table.add_column("last 30")
    for host, codename, course in _each(hosts):
        value = _value(host, course)
        style = "bold reverse" if host.error or course.seen.point is None else ""
        cells = [Text(printable(codename)), Text(value, style)]
        if len(hosts) > 1:
            cells.insert(0, Text(str(host.target)))
        if with_units:
            cells.append(Text(unit_in_words(course.seen.unit)))
        cells.append(Text(age_in_words(course.age_s(now))))
        table.add_row(*cells, Text(sparkline(course.values)))
    problems = [
        Text(f"{host.target}: {NO_ANSWER}: {printable(host.error)}", "bold")
        for host in hosts
        if host.error
    ]
    return Group(table, *problems)


def _each(hosts: Sequence[Shown]) -> Iterator[tuple[Shown, str, Course]]:
    for host in hosts:
        for codename, course in host.courses.items():
            if course.point is not None or not course.seen.on_demand:
                yield host, codename, course


def _value(host: Shown, course: Course) -> str:
    if host.error:
        return NO_ANSWER
    seen = course.seen
    if seen.point is not None:
        return short_value(seen.point.y)
    if seen.quality == NEVER:
        return "on demand" if seen.on_demand else "no value yet"
    return seen.quality or OLD
