"""What ``labframe push`` shows: the commands of a host, what one takes, what came of it."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from typing import Any

import click

from labframe.cli.arguments import brief, facts
from labframe.cli.hosts import Target
from labframe.cli.tables import aligned, show
from labframe.cli.values import printable
from labframe.client import ArgumentDescription, HostDescription, MethodDescription
from labframe.client.methods import notes, returned_in_words
from labframe.client.schemas import in_words, shown
from labframe.nearest import did_you_mean

__all__ = ["listing", "method_help", "returned"]


def listing(description: HostDescription | None, target: Target, *, as_json: bool) -> None:
    """Print the commands of a host."""
    if description is None:
        raise click.ClickException(
            f"{target} is not a labframe host: another push socket, which does not say what it "
            "takes. Name a METHOD and its arguments"
        )
    methods = description.methods.values()
    if as_json:
        click.echo(json.dumps([dataclasses.asdict(one) for one in methods]))
        return
    commands = [one for one in methods if one.is_command]
    readings = [one.method for one in methods if not one.is_command]
    click.echo(printable(f"{description.host}: labframe {description.version}"))
    if commands:
        click.echo()
        show(("command", "arguments", "what"), [_row(one) for one in commands])
    if readings:
        click.echo()
        click.echo(printable(f"To have a reading taken now: {', '.join(readings)}."))
    if not methods:
        click.echo("It has no commands.")


def _row(method: MethodDescription) -> list[str]:
    what = facts(
        doc=method.doc or method.label,
        unit=_unit_of_safe_value(method),
        dangerous=method.is_dangerous,
        safe_value=method.safe_value,
        read_back=method.read_back,
        after_reconnect=method.after_reconnect,
    )
    arguments = ", ".join(map(brief, method.arguments))
    return [printable(text) for text in (method.method, arguments, what)]


def _unit_of_safe_value(method: MethodDescription) -> str:
    return method.arguments[0].unit if len(method.arguments) == 1 else ""


def method_help(
    ctx: click.Context, description: HostDescription | None, target: Target, name: str
) -> None:
    """Print what a method takes and returns."""
    if description is None:
        raise click.ClickException(f"{target} is not a labframe host, and does not describe {name}")
    method = description.method(name)
    if method is None:
        there = did_you_mean(name, description.methods)
        raise click.ClickException(printable(f"{target} has no method {name!r}{there}"))
    instrument = description.instruments[method.method.partition(".")[0]]
    formatter = ctx.make_formatter()
    usage = " ".join(map(_usage, method.arguments))
    formatter.write_usage(f"{ctx.command_path} {target}", printable(f"{name} {usage}".rstrip()))
    formatter.write_paragraph()
    with formatter.indentation():
        formatter.write_text(printable(method.doc or method.label or method.name))
    if method.arguments:
        with formatter.section("Arguments"):
            formatter.write_dl([_argument(one) for one in method.arguments])
    told = returned_in_words(method, instrument.unit_of(method))
    if told:
        with formatter.section("Returns"):
            formatter.write_text(printable(told))
    for note in notes(method):
        formatter.write_paragraph()
        with formatter.indentation():
            formatter.write_text(note)
    click.echo(formatter.getvalue(), nl=False)


def _usage(argument: ArgumentDescription) -> str:
    text = f"{argument.name}=VALUE"
    return text if argument.is_required else f"[{text}]"


def _argument(argument: ArgumentDescription) -> tuple[str, str]:
    end = "required" if argument.is_required else f"default: {shown(argument.default)}"
    return printable(argument.name), printable(f"{in_words(argument.schema)}  [{end}]")


def returned(
    value: Any, unit: str, *, method: str, identity: str, options: Mapping[str, Any]
) -> None:
    """Print what a command returned.

    Args:
        value: What it returned.
        unit: Its unit; empty if it has none.
        method: The command.
        identity: Its id.
        options: Those of the command line.
    """
    if options["as_json"]:
        found = {"method": method, "id": identity, "returned": value, "unit": unit}
        click.echo(json.dumps(found))
    elif options["dry_run"] and isinstance(value, dict):
        _show_dry_run(value)
    elif value is None:
        click.echo("done")
    else:
        text = value if isinstance(value, str) else json.dumps(value)
        click.echo(printable(f"{text} {unit}".rstrip()))


def _show_dry_run(value: Mapping[str, Any]) -> None:
    interlocks = value.get("interlocks")
    names = ", ".join(map(str, interlocks)) if isinstance(interlocks, list) else ""
    rows = [
        ["would send", str(value.get("would_send", ""))],
        ["to", str(value.get("to", ""))],
        ["interlocks", names or "none"],
    ]
    for line in aligned([[printable(cell) for cell in row] for row in rows]):
        click.echo(line)
