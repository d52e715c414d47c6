"""Histories as CSV, JSON and Parquet, piece by piece: memory does not grow with the file."""

from __future__ import annotations

import contextlib
import csv
import json
import math
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from importlib import import_module
from itertools import islice
from pathlib import Path
from typing import IO, Any, Final

from labframe_plugins.recorder.command_line.choice import Span
from labframe_plugins.recorder.command_line.resampled import Bucket, resampled, span_count
from labframe_plugins.recorder.frames import MissingLibrary
from labframe_plugins.recorder.history import History
from labframe_plugins.recorder.records import Row

__all__ = ["CSV_FIELDS", "exported", "text_out", "write_csv", "write_json", "write_parquet"]

CSV_FIELDS: Final = (
    "time", "local", "codename", "value", "unit", "low", "high", "points", "x",
)  # fmt: skip
_TOGETHER: Final = 20_000
_LONG: Final = 200_000
"""From so many rows on, a bar on the terminal tells how far it is."""


def exported(
    history: History, names: Sequence[str], span: Span, every: float | None
) -> Iterator[list[Row]]:
    """Yield what is to be written, some rows at a time.

    Points come one codename after the other; with ``every``, spans come in the order of time, each
    with its beginning and its mean.
    """
    rows: Iterator[Row]
    if every:
        total = span_count(history, names, span, every) * len(names)
        rows = _spans(history, names, span, every)
    else:
        total = history.count(names, *span)
        rows = history.rows(names, *span)
    with _bar(total) as advance:
        while some := list(islice(rows, _TOGETHER)):
            yield some
            advance(len(some))


def _spans(history: History, names: Sequence[str], span: Span, every: float) -> Iterator[Row]:
    units = {name: facts.unit for name, facts in history.codenames().items()}
    for time, cells in resampled(history, names, span, every):
        for name, cell in cells.items():
            if isinstance(cell, Bucket):
                low, mean, high, points = cell
                yield Row(name, time, mean, None, None, low, high, points, units[name])
            else:
                yield Row(name, time, None, cell, None, None, None, 1, units[name])


@contextlib.contextmanager
def _bar(total: int) -> Iterator[Callable[[int], None]]:
    """Show how far it is, where somebody waits for long before a terminal."""
    if total < _LONG or not sys.stderr.isatty():
        yield _ignored
        return
    from rich.console import Console  # 60 ms that short exports need not wait for
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("Writing", total=total)
        yield lambda count: progress.advance(task, count)


def _ignored(count: int) -> None:
    del count


@contextlib.contextmanager
def _whole(file: Path) -> Iterator[Path]:
    """Give a path to write to; the file gets its name when all of it is there."""
    part = file.with_name(f"{file.name}.part")
    try:
        yield part
        os.replace(part, file)
    finally:
        part.unlink(missing_ok=True)


@contextlib.contextmanager
def text_out(file: Path | None) -> Iterator[IO[str]]:
    """Give what text is written to: a file, whole or not at all, or standard output."""
    if file is None:
        yield sys.stdout
        return
    with _whole(file) as part, part.open("w", encoding="utf-8", newline="") as text:
        yield text


def write_csv(pieces: Iterable[list[Row]], file: Path | None, *, spread: bool) -> None:
    """Write rows as CSV: one point a line, with unix and local time.

    Args:
        pieces: The rows.
        file: Where to; None is standard output.
        spread: Whether to give minimum, maximum and number of points of one point too.
    """
    with text_out(file) as text:
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(CSV_FIELDS)
        for piece in pieces:
            writer.writerows(_csv_row(row, spread) for row in piece)


def _csv_row(row: Row, spread: bool) -> tuple[Any, ...]:
    local = datetime.fromtimestamp(row.time).isoformat(" ", "milliseconds")
    value = row.text if row.value is None else row.value
    rest = (row.low, row.high, row.points) if spread or row.points > 1 else ("", "", "")
    return (row.time, local, row.codename, value, row.unit, *rest, "" if row.x is None else row.x)


def write_json(pieces: Iterable[list[Row]], file: Path | None, *, spread: bool) -> None:
    """Write rows as a JSON array, one object a line; the arguments are those of ``write_csv``."""
    with text_out(file) as text:
        text.write("[")
        before = "\n"
        for piece in pieces:
            for row in piece:
                text.write(f"{before}{json.dumps(_json_row(row, spread), ensure_ascii=False)}")
                before = ",\n"
        text.write("\n]\n")


def _json_row(row: Row, spread: bool) -> dict[str, Any]:
    value: Any = row.text if row.value is None else row.value
    if isinstance(value, float) and not math.isfinite(value):
        value = str(value)  # JSON has no infinity
    found = {"codename": row.codename, "time": row.time, "value": value, "unit": row.unit}
    if spread or row.points > 1:
        found |= {"low": row.low, "high": row.high, "points": row.points}
    if row.x is not None:
        found["x"] = row.x
    return found


def write_parquet(pieces: Iterable[list[Row]], file: Path) -> None:
    """Write rows as a Parquet file.

    Raises:
        MissingLibrary: If pyarrow is not installed.
    """
    try:
        arrow, parquet = import_module("pyarrow"), import_module("pyarrow.parquet")
    except ImportError as error:
        raise MissingLibrary("Parquet needs pyarrow: pip install pyarrow") from error
    schema = arrow.schema(
        [
            ("codename", arrow.dictionary(arrow.int32(), arrow.string())),
            ("time", arrow.timestamp("us", "UTC")),
            ("value", arrow.float64()),
            ("text", arrow.string()),
            ("x", arrow.float64()),
            ("low", arrow.float64()),
            ("high", arrow.float64()),
            ("points", arrow.int64()),
            ("unit", arrow.dictionary(arrow.int32(), arrow.string())),
        ]
    )
    with _whole(file) as part, parquet.ParquetWriter(part, schema) as writer:
        for piece in pieces:
            columns: list[Any] = list(zip(*piece, strict=True))
            columns[1] = [round(time * 1e6) for time in columns[1]]
            arrays = [
                arrow.array(column, type=field.type.value_type).dictionary_encode()
                if field.name in ("codename", "unit")
                else arrow.array(column, type=field.type)
                for column, field in zip(columns, schema, strict=True)
            ]
            writer.write_table(arrow.table(arrays, schema=schema))
