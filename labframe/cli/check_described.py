"""What ``labframe check`` says of instruments whose readings and commands stand in the file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from labframe.cli.arguments import brief, declared

if TYPE_CHECKING:
    from labframe.host.draft import Draft
    from labframe.plan import Output, PlannedInstrument, PlannedReading

__all__ = ["described", "show_described"]


def described(draft: Draft) -> dict[str, dict[str, str]]:
    """Return what each reading and command means, in words, by instrument and name."""
    return {one.name: _words(one) for one in draft.plan.instruments if one.driver.in_words()}


def show_described(draft: Draft) -> None:
    """Print the same; nothing if there is no such instrument."""
    for instrument, words in described(draft).items():
        click.echo(f"{instrument}:")
        for name, text in words.items():
            click.echo(f"  {name}: {text}")
        click.echo()


def _words(instrument: PlannedInstrument) -> dict[str, str]:
    said = instrument.driver.in_words()
    found = {} if "identify" not in said else {"when connecting": said["identify"]}
    found |= {
        one.declaration.name: f"{_pace(one)} {said[one.declaration.name]}; {_published(one)}"
        for one in instrument.readings
        if one.declaration.name in said
    }
    for order in instrument.commands:
        if order.name in said:
            arguments = ", ".join(map(brief, declared(order)))
            call = f"{instrument.name}.{order.name}({arguments})"
            after = (
                "" if order.read_back is None else f"; then {order.read_back} must tell the same"
            )
            found[order.name] = f"{call} {said[order.name]}{after}"
    return found


def _pace(reading: PlannedReading) -> str:
    return "on demand" if reading.every is None else f"every {reading.every:g} s"


def _published(reading: PlannedReading) -> str:
    return f"published as {', '.join(map(_named, reading.outputs))}"


def _named(output: Output) -> str:
    text = output.codename
    if output.unit not in (None, "1"):
        text += f" in {output.unit}"
    if output.scale != 1.0:
        text += f", times {output.scale:g}"
    if output.offset != 0.0:
        text += f", plus {output.offset:g}"
    return f"{text}, old after {output.stale_after:g} s"
