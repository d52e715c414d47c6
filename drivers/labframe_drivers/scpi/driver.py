"""The driver of SCPI instruments, described in ``lab.toml`` alone."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Final

from labframe import LineError, OwnKeys, SerialLine
from labframe_drivers.ascii.answers import Answer
from labframe_drivers.ascii.declaring import AsciiSection, Asked, Checking
from labframe_drivers.ascii.driver import Ascii, Refused, section_in
from labframe_drivers.ascii.keys import AsciiKeys, CommandKeys, ReadingKeys
from labframe_drivers.scpi.keys import ScpiKeys

__all__ = ["Scpi", "ScpiRefused"]

_ERROR: Final = re.compile(r'\s*([+-]?\d+)\s*,\s*"?(.*?)"?\s*', re.ASCII)
"""``-222,"Data out of range"``; some leave the quotes out."""
_LONGEST_QUEUE: Final = 32
"""Some queues hold 10, some 20 or 30 (SCPI-99 sets none); one without end is no queue."""
_INFINITY: Final = 9.9e37
"""What stands for infinity (SCPI-99, volume 1, 7.2.1.4)."""
_NO_NUMBER: Final = 9.91e37
"""What stands for no number (SCPI-99, volume 1, 7.2.1.5)."""


class ScpiRefused(Refused):
    """The instrument put errors into its queue; the text is its own.

    Attributes:
        codes: Their numbers, the oldest first: -222 for data out of range.
    """

    def __init__(self, text: str, codes: tuple[int, ...]) -> None:
        super().__init__(text)
        self.codes = codes


class Scpi(Ascii):
    """A SCPI instrument, described in the configuration alone.

    Its identification is ``*IDN?``. After each command its error queue is read, and what stands
    there is the command's error.
    """

    driver = "scpi"
    protocol = "SCPI, from lab.toml"
    line = SerialLine(terminator=b"\n")
    identify = ("*IDN?", "")
    own_keys = OwnKeys(instrument=ScpiKeys, reading=ReadingKeys, command=CommandKeys)

    error_queue: ClassVar[str] = "SYST:ERR?"
    """What reads the oldest error; empty: there is no queue."""

    _may_hold_errors = True

    @classmethod
    def example(cls) -> Mapping[str, Any]:
        """Return a power supply, as its folder describes it."""
        return section_in(Path(__file__).with_name("example.toml"))

    @classmethod
    def declare(cls, section: AsciiSection) -> Mapping[str, Any]:
        """Return the readings and commands that the section describes."""
        keys = section.keys
        queue = _queue(keys)
        if queue:
            Checking(section, cls.answers(keys)).text(queue, "error_queue")
        return {**super().declare(section), "error_queue": queue}

    @classmethod
    def answers(cls, keys: AsciiKeys) -> Answer:
        """Return what all answers have in common: an overflow is no number."""
        words = frozenset(one.strip() for one in keys.no_value)
        return Answer(
            re.compile(""), (), no_value=words, number_is_none=_why_no_number, is_quoted=True
        )

    @classmethod
    def after_a_command(cls, keys: AsciiKeys) -> str:
        """Return that the queue is asked."""
        queue = _queue(keys)
        return f'; then "{queue}" must tell of no error' if queue else ""

    def on_connect(self) -> None:
        """Forget the errors of before, and send what sets the instrument up."""
        self._may_hold_errors = True
        super().on_connect()

    def measured(self, name: str, asked: Asked) -> Any:
        """Ask for a reading; errors that it leaves behind are not the next command's."""
        try:
            taken = super().measured(name, asked)
        except LineError:
            self._may_hold_errors = True
            raise
        return taken

    def sent(self, request: str, acknowledge: re.Pattern[str] | None) -> None:
        """Send a command, and read the error queue.

        Raises:
            ScpiRefused: If the instrument put errors there.
            LineError: If the queue cannot be read: then nobody knows whether it was done.
        """
        if not self.error_queue:
            super().sent(request, acknowledge)
            return
        if self._may_hold_errors:
            for error in self._errors():
                self.log.warning("%s: an error of before: %s", self.name, error[1])
            self._may_hold_errors = False
        self._may_hold_errors = True  # until the queue was read to its end
        super().sent(request, acknowledge)
        errors = self._errors()
        self._may_hold_errors = False
        if errors:
            words = "; ".join(text for _, text in errors)
            raise ScpiRefused(
                f"{self.name}: the instrument refuses {request!r}: {words}",
                tuple(code for code, _ in errors),
            )

    def _errors(self) -> list[tuple[int, str]]:
        """Read the queue to its end; return codes and texts, the oldest first."""
        errors: list[tuple[int, str]] = []
        for _ in range(_LONGEST_QUEUE):
            text = self.ask(self.error_queue)
            found = _ERROR.fullmatch(text)
            if found is None:
                raise LineError(f"{self.name}: {text!r} is no answer to {self.error_queue!r}")
            code = int(found[1])
            if code == 0:
                return errors
            errors.append((code, f"{code}, {found[2]}"))
        raise LineError(
            f"{self.name}: {self.error_queue!r} gives errors without end: {errors[-1][1]}. "
            'Has it no queue? Then write error_queue = ""'
        )


def _queue(keys: AsciiKeys) -> str:
    return keys.error_queue if isinstance(keys, ScpiKeys) else ""


def _why_no_number(text: str) -> str | None:
    word = text.strip().lstrip("+-").upper()
    if word in ("NAN", "INF", "INFINITY", "NINF"):
        return "it has no number"
    try:
        size = abs(float(word))
    except ValueError:
        return None
    if size == _NO_NUMBER:
        return "it has no number (SCPI's NAN)"
    return "it is over its range (SCPI's INF)" if size >= _INFINITY else None
