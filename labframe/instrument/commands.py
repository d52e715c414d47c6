"""Declared commands: what may be done with an instrument, with which arguments and limits."""

from __future__ import annotations

import functools
import inspect
import math
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias, TypeVar, cast

import msgspec

from labframe.errors import DeclarationError
from labframe.instrument.arguments import (
    Arg,
    Argument,
    checked_arguments,
    object_schema,
    schema_of,
)
from labframe.instrument.readings import ReadingDeclaration
from labframe.points import Value
from labframe.units import UnitError, check_unit

__all__ = ["AfterReconnect", "CommandDeclaration", "check_read_backs", "command", "declared"]

Method = TypeVar("Method", bound=Callable[..., Any])
AfterReconnect: TypeAlias = Literal["keep", "reapply", "forget"]

_MARK: Final = "__labframe_command__"
_TOLERANCE: Final = 1e-3


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandDeclaration:
    """What ``@command`` declared.

    Attributes:
        name: The method's name.
        arguments: Its arguments, in order.
        function: The method as it was written: it checks nothing.
        returns: The type that it is annotated to return; Any if it is not.
        return_unit: The unit of what it returns.
        safe_value: What the output would be set to when it must be safe; nothing acts on it yet.
        dangerous: Whether a person should confirm it first.
        read_back: The reading that tells what was set; None if there is none.
        tolerance: How far what is read back may be off, in its unit; None: a thousandth.
        after_reconnect: What becomes of the setting when the instrument comes back: ``keep``,
            ``reapply`` or ``forget``.
        label: What people call it.
        doc: The first line of the method's docstring.
    """

    name: str
    arguments: tuple[Argument, ...]
    function: Callable[..., Any]
    returns: Any
    return_unit: str | None
    safe_value: Value
    dangerous: bool
    read_back: str | None
    tolerance: float | None
    after_reconnect: AfterReconnect
    label: str
    doc: str

    def checked(self, where: str, given: Mapping[str, Any]) -> dict[str, Any]:
        """Return all arguments as the method takes them; ``where`` names it in messages.

        Raises:
            ArgumentError: If one is unknown, missing, of another type or out of range.
        """
        return checked_arguments(where, self.arguments, given)

    def schema(self) -> dict[str, Any]:
        """Return the JSON schema of its arguments."""
        return object_schema(self.arguments)

    def returned_schema(self) -> dict[str, Any]:
        """Return the JSON schema of what it returns."""
        made = schema_of(self.returns)
        return made if self.return_unit is None else {**made, "unit": self.return_unit}

    def is_set_to(self, wanted: Value, found: Value) -> bool:
        """Tell whether what was read back is what was set."""
        numbers = (int, float)
        if isinstance(wanted, numbers) and isinstance(found, numbers):
            if self.tolerance is not None:
                return abs(wanted - found) <= self.tolerance
            return math.isclose(wanted, found, rel_tol=_TOLERANCE, abs_tol=1e-12)
        return wanted == found


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wish:
    arg: Arg
    method: Callable[..., Any]
    return_unit: str | None
    safe_value: Value
    dangerous: bool
    read_back: str | None
    tolerance: float | None
    after_reconnect: AfterReconnect
    label: str


def command(
    *,
    unit: str | None = None,
    limits: tuple[float, float] | None = None,
    choices: Sequence[Value] = (),
    return_unit: str | None = None,
    safe_value: Value = None,
    dangerous: bool = False,
    read_back: str | None = None,
    tolerance: float | None = None,
    after_reconnect: AfterReconnect = "keep",
    label: str = "",
) -> Callable[[Method], Method]:
    """Declare that a method does something with the instrument, and may be called from elsewhere.

    The host takes it as ``INSTRUMENT.METHOD`` on its push socket, and calls it on the worker thread
    of its line, between two polls. Its arguments are checked by their annotations, their limits and
    choices before it is called, by the host and by a script that calls it directly.

    Args:
        unit: The unit of the one argument; for several, annotate each with :class:`Arg`.
        limits: The lowest and the highest allowed number of the one argument.
        choices: The only allowed values of the one argument.
        return_unit: The unit of what it returns.
        safe_value: What the output would be set to when it must be safe; nothing acts on it yet.
        dangerous: Whether a person should confirm it before it is sent.
        read_back: The name of the reading that tells what the one argument was set to: it is taken
            right after, and the command fails if it tells something else.
        tolerance: How far what is read back may be off, in its unit; None: a thousandth of it.
        after_reconnect: What becomes of the setting when the instrument comes back after it was
            disconnected: ``keep`` (the instrument remembers it), ``reapply`` (it is set again, if
            the interlocks allow it), ``forget`` (nobody knows it any more).
        label: What people call it; by default the method's name in words.

    Raises:
        DeclarationError: When the class is made: an argument without a type, a unit that is none,
            limits the wrong way round, things that do not go together.
    """

    def mark(method: Method) -> Method:
        wish = _Wish(
            arg=Arg(unit=unit, limits=limits, choices=choices), method=method,
            return_unit=return_unit, safe_value=safe_value, dangerous=dangerous,
            read_back=read_back, tolerance=tolerance, after_reconnect=after_reconnect, label=label,
        )  # fmt: skip
        signature = inspect.signature(method)
        own: CommandDeclaration | None = None

        @functools.wraps(method)
        def checked(self: Any, /, *args: Any, **kwargs: Any) -> Any:
            nonlocal own  # not that of the class: a subclass may declare it otherwise, or hide it
            if own is None:
                own = declared(type(self), method.__name__, checked)
                assert own is not None
            given = signature.bind(self, *args, **kwargs).arguments
            del given[next(iter(given))]
            return method(self, **own.checked(f"{self.name}.{method.__name__}", given))

        setattr(checked, _MARK, wish)
        return cast("Method", checked)

    return mark


def declared(owner: type, name: str, method: object) -> CommandDeclaration | None:
    """Return what was declared for a method of a driver class; None if it is no command.

    Raises:
        DeclarationError: If it cannot be so.
    """
    wish = getattr(method, _MARK, None)
    if not isinstance(wish, _Wish):
        return None
    where = f"{owner.__name__}.{name}"
    parameters = list(inspect.signature(wish.method).parameters.values())[1:]
    if wish.arg != Arg() and len(parameters) != 1:
        raise DeclarationError(
            f"{where}: unit, limits and choices are those of a single argument; this command has "
            f'{len(parameters)}. Annotate each: `target: Annotated[float, Arg(unit="K")]`'
        )
    try:
        hints = typing.get_type_hints(wish.method, include_extras=True)
    except Exception as error:  # an annotation may be anything
        raise DeclarationError(f"{where}: its annotations cannot be read: {error}") from error
    _check_setting(where, wish, len(parameters))
    return CommandDeclaration(
        name=name,
        arguments=tuple(_argument(where, one, hints, wish.arg) for one in parameters),
        function=wish.method,
        returns=hints.get("return", Any),
        return_unit=_unit(where, wish.return_unit),
        safe_value=wish.safe_value,
        dangerous=wish.dangerous,
        read_back=wish.read_back,
        tolerance=wish.tolerance,
        after_reconnect=wish.after_reconnect,
        label=wish.label or name.replace("_", " "),
        doc=(inspect.getdoc(wish.method) or "").partition("\n")[0],
    )


def check_read_backs(
    owner: type,
    commands: Mapping[str, CommandDeclaration],
    readings: Mapping[str, ReadingDeclaration],
) -> None:
    """Refuse a command whose ``read_back`` is no reading of the class that gives one value."""
    for one in commands.values():
        if one.read_back is None:
            continue
        reading = readings.get(one.read_back)
        is_one_value = reading is not None and not (
            reading.parts or reading.channels or reading.sweep or reading.pushed
        )
        if not is_one_value:
            there = ", ".join(readings) or "none"
            raise DeclarationError(
                f"{owner.__name__}.{one.name}: read_back = {one.read_back!r}: not a reading of one "
                f"value; the readings are: {there}"
            )


def _check_setting(where: str, wish: _Wish, arguments: int) -> None:
    if wish.read_back is not None and arguments != 1:
        raise DeclarationError(f"{where}: read_back is for commands with one argument")
    if wish.after_reconnect not in typing.get_args(AfterReconnect):
        raise DeclarationError(
            f"{where}: after_reconnect = {wish.after_reconnect!r}: not one of "
            f"{', '.join(map(repr, typing.get_args(AfterReconnect)))}"
        )
    if wish.after_reconnect != "keep" and not arguments:
        raise DeclarationError(
            f"{where}: after_reconnect is for settings, which have an argument; this is an action"
        )


def _argument(
    where: str, parameter: inspect.Parameter, hints: Mapping[str, Any], otherwise: Arg
) -> Argument:
    if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
        raise DeclarationError(
            f"{where}: {parameter}: arguments without names cannot be checked; name each"
        )
    if parameter.kind is parameter.POSITIONAL_ONLY:
        raise DeclarationError(f"{where}: {parameter}: it is called by name; leave out the `/`")
    said, hint = otherwise, hints.get(parameter.name)
    if typing.get_origin(hint) is typing.Annotated:
        hint, *extras = typing.get_args(hint)
        said = next((extra for extra in extras if isinstance(extra, Arg)), otherwise)
    where = f"{where}: {parameter.name}"
    if hint is None or hint is Any:
        raise DeclarationError(f"{where}: without a type: say `{parameter.name}: float`")
    try:
        msgspec.json.schema(hint)
    except TypeError:
        raise DeclarationError(
            f"{where}: {hint!r} cannot come over the network; take float, int, bool, str, Literal, "
            "or lists of them"
        ) from None
    choices = tuple(said.choices)
    if not choices:
        choices = _literals(hint)
    required = parameter.default is inspect.Parameter.empty
    argument = Argument(
        name=parameter.name, kind=hint, unit=_unit(where, said.unit),
        limits=_limits(where, said.limits), choices=choices, required=required,
        default=None if required else parameter.default,
    )  # fmt: skip
    if parameter.name.startswith("_") or parameter.name == "method":
        raise DeclarationError(f"{where}: the push socket takes this name for itself; rename it")
    return argument


def _literals(hint: Any) -> tuple[Value, ...]:
    """Return the values of a Literal, and None where that may stand beside it; else nothing."""
    is_union = typing.get_origin(hint) in (typing.Union, types.UnionType)
    values: list[Value] = []
    for kind in typing.get_args(hint) if is_union else (hint,):
        if typing.get_origin(kind) is Literal:
            values += typing.get_args(kind)
        elif kind is type(None):
            values.append(None)
        else:
            return ()
    return tuple(values)


def _unit(where: str, unit: str | None) -> str | None:
    try:
        return None if unit is None else check_unit(unit)
    except UnitError as error:
        raise DeclarationError(f"{where}: {error}") from error


def _limits(where: str, limits: tuple[float, float] | None) -> tuple[float, float] | None:
    if limits is None:
        return None
    low, high = limits
    if not low <= high:
        raise DeclarationError(f"{where}: limits={limits!r}: not (lowest, highest)")
    return low, high
