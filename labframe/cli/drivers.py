"""``labframe drivers``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from labframe.cli.arguments import brief, declared, facts
from labframe.cli.values import pace

if TYPE_CHECKING:
    from labframe.instrument import CommandDeclaration, Instrument, ReadingDeclaration

__all__ = ["drivers"]


@click.command()
@click.argument("driver", required=False, metavar="[DRIVER]")
@click.option(
    "--config", type=click.Path(path_type=Path, dir_okay=False),
    help="A configuration, whose own plugins are shown as well.",
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")
def drivers(driver: str | None, config: Path | None, as_json: bool) -> None:
    """Show the drivers and what each publishes: readings, units, commands.

    With DRIVER one of them, with its line, options and channels.
    """
    import json

    from labframe.config import load, no_driver
    from labframe.errors import LabframeError
    from labframe.plugins import Plugins

    if config is None:
        found = Plugins()
    else:
        loaded = load(config, fixed_drivers=no_driver)
        found = Plugins(loaded.plugins, loaded.directory, loaded.host.blocked_plugins)
    classes = dict(sorted(found.drivers().items()))
    if driver is not None and driver not in classes:
        raise LabframeError(f"{driver}: {found.why_no_driver(driver)}")
    chosen = classes if driver is None else {driver: classes[driver]}
    if as_json:
        click.echo(json.dumps({name: _described(one) for name, one in chosen.items()}))
        return
    simulated = found.simulators()
    for name, one in chosen.items():
        doc = (one.__doc__ or "").strip().partition("\n")[0]
        click.echo(f"{name}: {doc}" + (" (with simulator)" if name in simulated else ""))
        if driver is not None:
            _show_line(one)
        _show_readings(one)
        click.echo()


def _show_line(driver: type[Instrument]) -> None:
    line = driver.line
    if line is None:
        click.echo("  no serial line of its own")
    else:
        mode = f"{line.bytesize}{line.parity}{line.stopbits:g}"
        click.echo(f"  line: {line.baudrate} baud {mode}")
    if driver.protocol:
        click.echo(f"  protocol: {driver.protocol}")
    if driver.options:
        click.echo(f"  options: {', '.join(f'{k} = {v!r}' for k, v in driver.options.items())}")
    if driver.own_keys is not None:
        click.echo(f"  readings and commands are those of its section: {_own_keys(driver)}")
    if driver.channels:
        click.echo(f"  channels: {', '.join(driver.channels)}")


def _own_keys(driver: type[Instrument]) -> str:
    keys = driver.own_keys
    assert keys is not None
    kinds = (("", keys.instrument), ("reading.NAME", keys.reading), ("command.NAME", keys.command))
    return "; ".join(
        f"{f'[{place}] ' if place else ''}{', '.join(kind.__struct_fields__)}"
        for place, kind in kinds
        if kind is not None
    )


def _show_readings(driver: type[Instrument]) -> None:
    from labframe.cli.tables import show

    rows = [row for one in driver.readings().values() for row in _reading_rows(one)]
    rows += [_command_row(one) for one in driver.commands().values()]
    if rows:
        show(("  publishes", "unit", "every", "what"), [[f"  {row[0]}", *row[1:]] for row in rows])


def _command_row(one: CommandDeclaration) -> list[str]:
    arguments = ", ".join(brief(argument) for argument in declared(one))
    what = facts(
        doc=one.doc,
        unit=(one.arguments[0].unit or "") if len(one.arguments) == 1 else "",
        dangerous=one.dangerous,
        safe_value=one.safe_value,
        read_back=one.read_back and f"NAME_{one.read_back}",
        after_reconnect=one.after_reconnect,
    )
    return [f"{one.name}({arguments})", one.return_unit or "", "command", what]


def _reading_rows(one: ReadingDeclaration) -> list[list[str]]:
    shown = pace(one.every, is_pushed=one.pushed)
    if one.sweep:
        shown += f", sweep over {one.x_unit}"
    elif one.x_unit is not None:
        shown += f", over {one.x_unit}"
    if one.parts:
        return [[f"NAME_{part.name}", part.unit or "", shown, one.doc] for part in one.parts]
    name = "NAME_CHANNEL" if one.channels else f"NAME_{one.name}"
    return [[name, one.unit or "", shown, one.doc]]


def _described(driver: type[Instrument]) -> dict[str, Any]:
    return {
        "doc": (driver.__doc__ or "").strip().partition("\n")[0],
        "options": dict(driver.options),
        "channels": list(driver.channels),
        "readings": {
            name: {
                "unit": one.unit,
                "parts": {part.name: part.unit for part in one.parts},
                "every": one.every,
                "stale_after": one.stale_after,
                "sweep": one.sweep,
                "x_unit": one.x_unit,
                "channels": one.channels,
                **({"pushed": True} if one.pushed else {}),
                "doc": one.doc,
            }
            for name, one in driver.readings().items()
        },
        "commands": {name: _described_command(one) for name, one in driver.commands().items()},
    }


def _described_command(one: CommandDeclaration) -> dict[str, Any]:
    return {
        "arguments": {
            argument.name: {
                "unit": argument.unit,
                "limits": argument.limits,
                "choices": list(argument.choices),
                "required": argument.required,
                "default": argument.default,
            }
            for argument in one.arguments
        },
        "schema": one.schema(),
        "returns": one.returned_schema(),
        "dangerous": one.dangerous,
        "safe_value": one.safe_value,
        "read_back": one.read_back,
        "after_reconnect": one.after_reconnect,
        "doc": one.doc,
    }
