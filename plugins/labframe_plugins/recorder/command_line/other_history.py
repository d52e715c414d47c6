"""Adds what another history holds to a history."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from labframe.points import Event, Quality, Sweep
from labframe_plugins.recorder.command_line.merging import Added, Given, Merge, value_of
from labframe_plugins.recorder.command_line.shown import reading
from labframe_plugins.recorder.history import History, HistoryError
from labframe_plugins.recorder.records import CommandRecord, EventRecord, Gap, Spectrum

__all__ = ["merge"]


def merge(source: Path, target: Path) -> Added:
    """Add the points, gaps, commands, events and sweeps of a history that are not there yet.

    Args:
        source: What to read.
        target: What to add to; made if it is not there.

    Raises:
        HistoryError: If they are the same, or one of them is no history.
        FileTaken: If a host records into the target.
    """
    if target.exists() and source.samefile(target):
        raise HistoryError(f"{source} is the history itself; name another one with --file")
    with reading(source) as history, Merge(target) as merging:
        for name, facts in history.codenames().items():
            merging.describe(
                name, facts.unit, instrument=facts.instrument, description=facts.description,
                kind=facts.kind,
            )  # fmt: skip
            merging.points(_points(history, name, merging.added))
        _happenings(history, merging)
    return merging.added


def _points(history: History, name: str, added: Added) -> Iterator[Given]:
    for row in history.rows([name]):
        added.means += row.points > 1
        yield Given(name, row.time, value_of(row), row.x)


def _happenings(history: History, merging: Merge) -> None:
    there, writer = merging.there, merging.writer
    names = list(history.codenames())
    known = set(there.codenames())
    sweeps = [one for name in names for one in history.sweeps(name)]
    sweeps_there = [one for name in names if name in known for one in there.sweeps(name)]
    gaps = [gap for gap in history.gaps() if gap.until is not None]

    def add_gap(gap: Gap) -> None:
        writer.gap(gap.codename, gap.since, gap.until or gap.since, gap.cause, gap.why)

    for given, have, key, add in (
        (gaps, there.gaps(), _gap_key, add_gap),
        (sweeps, sweeps_there, _sweep_key, lambda one: writer.sweep(_sweep(one))),
        (history.commands(), there.commands(), repr, lambda one: writer.event(_command(one))),
        (history.events(), there.events(), repr, lambda one: writer.event(_event(one))),
    ):
        _add(merging, given, have, key, add)
    writer.flush()


def _add(
    merging: Merge,
    given: Sequence[Any],
    have: Sequence[Any],
    key: Callable[[Any], object],
    add: Callable[[Any], None],
) -> None:
    seen = {key(one) for one in have}
    for one in given:
        if key(one) not in seen:
            seen.add(key(one))
            add(one)
            merging.added.happenings += 1


def _gap_key(gap: Gap) -> object:
    return gap.codename, gap.since, gap.cause


def _sweep_key(sweep: Spectrum) -> object:
    return sweep.codename, sweep.time


def _sweep(one: Spectrum) -> Sweep:
    xs, ys = ([float(number) for number in column] for column in (one.xs, one.ys))
    return Sweep(
        one.codename, tuple(xs), tuple(ys), one.x_unit, one.unit, Quality.OK, 0, one.time, 0.0
    )


def _command(one: CommandRecord) -> Event:
    fields: dict[str, Any] = {
        "method": one.method, "arguments": dict(one.arguments), "sender": one.sender, "id": one.id,
        "outcome": one.outcome, "answer": one.answer, "received": one.time,
        "duration_s": one.duration,
    }  # fmt: skip
    return Event("command", one.instrument, one.time, "", fields)


def _event(one: EventRecord) -> Event:
    return Event(one.kind, one.source, one.time, one.text, one.fields)
