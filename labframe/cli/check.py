"""``labframe check``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from labframe.cli.check_commands import commands_as_json, notes, show_commands
from labframe.cli.check_described import described, show_described
from labframe.cli.configured import config_argument
from labframe.cli.values import counted, pace

if TYPE_CHECKING:
    from labframe.config import NetworkConfig
    from labframe.host.draft import Draft
    from labframe.plan import PlannedInstrument

__all__ = ["check"]


@click.command()
@config_argument
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")
@click.pass_context
def check(ctx: click.Context, config: Path, as_json: bool) -> None:
    """Say what a configuration means, without opening anything.

    What will be polled and how often, under which codename and on which port it will be served,
    which commands there are, what guards them, and who can reach all that. Of an instrument that is
    described in the file, what is sent and what the answer must look like. All that is wrong is
    named at once.

    \b
    Exit codes:
      0  it can be run
      1  something is wrong with it
    """  # noqa: D301  # \b is the character by which click keeps the lines
    import json

    from labframe.config import ConfigurationError
    from labframe.host.draft import Draft

    try:
        draft = Draft(config)
    except ConfigurationError as error:
        if as_json:
            click.echo(json.dumps({"ok": False, "problems": error.problems}))
        else:
            for problem in error.problems:
                click.echo(problem, err=True)
            many = counted(len(error.problems), "problem")
            click.echo(f"{many}; nothing was opened.", err=True)
        ctx.exit(1)
    if as_json:
        click.echo(json.dumps({"ok": True, **_as_json(draft)}))
    else:
        _show(config, draft)


def _rows(draft: Draft) -> list[list[str]]:
    sockets = {c.codename: one.port for one in draft.sockets for c in one.channels}
    rows = [
        [
            instrument.name,
            instrument.driver.driver,
            _where(instrument),
            output.codename,
            output.unit or "",
            pace(reading.every, is_pushed=reading.declaration.pushed),
            f"{output.stale_after:g} s",
            _port(sockets[output.codename]),
        ]
        for instrument in draft.plan.instruments
        for reading in instrument.readings
        for output in reading.outputs
    ]
    return rows + [
        [
            producer.name,
            f"plugin {producer.plugin}",
            "",
            channel.codename,
            channel.unit or "",
            "",
            f"{channel.stale_after:g} s",
            _port(sockets[channel.codename]),
        ]
        for producer in draft.producers
        for channel in producer.channels
    ]


def _where(instrument: PlannedInstrument) -> str:
    config, settings = instrument.config, instrument.settings
    text = "" if config.port is None else str(config.port)
    if settings is not None:
        mode = f"{settings.bytesize}{settings.parity}{settings.stopbits:g}"
        text += f" ({settings.baudrate} baud {mode})"
    if config.address is not None:
        text += f" address {config.address}"
    return text


def _port(port: int) -> str:
    return f"UDP {port}" if port else "UDP (free)"


def _show(config: Path, draft: Draft) -> None:
    from labframe.cli.tables import show

    plan, network = draft.plan, draft.config.network
    many = sum(len(one.channels) for one in draft.sockets)
    click.echo(
        f"{config}: {counted(len(plan.instruments), 'instrument')} on "
        f"{counted(len(plan.lines), 'line')}, {counted(many, 'codename')}"
    )
    click.echo()
    headers = ("instrument", "driver", "port", "codename", "unit", "every", "old after", "served")
    show(headers, _rows(draft))
    click.echo()
    show_commands(draft)
    show_described(draft)
    for one in draft.sockets:
        click.echo(
            f"{_port(one.port)} on {network.listen}: {one.kind} pull socket {one.name!r} with "
            f"{counted(len(one.channels), 'codename')}; {_who(network.listen)}"
        )
    commands = sum(len(one.commands) for one in plan.instruments)
    if commands and network.push_port is not False:
        click.echo(
            f"{_port(network.push_port)} on {network.listen}: push socket with "
            f"{counted(commands, 'command')}; {_who_commands(network)}"
        )
    if network.live_server:
        click.echo(f"Live values are sent to {network.live_server}.")
    for name in plan.disabled:
        click.echo(f"[instrument.{name}] is switched off.")
    for status in draft.plugins.statuses:
        if status.reason:
            click.echo(f"plugin {status.name} ({status.condition}): {status.reason}")
    for text in (*notes(draft), *_absent(draft)):
        click.echo(text)


def _who_commands(network: NetworkConfig) -> str:
    if network.unsigned_commands == "allow" and not _is_own(network.listen):
        return 'whoever reaches it can send them ([network] unsigned_commands = "allow")'
    return "only programs on this computer can send them"


def _is_own(listen: str) -> bool:
    return listen in ("127.0.0.1", "::1", "localhost")


def _who(listen: str) -> str:
    if _is_own(listen):
        return "only programs on this computer can reach it ([network] listen)"
    everywhere = listen in ("0.0.0.0", "::", "")
    return (
        "every computer that reaches this one can read it"
        if everywhere
        else f"every computer that reaches {listen} can read it"
    )


def _absent(draft: Draft) -> list[str]:
    """Return which ports are not there now: no mistake, they are waited for."""
    from labframe.errors import LineError
    from labframe.line import resolve

    texts = []
    for line in draft.plan.lines:
        if line.settings is None or line.port is None:
            continue
        try:
            resolve(line.port)
        except LineError as error:
            names = ", ".join(one.name for one in line.instruments)
            texts.append(f"{names}: not there now (it is waited for): {error}")
    return texts


def _as_json(draft: Draft) -> dict[str, object]:
    keys = ("instrument", "driver", "port", "codename", "unit", "every", "old_after", "served")
    return {
        "codenames": [dict(zip(keys, row, strict=True)) for row in _rows(draft)],
        "listen": draft.config.network.listen,
        "sockets": [
            {"kind": one.kind, "name": one.name, "port": one.port} for one in draft.sockets
        ],
        "disabled": list(draft.plan.disabled),
        **commands_as_json(draft),
        "in_words": described(draft),
        "plugins": [f"{s.name}: {s.reason}" for s in draft.plugins.statuses if s.reason],
    }
