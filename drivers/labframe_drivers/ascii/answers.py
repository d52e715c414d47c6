"""Answers: from a text to the values in it, or to an error. Pure: no line, no clock."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from labframe import LabframeError, LineError, NoValue
from labframe_drivers.ascii.keys import Kind

__all__ = ["Answer", "Implausible", "Taken", "Value", "default_pattern"]

_NUMBER: Final = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
"""A number as instruments write it."""
_WHOLE: Final = re.compile(r"[+-]?\d+", re.ASCII)


class Implausible(LabframeError):
    """The instrument answered a number that cannot be true."""


Taken = float | int | str | bool | LabframeError
"""A value, or why there is none."""


@dataclass(frozen=True, slots=True)
class Value:
    """One value of an answer.

    Attributes:
        name: What it is called.
        kind: What it is.
        plausible: The lowest and the highest number that can be true.
        true: Texts that mean true, in capital letters.
        false: Texts that mean false, in capital letters.
    """

    name: str
    kind: Kind
    plausible: tuple[float, float] | None = None
    true: frozenset[str] = frozenset()
    false: frozenset[str] = frozenset()

    def taken(self, where: str, text: str) -> Taken:
        """Return the value of a text.

        Args:
            where: The instrument and its reading, for messages.
            text: A group of the answer.

        Raises:
            LineError: If it is none.
            Implausible: If it cannot be true.
        """
        kind, text = self.kind, text.strip()
        if kind == "str":
            return text
        if kind == "bool":
            word = text.upper()
            if word in self.true:
                return True
            if word in self.false:
                return False
            raise LineError(f"{where}: {text!r} means neither true nor false")
        whole = kind == "int"
        if (_WHOLE if whole else _NUMBER).fullmatch(text) is None:
            raise LineError(f"{where}: {text!r} is no {'whole ' if whole else ''}number")
        number = int(text) if whole and len(text) < 20 else float(text)
        if not math.isfinite(number):
            raise LineError(f"{where}: {text!r} is larger than a number can be")
        if self.plausible is not None and not self.plausible[0] <= number <= self.plausible[1]:
            low, high = self.plausible
            raise Implausible(f"{where}: {text!r} cannot be true: it is not {low:g} to {high:g}")
        return number


@dataclass(frozen=True, slots=True)
class Answer:
    """What an answer must look like, and which values are in it.

    Attributes:
        pattern: What the whole answer must match.
        values: Its values, in the order of the groups; without groups the one is all of it.
        no_value: Texts that mean that there is no value.
        number_is_none: Tells why a number stands for none: an overflow; None: it is one.
        is_quoted: Whether texts may stand in quotes, which are not part of them.
    """

    pattern: re.Pattern[str]
    values: tuple[Value, ...]
    no_value: frozenset[str] = frozenset()
    number_is_none: Callable[[str], str | None] | None = None
    is_quoted: bool = False

    def taken(self, where: str, text: str) -> list[Taken]:
        """Return the values of an answer; an error in the place of one that is not there.

        Raises:
            LineError: If the answer does not look as it must.
            NoValue: If the whole of it means that there is none.
        """
        if text.strip() in self.no_value:
            raise NoValue(f"{where}: the instrument answers {text.strip()!r}: it has no value now")
        found = self.pattern.fullmatch(text)
        if found is None:
            shown = text if len(text) <= 80 else f"{text[:77]}..."
            raise LineError(
                f"{where}: the answer {shown!r} does not look like {self.pattern.pattern!r}"
            )
        groups: Sequence[str | None] = found.groups() if self.pattern.groups else (text,)
        return [
            self._one(where, value, group) for value, group in zip(self.values, groups, strict=True)
        ]

    def _one(self, where: str, value: Value, text: str | None) -> Taken:
        where = where if len(self.values) == 1 else f"{where}: {value.name}"
        if text is None or text.strip() in self.no_value:
            shown = "nothing" if text is None else repr(text.strip())
            return NoValue(f"{where}: the instrument answers {shown}: it has no value now")
        if self.number_is_none is not None and value.kind in ("float", "int"):
            why = self.number_is_none(text)
            if why is not None:
                return NoValue(f"{where}: the instrument answers {text.strip()!r}: {why}")
        if self.is_quoted and value.kind == "str":
            text = _unquoted(text.strip())
        try:
            return value.taken(where, text)
        except Implausible as error:
            return error


def _unquoted(text: str) -> str:
    if len(text) < 2 or text[0] != '"' or text[-1] != '"':
        return text
    return text[1:-1].replace('""', '"')


def default_pattern(many: int) -> str:
    """Return what an answer looks like where no pattern is written: values with commas between.

    What each value must look like says its type.
    """
    return "(.*)" if many == 1 else ",".join(["([^,]*)"] * many)
