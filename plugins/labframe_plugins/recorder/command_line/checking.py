"""``labframe history verify``."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import click

from labframe.cli.values import counted
from labframe_plugins.recorder.command_line.place import found, place_options
from labframe_plugins.recorder.history import open_history

__all__ = ["verify_command"]


@click.command("verify")
@click.argument("path", type=click.Path(path_type=Path), required=False, metavar="[FILE]")
@place_options
@click.pass_context
def verify_command(
    ctx: click.Context,
    path: Path | None,
    file: Path | None,
    config: Path | None,
    state_dir: Path | None,
) -> None:
    """Check a history: counts, order, gaps, integrity.

    Reads all of it, and changes nothing; a host may go on to record into it.

    \b
    Exit codes:
      0  it is whole
      1  there is no such file, or it is no history
      3  something is wrong with it; each line says what
    """  # noqa: D301  # \b is the character by which click keeps the lines
    if path is not None and file is not None:
        raise click.UsageError(f"{path} and --file {file} are two files: write one of them")
    place = found(path or file, config, state_dir)
    with open_history(place) as history:
        try:
            problems = history.verify()
            counts = history.counts()
        except sqlite3.Error as error:
            problems, counts = [f"the file is damaged: {error}"], {}
    for problem in problems:
        click.echo(f"{place}: {problem}")
    if problems:
        ctx.exit(3)
    points = counted(sum(counts.values()), "point")
    click.echo(f"{place} is whole: {points} of {counted(len(counts), 'codename')}.")
