"""``labframe watch``."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import count as counted
from queue import Empty, SimpleQueue
from typing import Final

import click

from labframe.cli.hosts import PORT_HELP, Target, target_of
from labframe.cli.stops import Stop, stops_posted
from labframe.cli.tables import aligned
from labframe.cli.watching import Answered, Watched
from labframe.cli.watching_live import LiveWatch
from labframe.cli.watching_shown import Shown, drawn, entry, lines

__all__ = ["watch"]

_HERE: Final = Target("127.0.0.1")
_FIRST_S: Final = 2.0
_LATER_S: Final = 0.3
"""How long a round is held back for a host that does not answer at once; the first, and later."""

Show = Callable[[Sequence[Shown]], None]

_LIVE_HELP: Final = (
    "Show all hosts of this live server, HOST or HOST:PORT. [default without HOST: 127.0.0.1:8765]"
)


@click.command()
@click.argument("hosts", nargs=-1, type=target_of, metavar="[HOST...]")
@click.option("--port", type=int, help=PORT_HELP)
@click.option("--live", type=target_of, metavar="ADDRESS", help=_LIVE_HELP)
@click.option(
    "--interval", type=click.FloatRange(0.05), default=1.0, show_default=True,
    help="Seconds between two rounds.",
)  # fmt: skip
@click.option(
    "--count", type=click.IntRange(1), help="End after so many rounds. [default: run until Ctrl-C]"
)
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON for each round.")
def watch(
    hosts: tuple[Target, ...],
    port: int | None,
    live: Target | None,
    interval: float,
    count: int | None,
    as_json: bool,
) -> None:
    """Show the points of hosts as they change.

    With unit, age and the course of the last 30 values. A value that is older than its timeout
    reads "old"; a host that does not answer is shown as such, and comes back by itself. Where the
    output is no terminal, each round prints plain lines.

    Each HOST is asked once a round. Without one, all that the live server hears is shown: it is
    subscribed to once, however many hosts there are, and nobody is asked.

    The exit code is 0, after Ctrl-C and after the last round.
    """
    if hosts and live is not None:
        raise click.UsageError("HOST and --live are two ways to the points: write one of them")
    if not hosts and port is not None:
        raise click.UsageError("--port is for a HOST; a live server is given as --live HOST:PORT")
    mail: Mail = SimpleQueue()
    with stops_posted(mail), _screen(as_json) as show:
        if hosts:
            watched = [Watched(target.with_port(port)) for target in dict.fromkeys(hosts)]
            _rounds(partial(_asked, watched), mail, show, interval, count)
        else:
            heard = LiveWatch(live or _HERE)
            heard.start(partial(mail.put, None))
            if _came(mail, _FIRST_S):
                _rounds(partial(_heard, heard), mail, show, interval, count)


Mail = SimpleQueue[Stop | Answered | None]
"""What happens while it waits; None: the live server told something for the first time."""

Round = Callable[[Mail, float, float], Sequence[Shown] | None]
"""Takes a mailbox, when the round is due, and how long it may be held back; None: it is to end."""


def _rounds(take: Round, mail: Mail, show: Show, interval: float, count: int | None) -> None:
    """Show a round each ``interval`` seconds, until there were enough or somebody ends it."""
    due = time.monotonic()
    for number in counted(1):
        hosts = take(mail, due, _FIRST_S if number == 1 else min(_LATER_S, interval))
        if hosts is None:
            return
        show(hosts)
        if number == count:
            return
        due = max(due + interval, time.monotonic())
        if not _gathered(mail, due, None):
            return


def _asked(
    watched: Sequence[Watched], mail: Mail, due: float, patience_s: float
) -> Sequence[Shown] | None:
    for host in watched:
        host.ask(mail)
    return watched if _gathered(mail, due + patience_s, watched) else None


def _came(mail: Mail, patience_s: float) -> bool:
    """Wait until there is something to show, or that is overdue; False: somebody ends it."""
    try:
        return not isinstance(mail.get(timeout=patience_s), Stop)
    except Empty:
        return True


def _heard(heard: LiveWatch, *_: object) -> Sequence[Shown]:
    return heard.round()


def _gathered(mail: Mail, due: float, wanted: Sequence[Watched] | None) -> bool:
    """Take in answers until ``due``, or until all that are wanted are there; False: end it."""
    while wanted is None or any(host.is_asked for host in wanted):
        try:
            item = mail.get(timeout=max(due - time.monotonic(), 0.0))
        except Empty:
            return True
        if isinstance(item, Stop):
            return False
        if item is not None:
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
