"""Tables on the screen: drawn with rich on a terminal, plain aligned text anywhere else."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from typing import Final

import click

__all__ = ["aligned", "show"]

ALARMING: Final = frozenset({"old", "error", "disconnected", "never", "no answer"})
"""Words that are set off in colour where there is colour; the word itself says it all."""


def show(headers: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a table on standard output.

    Args:
        headers: Over the columns.
        rows: Printable texts, as many as headers each.
    """
    rows = list(rows)
    if not sys.stdout.isatty():
        for line in aligned([[header.upper() for header in headers], *rows]):
            click.echo(line)
        return
    from rich.console import Console  # 60 ms that other commands need not wait for
    from rich.table import Table
    from rich.text import Text

    table = Table(*headers, header_style="bold")
    for row in rows:
        table.add_row(*(Text(cell, "bold red" if cell in ALARMING else "") for cell in row))
    Console().print(table)


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return one line for each row, its cells under each other, two blanks between them.

    A last cell makes no column wider, so that a long text in it may run on.
    """
    widths: dict[int, int] = {}
    for row in rows:
        for index, cell in enumerate(row[:-1]):
            widths[index] = max(widths.get(index, 0), len(cell))
    return [
        "  ".join(f"{cell:{widths.get(index, 0)}}" for index, cell in enumerate(row)).rstrip()
        for row in rows
    ]
