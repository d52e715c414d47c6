"""``labframe push``."""

from __future__ import annotations

import shlex
import sys
import uuid
from typing import TYPE_CHECKING, Any, Final, NoReturn

import click
from click.core import ParameterSource

from labframe.cli.arguments import converted, parted
from labframe.cli.hosts import Target, target_of
from labframe.cli.push_completion import complete_argument, complete_method
from labframe.cli.values import printable
from labframe.errors import CommandFailed, CommandRefused, NoAnswer, OutcomeUnknown

if TYPE_CHECKING:
    from labframe.client import HostDescription, MethodDescription

__all__ = ["push"]

_PORT: Final = 8500
_OUTCOME_UNKNOWN: Final = 3


@click.command(add_help_option=False)
@click.argument("host", type=target_of, required=False, metavar="HOST")
@click.argument("method", required=False, metavar="[METHOD]", shell_complete=complete_method)
@click.argument("arguments", nargs=-1, metavar="[KEY=VALUE]...", shell_complete=complete_argument)
@click.option(
    "--dry-run", is_flag=True, help="Have it checked, interlocks included, and nothing executed."
)
@click.option(
    "--deadline", type=click.FloatRange(0.001, 600), default=2.0, show_default=True,
    metavar="SECONDS", help="How long the host may take to begin it.",
)  # fmt: skip
@click.option("--id", "identity", metavar="ID", help="Ask again for the outcome of this command.")
@click.option("--yes", is_flag=True, help="Ask nothing, dangerous or not.")
@click.option("--port", type=int, help=f"UDP port of the push socket. [default: {_PORT}]")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")
@click.option(
    "-h", "--help", "wants_help", is_flag=True,
    help="Show this message, or what METHOD takes, and exit.",
)  # fmt: skip
@click.pass_context
def push(
    ctx: click.Context,
    /,
    host: Target | None,
    method: str | None,
    arguments: tuple[str, ...],
    port: int | None,
    **options: Any,
) -> None:
    """Have an instrument of a host do something: send a command.

    METHOD is INSTRUMENT.COMMAND; without it, the commands of the host are listed, and with --help
    behind it, what it takes is shown. A command is sent until an answer comes, and executed once.
    One that is dangerous, or that has a safe value, has to be confirmed on a terminal. HOST is a
    name or an address; HOST:PORT names the port, as --port does.

    To a push socket that is none of a labframe host, the values are sent as JSON or as texts, once.

    \b
    Exit codes:
      0  it was executed, or with --dry-run, it would be
      1  it was refused, or failed, or the host does not answer
      3  it is not known whether it was executed: the line to paste, which asks again, is printed
    """  # noqa: D301  # \b is the character by which click keeps the lines
    if options["wants_help"] and (host is None or method is None):
        click.echo(ctx.get_help())
        return
    if host is None:
        raise click.UsageError("HOST is missing", ctx)
    from labframe.cli import push_shown  # here, so that --help is quick

    target = host.with_port(port)
    if target.port is None:
        target = Target(target.host, _PORT)
    description = _described(target)
    if method is None:
        push_shown.listing(description, target, as_json=options["as_json"])
    elif options["wants_help"]:
        push_shown.method_help(ctx, description, target, method)
    else:
        _send(ctx, target, description, method, parted(arguments), options)


def _described(target: Target) -> HostDescription | None:
    """Ask the host what it has; None if it is another push socket."""
    from labframe.client.description import read_description
    from labframe.client.pages import NoHost

    try:
        return read_description(target.host, target.port or _PORT)
    except NoHost:
        return None


def _send(
    ctx: click.Context,
    target: Target,
    description: HostDescription | None,
    method: str,
    texts: dict[str, str],
    options: dict[str, Any],
) -> None:
    """Send a command and print what came of it."""
    from labframe.cli import push_shown
    from labframe.client import PushClient

    found = None if description is None else description.method(method)
    schemas = {one.name: one.schema for one in found.arguments} if found is not None else {}
    values = {key: converted(text, schemas.get(key)) for key, text in texts.items()}
    identity = options["identity"] or uuid.uuid4().hex
    if found is not None and not options["yes"] and not options["dry_run"]:
        _confirm(found, texts)
    form = "json" if description is None else description.return_format
    with PushClient(target.host, target.port or _PORT, return_format=form) as client:
        try:
            if description is None:
                _refuse_options_of_hosts(ctx, target)
                value = client.call(method, **values)
            else:
                value = client.command(
                    method,
                    _id=identity,
                    _deadline=options["deadline"],
                    _dry_run=options["dry_run"],
                    **values,
                )
        except (OutcomeUnknown, NoAnswer) as error:
            if isinstance(error, NoAnswer) and not error.id and error.__cause__ is not None:
                raise  # nobody is there: it surely was not executed
            again = None if description is None else _again(ctx, identity)
            _end_unknown(ctx, str(error), again)
        except (CommandRefused, CommandFailed) as error:
            raise click.ClickException(printable(str(error))) from error
    unit = "" if description is None else _unit(description, found)
    push_shown.returned(value, unit, method=method, identity=identity, options=options)


def _confirm(method: MethodDescription, texts: dict[str, str]) -> None:
    """Ask a person at a terminal, where the command wants that; ends the program at a no."""
    if not sys.stdin.isatty() or (not method.is_dangerous and method.safe_value is None):
        return
    from labframe.client.methods import notes

    told = ", ".join(f"{key} = {text}" for key, text in texts.items())
    why = " ".join(notes(method))
    click.confirm(printable(f"{method.method}({told}). {why} Send it?"), abort=True, err=True)


def _refuse_options_of_hosts(ctx: click.Context, target: Target) -> None:
    """Refuse what only a host understands: another socket would execute a dry run."""
    for name, option in (
        ("dry_run", "--dry-run"),
        ("deadline", "--deadline"),
        ("identity", "--id"),
    ):
        if ctx.get_parameter_source(name) is ParameterSource.COMMANDLINE:
            raise click.ClickException(
                f"{target} is not a labframe host, and knows no {option}: nothing was sent"
            )


def _unit(description: HostDescription, method: MethodDescription | None) -> str:
    if method is None:
        return ""
    instrument = description.instruments.get(method.method.partition(".")[0])
    return "" if instrument is None else instrument.unit_of(method)


def _again(ctx: click.Context, identity: str) -> str:
    """Return the line that asks for the outcome of the command that was just sent."""
    given = ctx.params
    words = ["labframe", "push", str(given["host"]), given["method"], *given["arguments"]]
    if given["port"] is not None:
        words += ["--port", str(given["port"])]
    for name, option in (("dry_run", "--dry-run"), ("yes", "--yes"), ("as_json", "--json")):
        words += [option] if given[name] else []
    return shlex.join([*words, "--id", identity])


def _end_unknown(ctx: click.Context, text: str, again: str | None) -> NoReturn:
    click.echo(f"Error: {printable(text)}", err=True)
    if again is not None:
        click.echo(f"To ask for its outcome, within ten minutes:\n\n  {again}", err=True)
    ctx.exit(_OUTCOME_UNKNOWN)
