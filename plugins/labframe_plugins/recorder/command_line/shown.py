"""The values of codenames and what happened: the part of ``labframe history`` that shows."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import click
from click.shell_completion import CompletionItem

from labframe import LabframeError
from labframe_plugins.recorder.command_line import happened
from labframe_plugins.recorder.command_line.choice import Span, selected
from labframe_plugins.recorder.command_line.condition import instant
from labframe_plugins.recorder.command_line.place import found, place_options
from labframe_plugins.recorder.command_line.times import duration, moment
from labframe_plugins.recorder.history import History, HistoryError, open_history

__all__ = ["SHOWN", "reading", "show_command"]

_OUTPUTS: Final = ("--csv", "--json", "--parquet", "--plot")
_PICTURES: Final = (".png", ".svg", ".pdf")
_SCREEN: Final = "-"

SHOWN: Final = """\
Show what was recorded, plot it, and write it to files.

Without a codename: what there is. CODENAME may be a pattern in quotes, such as '*_pressure'.
Several are shown side by side. What begins with a dash and has a FILE writes to the screen without
it; a word with a dot or a slash is a file.

Times are local: 2h or 1h30min (before the end), today, yesterday, 'yesterday 14:00', 14:00,
2026-11-24, 2026-11-24T10:00, 1795518314 (unix time). --until may also be 'chamber_pressure > 1e-5':
when that last began to be so.

\b
Exit codes:
  0  it is shown, also if it is empty
  1  there is no such history or codename, or the history cannot be read
"""


class _Show(click.Command):
    """A command whose options may have a file's name: codenames hold neither dots nor slashes."""

    def make_context(
        self, info_name: str | None, args: list[str], parent: Any = None, **extra: Any
    ) -> click.Context:
        del info_name  # it has no name: its usage is that of the group
        return super().make_context(parent.info_name, args, parent.parent, **extra)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        whole: list[str] = []
        place = 0
        while place < len(args):
            word, after = args[place], args[place + 1] if place + 1 < len(args) else "-"
            if word == "--":
                whole += args[place:]
                break
            if word in _OUTPUTS:
                is_file = not after.startswith("-") and ("." in after or "/" in after)
                word = f"{word}={after if is_file else _SCREEN}"
                place += is_file
            whole.append(word)
            place += 1
        return super().parse_args(ctx, whole)


@contextlib.contextmanager
def reading(file: Path) -> Iterator[History]:
    """Open a history, and tell what is wrong with its file in one line.

    Raises:
        HistoryError: If it cannot be read.
    """
    try:
        with open_history(file) as opened:
            yield opened
    except sqlite3.Error as error:
        raise HistoryError(
            f"{file}: {error}; `labframe history verify {file}` says more"
        ) from error


def _complete(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    del param
    given = ctx.params
    try:
        place = found(given.get("file"), given.get("config"), given.get("state_dir"))
        with reading(place) as history:
            facts = history.codenames()
    except (LabframeError, OSError, ValueError):
        return []
    return [
        CompletionItem(name, help=one.unit or None)
        for name, one in facts.items()
        if name.startswith(incomplete)
    ]


@click.command(cls=_Show, help=SHOWN)
@click.argument("codenames", nargs=-1, metavar="[CODENAME]...", shell_complete=_complete)
@click.option("--since", metavar="TIME", help="From when on. [default: from the first point on]")
@click.option("--until", metavar="TIME", help="Until when. [default: to the newest point]")
@click.option(
    "--every", metavar="TIME",
    help="Minimum, mean and maximum of each 10s, 5min, 1h; 0 is each point. [default: each point "
    "in files, and on the screen where they are few]",
)  # fmt: skip
@click.option("--commands", is_flag=True, help="Show the commands that came, and from whom.")
@click.option("--gaps", is_flag=True, help="Show when there were no values, and why.")
@click.option("--events", is_flag=True, help="Show starts, stops, lost instruments, set clocks.")
@click.option("--sweeps", is_flag=True, help="Show the sweeps (spectra); their points with --csv.")
@click.option("--plot", metavar="[FILE]", help="Plot; into a .png, .svg or .pdf with matplotlib.")
@click.option("--log/--linear", default=None, help="[default: --log for pressures, if it helps]")
@click.option("--csv", metavar="[FILE]", help="Write CSV.")
@click.option("--json", "as_json", metavar="[FILE]", help="Write JSON, for programs.")
@click.option("--parquet", metavar="FILE", help="Write Parquet, with pyarrow.")
@place_options
def show_command(
    codenames: tuple[str, ...], since: str | None, until: str | None, every: str | None,
    file: Path | None, config: Path | None, state_dir: Path | None, **wanted: Any,
) -> None:  # fmt: skip
    """Show what was recorded; the help is that of the group."""
    every_s = None if every is None else 0.0 if every in ("0", "0s") else duration(every)
    outputs = [one for one in ("plot", "csv", "as_json", "parquet") if wanted[one]]
    kinds = [one for one in ("commands", "gaps", "events", "sweeps") if wanted[one]]
    allowed = [[], ["as_json"], ["csv"]] if kinds == ["sweeps"] else [[], ["as_json"]]
    if len(outputs) > 1 or len(kinds) > 1 or (kinds and outputs not in allowed):
        raise click.UsageError(
            "one of --plot, --csv, --json and --parquet at a time, or one of --commands, --gaps, "
            "--events and --sweeps, which go with --json; --sweeps goes with --csv too"
        )
    with reading(found(file, config, state_dir)) as history:
        span = _span(history, since, until)
        names = _selected(history, codenames)
        if kinds == ["sweeps"]:
            _sweeps(history, names, span, wanted["csv"], wanted["as_json"])
        elif kinds:
            _happened(history, names, span, kinds[0], wanted["as_json"])
        elif not names and outputs in ([], ["as_json"]):
            _only_the_screen(wanted["as_json"])
            happened.show_inventory(history, as_json=bool(outputs))
        elif not names:
            raise click.UsageError("name codenames; '*' in quotes is all of them")
        elif not outputs:
            from labframe_plugins.recorder.command_line.table import show_values

            show_values(history, names, span, every_s)
        elif wanted["plot"]:
            _plot(history, names, span, wanted["plot"], wanted["log"])
        else:
            _write(history, names, span, every_s, wanted)


def _selected(history: History, codenames: Sequence[str]) -> list[str]:
    try:
        return selected(history, codenames)
    except HistoryError as error:
        for one in codenames:
            if one in ("verify", "import"):
                error.add_note(f"the command is `labframe history {one}`: options stand behind it")
        raise


def _span(history: History, since: str | None, until: str | None) -> Span:
    now = time.time()
    end = None
    if until is not None:
        end = instant(history, until)
        end = moment(until, now, now, is_end=True) if end is None else end
    begin = None if since is None else moment(since, now, now if end is None else end)
    if begin is not None and end is not None and end < begin:
        raise click.UsageError(f"--until {until} is before --since {since}")
    return Span(begin, end)


def _only_the_screen(as_json: str | None) -> None:
    if as_json not in (None, _SCREEN):
        raise click.UsageError("--json FILE is for values; without FILE it goes to the screen")


def _happened(
    history: History, names: Sequence[str], span: Span, kind: str, as_json: str | None
) -> None:
    _only_the_screen(as_json)
    is_json = as_json is not None
    if kind == "gaps":
        happened.show_gaps(history, names, span, as_json=is_json)
    elif names:
        raise click.UsageError(f"--{kind} are those of the whole host; leave the codenames out")
    elif kind == "commands":
        happened.show_commands(history, span, as_json=is_json)
    else:
        happened.show_events(history, span, as_json=is_json)


def _sweeps(
    history: History, names: Sequence[str], span: Span, csv: str | None, as_json: str | None
) -> None:
    from labframe_plugins.recorder.command_line import spectra

    target = csv or as_json
    file = None if target in (None, _SCREEN) else Path(str(target))
    if csv:
        spectra.write_sweeps_csv(history, names, span, file)
    elif as_json:
        spectra.write_sweeps_json(history, names, span, file)
    else:
        spectra.show_sweeps(history, names, span)


def _plot(
    history: History, names: Sequence[str], span: Span, target: str, log: bool | None
) -> None:
    from labframe_plugins.recorder.command_line.course import courses, marks
    from labframe_plugins.recorder.command_line.picture import draw
    from labframe_plugins.recorder.command_line.terminal_plot import plotted

    if target == _SCREEN:
        columns = shutil.get_terminal_size().columns
        drawn = courses(history, names, span, 2 * columns)
        for line in plotted(drawn, marks(history, names, span), columns, log):
            click.echo(line)
        return
    file = Path(target)
    if file.suffix.lower() not in _PICTURES:
        raise click.UsageError(f"--plot {target}: a picture ends with {', '.join(_PICTURES)}")
    draw(file, courses(history, names, span, 2000), marks(history, names, span), log=log)


def _write(
    history: History, names: Sequence[str], span: Span, every: float | None, wanted: Any
) -> None:
    from labframe_plugins.recorder.command_line import export

    pieces = export.exported(history, names, span, every)
    for target, write in (
        (wanted["csv"], export.write_csv),
        (wanted["as_json"], export.write_json),
    ):
        if target:
            write(pieces, None if target == _SCREEN else Path(target), spread=bool(every))
    if wanted["parquet"] == _SCREEN:
        raise click.UsageError("--parquet needs a file: --parquet out.parquet")
    if wanted["parquet"]:
        export.write_parquet(pieces, Path(wanted["parquet"]))
