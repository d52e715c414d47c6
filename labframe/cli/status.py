"""``labframe status``."""

from __future__ import annotations

import dataclasses
import json
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from labframe.cli.hosts import DATE_PORT, Target, target_of
from labframe.cli.tables import show
from labframe.cli.values import age_in_words, printable, unit_in_words
from labframe.errors import UnexpectedAnswer

if TYPE_CHECKING:
    from labframe.client import PullClient
    from labframe.client.status import HostStatus, InstrumentStatus
    from labframe.points import Point

__all__ = ["status"]


@click.command()
@click.argument("host", type=target_of)
@click.option(
    "--port", type=int, help=f"UDP port of one of its pull sockets. [default: {DATE_PORT}]"
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")
@click.pass_context
def status(ctx: click.Context, host: Target, port: int | None, as_json: bool) -> None:
    """Show how the instruments of a host are.

    Each with its state, since when, its last error, reconnects and how late its polls are (in 99 of
    100 cases at most); then its codenames and the sockets that serve them, the queues of the sinks,
    and what is wrong with plugins. Of a pull socket that is none of a labframe host, what it says
    of itself is shown.

    \b
    Exit codes:
      0  all is well (an instrument that is switched off is well)
      1  the host does not answer
      3  an instrument, a codename, a sink or a plugin is not well
    """  # noqa: D301  # \b is the character by which click keeps the lines
    from labframe.client.status import read_status  # here, so that --help is quick

    target = host.with_port(port)
    try:
        found = read_status(target.host, target.port or DATE_PORT)
    except UnexpectedAnswer as error:
        is_well = _show_other(Target(target.host, target.port or DATE_PORT), error, as_json)
    else:
        is_well = found.is_well
        if as_json:
            click.echo(json.dumps({"labframe": True, **dataclasses.asdict(found)}))
        else:
            _show(found, time.time())
    if not is_well:
        ctx.exit(3)


def _show(host: HostStatus, now: float) -> None:
    sockets = ", ".join(f"{one.name} (UDP {one.port}, {one.kind})" for one in host.sockets)
    click.echo(printable(f"{host.host}: labframe {host.version}; {sockets}"))
    click.echo()
    headers = (
        "instrument", "driver, socket", "state", "since, age", "reconnects", "late", "last error",
    )  # fmt: skip
    rows = [row for instrument in host.instruments for row in _rows(instrument, now)]
    show(headers, [[printable(cell) for cell in row] for row in rows])
    if host.sinks:
        click.echo()
        show(
            ("sink", "queued", "dropped", "error"),
            [
                [printable(one.name), str(one.queued), str(one.dropped), printable(one.error or "")]
                for one in host.sinks
            ],
        )
    for text in host.plugins:
        click.echo(f"plugin: {printable(text)}")


def _rows(instrument: InstrumentStatus, now: float) -> Iterator[list[str]]:
    since = "" if instrument.since is None else age_in_words(now - instrument.since)
    late = instrument.late_p99_ms
    yield [
        instrument.name,
        instrument.driver,
        instrument.state,
        since,
        str(instrument.reconnects),
        "" if late is None else f"{late:.1f} ms",
        instrument.error or "",
    ]
    for name, one in instrument.codenames.items():
        unit = unit_in_words(one.unit)
        yield [
            f"  {name} [{unit}]" if unit else f"  {name}",
            f"UDP {one.socket}",
            "on demand" if one.on_demand and one.quality == "never" else one.quality,
            age_in_words(one.age),
            *[""] * 3,
        ]


def _show_other(target: Target, error: UnexpectedAnswer, as_json: bool) -> bool:
    """Show what another pull socket says of itself; return whether it is well.

    Raises:
        UnexpectedAnswer: ``error``, if it is no pull socket either.
    """
    from labframe.client import PullClient

    assert target.port is not None
    with PullClient(target.host, target.port) as client:
        try:
            name, own = client.name(), client.status()
        except UnexpectedAnswer:
            raise error from None
        if _knows_instruments(client):  # then it is a host, and its answer is wrong
            raise error
    found = own.get("socket_server_status")
    sockets = {
        port: one
        for port, one in (found.items() if isinstance(found, dict) else ())
        if isinstance(one, dict)
    }
    if as_json:
        click.echo(json.dumps({"labframe": False, "name": name, "status": own}))
    else:
        click.echo(f"{error}. It says of itself:\n\nname: {printable(name)}\n")
        _show_sockets(sockets)
        _show_computer(own.get("system_status"))
    return all(one.get("status") != "INACTIVE" for one in sockets.values())


def _knows_instruments(client: PullClient[Point]) -> bool:
    try:
        client.ask("instruments")
    except UnexpectedAnswer:
        return False
    return True


def _show_sockets(sockets: dict[str, dict[str, Any]]) -> None:
    rows = []
    for port, one in sockets.items():
        since = one.get("since_last_activity")
        texts = (port, *(one.get(key, "") for key in ("name", "type", "status")))
        age = age_in_words(since) if isinstance(since, (int, float)) else ""
        rows.append([*(printable(str(text)) for text in texts), age])
    show(("UDP port", "name", "kind", "state", "last activity"), rows)


def _show_computer(items: object) -> None:
    click.echo()
    for name, value in items.items() if isinstance(items, dict) else ():
        if value is not None:
            click.echo(printable(f"{name}: {value}"))
