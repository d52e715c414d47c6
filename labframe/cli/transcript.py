"""``labframe transcript``: look at transcripts, check, redact, and make tests of them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Iterator

    from labframe.plugins import Plugins
    from labframe.transcripts import Entry, Transcript

__all__ = ["transcript"]

_FILE = click.Path(path_type=Path, dir_okay=False)
_DRIVER_HELP = "An installed driver, or the path of its file. [default: the header's instrument]"


@click.group()
def transcript() -> None:
    """Show, check and redact transcripts of serial lines, and make tests of them."""


@transcript.command()
@click.argument("file", type=_FILE)
def show(file: Path) -> None:
    r"""Show a transcript: time, gap, direction, bytes.

    Times are in seconds; > goes to the instrument, < comes from it; what is no printable ASCII is
    shown as \r, \n, \x02.
    """
    found = _loaded(file)
    for line in _about(found):
        click.echo(line)
    before_s = 0.0
    for entry in found.entries:
        gap_s = entry.time_s - before_s
        click.echo(f"{entry.time_s:12.4f} {_gap(gap_s):>9} {_shown(entry)}")
        before_s = entry.time_s


@transcript.command()
@click.argument("files", type=_FILE, nargs=-1, required=True, metavar="FILE...")
@click.option("--driver", help=_DRIVER_HELP)
@click.pass_context
def check(ctx: click.Context, files: tuple[Path, ...], driver: str | None) -> None:
    """Say whether files are transcripts, and whether the driver's simulator answers the same.

    \b
    Exit codes:
      0  they are, and it does, if there is a simulator
      1  one is none, or the simulator answers otherwise
    """  # noqa: D301  # \b is the character by which click keeps the lines
    from labframe.errors import LabframeError

    is_good = True
    for file in files:
        try:
            problems, said = _checked(file, driver)
        except (LabframeError, OSError) as error:
            problems, said = [str(error)], ""
        for problem in problems:
            click.echo(problem if str(file) in problem else f"{file}: {problem}", err=True)
        if not problems:
            click.echo(f"{file}: {said}")
        is_good = is_good and not problems
    if not is_good:
        ctx.exit(1)


@transcript.command()
@click.argument("file", type=_FILE)
@click.option(
    "--pattern", "patterns", multiple=True, required=True,
    help=r"A regular expression; of one with groups only the groups: 'SN:(\w+)'. May be repeated.",
)  # fmt: skip
@click.option("--to", "target", type=_FILE, required=True, help="Write the new transcript here.")
def redact(file: Path, patterns: tuple[str, ...], target: Path) -> None:
    """Replace serial numbers and other texts, in both directions, by others of the same length.

    Letters become X, digits 0.
    """
    from labframe.cli.values import counted
    from labframe.transcripts import redacted

    before = _loaded(file)
    after = redacted(before, patterns)
    _refuse_existing(target)
    after.save(target)
    changed = sum(a != b for a, b in zip(before.entries, after.entries, strict=True))
    changed += before.header != after.header
    click.echo(f"{target}: {counted(changed, 'line')} changed")


@transcript.command("to-test")
@click.argument("file", type=_FILE)
@click.option("--driver", help=_DRIVER_HELP)
@click.option("--to", "target", type=_FILE, help="Write it here. [default: test_FILE.py beside it]")
def to_test(file: Path, driver: str | None, target: Path | None) -> None:
    """Write a regression test: the driver has to say the same bytes again, and read the same.

    It replays the transcript strictly to the real driver, on a pseudo-terminal, and passes as it
    is.
    """
    import os

    from labframe.errors import LabframeError
    from labframe.regression import regression_test

    found = _loaded(file)
    name = "".join(letter if letter.isalnum() else "_" for letter in file.stem)
    target = target or file.with_name(f"test_{name}.py")
    _refuse_existing(target)
    plugins, wanted, found_by = _plugins(driver or found.header.instrument, target.parent)
    drivers = plugins.drivers()
    if wanted not in drivers:
        raise LabframeError(f"{wanted or 'no driver'}: {plugins.why_no_driver(wanted)}")
    beside = Path(os.path.relpath(file.absolute(), target.absolute().parent))
    text = regression_test(found, drivers[wanted], name=name, file=beside, found_by=found_by)
    target.write_text(text, "utf-8")
    click.echo(f"{target}: run it with pytest")


def _plugins(driver: str, where: Path) -> tuple[Plugins, str, str]:
    """Return where a driver is, its name, and the expression by which a test finds its class."""
    import os

    from labframe.errors import LabframeError
    from labframe.plugins import Plugins

    if not driver.endswith(".py"):
        return Plugins(), driver, ""
    path = Path(driver).absolute()
    plugins = Plugins([path.name], path.parent, entry_points=[], simulate=True)
    names = list(plugins.drivers())
    if len(names) != 1:
        reasons = [one.reason for one in plugins.statuses if one.reason]
        raise LabframeError(f"{driver}: {'; '.join(reasons) or f'it has {len(names)} drivers'}")
    beside = Path(os.path.relpath(path.parent, where.absolute())).as_posix()
    found_by = (
        f"Plugins([{path.name!r}], Path(__file__).parent / {beside!r}, entry_points=[])"
        f".drivers()[{names[0]!r}]"
    )
    return plugins, names[0], found_by


def _checked(file: Path, driver: str | None) -> tuple[list[str], str]:
    """Return what is wrong with a file, and what to say if nothing is."""
    from labframe.cli.values import counted
    from labframe.simulation import reproduces

    found = _loaded(file)
    said = counted(len(found.exchanges), "exchange")
    if found.is_torn:
        said += "; the last line is not whole and was left out"
    plugins, name, _ = _plugins(driver or found.header.instrument, Path())
    simulator = plugins.simulators().get(name)
    if simulator is None:
        if driver is not None:
            return [f"no simulator stands in for a driver {driver!r}"], ""
        return [], f"{said}; there is no simulator of {name!r} to compare it with"
    return reproduces(simulator, found), f"{said}; the simulator of {name} answers the same"


def _about(found: Transcript) -> Iterator[str]:
    import time

    from labframe.cli.values import printable

    header = found.header
    if header.instrument:
        yield f"instrument: {printable(header.instrument)}"
    if header.port is not None:
        port = header.port
        yield f"port: {port.baud} baud {port.bytesize}{printable(port.parity)}{port.stopbits:g}"
    if header.started is not None:
        yield f"started: {time.strftime('%Y-%m-%d %H:%M:%S', time.localtime(header.started))}"
    if header.simulate:
        yield f"simulate: {printable(str(dict(header.simulate)))}"
    if header.note:
        yield f"note: {printable(header.note)}"
    for key, value in header.more.items():
        yield f"{printable(key)}: {printable(str(value))}"
    if found.is_torn:
        yield "Attention: the last line is not whole and was left out"


def _gap(gap_s: float) -> str:
    if gap_s >= 1:
        return f"+{gap_s:.2f} s"
    return f"+{gap_s * 1000:.2f} ms"


def _shown(entry: Entry) -> str:
    from labframe.cli.values import printable
    from labframe.transcripts import Chunk, escaped

    if isinstance(entry, Chunk):
        return f"{'>' if entry.sent else '<'} {escaped(entry.data)}"
    return f"! {printable(entry.event)}" + (f": {printable(entry.text)}" if entry.text else "")


def _loaded(file: Path) -> Transcript:
    from labframe.transcripts import Transcript

    return Transcript.load(file)


def _refuse_existing(file: Path) -> None:
    if file.exists():
        raise FileExistsError(f"{file} exists already; nothing is written over")
