"""Arguments of commands: what each may be, checked before a byte is written."""

from __future__ import annotations

import math
import types
import typing
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from labframe.errors import ArgumentError
from labframe.nearest import did_you_mean
from labframe.points import Value

__all__ = ["Arg", "Argument", "checked_arguments", "object_schema", "schema_of"]

_WORDS: Final[dict[Any, str]] = {
    float: "a number",
    int: "a whole number",
    bool: "true or false",
    str: "a text",
    list: "a list",
    tuple: "a list",
    dict: "an object",
}
_SHOWN: Final = 80


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

    def checked(self, where: str, value: Any) -> Any:
        """Return a value as the method takes it: a whole number as a float, where it wants one.

        Args:
            where: The command, for messages.
            value: Anything; numpy scalars are numbers.

        Raises:
            ArgumentError: If it is of another type, not finite, or out of range.
        """
        given = value
        if getattr(value, "shape", None) == () and hasattr(value, "item"):
            value = value.item()
        if self.choices and value not in self.choices and not self._is_default(value):
            hint = did_you_mean(str(value), map(str, self.choices))
            raise ArgumentError(
                "OUT_OF_RANGE",
                f"{where}: {self._given(given)}: not one of the choices{hint} "
                f"They are: {', '.join(map(repr, self.choices))}",
            )
        if type(value) is not float or self.kind is not float:
            try:
                value = msgspec.convert(value, self.kind)
            except msgspec.ValidationError:
                raise ArgumentError(
                    "WRONG_TYPE", f"{where}: {self._given(given)}: not {self._wanted()}"
                ) from None
        for number in _numbers(value):
            if isinstance(number, float) and not math.isfinite(number):
                raise ArgumentError("WRONG_TYPE", f"{where}: {self._given(given)}: not finite")
            if self.limits is not None and not self.limits[0] <= number <= self.limits[1]:
                raise ArgumentError(
                    "OUT_OF_RANGE",
                    f"{where}: {self._given(given)}: the limits are {self._range()}",
                )
        return value

    def schema(self) -> dict[str, Any]:
        """Return its JSON schema, with the keyword ``unit`` where it has one."""
        made = schema_of(self.kind)
        if self.choices:
            made["enum"] = list(self.choices)
            if not self.required and self.default not in self.choices:
                made["enum"].append(self.default)
        if self.unit is not None:
            made["unit"] = self.unit
        if self.limits is not None:
            made["minimum"], made["maximum"] = self.limits
        if not self.required:
            made["default"] = self.default
        return made

    def described(self) -> str:
        """Return what it is, in words: ``target (a number in K, 0 to 470 K)``."""
        return f"{self.name} ({self._wanted()})"

    def _is_default(self, value: Any) -> bool:
        return not self.required and value == self.default

    def _given(self, value: Any) -> str:
        text = repr(value)
        return f"{self.name} = {text if len(text) <= _SHOWN else f'{text[: _SHOWN - 3]}...'}"

    def _wanted(self) -> str:
        if self.choices:
            return f"one of {', '.join(map(repr, self.choices))}"
        text = " or ".join(_word(one) for one in _members(self.kind))
        if self.limits is not None:
            return f"{text}, {self._range()}"
        return f"{text} in {self.unit}" if self.unit not in (None, "1") else text

    def _range(self) -> str:
        assert self.limits is not None
        low, high = self.limits
        unit = "" if self.unit in (None, "1") else f" {self.unit}"
        return f"{low:g} to {high:g}{unit}"


def checked_arguments(
    where: str, arguments: Sequence[Argument], given: Mapping[str, Any]
) -> dict[str, Any]:
    """Return all arguments of a command, with the defaults of those that were not given.

    Args:
        where: The command, for messages: ``cryo.setpoint``.
        arguments: What it takes.
        given: What it was given.

    Raises:
        ArgumentError: If one is unknown, missing, of another type or out of range.
    """
    if len(given) > len(arguments) or any(one.name not in given for one in arguments):
        _check_names(where, arguments, given)
    return {
        one.name: one.checked(where, given[one.name]) if one.name in given else one.default
        for one in arguments
    }


def object_schema(arguments: Sequence[Argument]) -> dict[str, Any]:
    """Return the JSON schema of all arguments of a command together."""
    return {
        "type": "object",
        "properties": {one.name: one.schema() for one in arguments},
        "required": [one.name for one in arguments if one.required],
        "additionalProperties": False,
    }


def schema_of(kind: Any) -> dict[str, Any]:
    """Return the JSON schema of a type; empty, which allows anything, if it has none."""
    try:
        return msgspec.json.schema(kind)
    except TypeError:
        return {}


def _check_names(where: str, arguments: Sequence[Argument], given: Mapping[str, Any]) -> None:
    known = [one.name for one in arguments]
    for name in given:
        if name not in known:
            takes = f"It takes: {', '.join(known)}" if known else "It takes none"
            raise ArgumentError(
                "UNKNOWN_ARGUMENT",
                f"{where}: there is no argument {name[:_SHOWN]!r}{did_you_mean(name, known)} "
                f"{takes}",
            )
    missing = [one.described() for one in arguments if one.required and one.name not in given]
    if missing:
        verb = "is" if len(missing) == 1 else "are"
        raise ArgumentError("MISSING_ARGUMENT", f"{where}: {', '.join(missing)} {verb} missing")


def _numbers(value: Any) -> Iterable[int | float]:
    """Return the numbers in a value; a truth value is none."""
    if isinstance(value, float) or (isinstance(value, int) and not isinstance(value, bool)):
        yield value
    elif isinstance(value, (list, tuple)):
        for one in value:
            yield from _numbers(one)
    elif isinstance(value, dict):
        for one in value.values():
            yield from _numbers(one)


def _members(kind: Any) -> tuple[Any, ...]:
    if typing.get_origin(kind) in (typing.Union, types.UnionType):
        return tuple(one for one in typing.get_args(kind) if one is not type(None))
    return (kind,)


def _word(kind: Any) -> str:
    return _WORDS.get(typing.get_origin(kind) or kind, str(kind))
