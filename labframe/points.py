"""Points, readings, codenames, and the values that a point may hold."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterable, Mapping, Sequence, Set
from enum import StrEnum
from typing import NamedTuple, TypeAlias

from labframe.errors import PointError

__all__ = [
    "BAD_CHARS",
    "Command",
    "Event",
    "Number",
    "Point",
    "Quality",
    "Reading",
    "Sweep",
    "Value",
    "checked_codenames",
    "checked_point",
]

Number: TypeAlias = "int | float"
Value: TypeAlias = (
    "int | float | str | bool | list[Value] | tuple[Value, ...] | dict[str, Value] | None"
)
"""What the sockets carry as x and y: anything that JSON knows."""

BAD_CHARS = ["#", ",", ";", ":", "&"]
"""The characters that no codename may hold: the protocol separates with them."""

_LONG_BITS = 2000
"""Integers up to here Python writes out in any case; see ``sys.set_int_max_str_digits``."""

_PLAIN = frozenset({float, int, bool, str, type(None)})


class Point(NamedTuple):
    """One measured point, as a client returns it.

    Attributes:
        x: Unix time in seconds (date data) or any number (xy data).
        y: The value; the protocol carries no unit.
    """

    x: Number
    y: Value


class Quality(StrEnum):
    """What a reading is worth."""

    OK = "ok"
    """Measured, and not older than its ``stale_after``."""
    OLD = "old"
    """Measured, but longer ago than its ``stale_after``."""
    ERROR = "error"
    """The instrument answered, but not with a value; the value is the last good one."""
    DISCONNECTED = "disconnected"
    """The instrument does not answer, or its cable is out; the value is the last good one."""
    NEVER = "never"
    """There was no value yet."""


class Reading(NamedTuple):
    """One measured value of a codename, as producers give it and sinks receive it.

    Attributes:
        codename: The name of the channel in the whole laboratory.
        x: Unix time of the measurement in seconds (date data) or any number (xy data).
        y: The value.
        unit: Of y; ``"1"`` is a number without dimension, empty is no number at all.
        quality: What the reading is worth.
        sequence: Counts the readings of a codename since the host started.
        time: Unix time of the measurement in seconds: the middle of the transaction.
        arrival: ``time.monotonic()`` when it came: ages are counted from it, so that setting the
            clock changes none.
    """

    codename: str
    x: Number
    y: Value
    unit: str
    quality: Quality
    sequence: int
    time: float
    arrival: float


class Sweep(NamedTuple):
    """One whole xy measurement, a spectrum for example.

    Attributes:
        codename: The name of the channel in the whole laboratory.
        xs: The x values.
        ys: The y values, as many as ``xs``.
        x_unit: The unit of the x values.
        unit: The unit of the y values.
        quality: What the sweep is worth.
        sequence: Counts the sweeps of a codename since the host started.
        time: Unix time of the measurement in seconds.
        arrival: ``time.monotonic()`` when it came.
    """

    codename: str
    xs: tuple[float, ...]
    ys: tuple[float, ...]
    x_unit: str
    unit: str
    quality: Quality
    sequence: int
    time: float
    arrival: float


class Command(NamedTuple):
    """A command that somebody sent, as interlocks see it.

    Attributes:
        method: ``INSTRUMENT.NAME``.
        instrument: The instrument's name.
        name: The name of the driver's method.
        arguments: All its arguments, checked, with their defaults.
        sender: Who sent it: an IP address, or what it is called in this program.
        id: The sender's own id of it; empty if it has none.
    """

    method: str
    instrument: str
    name: str
    arguments: Mapping[str, Value]
    sender: str
    id: str = ""


class Event(NamedTuple):
    """Something that happened to an instrument, a plugin or the host.

    Attributes:
        kind: ``state`` (an instrument is connected, lost, failing, well again), ``gap`` (from when
            to when a codename has no values, and why), ``host`` (start, stop), ``clock`` (the
            computer's clock was set), ``thread`` (a thread of a driver died of an exception),
            ``command`` (somebody sent a command: what became of it).
        source: The instrument, codename or plugin.
        time: Unix time in seconds.
        text: What happened, for people.
        fields: The same for programs.
    """

    kind: str
    source: str
    time: float
    text: str
    fields: Mapping[str, Value]


def checked_codenames(codenames: Iterable[str]) -> list[str]:
    """Return the codenames as a list.

    Raises:
        TypeError: For a plain text (its letters are not codenames) and for names that are no text.
        ValueError: For a name that is present twice or that holds one of ``BAD_CHARS``.
    """
    if isinstance(codenames, (str, bytes)):
        raise TypeError(
            f"codenames must be a list of names, not the single text {codenames!r}: "
            f"write [{codenames!r}]"
        )
    names = list(codenames)
    for name in names:
        if not isinstance(name, str):
            raise TypeError(f"a codename must be a text, not {name!r}")
    together = "".join(names)
    if len(set(names)) == len(names) and not any(char in together for char in BAD_CHARS):
        return names
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"Codenames must be unique; '{name}' is present more than once")
        for char in BAD_CHARS:
            if char in name:
                raise ValueError(f"The character '{char}' is not allowed in the codenames")
    raise AssertionError("unreachable: the names were found faulty")


def checked_point(codename: str, point: Iterable[object]) -> tuple[Value, Value]:
    """Return ``point`` as a tuple ``(x, y)`` of values that JSON can carry.

    Numpy scalars become Python numbers. Lists and dicts are copied, so that the caller may go on
    changing them.

    Raises:
        TypeError: If ``point`` is no sequence, or a part cannot be written as JSON.
        PointError: If ``point`` has not exactly two parts.
    """
    if isinstance(point, (str, bytes, Mapping, Set)):
        raise PointError(
            f"codename '{codename}': a point is a pair (x, y), not the "
            f"{type(point).__name__} {point!r}"
        )
    parts = tuple(point)
    if len(parts) != 2:
        raise PointError(
            f"codename '{codename}': a point is a pair (x, y), not {len(parts)} parts: {parts!r}"
        )
    try:
        return _plain(parts[0]), _plain(parts[1])
    except (ValueError, RecursionError) as error:
        raise PointError(f"codename '{codename}': a value cannot be written: {error}") from None


def _plain(value: object) -> Value:
    if type(value) in _PLAIN and not (type(value) is int and value.bit_length() > _LONG_BITS):
        return value  # type: ignore[return-value]  # it is one of the plain types
    if getattr(value, "shape", None) == () and hasattr(value, "item"):
        value = value.item()  # a numpy scalar, or an array without dimensions
    try:
        json.dumps(value)
    except TypeError as error:
        hint = "; call its .tolist() first" if hasattr(value, "tolist") else ""
        raise TypeError(f"{error}{hint}") from None
    if isinstance(value, (Mapping, Sequence)) and not isinstance(value, str):
        return copy.deepcopy(value)  # type: ignore[return-value]  # JSON took it
    return value  # type: ignore[return-value]  # JSON took it
