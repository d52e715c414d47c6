"""Requests with places for arguments: ``VOLT {volts}``. Pure: no line, no clock."""

from __future__ import annotations

import re
import string
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from labframe import ArgumentError
from labframe_drivers.ascii.keys import ArgumentKeys, CommandKeys

__all__ = ["Request", "TemplateError", "bad_format", "places"]

_FORMAT: Final = re.compile(r"(?:[ +-])?0?\d{0,2}(?:\.\d{1,2})?[dfeEgGX]?")


class TemplateError(ValueError):
    """A request with braces that cannot be filled."""


def places(template: str) -> tuple[str, ...]:
    """Return the names in the braces of a request, in their order, each once.

    Raises:
        TemplateError: If a brace is open, or holds something else than a name.
    """
    names: list[str] = []
    try:
        parsed = list(string.Formatter().parse(template))
    except ValueError:
        raise TemplateError("a brace is not closed, or not opened; {{ and }} are braces") from None
    for _, name, spec, conversion in parsed:
        if name is None:
            continue
        if spec or conversion:
            raise TemplateError(
                f'{{{name}}} holds more than a name; write format = ".2f" beside it'
            )
        if not name.isidentifier() or not name.isascii():
            raise TemplateError(f"{{{name}}} is no name: write {{value}}; {{{{ and }}}} are braces")
        if name not in names:
            names.append(name)
    return tuple(names)


def bad_format(keys: ArgumentKeys | CommandKeys) -> str | None:
    """Return what is wrong with how a number is to be written, or None."""
    if not _FORMAT.fullmatch(keys.format):
        return 'not how a number is written; such as ".2f", "04d", ".3e"'
    try:
        format(1 if keys.type == "int" else 1.0, keys.format)
    except ValueError as error:
        return f"not for a {keys.type}: {error}"
    return None


@dataclass(frozen=True, slots=True)
class Request:
    """What a command sends.

    Attributes:
        template: The text, with names in braces.
        arguments: What is known of each argument, by name.
    """

    template: str
    arguments: Mapping[str, ArgumentKeys | CommandKeys]

    def filled(self, where: str, given: Mapping[str, Any]) -> str:
        """Return the text with its arguments.

        Raises:
            ArgumentError: If a text is not as its pattern says.
        """
        if not self.arguments:
            return self.template.format()
        return self.template.format(
            **{
                name: _written(where, name, one, given[name])
                for name, one in self.arguments.items()
            }
        )


def _written(where: str, name: str, keys: ArgumentKeys | CommandKeys, value: Any) -> str:
    if isinstance(value, bool):
        return (keys.true if value else keys.false)[0]
    if isinstance(value, str):
        if not keys.choices and not re.fullmatch(keys.pattern, value, re.ASCII):
            raise ArgumentError(
                "WRONG_TYPE", f"{where}: {name} = {value!r}: does not look like {keys.pattern!r}"
            )
        return value
    return format(value, keys.format)
