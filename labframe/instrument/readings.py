"""Declared readings: what a driver's method measures, in which unit, and how often."""

from __future__ import annotations

import inspect
import math
import re
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import UnionType
from typing import Any, Final, Generic, TypeVar, overload

from labframe.errors import DeclarationError
from labframe.units import UnitError, check_unit

__all__ = ["Part", "ReadingDeclaration", "declared", "query", "reading"]

T = TypeVar("T")
Method = TypeVar("Method", bound=Callable[..., Any])

_MARK: Final = "__labframe_reading__"
_STALE_AFTER: Final = 3
"""A value is old when so many polls in a row gave none."""
_ON_DEMAND_STALE_S: Final = 60.0
_LABEL_CHARACTERS: Final = 64


@dataclass(frozen=True, slots=True)
class Part:
    """One of the values that a reading gives.

    Attributes:
        name: Its name; in the codename it stands where the reading's would.
        unit: Its unit; ``"1"`` without dimension, None when it is no number.
    """

    name: str
    unit: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingDeclaration:
    """What ``@reading`` declared.

    Attributes:
        name: The method's name.
        unit: The unit of y; ``"1"`` without dimension, None when it is no number.
        parts: The values of one query that gives several; empty when it gives one.
        every: Seconds from poll to poll; None when it is read on demand only.
        stale_after: Seconds after which a value is old.
        sweep: Whether it gives a whole xy measurement.
        x_unit: The unit of x of xy data; None for values over time.
        channels: Whether there is one value for each channel of the configuration.
        per_channel: Whether the method is called for each channel; if not, it returns them all.
        label: What people call it.
        doc: The first line of the method's docstring.
        own_stale_after: Whether the driver set ``stale_after`` itself.
        pushed: Whether the instrument sends it without being asked; ``every`` says how often.
        like: What such a frame looks like from its beginning on; None where that is not known.
        takes_bytes: Whether the method takes the frame's bytes; if not, its text.
    """

    name: str
    unit: str | None
    parts: tuple[Part, ...] = ()
    every: float | None = 1.0
    stale_after: float = 3.0
    sweep: bool = False
    x_unit: str | None = None
    channels: bool = False
    per_channel: bool = False
    label: str = ""
    doc: str = ""
    own_stale_after: bool = False
    pushed: bool = False
    like: re.Pattern[bytes] | None = None
    takes_bytes: bool = False

    @property
    def on_demand(self) -> bool:
        """Whether it is read only when somebody asks the host for it."""
        return self.every is None

    @property
    def is_xy(self) -> bool:
        """Whether x is something else than time."""
        return self.x_unit is not None

    def stale_after_with(self, every: float | None) -> float:
        """Return when a value is old if it is polled every so many seconds."""
        if self.own_stale_after or every is None:
            return self.stale_after
        return _STALE_AFTER * every


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wish:
    """The arguments of ``@reading``, until the class they belong to is there."""

    unit: str | Mapping[str, str | None] | None
    every: float
    stale_after: float | None
    on_demand: bool
    sweep: bool
    x_unit: str | None
    channels: bool
    label: str
    pushed: bool | str = False


def reading(
    *,
    unit: str | Mapping[str, str | None] | None = None,
    every: float = 1.0,
    stale_after: float | None = None,
    on_demand: bool = False,
    sweep: bool = False,
    x_unit: str | None = None,
    channels: bool = False,
    label: str = "",
    pushed: bool | str = False,
) -> Callable[[Method], Method]:
    """Declare that a method measures something.

    The method stays an ordinary method. The host calls it on the worker thread of its line, every
    so many seconds, and nobody else uses the line meanwhile. What it raises makes the reading's
    quality ``error``; errors of the line that persist make the instrument disconnected.

    Args:
        unit: The unit of y; ``"1"`` for a number without dimension; None for text and truth values.
            A mapping from names to units: the method gives several values, as a mapping with these
            names or a sequence in their order, and each has a codename of its own.
        every: Seconds from poll to poll.
        stale_after: Seconds after which a value is old; None is three times ``every`` (60 s for
            readings on demand).
        on_demand: Whether it is not polled, but read only when somebody asks the host for it.
        sweep: Whether it is a whole xy measurement: the method returns ``(xs, ys)``, two sequences
            of the same length. Needs ``x_unit``.
        x_unit: The unit of x where that is not time: the method returns ``(x, y)``.
        channels: Whether there is a value for each channel that the configuration names. If the
            method takes an argument it is called for each channel; if not, it returns a mapping by
            channel.
        label: What people call it; by default the method's name in words.
        pushed: Whether the instrument sends it without being asked, ``every`` so many seconds: the
            method takes one frame, its text (or its bytes, if its argument is annotated so), and
            returns what it makes of it; None passes over a frame that is no measurement. A regular
            expression says how such a frame begins; a driver that also asks for something needs
            one, so that no frame is taken for an answer. One reading of a class may be pushed.

    Raises:
        DeclarationError: When the class is made: no unit for a number, a unit that is none, times
            that cannot be, or things that do not go together.
    """
    wish = _Wish(
        unit=unit, every=every, stale_after=stale_after, on_demand=on_demand, sweep=sweep,
        x_unit=x_unit, channels=channels, label=label, pushed=pushed,
    )  # fmt: skip

    def mark(method: Method) -> Method:
        setattr(method, _MARK, wish)
        return method

    return mark


class _Query(Generic[T]):
    """Becomes a method as soon as the class that it stands in is made."""

    def __init__(self, make: Callable[[str], Callable[..., T]]) -> None:
        self._make = make

    def __set_name__(self, owner: type, name: str) -> None:
        method = self._make(name)
        method.__name__ = name
        method.__qualname__ = f"{owner.__qualname__}.{name}"
        method.__module__ = owner.__module__
        setattr(owner, name, method)

    @overload
    def __get__(self, instance: None, owner: type) -> Callable[..., T]: ...
    @overload
    def __get__(self, instance: object, owner: type) -> Callable[[], T]: ...
    def __get__(self, instance: object, owner: type) -> Callable[..., T]:
        raise AssertionError("unreachable: it was replaced by a method")


def query(
    request: str,
    convert: Callable[[str], T],
    *,
    unit: str | Mapping[str, str | None] | None = None,
    every: float = 1.0,
    stale_after: float | None = None,
    on_demand: bool = False,
    channels: bool = False,
    label: str = "",
) -> _Query[T]:
    """Declare a reading that is one question and one conversion.

    ``temperature = query("KRDG? A", float, unit="K")`` is short for a method that returns
    ``float(self.ask("KRDG? A"))``, marked with ``@reading(unit="K")``.

    Args:
        request: What is asked. ``{channel}`` in it stands for the channel, with ``channels``.
        convert: Makes the value from the answer's text; what it raises is the reading's error.
        unit: As for :func:`reading`, like all that follow.
        every: Seconds from poll to poll.
        stale_after: Seconds after which a value is old.
        on_demand: Whether it is not polled.
        channels: Whether it is asked for each channel.
        label: What people call it.
    """
    mark = reading(
        unit=unit, every=every, stale_after=stale_after, on_demand=on_demand, channels=channels,
        label=label,
    )  # fmt: skip

    def make(name: str) -> Callable[..., T]:
        del name
        if channels:

            def ask_channel(self: Any, channel: str) -> T:
                return convert(self.ask(request.format(channel=channel)))

            return mark(_returning(convert, ask_channel))

        def ask(self: Any) -> T:
            return convert(self.ask(request))

        ask.__doc__ = f"Ask ``{request}``."
        return mark(_returning(convert, ask))

    return _Query(make)


def _returning(convert: Callable[[str], object], method: Method) -> Method:
    """Have a method that returns the answer's text say so: text needs no unit."""
    if convert is str:
        method.__annotations__ = {"return": str}
    return method


def declared(owner: type, name: str, method: object) -> ReadingDeclaration | None:
    """Return what was declared for a method of a driver class; None if it is no reading.

    Raises:
        DeclarationError: If it cannot be so.
    """
    wish = getattr(method, _MARK, None)
    if not isinstance(wish, _Wish):
        return None
    where = f"{owner.__name__}.{name}"
    function = typing.cast("Callable[..., Any]", method)
    _check_times(where, wish)
    parts = _parts(where, wish)
    unit = None if parts else _unit(where, wish.unit)
    if unit is None and not parts:
        _refuse_bare_number(where, function, bool(wish.pushed))
    x_unit = _unit(where, wish.x_unit, "x_unit")
    if wish.sweep and x_unit is None:
        raise DeclarationError(f'{where}: a sweep needs the unit of its x: x_unit="nm"')
    if x_unit is not None and (parts or wish.channels):
        raise DeclarationError(f"{where}: xy data is one codename: no parts, no channels")
    if parts and wish.channels:
        raise DeclarationError(f"{where}: either several parts or channels, not both")
    arguments = _arguments(function)
    if wish.pushed:
        _check_pushed(where, wish, arguments)
    elif arguments > (1 if wish.channels else 0):
        raise DeclarationError(
            f"{where}: a reading takes no arguments but self"
            + (" and the channel" if wish.channels else "")
        )
    every = None if wish.on_demand else float(wish.every)
    default = _ON_DEMAND_STALE_S if every is None else _STALE_AFTER * every
    return ReadingDeclaration(
        name=name,
        unit=unit,
        parts=parts,
        every=every,
        stale_after=default if wish.stale_after is None else float(wish.stale_after),
        sweep=wish.sweep,
        x_unit=x_unit,
        channels=wish.channels,
        per_channel=wish.channels and arguments == 1 and not wish.pushed,
        label=wish.label or name.replace("_", " "),
        doc=(inspect.getdoc(function) or "").partition("\n")[0],
        own_stale_after=wish.stale_after is not None,
        pushed=bool(wish.pushed),
        like=_like(where, wish.pushed),
        takes_bytes=bool(wish.pushed) and _takes_bytes(function),
    )


def _check_pushed(where: str, wish: _Wish, arguments: int) -> None:
    if wish.on_demand:
        raise DeclarationError(f"{where}: either pushed or on_demand, not both")
    if arguments != 1:
        raise DeclarationError(
            f"{where}: a pushed reading takes one argument beside self, the frame: "
            "def air(self, line: str)"
        )


def _like(where: str, pushed: bool | str) -> re.Pattern[bytes] | None:
    if not isinstance(pushed, str):
        return None
    try:
        return re.compile(pushed.encode("latin-1"), re.DOTALL)
    except (re.error, UnicodeEncodeError) as error:
        raise DeclarationError(
            f"{where}: pushed = {pushed!r}: not a regular expression: {error}"
        ) from error


def _takes_bytes(function: Callable[..., Any]) -> bool:
    name = list(inspect.signature(function).parameters)[1]
    return _hints(function).get(name) is bytes


def _hints(function: Callable[..., Any]) -> Mapping[str, Any]:
    try:
        return typing.get_type_hints(function)
    except Exception:  # noqa: BLE001  # an annotation may be anything
        return {}


def _check_times(where: str, wish: _Wish) -> None:
    for field, value in (("every", wish.every), ("stale_after", wish.stale_after)):
        if value is None:
            continue
        if type(value) not in (int, float) or not math.isfinite(value) or value <= 0:
            raise DeclarationError(f"{where}: {field}={value!r}: not a number of seconds above 0")


def _parts(where: str, wish: _Wish) -> tuple[Part, ...]:
    if not isinstance(wish.unit, Mapping):
        return ()
    if not wish.unit:
        raise DeclarationError(f'{where}: unit is empty: name the values, {{"humidity": "%"}}')
    for name in wish.unit:
        if not str(name).isidentifier() or not str(name).isascii():
            raise DeclarationError(
                f"{where}: {name!r} cannot be a part of a codename: letters, digits and _"
            )
    return tuple(Part(name, _unit(where, unit)) for name, unit in wish.unit.items())


def _unit(where: str, unit: object, argument: str = "unit") -> str | None:
    if unit is None:
        return None
    if not isinstance(unit, str):
        raise DeclarationError(f'{where}: {argument}={unit!r}: not a text such as "K"')
    try:
        return check_unit(unit)
    except UnitError as error:
        raise DeclarationError(f"{where}: {error}") from error


def _refuse_bare_number(where: str, function: Callable[..., Any], is_pushed: bool) -> None:
    """Refuse a reading without a unit that is not declared to be text or a truth value."""
    kind = _hints(function).get("return", Any)
    if typing.get_origin(kind) in (dict, Mapping):
        kind = typing.get_args(kind)[1]  # all channels with one query, by their names
    kinds = typing.get_args(kind) if isinstance(kind, UnionType) else (kind,)
    allowed = (str, bool, type(None)) if is_pushed and len(kinds) > 1 else (str, bool)
    if not all(one in allowed for one in kinds):
        raise DeclarationError(
            f'{where}: a number needs a unit: unit="K", or unit="1" without dimension. (Text and '
            "truth values need none: say `-> str` or `-> bool`.)"
        )


def _arguments(function: Callable[..., Any]) -> int:
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    named = [p for p in inspect.signature(function).parameters.values() if p.kind in positional]
    return sum(p.default is inspect.Parameter.empty for p in named[1:])
