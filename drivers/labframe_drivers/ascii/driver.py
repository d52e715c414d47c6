"""The driver of instruments with text requests and answers, described in ``lab.toml`` alone."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from labframe import Instrument, LabframeError, LineError, OwnKeys, SerialLine
from labframe_drivers.ascii.answers import Answer
from labframe_drivers.ascii.declaring import AsciiSection, Asked, Checking, Ordered
from labframe_drivers.ascii.keys import AsciiKeys, CommandKeys, ReadingKeys
from labframe_drivers.ascii.members import command_method, reading_method
from labframe_drivers.ascii.words import command_words, connecting_words, reading_words

__all__ = ["Ascii", "Refused", "section_in"]

_NOTHING = Answer(re.compile(""), ())


class Refused(LabframeError):
    """The instrument answered that it does not do it; the reason is in its own words."""


class Ascii(Instrument):
    """An instrument with text requests and answers, described in the configuration alone."""

    driver = "ascii"
    protocol = "text requests, from lab.toml"
    line = SerialLine()
    own_keys = OwnKeys(instrument=AsciiKeys, reading=ReadingKeys, command=CommandKeys)

    setup: ClassVar[tuple[str, ...]] = ()
    """What is sent after connecting."""
    acknowledge: ClassVar[re.Pattern[str] | None] = None
    """What it answers to what is sent for setting it up."""
    errors: ClassVar[tuple[re.Pattern[str], ...]] = ()
    """Answers by which it refuses a request."""
    explained: ClassVar[Mapping[str, str]] = {}

    @classmethod
    def example(cls) -> Mapping[str, Any]:
        """Return a circulator, as its folder describes it."""
        return section_in(Path(__file__).with_name("example.toml"))

    @classmethod
    def declare(cls, section: AsciiSection) -> Mapping[str, Any]:
        """Return the readings and commands that the section describes."""
        keys = section.keys
        checking = Checking(section, cls.answers(keys))
        members: dict[str, Any] = {
            "identify": checking.identify() or cls.identify,
            "setup": checking.setup(),
            "acknowledge": checking.pattern(keys.acknowledge, "acknowledge"),
            "errors": checking.patterns(keys.errors, "errors"),
        }
        explained = {"identify": connecting_words(members["identify"], section)}
        for name, one in section.readings.items():
            asked = checking.asked(name, one)
            if asked is not None:
                explained[name] = reading_words(one, asked)
                members[name] = reading_method(name, one, asked, explained[name])
        for name, order in section.commands.items():
            ordered = checking.ordered(name, order)
            explained[name] = command_words(ordered, cls.after_a_command(keys))
            members[name] = command_method(name, order, ordered, explained[name])
        return {**members, "explained": explained}

    @classmethod
    def answers(cls, keys: AsciiKeys) -> Answer:
        """Return what all answers have in common."""
        words = frozenset(one.strip() for one in keys.no_value)
        return Answer(_NOTHING.pattern, (), no_value=words)

    @classmethod
    def after_a_command(cls, keys: AsciiKeys) -> str:
        """Return what happens after each command, in words."""
        del keys
        return ""

    @classmethod
    def in_words(cls) -> Mapping[str, str]:
        """Return what each reading and command sends and expects."""
        return cls.explained

    def on_connect(self) -> None:
        """Send what sets the instrument up."""
        for request in self.setup:
            self.sent(request, self.acknowledge)

    def measured(self, name: str, asked: Asked) -> Any:
        """Ask for a reading; return its value, or its values by name.

        Raises:
            Refused: If the instrument says that it does not do it.
            LineError: If the answer does not look as it must.
            NoValue: If it says that there is no value.
        """
        text = self.ask(asked.request)
        if self.errors:
            self.check_refusal(asked.request, text)
        where = f"{self.name}.{name}"
        taken = asked.answer.taken(where, text)
        if len(taken) > 1:
            return dict(zip([one.name for one in asked.answer.values], taken, strict=True))
        if isinstance(taken[0], LabframeError):
            raise taken[0]
        return taken[0]

    def ordered(self, name: str, ordered: Ordered, arguments: Mapping[str, Any]) -> None:
        """Send a command.

        Raises:
            Refused: If the instrument says that it does not do it.
            LineError: If the answer that should come does not, or not as it must.
        """
        where = f"{self.name}.{name}"
        self.sent(ordered.request.filled(where, arguments), ordered.acknowledge)

    def sent(self, request: str, acknowledge: re.Pattern[str] | None) -> None:
        """Send a request that is no question, and take what the instrument answers to it."""
        if acknowledge is None:
            self.tell(request)
            return
        text = self.ask(request)
        self.check_refusal(request, text)
        if acknowledge.fullmatch(text) is None:
            raise LineError(
                f"{self.name}: the answer {text!r} to {request!r} does not look like "
                f"{acknowledge.pattern!r}"
            )

    def check_refusal(self, request: str, text: str) -> None:
        """Raise Refused if an answer is one of the instrument's errors."""
        for pattern in self.errors:
            found = pattern.fullmatch(text.strip())
            if found is not None:
                why = found[1] if pattern.groups and found[1] else text.strip()
                raise Refused(f"{self.name}: the instrument refuses {request!r}: {why}")


def section_in(path: Path) -> Mapping[str, Any]:
    """Return the one instrument of a configuration file."""
    with path.open("rb") as file:
        (section,) = tomllib.load(file)["instrument"].values()
    made: Mapping[str, Any] = section
    return made
