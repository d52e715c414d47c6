"""What happened, as tables and for programs: commands, gaps, events."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import click

from labframe.cli.tables import show
from labframe.cli.values import printable, unit_in_words
from labframe_plugins.recorder.command_line.choice import Span
from labframe_plugins.recorder.command_line.times import Clock, span_in_words
from labframe_plugins.recorder.history import History
from labframe_plugins.recorder.records import CommandRecord, Gap

__all__ = ["called", "show_commands", "show_events", "show_gaps", "show_inventory"]

_NOT_A_HAPPENING = ("gap",)
"""Events that are told elsewhere: gaps have a table of their own."""


def show_commands(history: History, span: Span, *, as_json: bool) -> None:
    """Show the commands that came within a span, refused ones too."""
    found = history.commands(*span)
    if _told(found, as_json=as_json):
        return
    clock = _clock([one.time for one in found])
    show(
        (f"time ({clock.zone})", "command", "outcome", "answer", "sender"),
        [
            [clock(one.time), called(one), one.outcome, _brief(one.answer), printable(one.sender)]
            for one in found
        ],
    )


def called(command: CommandRecord) -> str:
    """Return a command as it would be written: ``cryo.setpoint(target = 77)``."""
    arguments = ", ".join(f"{key} = {value}" for key, value in command.arguments.items())
    return printable(f"{command.method}({arguments})")


def show_gaps(history: History, names: Sequence[str], span: Span, *, as_json: bool) -> None:
    """Show the times without values."""
    found = [one for one in history.gaps(*(None, *span)) if not names or one.codename in names]
    if _told(found, as_json=as_json):
        return
    clock = _clock([one.since for one in found])
    show(
        (f"since ({clock.zone})", "until", "length", "codename", "cause", "why"),
        [
            [clock(one.since), *_end(one, clock), one.codename, one.cause, _brief(one.why or "")]
            for one in found
        ],
    )


def _end(gap: Gap, clock: Clock) -> tuple[str, str]:
    if gap.until is None:
        return "", "has not ended"
    length = gap.until - gap.since
    return clock(gap.until), span_in_words(length) if length > 0 else "the clock was set back"


def show_events(history: History, span: Span, *, as_json: bool) -> None:
    """Show what else happened: starts and stops of the host, instruments lost and found."""
    found = [one for one in history.events(*span) if one.kind not in _NOT_A_HAPPENING]
    if _told(found, as_json=as_json):
        return
    clock = _clock([one.time for one in found])
    show(
        (f"time ({clock.zone})", "kind", "source", "what"),
        [[clock(one.time), one.kind, printable(one.source), _brief(one.text)] for one in found],
    )


def show_inventory(history: History, *, as_json: bool) -> None:
    """Show what is recorded: each codename with its unit, instrument, times and points."""
    counts = history.counts()
    facts = history.codenames()
    if as_json:
        told = {name: {**one._asdict(), "points": counts[name]} for name, one in facts.items()}
        click.echo(json.dumps(told, ensure_ascii=False, indent=1))
        return
    if not facts:
        click.echo(f"{history.file}: nothing was recorded yet.")
        return
    times = [time for one in facts.values() for time in (one.first_time, one.last_time)]
    clock = _clock([time for time in times if time is not None])
    show(
        ("codename", "unit", "instrument", f"first ({clock.zone})", "last", "points"),
        [
            [
                printable(name),
                unit_in_words(one.unit),
                printable(one.instrument),
                "" if one.first_time is None else clock(one.first_time),
                "" if one.last_time is None else clock(one.last_time),
                f"{counts[name]:,}",
            ]
            for name, one in facts.items()
        ],
    )


def _told(found: Sequence[Any], *, as_json: bool) -> bool:
    """Tell programs, or say that there is nothing; return whether that was all."""
    if as_json:
        rows = [json.dumps(one._asdict(), ensure_ascii=False, default=str) for one in found]
        click.echo("[\n" + ",\n".join(rows) + "\n]")
    elif not found:
        click.echo("Nothing of that kind happened then.", err=True)
    return as_json or not found


def _clock(times: Sequence[float]) -> Clock:
    return Clock((min(times), max(times)) if times else ())


def _brief(text: str) -> str:
    return printable(text if len(text) <= 100 else f"{text[:99]}…")
