"""Values of a simulated instrument that can be set: from the command line, a test, a file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Generic, Self, TypeVar, cast, overload

from labframe.simulation.errors import SimulationError

if TYPE_CHECKING:
    from labframe.simulation.core import SimulatedInstrument

__all__ = ["Settable"]

T_co = TypeVar("T_co", covariant=True)

_TRUE = frozenset({"1", "true", "yes", "on"})
_FALSE = frozenset({"0", "false", "no", "off"})


class Settable(Generic[T_co]):
    """One value of a simulator class, declared with its default.

    The default's type says what is accepted, text is converted to it: ``"on"`` for a bool,
    ``"1e-7"`` for a float, ``"A,B"`` for a tuple of texts.

    Args:
        default: The value where none is given; immutable.
        doc: One line for people: meaning and unit.
        choices: The only values that are allowed; empty: all.
        limits: Lowest and highest allowed number.
        parse: Makes the value from what was given, instead of the default's type. A ``ValueError``
            refuses it.
    """

    def __init__(
        self,
        default: T_co,
        doc: str,
        *,
        choices: Sequence[T_co] = (),
        limits: tuple[float, float] | None = None,
        parse: Callable[[object], T_co] | None = None,
    ) -> None:
        self.name = ""
        self.default = default
        self.doc = doc
        self.choices = tuple(choices)
        self.limits = limits
        self._parse = parse or self._like_default

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    @overload
    def __get__(self, instance: None, owner: type) -> Self: ...
    @overload
    def __get__(self, instance: SimulatedInstrument, owner: type) -> T_co: ...
    def __get__(self, instance: SimulatedInstrument | None, owner: type) -> Self | T_co:
        if instance is None:
            return self
        value: T_co = instance.__dict__.get(self.name, self.default)
        return value

    def __set__(self, instance: SimulatedInstrument, value: object) -> None:
        self.put(instance, value)
        instance.changed(self.name)

    def put(self, instance: SimulatedInstrument, value: object) -> None:
        """Check and store the value without telling the instrument.

        Raises:
            SimulationError: If the value is not of the kind, or not allowed.
        """
        instance.__dict__[self.name] = self._checked(value)

    def _checked(self, given: object) -> T_co:
        try:
            value = self._parse(given)
        except (TypeError, ValueError) as error:
            raise SimulationError(
                f"{self.name} = {given!r}: {error}; it is {self.doc} (by default {self.default!r})"
            ) from error
        if self.choices and value not in self.choices:
            allowed = ", ".join(repr(choice) for choice in self.choices)
            raise SimulationError(f"{self.name} = {given!r}: must be one of {allowed}")
        if self.limits is not None:
            low, high = self.limits
            if not low <= cast("float", value) <= high:
                raise SimulationError(f"{self.name} = {given!r}: must be from {low:g} to {high:g}")
        return value

    def _like_default(self, given: object) -> T_co:
        kind = type(self.default)
        made: object
        if kind is bool:
            made = _truth(given)
        elif kind is tuple:
            made = tuple(_parts(given))
        elif kind is float or kind is int:
            made = _number(given, kind)
        elif isinstance(given, kind):
            made = given
        else:
            raise TypeError(f"must be a {kind.__name__}")
        return cast("T_co", made)


def _truth(given: object) -> bool:
    if isinstance(given, bool):
        return given
    word = str(given).strip().lower()
    if word in _TRUE or word in _FALSE:
        return word in _TRUE
    raise ValueError("must be on or off")


def _number(given: object, kind: type) -> float | int:
    if isinstance(given, bool) or not isinstance(given, (str, int, float)):
        raise TypeError("must be a number")
    number = float(given) if kind is float else int(given)
    if number != given and not isinstance(given, str):
        raise ValueError("must be a whole number")
    return number


def _parts(given: object) -> list[str]:
    if isinstance(given, str):
        return [part.strip() for part in given.split(",")] if given.strip() else []
    if isinstance(given, (list, tuple)):
        return [str(part) for part in given]
    raise TypeError("must be a list, or a text with commas")
