"""Instruments that speak in lines: a request with a terminator, an answer with a terminator."""

from __future__ import annotations

from typing import ClassVar, TypeAlias

from labframe.simulation.core import Answer, SimulatedInstrument
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

    latency_s = Settable(0.0, "time from a request to its answer, s", limits=(0, 60))
    late_every = Settable(0, "one in so many answers is late; 0: none", limits=(0, 10**9))
    late_s = Settable(0.3, "how much later a late answer is, s", limits=(0, 3600))

    def __init__(self, **state: object) -> None:
        super().__init__(**state)
        self._rest = b""
        self._answered = 0
        self._free_at = float("-inf")

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
        *lines, rest = (self._rest + data).split(self.request_terminator or self.terminator)
        self._rest = rest[-self.longest_request :]
        answers: list[Answer] = []
        for line in lines:
            reply = self.respond(line, now)
            if reply is not None:
                answers += self._timed(reply, now)
        return answers

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
