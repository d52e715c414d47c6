"""Declared commands: what may be set on an instrument, and within which limits.

The host shows them; it does not route commands to them yet.
"""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from labframe.errors import DeclarationError
from labframe.points import Value
from labframe.units import UnitError, check_unit

__all__ = ["Arg", "Argument", "CommandDeclaration", "command", "declared"]

Method = TypeVar("Method", bound=Callable[..., Any])

_MARK: Final = "__labframe_command__"


@dataclass(frozen=True, slots=True, kw_only=True)
class Arg:
    """What is said of one argument: ``Annotated[float, Arg(unit="K", limits=(0, 470))]``.

    Attributes:
        unit: Its unit; ``"1"`` without dimension, None when it is no number.
        limits: The lowest and the highest allowed number.
        choices: The only allowed values; empty is any.
    """

    unit: str | None = None
    limits: tuple[float, float] | None = None
    choices: Sequence[Value] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Argument:
    """One argument of a command.

    Attributes:
        name: The parameter's name.
        kind: Its type, as it was annotated.
        unit: As in :class:`Arg`.
        limits: As in :class:`Arg`.
        choices: As in :class:`Arg`.
        required: Whether it has no default.
        default: The default, if it has one.
    """

    name: str
    kind: Any
    unit: str | None
    limits: tuple[float, float] | None
    choices: tuple[Value, ...]
    required: bool
    default: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandDeclaration:
    """What ``@command`` declared.

    Attributes:
        name: The method's name.
        arguments: Its arguments, in order.
        safe_value: What the output would be set to when it must be safe; nothing acts on it yet.
        label: What people call it.
        doc: The first line of the method's docstring.
    """

    name: str
    arguments: tuple[Argument, ...]
    safe_value: Value
    label: str
    doc: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wish:
    arg: Arg
    safe_value: Value
    label: str


def command(
    *,
    unit: str | None = None,
    limits: tuple[float, float] | None = None,
    choices: Sequence[Value] = (),
    safe_value: Value = None,
    label: str = "",
) -> Callable[[Method], Method]:
    """Declare that a method sets something on the instrument.

    The method stays an ordinary method. The declaration is shown by ``labframe drivers``; the host
    does not route commands to it yet, and limits are not checked when it is called directly.

    Args:
        unit: The unit of the one argument; for several, annotate each with :class:`Arg`.
        limits: The lowest and the highest allowed number of the one argument.
        choices: The only allowed values of the one argument.
        safe_value: What the output would be set to when it must be safe; nothing acts on it yet.
        label: What people call it; by default the method's name in words.

    Raises:
        DeclarationError: When the class is made: a unit that is none, limits the wrong way round.
    """
    wish = _Wish(
        arg=Arg(unit=unit, limits=limits, choices=choices), safe_value=safe_value, label=label
    )

    def mark(method: Method) -> Method:
        setattr(method, _MARK, wish)
        return method

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
    function = typing.cast("Callable[..., Any]", method)
    parameters = list(inspect.signature(function).parameters.values())[1:]
    if wish.arg != Arg() and len(parameters) != 1:
        raise DeclarationError(
            f"{where}: unit, limits and choices are those of a single argument; this command has "
            f'{len(parameters)}. Annotate each: `target: Annotated[float, Arg(unit="K")]`'
        )
    try:
        hints = typing.get_type_hints(function, include_extras=True)
    except Exception as error:  # an annotation may be anything
        raise DeclarationError(f"{where}: its annotations cannot be read: {error}") from error
    return CommandDeclaration(
        name=name,
        arguments=tuple(
            _argument(where, one, hints.get(one.name, Any), wish.arg) for one in parameters
        ),
        safe_value=wish.safe_value,
        label=wish.label or name.replace("_", " "),
        doc=(inspect.getdoc(function) or "").partition("\n")[0],
    )


def _argument(where: str, parameter: inspect.Parameter, hint: Any, otherwise: Arg) -> Argument:
    said = otherwise
    if typing.get_origin(hint) is typing.Annotated:
        hint, *extras = typing.get_args(hint)
        said = next((extra for extra in extras if isinstance(extra, Arg)), otherwise)
    return Argument(
        name=parameter.name,
        kind=hint,
        unit=_unit(where, said.unit),
        limits=_limits(where, said.limits),
        choices=tuple(said.choices),
        required=parameter.default is inspect.Parameter.empty,
        default=None if parameter.default is inspect.Parameter.empty else parameter.default,
    )


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
