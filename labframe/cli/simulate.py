"""``labframe simulate``."""

from __future__ import annotations

import signal
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING

import click
from click.shell_completion import CompletionItem

from labframe.cli.stops import Stop, stops_posted

if TYPE_CHECKING:
    from labframe.simulation import FaultySimulator, PtyCarrier, SimulatedInstrument

__all__ = ["simulate"]


def _complete_driver(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    from labframe.cli.simulators import simulators

    del ctx, param
    names = [CompletionItem(name) for name in simulators() if name.startswith(incomplete)]
    return names or [CompletionItem(incomplete, type="file")]


def _complete_setting(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    from labframe.cli.simulators import simulator
    from labframe.simulation import SimulationError

    del param
    # Click has not come to the argument yet when the option is the last word.
    driver = ctx.params.get("driver") or next(iter(ctx.args), "")
    try:
        known = simulator(driver).settables()
    except SimulationError:
        return []
    return [
        CompletionItem(f"{name}=", help=settable.doc)
        for name, settable in known.items()
        if name.startswith(incomplete)
    ]


def _complete_fault(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    from labframe.simulation.fault_text import completions

    del ctx, param
    return [CompletionItem(text, help=doc) for text, doc in completions(incomplete)]


@click.command()
@click.argument("driver", required=False, metavar="DRIVER", shell_complete=_complete_driver)
@click.option(
    "--set", "values", multiple=True, metavar="KEY=VALUE", shell_complete=_complete_setting,
    help="Begin with this value. May be given several times.",
)  # fmt: skip
@click.option(
    "--fault", "faults", multiple=True, metavar="NAME:VALUE,KEY=VALUE",
    shell_complete=_complete_fault,
    help="Begin with this fault, such as truncate:3,times=2. May be given several times.",
)  # fmt: skip
@click.option("--seed", default=0, help="Where the chance of faults begins.", show_default=True)
@click.option("--name", help="The name in the link usb-NAME-if00-port0. [default: the simulator's]")
@click.option(
    "--directory", type=click.Path(path_type=Path, file_okay=False),
    help="Make the link here. [default: a new directory for temporary files]",
)  # fmt: skip
@click.option("--list", "only_list", is_flag=True, help="Show the values that can be set, and end.")
@click.option(
    "--faults", "only_faults", is_flag=True, help="Show the faults that there are, and end."
)
def simulate(
    driver: str | None,
    values: tuple[str, ...],
    faults: tuple[str, ...],
    seed: int,
    name: str | None,
    directory: Path | None,
    only_list: bool,
    only_faults: bool,
) -> None:
    """Run a simulated instrument on a port of its own.

    DRIVER is the name of a driver that is installed, or the path of a file: a simulator's, a
    driver's with its simulator beside it, or a configuration; lab.toml:cryo is one of its
    instruments.

    The first line of the output is the path of the port, alone: any program can open it. It runs
    until Ctrl-C or SIGTERM, and then removes its link.

    While it runs, type KEY=VALUE to change a value, ? to see them all, unplug to pull the cable,
    replug to put it back. "fault NAME VALUE KEY=VALUE" makes an answer go wrong (with times=always
    each one), "faults" shows the faults that are active, "unfault NAME" and "clear" end them. The
    end of the input changes nothing.

    \b
    Exit codes:
      0  it was stopped
      1  there is no such simulator, or it refuses a value or a fault
    """  # noqa: D301  # \b is the character by which click keeps the lines
    from labframe.cli.settings import parted  # here, so that --help is quick
    from labframe.cli.simulators import simulator, simulators, start_values

    if only_faults:
        _show_faults(None if driver is None else simulator(driver))
        return
    if driver is None:
        raise click.UsageError(f"DRIVER is missing. There are: {', '.join(simulators())}")
    kind = simulator(driver)
    if only_list:
        _show_values(kind)
    else:
        state = {**start_values(driver), **dict(map(parted, values))}
        _run(kind(**state), faults, seed, name, directory)


def _run(
    instrument: SimulatedInstrument,
    faults: tuple[str, ...],
    seed: int,
    name: str | None,
    directory: Path | None,
) -> None:
    from labframe.cli.typed import lines_posted
    from labframe.simulation import FaultySimulator, PtyCarrier, SimulationError
    from labframe.simulation.fault_text import inject_text

    mail: SimpleQueue[Stop | str] = SimpleQueue()
    if hasattr(signal, "SIGTTIN"):  # started with & it must not stop for want of a keyboard
        signal.signal(signal.SIGTTIN, signal.SIG_IGN)
    if directory is not None:
        directory.mkdir(parents=True, exist_ok=True)
    faulty = FaultySimulator(instrument, seed)
    with stops_posted(mail), PtyCarrier(faulty, directory, name) as carrier:
        for fault in faults:
            inject_text(faulty, fault)
        click.echo(carrier.url)
        click.echo(_what_to_do(instrument.driver, carrier.url), err=True)
        lines_posted(mail)
        while not isinstance(line := mail.get(), Stop):
            try:
                click.echo(_obey(line, carrier, faulty), err=True)
            except SimulationError as error:
                click.echo(f"Error: {error}", err=True)
    click.echo("Stopped; the link is removed.", err=True)


def _what_to_do(driver: str, url: str) -> str:
    return (
        f"A simulated {driver} answers there until Ctrl-C. In a configuration:\n\n"
        f'  [instrument.{driver}]\n  driver = "{driver}"\n  port = "{url}"\n\n'
        "Type KEY=VALUE to change a value, ? to see them all, unplug, replug, fault NAME, faults."
    )


def _obey(line: str, carrier: PtyCarrier, faulty: FaultySimulator) -> str:
    """Do what a typed line asks for, and return what to say."""
    from labframe.cli.settings import change, written
    from labframe.simulation.fault_text import obey_about_faults

    instrument = faulty.simulator
    if line == "?":
        values = {key: getattr(instrument, key) for key in instrument.settables()}
        return "\n".join(f"{key} = {written(value)}" for key, value in values.items())
    if line == "unplug":
        carrier.unplug()
        return "The cable is out."
    if line == "replug":
        carrier.replug()
        return f"The cable is in: {carrier.url} leads to {carrier.device}."
    said = obey_about_faults(faulty, line)
    return change(instrument, line) if said is None else said


def _show_values(kind: type[SimulatedInstrument]) -> None:
    from labframe.cli.settings import allowed, written
    from labframe.cli.tables import show

    show(
        ("key", "default", "allowed", "what it is"),
        [
            [key, written(settable.default), allowed(settable), settable.doc]
            for key, settable in kind.settables().items()
        ],
    )


def _show_faults(kind: type[SimulatedInstrument] | None) -> None:
    from labframe.cli.tables import show
    from labframe.simulation import FAULTS
    from labframe.simulation.fault_text import parameters_text

    instrument = None if kind is None else kind()
    show(
        ("fault", "parameters", "what happens"),
        [
            [fault.name, parameters_text(fault), fault.doc]
            for fault in FAULTS.values()
            if instrument is None or fault.lacking(instrument) is None
        ],
    )
