"""``labframe get``."""

from __future__ import annotations

import json
import time

import click
from click.shell_completion import CompletionItem

from labframe.cli.hosts import PORT_HELP, Seen, Source, Target, target_of
from labframe.cli.tables import aligned
from labframe.cli.values import age_in_words, printable, unit_in_words
from labframe.errors import ClientError
from labframe.protocol.pull import OLD_DATA

__all__ = ["get"]


def _complete_codename(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Ask the host, but not for long: somebody waits with a finger on the key."""
    del param
    try:
        target: Target = ctx.params["host"].with_port(ctx.params.get("port"))
        seen = Source(target, timeout=0.3, retries=0).read()
    except (ClientError, ValueError, click.ClickException):
        return []
    return [
        CompletionItem(name, help=one.unit or None)
        for name, one in seen.items()
        if name.startswith(incomplete)
    ]


@click.command()
@click.argument("host", type=target_of)
@click.argument("codenames", nargs=-1, metavar="[CODENAME]...", shell_complete=_complete_codename)
@click.option("--port", type=int, help=PORT_HELP)
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")
@click.pass_context
def get(
    ctx: click.Context,
    host: Target,
    codenames: tuple[str, ...],
    port: int | None,
    as_json: bool,
) -> None:
    """Print the newest points of a host.

    Those of all its codenames, or of the named ones. HOST is a name or an address; HOST:PORT asks
    one port only, as --port does.

    \b
    Exit codes:
      0  every value is there and fresh
      1  the host does not answer, or has no such codename
      3  some value is OLD_DATA: older than its timeout
    """  # noqa: D301  # \b is the character by which click keeps the lines
    target = host.with_port(port)
    seen = Source(target).read()
    unknown = [name for name in codenames if name not in seen]
    if unknown:
        raise click.ClickException(
            f"{target} has no codename {', '.join(unknown)}; it has {', '.join(seen)}"
        )
    chosen = {name: seen[name] for name in codenames or seen}
    if as_json:
        click.echo(json.dumps({name: one.point or OLD_DATA for name, one in chosen.items()}))
    else:
        now = time.time()
        for line in aligned([_row(name, one, now) for name, one in chosen.items()]):
            click.echo(line)
    if any(one.point is None for one in chosen.values()):
        ctx.exit(3)


def _row(name: str, seen: Seen, now: float) -> list[str]:
    if seen.point is None:
        return [printable(name), OLD_DATA]
    value = f"{printable(str(seen.point.y))} {unit_in_words(seen.unit)}".rstrip()
    age_s = seen.age_s(now)
    when = f"at x = {seen.point.x}" if age_s is None else f"{age_in_words(age_s)} ago"
    return [printable(name), value, printable(when)]
