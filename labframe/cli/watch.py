"""``labframe watch``."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import count as counted
from queue import Empty, SimpleQueue
from typing import Final

import click

from labframe.cli.hosts import PORT_HELP, Target, target_of
from labframe.cli.stops import Stop, stops_posted
from labframe.cli.tables import aligned
from labframe.cli.watching import Answered, Watched
from labframe.cli.watching_shown import drawn, entry, lines

__all__ = ["watch"]

_FIRST_S: Final = 2.0
_LATER_S: Final = 0.3
"""How long a round is held back for a host that does not answer at once; the first, and later."""

Show = Callable[[Sequence[Watched]], None]


@click.command()
@click.argument("hosts", nargs=-1, required=True, type=target_of, metavar="HOST...")
@click.option("--port", type=int, help=PORT_HELP)
@click.option(
    "--interval", type=click.FloatRange(0.05), default=1.0, show_default=True,
    help="Seconds between two rounds.",
)  # fmt: skip
@click.option(
    "--count", type=click.IntRange(1), help="End after so many rounds. [default: run until Ctrl-C]"
)
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON for each round.")
def watch(
    hosts: tuple[Target, ...], port: int | None, interval: float, count: int | None, as_json: bool
) -> None:
    """Show the points of hosts as they change.

    With unit, age and the course of the last 30 values. A value that is older than its timeout
    reads "old"; a host that does not answer is shown as such, and comes back by itself. Where the
    output is no terminal, each round prints plain lines.

    The exit code is 0, after Ctrl-C and after the last round.
    """
    watched = [Watched(target.with_port(port)) for target in dict.fromkeys(hosts)]
    mail: SimpleQueue[Stop | Answered] = SimpleQueue()
    with stops_posted(mail), _screen(as_json) as show:
        due = time.monotonic()
        for number in counted(1):
            for host in watched:
                host.ask(mail)
            patience_s = _FIRST_S if number == 1 else min(_LATER_S, interval)
            if not _gathered(mail, watched, due + patience_s, until_all=True):
                return
            show(watched)
            if number == count:
                return
            due = max(due + interval, time.monotonic())
            if not _gathered(mail, watched, due, until_all=False):
                return


def _gathered(
    mail: SimpleQueue[Stop | Answered], hosts: Sequence[Watched], due: float, *, until_all: bool
) -> bool:
    """Take in answers until ``due``, or until all are there; False: somebody wants it to end."""
    while not (until_all and not any(host.is_asked for host in hosts)):
        try:
            item = mail.get(timeout=max(due - time.monotonic(), 0.0))
        except Empty:
            return True
        if isinstance(item, Stop):
            return False
        item.host.take(item)
    return True


@contextmanager
def _screen(as_json: bool) -> Iterator[Show]:
    """Give what shows a round: as JSON, as plain lines, or as a table that stays in its place."""
    if as_json:
        yield lambda hosts: click.echo(json.dumps(entry(hosts, time.time())))
    elif not sys.stdout.isatty():
        yield lambda hosts: click.echo("\n".join(aligned(lines(hosts, time.time()))))
    else:
        from rich.live import Live  # 100 ms that other commands need not wait for

        with Live(auto_refresh=False) as live:
            yield lambda hosts: live.update(drawn(hosts, time.time()), refresh=True)
