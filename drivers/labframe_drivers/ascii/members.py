"""Readings and commands as methods: what ``@reading`` and ``@command`` would mark in a class."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Final

from labframe import Arg, command, reading
from labframe_drivers.ascii.declaring import Asked, Ordered
from labframe_drivers.ascii.keys import ArgumentKeys, CommandKeys, Kind, ReadingKeys

__all__ = ["command_method", "reading_method"]

_KINDS: Final[dict[Kind, type]] = {"float": float, "int": int, "str": str, "bool": bool}


def reading_method(name: str, keys: ReadingKeys, asked: Asked, words: str) -> Callable[..., Any]:
    """Return the method of a reading.

    Args:
        name: Its name.
        keys: What the configuration says of it.
        asked: What it asks, and what the answer holds.
        words: The same in words, where nobody wrote what it is.
    """

    def measure(self: Any) -> Any:
        return self.measured(name, asked)

    unit: str | Mapping[str, str | None] | None = keys.unit
    if keys.parts:
        unit = {part: one.unit for part, one in keys.parts.items()}
    measure.__name__ = name
    measure.__doc__ = keys.doc or words
    measure.__annotations__ = {"return": Any if keys.parts else _KINDS[keys.type]}
    return reading(unit=unit)(measure)


def command_method(
    name: str, keys: CommandKeys, ordered: Ordered, words: str
) -> Callable[..., Any]:
    """Return the method of a command; the arguments are as in :func:`reading_method`."""

    def order(self: Any, **arguments: Any) -> None:
        self.ordered(name, ordered, arguments)

    hints = {one: _hint(said) for one, said in ordered.request.arguments.items()}
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    parameters = [
        inspect.Parameter("self", kind),
        *(inspect.Parameter(one, kind, annotation=hint) for one, hint in hints.items()),
    ]
    order.__name__ = name
    order.__doc__ = keys.doc or words
    order.__annotations__ = {**hints, "return": None}
    order.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]  # inspect's
    return command(
        read_back=keys.read_back, tolerance=keys.tolerance, safe_value=keys.safe_value,
        dangerous=keys.dangerous,
    )(order)  # fmt: skip


def _hint(keys: ArgumentKeys | CommandKeys) -> Any:
    texts = any(isinstance(one, str) for one in keys.choices)
    kind = str if texts else _KINDS[keys.type]
    choices = tuple(map(kind, keys.choices))
    return Annotated[kind, Arg(unit=keys.unit, limits=keys.limits, choices=choices)]
