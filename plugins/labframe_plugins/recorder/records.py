"""What a history gives: codenames, points, buckets, gaps, commands, events, sweeps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

__all__ = [
    "Buckets",
    "Codename",
    "CommandRecord",
    "EventRecord",
    "Gap",
    "Points",
    "Row",
    "Spectrum",
]


class Codename(NamedTuple):
    """A codename of a history.

    Attributes:
        name: The codename.
        unit: Its unit; ``"1"`` without dimension, empty for what is no number.
        instrument: Where it comes from.
        description: What people call it.
        kind: ``date`` or ``data``.
        first_time: Unix time of its first point; None if it has none.
        last_time: Unix time of its newest point; None if it has none.
    """

    name: str
    unit: str
    instrument: str
    description: str
    kind: str
    first_time: float | None
    last_time: float | None


class Points(NamedTuple):
    """Points of a codename, in the order in which they came.

    Attributes:
        codename: The codename.
        unit: The unit of the values.
        times: Unix times in seconds: a NumPy array, a list where NumPy is not installed.
        values: The values, likewise.
    """

    codename: str
    unit: str
    times: Any
    values: Any


class Buckets(NamedTuple):
    """Points of a codename by spans of time, only spans in which there are any.

    Attributes:
        codename: The codename.
        unit: The unit of the values.
        every: How long each span is, in seconds.
        times: The middle of each span, unix time: NumPy arrays all, or lists.
        lows: The smallest value in each.
        means: The mean value in each.
        highs: The largest value in each.
        counts: How many points are in each.
    """

    codename: str
    unit: str
    every: float
    times: Any
    lows: Any
    means: Any
    highs: Any
    counts: Any


class Row(NamedTuple):
    """One row of the view ``readings``.

    Attributes:
        codename: The codename.
        time: Unix time in seconds.
        value: A number; None if it is something else.
        text: A text, or JSON of what is neither number nor text; None for a number.
        x: Of xy data; None where x is the time.
        low: The smallest of ``points`` values.
        high: The largest of them.
        points: Of how many points ``value`` is the mean; 1 for a point as it was measured.
        unit: The unit.
    """

    codename: str
    time: float
    value: float | None
    text: str | None
    x: float | None
    low: float | None
    high: float | None
    points: int
    unit: str


class Gap(NamedTuple):
    """A time without values.

    Attributes:
        codename: The codename.
        since: Unix time of the last value before.
        until: Unix time of the first one after; None as long as there is none.
        cause: ``disconnected``, ``stale``, ``error``, ``host stopped`` or ``lost``.
        why: What the instrument or the host said.
    """

    codename: str
    since: float
    until: float | None
    cause: str
    why: str


class CommandRecord(NamedTuple):
    """A command that somebody sent.

    Attributes:
        time: Unix time at which it came.
        instrument: The instrument.
        method: ``INSTRUMENT.NAME``.
        arguments: Its arguments.
        sender: Who sent it.
        id: The sender's own id of it; empty if it has none.
        outcome: What became of it.
        answer: What was answered.
        duration: Seconds until then; None if it was refused at once.
    """

    time: float
    instrument: str
    method: str
    arguments: Mapping[str, Any]
    sender: str
    id: str
    outcome: str
    answer: str
    duration: float | None


class EventRecord(NamedTuple):
    """Something that happened; see :class:`labframe.Event`.

    Attributes:
        time: Unix time in seconds.
        kind: ``host``, ``clock``, ``state``, ``thread`` and others.
        source: The instrument, codename or plugin.
        text: What happened, for people.
        fields: The same for programs.
    """

    time: float
    kind: str
    source: str
    text: str
    fields: Mapping[str, Any]


class Spectrum(NamedTuple):
    """A sweep.

    Attributes:
        codename: The codename.
        time: Unix time in seconds.
        x_unit: The unit of ``xs``.
        unit: The unit of ``ys``.
        xs: A NumPy array, a list where NumPy is not installed.
        ys: Likewise.
    """

    codename: str
    time: float
    x_unit: str
    unit: str
    xs: Any
    ys: Any
