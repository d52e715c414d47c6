"""Instruments that speak in lines: a request with a terminator, an answer with a terminator."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import ClassVar, TypeAlias

from labframe.simulation.core import Answer, SimulatedInstrument
from labframe.simulation.errors import SimulationError
from labframe.simulation.settable import Settable

__all__ = ["LineSimulator", "Reply"]

Reply: TypeAlias = "bytes | list[bytes | Answer] | None"
"""What ``respond`` returns: one line, several, or silence. ``Answer`` is sent as it is."""


class LineSimulator(SimulatedInstrument):
    """Splits the bytes into requests, times the answers; a subclass writes ``respond``.

    Requests are worked off one after the other, as an instrument with one processor does: an answer
    never overtakes an earlier one.
    """

    terminator: ClassVar[bytes] = b"\r\n"
    """Ends every answer, and every request unless ``request_terminator`` is set."""
    request_terminator: ClassVar[bytes | None] = None
    longest_request: ClassVar[int] = 1024
    """Of a longer one only the end is kept: noise without end must not fill the memory."""

    number_pattern: ClassVar[re.Pattern[bytes]] = re.compile(rb"[+-]?\d+(\.\d*)?([eE][+-]?\d+)?")
    """Finds the measured numbers of an answer, for the fault ``nan_text``."""
    no_number_text: ClassVar[bytes] = b"-----"
    """What it shows in place of a number that it does not have."""
    error_answers: ClassVar[Mapping[str, bytes]] = {}
    """Its errors by their codes, each a line without terminator, the most usual one first."""
    busy_answer: ClassVar[bytes | None] = None
    """How it says that it is busy, without terminator; None: it never says so."""
    volatile: ClassVar[tuple[str, ...]] = ()
    """The settables that are as at the beginning after the power was off."""
    boot_s: ClassVar[float] = 0.0
    """How long it hears nothing after the power came back, in seconds."""
    boot_banner: ClassVar[bytes] = b""
    """The line that it says then, without terminator; ``b""``: none."""

    latency_s = Settable(0.0, "time from a request to its answer, s", limits=(0, 60))
    late_every = Settable(0, "one in so many answers is late; 0: none", limits=(0, 10**9))
    late_s = Settable(0.3, "how much later a late answer is, s", limits=(0, 3600))

    def __init__(self, **state: object) -> None:
        super().__init__(**state)
        self._rest = b""
        self._answered = 0
        self._free_at = float("-inf")
        self._deaf_until = float("-inf")
        self._at_power_on = {name: getattr(self, name) for name in self.volatile}

    def respond(self, line: bytes, now: float) -> Reply:
        r"""Return the answer to one request; both without terminator.

        Args:
            line: The request; any bytes but the terminator.
            now: When it was whole, in seconds.
        """
        raise NotImplementedError

    def latency(self, now: float) -> float:
        """Return how long the answer to a request of this moment takes, in seconds."""
        del now
        return self.latency_s

    def feed(self, data: bytes, now: float) -> list[Answer]:
        """Answer each request that is now whole; keep the rest."""
        if now < self._deaf_until:
            return []
        *lines, rest = (self._rest + data).split(self.request_terminator or self.terminator)
        self._rest = rest[-self.longest_request :]
        answers: list[Answer] = []
        for line in lines:
            reply = self.respond(line, now)
            if reply is not None:
                answers += self._timed(reply, now)
        return answers

    def lacks(self, hook: str) -> str | None:
        """Return why a hook is of no use here, or None."""
        if hook == "device_error" and self._answers_with(LineSimulator.device_error, hook):
            return None if self.error_answers else "its simulator has no error_answers"
        if hook == "busy" and self._answers_with(LineSimulator.busy, hook):
            return None if self.busy_answer is not None else "its simulator has no busy_answer"
        return super().lacks(hook)

    def _answers_with(self, own: object, hook: str) -> bool:
        return getattr(type(self), hook) is own

    def split_requests(self, data: bytes) -> list[bytes]:
        """Return the lines that are whole, with their terminators."""
        end = self.request_terminator or self.terminator
        return [line + end for line in data.split(end)[:-1]]

    def line_end(self, answer: bytes) -> bytes:
        """Return the terminator."""
        return self.terminator if answer.endswith(self.terminator) else b""

    def device_error(self, request: bytes, code: str) -> bytes | None:
        """Return the line of ``error_answers`` for the code."""
        del request
        code = code or next(iter(self.error_answers), "")
        if code not in self.error_answers:
            raise SimulationError(
                f"the simulated {self.driver} has no error {code!r}; it has: "
                f"{', '.join(self.error_answers) or 'none'}"
            )
        return self.error_answers[code] + self.terminator

    def busy(self, request: bytes) -> bytes | None:
        """Return the ``busy_answer``."""
        del request
        return None if self.busy_answer is None else self.busy_answer + self.terminator

    def no_number(self, request: bytes, answer: bytes, text: bytes) -> bytes | None:
        """Put the text in place of whatever ``number_pattern`` finds."""
        del request
        shown = text or self.no_number_text
        spoiled, found = self.number_pattern.subn(lambda _: shown, answer)
        return spoiled if found else None

    def power_cycled(self, now: float) -> list[Answer] | None:
        """Forget half a request and what is ``volatile``; say the ``boot_banner``."""
        self._rest = b""
        self._free_at = self._deaf_until = now + self.boot_s
        for name, value in self._at_power_on.items():
            setattr(self, name, value)
        banner = self.boot_banner
        return [Answer(banner + self.terminator, self.boot_s)] if banner else []

    def _timed(self, reply: bytes | list[bytes | Answer], now: float) -> list[Answer]:
        self._answered += 1
        delay = max(self._free_at - now, 0.0) + self.latency(now)
        if self.late_every and self._answered % self.late_every == 0:
            delay += self.late_s
        self._free_at = now + delay
        return [
            Answer(part.data, delay + part.delay_s)
            if isinstance(part, Answer)
            else Answer(part + self.terminator, delay)
            for part in (reply if isinstance(reply, list) else [reply])
        ]
