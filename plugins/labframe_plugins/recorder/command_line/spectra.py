"""Sweeps, as a table of what there is, and with all their points for programs."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import click

from labframe.cli.tables import show
from labframe.cli.values import printable, short_value, unit_in_words
from labframe_plugins.recorder.command_line.choice import Span
from labframe_plugins.recorder.command_line.export import text_out
from labframe_plugins.recorder.command_line.times import Clock
from labframe_plugins.recorder.history import History
from labframe_plugins.recorder.records import Spectrum

__all__ = ["show_sweeps", "write_sweeps_csv", "write_sweeps_json"]

_FIELDS: Final = ("time", "local", "codename", "x", "x_unit", "y", "unit")


def _found(history: History, names: Sequence[str], span: Span) -> Iterator[Spectrum]:
    for name in names or history.codenames():
        yield from history.sweeps(name, *span)


def show_sweeps(history: History, names: Sequence[str], span: Span) -> None:
    """Show one line for each sweep: when, how many points, and from where to where."""
    found = sorted(_found(history, names, span), key=lambda one: one.time)
    if not found:
        click.echo("No sweep was recorded then.", err=True)
        return
    clock = Clock((found[0].time, found[-1].time))
    show(
        (f"time ({clock.zone})", "codename", "points", "x", "y"),
        [
            [
                clock(one.time), printable(one.codename), f"{len(one.xs):,}",
                _range(one.xs, one.x_unit), _range(one.ys, one.unit),
            ]
            for one in found
        ],
    )  # fmt: skip


def _range(numbers: Any, unit: str) -> str:
    known = [one for one in map(float, numbers) if math.isfinite(one)]
    if not known:
        return ""
    ends = f"{short_value(min(known))} to {short_value(max(known))}"
    return f"{ends} {unit_in_words(unit)}".rstrip()


def write_sweeps_csv(history: History, names: Sequence[str], span: Span, file: Path | None) -> None:
    """Write one row for each point of each sweep."""
    with text_out(file) as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(_FIELDS)
        for one in _found(history, names, span):
            local = datetime.fromtimestamp(one.time).isoformat(" ", "milliseconds")
            for x, y in zip(_plain(one.xs), _plain(one.ys), strict=True):
                writer.writerow((one.time, local, one.codename, x, one.x_unit, y, one.unit))


def write_sweeps_json(
    history: History, names: Sequence[str], span: Span, file: Path | None
) -> None:
    """Write one object for each sweep, with its points in ``xs`` and ``ys``."""
    with text_out(file) as out:
        out.write("[")
        for index, one in enumerate(_found(history, names, span)):
            told = {**one._asdict(), "xs": _plain(one.xs), "ys": _plain(one.ys)}
            out.write((",\n" if index else "\n") + json.dumps(told, ensure_ascii=False))
        out.write("\n]\n")


def _plain(numbers: Iterable[Any]) -> list[float | None]:
    """Return numbers as JSON knows them; it knows no NaN."""
    return [None if math.isnan(one) else one for one in map(float, numbers)]
