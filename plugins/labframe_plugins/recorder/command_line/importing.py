"""``labframe history import``."""

from __future__ import annotations

from pathlib import Path

import click

from labframe.cli.values import counted
from labframe_plugins.recorder.command_line.place import found, place_options

__all__ = ["import_command"]

_DATABASES = (b"SQLite format 3\x00",)


@click.command("import")
@click.argument("source", type=click.Path(path_type=Path), metavar="FILE")
@click.option("--unit", "units", multiple=True, metavar="CODENAME=UNIT", help="Its unit, in CSV.")
@place_options
def import_command(
    source: Path,
    units: tuple[str, ...],
    file: Path | None,
    config: Path | None,
    state_dir: Path | None,
) -> None:
    """Add the points of a CSV file, or of another history, to a history.

    What is there already is not added again. The history is made if it is not there; no host may
    record into it meanwhile. Another history brings its commands, events, gaps and sweeps too.

    CSV is one point a line, with columns time, codename and value (and unit), as --csv writes it;
    or one column for the time and one for each codename, as "oven" or "oven [K]". Times are unix
    times, or dates such as 2026-11-24 10:00:00, local where they name no zone.

    \b
    Exit codes:
      0  all of it is in the history now
      1  it cannot be read, a line of it is wrong, or a host records into the history
    """  # noqa: D301  # \b is the character by which click keeps the lines
    from labframe_plugins.recorder.command_line import csv_file, merging, other_history

    if not source.is_file():
        raise click.ClickException(f"{source}: there is no such file")
    target = found(file, config, state_dir)
    with source.open("rb") as opened:
        is_history = opened.read(16) in _DATABASES
    if is_history:
        added = other_history.merge(source, target)
    else:
        with csv_file.CsvFile(source, units) as given:
            added = merging.merge_points(target, given.units, given.points())
    text = f"{source}: {counted(added.points, 'point')} added to {target}"
    if added.known:
        text += f", {counted(added.known, 'point')} were there already"
    if added.happenings:
        text += f"; and {added.happenings} gaps, commands, events and sweeps"
    if added.means:
        text += f"; {added.means} of them are means that retention had made there"
    click.echo(f"{text}.")
