"""Parameters of faults: their defaults, and how what was given becomes a value."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from labframe.nearest import did_you_mean
from labframe.simulation.errors import SimulationError

__all__ = ["Parameter", "assigned"]

_TRUE = frozenset({"1", "true", "yes", "on"})
_FALSE = frozenset({"0", "false", "no", "off"})


@dataclass(frozen=True, slots=True)
class Parameter:
    r"""One parameter of a fault or of its schedule.

    Attributes:
        name: What it is called.
        kind: ``int``, ``float``, ``bool``, ``str`` or ``bytes``. Text is converted; for bytes with
            the escapes of Python: ``\x00``, ``\r``.
        default: Its value where none is given; None: what ``otherwise`` says.
        doc: One line for people.
        unit: Of the value.
        limits: Lowest and highest allowed number.
        choices: The only texts that are allowed; empty: all.
        otherwise: What None means; ``""``: None is not allowed.
    """

    name: str
    kind: type
    default: object
    doc: str
    unit: str = ""
    limits: tuple[float, float] | None = None
    choices: tuple[str, ...] = ()
    otherwise: str = ""

    @property
    def shown_default(self) -> str:
        """The default as people write it."""
        return self.shown(self.default)

    def shown(self, value: object) -> str:
        """Return a value as people write it."""
        if value is None:
            return self.otherwise
        if isinstance(value, bytes):
            return repr(value)[2:-1]
        if isinstance(value, bool):
            return "on" if value else "off"
        return f"{value:g}" if isinstance(value, float) else str(value)

    def converted(self, fault: str, given: object) -> object:
        """Return the value that ``given`` means.

        Raises:
            SimulationError: If it means none, or one that is not allowed.
        """
        if self.otherwise and (given is None or given == self.otherwise):
            return None
        try:
            value = self._of_kind(given)
        except (TypeError, ValueError, OverflowError):
            raise self._refused(fault, given) from None
        if self.choices and value not in self.choices:
            raise self._refused(fault, given)
        if self.limits is not None:
            low, high = self.limits
            if not (isinstance(value, (int, float)) and low <= value <= high):
                raise self._refused(fault, given)
        return value

    def _of_kind(self, given: object) -> object:
        if self.kind is bytes:
            return _bytes(given)
        if self.kind is bool:
            return _truth(given)
        if self.kind is str:
            return str(given)
        if isinstance(given, bool) or not isinstance(given, (str, int, float)):
            raise TypeError
        if self.kind is int:
            number = int(given, 0) if isinstance(given, str) else int(given)
            if not isinstance(given, str) and number != given:
                raise ValueError
            return number
        return float(given)

    def _refused(self, fault: str, given: object) -> SimulationError:
        kinds = {
            int: "a whole number", float: "a number", bool: "on or off", str: "a text",
            bytes: r"bytes such as \x00 or OPEN",
        }  # fmt: skip
        wanted = f"one of {', '.join(self.choices)}" if self.choices else kinds[self.kind]
        if self.limits is not None:
            wanted += f" from {self.limits[0]:g} to {self.limits[1]:g}"
        if self.otherwise:
            wanted += f", or {self.otherwise!r}"
        return SimulationError(f"{fault}: {self.name} = {given!r}: must be {wanted} ({self.doc})")


def assigned(
    fault: str,
    parameters: Iterable[Parameter],
    values: Iterable[object],
    named: dict[str, object],
    also: Iterable[str] = (),
) -> dict[str, object]:
    """Return a value for each parameter.

    Args:
        fault: What they belong to, for messages.
        parameters: Those that there are.
        values: Given without names, in their order.
        named: Given with names.
        also: Other names that could be meant, for messages.

    Raises:
        SimulationError: If there is no such parameter, or one is given twice or refused.
    """
    known = {parameter.name: parameter for parameter in parameters}
    has = f"it has {', '.join(known)}" if known else "it has none"
    given = list(values)
    if len(given) > len(known):
        raise SimulationError(f"{fault}: {len(given)} values for its parameters; {has}")
    result = dict(zip(known, given, strict=False))
    for name, value in named.items():
        if name not in known:
            near = did_you_mean(name, [*known, *also])
            raise SimulationError(
                f"{fault}: no parameter is called {name!r}{near} "
                f"It has {', '.join(known) or 'none'}; any fault has {', '.join(also)}"
            )
        if name in result:
            raise SimulationError(f"{fault}: {name} is given twice: {result[name]!r} and {value!r}")
        result[name] = value
    return {
        name: parameter.converted(fault, result[name]) if name in result else parameter.default
        for name, parameter in known.items()
    }


def _bytes(given: object) -> bytes:
    if isinstance(given, (bytes, bytearray)):
        return bytes(given)
    if not isinstance(given, str):
        raise TypeError
    return re.sub(
        rb"\\(x[0-9a-fA-F]{2}|[nrt0\\])",
        lambda found: found[0].decode().encode().decode("unicode_escape").encode("latin-1"),
        given.encode("latin-1"),
    )


def _truth(given: object) -> bool:
    word = str(given).strip().lower()
    if word not in _TRUE | _FALSE:
        raise ValueError
    return word in _TRUE
