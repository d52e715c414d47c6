"""The section of one instrument, checked line by line, as what the driver reads and sends."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from labframe import Section
from labframe_drivers.ascii.answers import Answer, Value, default_pattern
from labframe_drivers.ascii.keys import (
    ArgumentKeys,
    AsciiKeys,
    CommandKeys,
    IdentifyKeys,
    PartKeys,
    ReadingKeys,
)
from labframe_drivers.ascii.requests import Request, TemplateError, bad_format, places

__all__ = ["AsciiSection", "Asked", "Checking", "Ordered"]

AsciiSection: TypeAlias = Section[AsciiKeys, ReadingKeys, CommandKeys]


@dataclass(frozen=True, slots=True)
class Asked:
    """A reading: what is asked, and what the answer holds."""

    request: str
    answer: Answer


@dataclass(frozen=True, slots=True)
class Ordered:
    """A command: what is sent, and what the answer must look like; None: there is none."""

    request: Request
    acknowledge: re.Pattern[str] | None


class Checking:
    """Checks the texts of a section; what is wrong is noted with its key.

    Args:
        section: The section.
        answer: What its answers have in common: words and numbers that stand for no value.
    """

    def __init__(self, section: AsciiSection, answer: Answer) -> None:
        self.section = section
        self._answer = answer

    def identify(self) -> tuple[str, str | re.Pattern[str]] | None:
        """Return what is asked after connecting, and the pattern of the answer."""
        keys = self.section.keys.identify
        if keys is None:
            return None
        if isinstance(keys, str):
            return self.text(keys, "identify"), ""
        pattern = self.pattern(keys.pattern, "identify", "pattern")
        if pattern is not None:
            self._check_example(keys, pattern)
        request = self.text(keys.request, "identify", "request")
        return request, "" if pattern is None else re.compile(f"(?:{pattern.pattern})\\Z")

    def _check_example(self, keys: IdentifyKeys, pattern: re.Pattern[str]) -> None:
        if keys.example is not None and not pattern.fullmatch(keys.example):
            self.section.problem(
                f"does not look like pattern = {keys.pattern!r}", "identify", "example"
            )

    def setup(self) -> tuple[str, ...]:
        """Return what is sent before the first reading."""
        return tuple(self.text(one, "setup") for one in self.section.keys.setup)

    def patterns(self, texts: Sequence[str], *place: str) -> tuple[re.Pattern[str], ...]:
        """Return several patterns."""
        made = [self.pattern(one, *place) for one in texts]
        return tuple(one for one in made if one is not None)

    def pattern(self, text: str | None, *place: str) -> re.Pattern[str] | None:
        """Return a pattern; None if there is none, or it is wrong."""
        if text is None:
            return None
        try:
            return re.compile(text)
        except re.error as error:
            where = "" if error.pos is None else f" at character {error.pos + 1}"
            self.section.problem(
                f"not a pattern: {error.msg}{where} (a regular expression; "
                r'a backslash before . ? + * ( ) [ ] means the character itself)', *place
            )  # fmt: skip
            return None

    def text(self, text: str, *place: str) -> str:
        """Return a request after a look at its characters."""
        line = self.section.line
        assert line is not None, "these drivers have a line"
        if not text.strip():
            self.section.problem("is empty: write what is sent", *place)
        elif any(one < " " for one in text):
            self.section.problem(
                "has a control character; the terminator is added by itself, [instrument."
                f"{self.section.name}.line] terminator sets it", *place
            )  # fmt: skip
        else:
            try:
                text.encode(line.encoding)
            except UnicodeEncodeError as error:
                self.section.problem(
                    f"{text[error.start]!r} is no {line.encoding} character; "
                    f"[instrument.{self.section.name}.line] encoding sets another", *place
                )  # fmt: skip
        return text

    def asked(self, name: str, keys: ReadingKeys) -> Asked | None:
        """Return a reading; None with what is wrong noted."""
        place = ("reading", name)
        request = self.text(keys.request, *place, "request")
        parts: Mapping[str, ReadingKeys | PartKeys] = keys.parts or {name: keys}
        for key in ("unit", "plausible"):
            if keys.parts and getattr(keys, key) is not None:
                self.section.problem("each of the parts has its own", *place, key)
        values = tuple(self._value(part, one, place) for part, one in parts.items())
        written = keys.pattern or default_pattern(len(values))
        pattern = self.pattern(written, *place, "pattern")
        if pattern is None:
            return None
        if pattern.groups != len(values) and (pattern.groups or len(values) > 1):
            hint = (
                f"but there are {len(values)} parts"
                if keys.parts
                else "say what each is: parts.NAME = { ... }, or write (?:...) for one that is none"
            )
            self.section.problem(
                f"has {pattern.groups} groups in parentheses; {hint}", *place, "pattern"
            )
            return None
        answer = replace(
            self._answer, pattern=pattern, values=values,
            no_value=self._answer.no_value | {one.strip() for one in keys.no_value},
        )  # fmt: skip
        self._check_answer(keys, answer, place)
        return Asked(request, answer)

    def _value(self, name: str, keys: ReadingKeys | PartKeys, place: Sequence[str]) -> Value:
        where = [*place] if isinstance(keys, ReadingKeys) else [*place, "parts", name]
        is_number = keys.type in ("float", "int")
        if is_number and keys.unit is None:
            self.section.problem(
                'is missing: unit = "V"; "1" is a number without dimension', *where, "unit"
            )
        if not is_number and keys.unit is not None:
            self.section.problem(f'is for numbers; this is type = "{keys.type}"', *where, "unit")
        if not is_number and keys.plausible is not None:
            self.section.problem(
                f'is for numbers; this is type = "{keys.type}"', *where, "plausible"
            )
        if keys.plausible is not None and not keys.plausible[0] <= keys.plausible[1]:
            self.section.problem("not [lowest, highest]", *where, "plausible")
        true, false = ({one.strip().upper() for one in words} for words in (keys.true, keys.false))
        if keys.type == "bool" and (not true or not false or true & false):
            self.section.problem(
                "true and false need words of their own, one at least", *where, "true"
            )
        return Value(name, keys.type, keys.plausible, frozenset(true), frozenset(false))

    def _check_answer(self, keys: ReadingKeys, answer: Answer, place: Sequence[str]) -> None:
        if keys.example is None:
            return
        try:
            taken = answer.taken("example", keys.example)
        except Exception as error:  # noqa: BLE001  # whatever is wrong with the example
            self.section.problem(
                f"gives no value: {error}".replace(": example:", ":"), *place, "example"
            )
            return
        bad = [one for one in taken if isinstance(one, Exception)]
        if bad:
            self.section.problem(
                f"gives no value: {bad[0]}".replace(": example:", ":"), *place, "example"
            )

    def ordered(self, name: str, keys: CommandKeys) -> Ordered:
        """Return a command, with what is wrong noted."""
        place = ("command", name)
        self.text(keys.request, *place, "request")
        try:
            names = places(keys.request)
        except TemplateError as error:
            self.section.problem(str(error), *place, "request")
            names = ()
        arguments = self._arguments(names, keys, place)
        for argument, one in arguments.items():
            where = [*place] if one is keys else [*place, "arguments", argument]
            self._check_argument(one, where)
        common = self.section.keys.acknowledge
        written = common if keys.acknowledge is None else keys.acknowledge
        source = ("acknowledge",) if keys.acknowledge is None else (*place, "acknowledge")
        acknowledge = self.pattern(written or None, *source)
        return Ordered(Request(keys.request, arguments), acknowledge)

    def _arguments(
        self, names: Sequence[str], keys: CommandKeys, place: Sequence[str]
    ) -> dict[str, ArgumentKeys | CommandKeys]:
        if keys.arguments or not names:
            why = (
                "each of the arguments has its own"
                if keys.arguments
                else "is for an argument, and there is none in the request: write {value} there"
            )
            for key in ("unit", "limits", "choices", "format"):
                if getattr(keys, key):
                    self.section.problem(why, *place, key)
        for name in keys.arguments:
            if name not in names:
                there = ", ".join(f"{{{one}}}" for one in names) or "none"
                self.section.problem(
                    f"{{{name}}} is not in the request; the places there are: {there}",
                    *place, "arguments", name,
                )  # fmt: skip
        if not keys.arguments and len(names) == 1:
            return {names[0]: keys}
        for name in names:
            if name not in keys.arguments:
                self.section.problem(
                    f'what {{{name}}} may be is missing: arguments.{name} = {{ unit = "V" }}',
                    *place, "request",
                )  # fmt: skip
        return {name: keys.arguments.get(name, ArgumentKeys(unit="1")) for name in names}

    def _check_argument(self, keys: ArgumentKeys | CommandKeys, place: Sequence[str]) -> None:
        texts = [one for one in keys.choices if isinstance(one, str)]
        is_number = keys.type in ("float", "int") and not texts
        self._check_choices(keys, texts, place)
        for key in ("limits", "format"):
            if not is_number and getattr(keys, key):
                self.section.problem("is for numbers; this is none", *place, key)
        if is_number and keys.unit is None:
            self.section.problem(
                'is missing: unit = "V"; "1" is a number without dimension', *place, "unit"
            )
        why = bad_format(keys) if is_number else None
        if why is not None:
            self.section.problem(why, *place, "format")
        if not keys.true or not keys.false:
            self.section.problem(
                "write one text at least", *place, "false" if keys.true else "true"
            )
        for text in (*keys.true, *keys.false, *keys.choices):
            if isinstance(text, str) and (not text or any(one < " " for one in text)):
                self.section.problem(f"{text!r} cannot be sent", *place, "choices")
        self.pattern(keys.pattern, *place, "pattern")

    def _check_choices(
        self, keys: ArgumentKeys | CommandKeys, texts: Sequence[str], place: Sequence[str]
    ) -> None:
        if texts and len(texts) < len(keys.choices):
            self.section.problem("texts and numbers; write them all as texts", *place, "choices")
        elif keys.type == "bool" and keys.choices:
            self.section.problem('is not for type = "bool"; see true, false', *place, "choices")
        elif keys.type == "str" and keys.choices and not texts:
            self.section.problem("numbers, and the type is str", *place, "choices")
        elif keys.type == "int" and any(isinstance(one, float) for one in keys.choices):
            self.section.problem("not whole numbers, and the type is int", *place, "choices")
