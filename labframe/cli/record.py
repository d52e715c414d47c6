"""``labframe record``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from labframe.line import SerialLine

__all__ = ["record"]


@click.command()
@click.argument("port", required=False, metavar="PORT")
@click.option(
    "--to", "file", type=click.Path(path_type=Path, dir_okay=False),
    help="Write the transcript here; with --last: [default: print it]",
)  # fmt: skip
@click.option("--driver", help="Set the port as this installed driver declares.")
@click.option("--baudrate", type=int, help="Until the program sets another. [default: 9600]")
@click.option("--bytesize", type=int, help="Data bits. [default: 8]")
@click.option("--parity", help="N, E, O, M or S. [default: N]")
@click.option("--stopbits", type=float, help="1, 1.5 or 2. [default: 1]")
@click.option(
    "--last", metavar="INSTRUMENT",
    help="Fetch what the running host of CONFIG (in the place of PORT; lab.toml where none is "
    "named) still has of this instrument's line.",
)  # fmt: skip
@click.option(
    "--state-dir", type=click.Path(path_type=Path, file_okay=False),
    help="With --last: that of the running host. [default: as CONFIG says]",
)  # fmt: skip
def record(
    port: str | None,
    file: Path | None,
    last: str | None,
    state_dir: Path | None,
    driver: str | None,
    **settings: Any,
) -> None:
    """Record what another program and an instrument say to each other.

    It sits between the program and PORT, a path or a URL. The first line of the output is the path
    of a port, alone: have the program open that one. Bytes are forwarded at once, and written to
    the file with their times; the baud rate that the program sets is set on PORT. It runs until
    Ctrl-C.

    With --last a running host gives the last minutes of a line, without any preparation.

    \b
    Exit codes:
      0  it was stopped, or the last minutes were fetched
      1  PORT cannot be opened, the file exists or cannot be written, or no such host runs
    """  # noqa: D301  # \b is the character by which click keeps the lines
    if last is not None:
        _fetch(last, Path(port or "lab.toml"), state_dir, file)
        return
    if port is None or file is None:
        raise click.UsageError("write: labframe record PORT --to FILE")
    _relay(port, file, _settings(driver, settings), driver or "")


def _fetch(instrument: str, config: Path, state_dir: Path | None, file: Path | None) -> None:
    from labframe.cli.configured import state_dir_of
    from labframe.host.control import request
    from labframe.transcripts import Transcript

    asked = {"request": "flight", "instrument": instrument}
    text = str(request(state_dir_of(config, state_dir), asked))
    if file is None:
        click.echo(text, nl=False)
        return
    if file.exists():
        raise FileExistsError(f"{file} exists already; nothing is written over")
    transcript = Transcript.loads(text)
    transcript.save(file)
    entries = transcript.entries
    seconds = entries[-1].time_s if entries else 0.0
    click.echo(f"{file}: {len(transcript.chunks)} chunks of the last {seconds:.0f} s")


def _settings(driver: str | None, given: dict[str, Any]) -> SerialLine:
    import dataclasses

    from labframe.errors import LabframeError
    from labframe.line import SerialLine
    from labframe.plugins import Plugins

    settings = SerialLine()
    if driver is not None:
        plugins = Plugins()
        known = plugins.drivers()
        if driver not in known:
            raise LabframeError(f"{driver}: {plugins.why_no_driver(driver)}")
        line = known[driver].line
        if line is None:
            raise LabframeError(f"{driver}: this driver has no serial line")
        settings = line
    return dataclasses.replace(
        settings, **{key: value for key, value in given.items() if value is not None}
    )


def _relay(port: str, file: Path, settings: SerialLine, driver: str) -> None:
    from queue import SimpleQueue

    from labframe.cli.stops import Stop, stops_posted
    from labframe.errors import LabframeError
    from labframe.relay import Relay

    def say(text: str) -> None:
        click.echo(text, err=True)

    mail: SimpleQueue[Stop] = SimpleQueue()
    with (
        stops_posted(mail),
        Relay(port, settings, file, instrument=driver, said=say) as relay,
    ):
        click.echo(relay.url)
        say(f"What goes between there and {port} is recorded in {file}, until Ctrl-C.")
        mail.get()
    say("Stopped; the port is removed.")
    if relay.failure:
        raise LabframeError(relay.failure)
