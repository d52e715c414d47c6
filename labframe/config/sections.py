"""Sections and values of a configuration, key by key, so that every problem is found."""

from __future__ import annotations

import typing
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import msgspec

from labframe.config.keys import known, meant
from labframe.config.problems import Place, Problems
from labframe.config.rules import from_text, near_choice, wanted, why_not

__all__ = ["Sections", "nowhere"]

T = TypeVar("T", bound=msgspec.Struct)


def nowhere(place: Place) -> bool:
    """Tell that no section may have keys of its driver's own."""
    del place
    return False


class Sections:
    """Reads sections into structs, and notes what is wrong with them.

    Args:
        problems: Takes what is wrong.
        may_have_own: Whether the driver of an instrument's section may take keys of its own.

    Attributes:
        has_own: Whether a key was passed over because the driver may take it.
    """

    def __init__(self, problems: Problems, may_have_own: Callable[[Place], bool] = nowhere) -> None:
        self.problems = problems
        self.has_own = False
        self._may_have_own = may_have_own

    def struct(
        self, kind: type[T], place: Place, table: Any, elsewhere: Mapping[str, Any] | None = None
    ) -> T:
        """Return a section as a struct; what is wrong keeps its default.

        Args:
            kind: The struct.
            place: Where the section is.
            table: What it holds.
            elsewhere: Fields that were read already; their keys are passed over.
        """
        given = dict(elsewhere or {})
        hints = typing.get_type_hints(kind)
        for key, value in self.table(place, table).items():
            if key not in known(place):
                self.unknown_key(place, key, value)
            elif key in hints and key not in given:
                made = self.value((*place, key), hints[key], value)
                if made is not None:
                    given[key] = made
        for field in msgspec.structs.fields(kind):
            if field.required and field.name not in given:
                given[field.name] = ""
                if field.name not in table:
                    self.problems.add((*place, field.name), f'is missing: {field.name} = "..."')
        return kind(**given)

    def table(self, place: Place, value: Any) -> dict[str, Any]:
        """Return a value that must be a section or a table."""
        if isinstance(value, dict):
            return value
        if isinstance(value, list):
            name = ".".join(place)
            self.problems.add(place, f"not a section; write [{name}] once, in single brackets")
        else:
            self.problems.add(place, f"not a section; write [{'.'.join(place)}] above it", value)
        return {}

    def unknown_key(self, place: Place, key: str, value: object) -> None:
        """Note a key that is not known where it stands, unless its driver may take it."""
        if _is_open(place) and self._may_have_own(place):
            self.has_own = True
            return
        hint = meant(place, key, value)
        text = f"not a key that is known here{hint} Known: {', '.join(known(place))}"
        if isinstance(value, dict):
            self.problems.add((*place, key), text)
        else:
            self.problems.add((*place, key), text, value)

    def value(self, place: Place, kind: Any, value: Any) -> Any:
        """Return a value if it is of a kind, else note the problem and return None."""
        key = place[-1]
        if isinstance(value, str) and self.problems.secrets.is_variable(place):
            value = from_text(value, kind)
        try:
            made = msgspec.convert(value, kind)
        except msgspec.ValidationError:
            self.problems.add(place, f"not {wanted(key, kind)}{near_choice(kind, value)}", value)
            return None
        why = None if made is None else why_not(key, made)
        if why is not None:
            self.problems.add(place, why, value)
            return None
        return made


def _is_open(place: Place) -> bool:
    """Tell whether a driver may take keys of its own at a place."""
    is_whole = len(place) == 2
    return place[:1] == ("instrument",) and (is_whole or place[2] in ("reading", "command"))
