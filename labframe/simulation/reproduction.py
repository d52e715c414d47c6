"""Whether a simulator answers as the instrument did."""

from __future__ import annotations

from typing import Final

from labframe.simulation.core import Answer, SimulatedInstrument
from labframe.transcripts import Exchange, Transcript, escaped

__all__ = ["reproduces"]

_SHOWN: Final = 200


def reproduces(
    simulator: SimulatedInstrument | type[SimulatedInstrument], transcript: Transcript
) -> list[str]:
    """Give a simulator the recorded requests at the recorded times, and compare its answers.

    Args:
        simulator: The simulator; a class is made with the start values of the transcript's header.
        transcript: What a real instrument, or its manual, says.

    Returns:
        What differs, in words; nothing when each request got exactly the recorded bytes. When
        an answer comes is not compared.

    Raises:
        SimulationError: If the simulator refuses the header's start values.
    """
    if isinstance(simulator, type):
        simulator = simulator(**dict(transcript.header.simulate))
    recorded = transcript.exchanges
    given = _given(simulator, recorded)
    if b"".join(given) == b"".join(one.answer for one in recorded):
        return []  # also where an answer was cut at another place
    return [
        _difference(number, len(recorded), exchange, answer)
        for number, (exchange, answer) in enumerate(zip(recorded, given, strict=True), 1)
        if answer != exchange.answer
    ]


def _given(simulator: SimulatedInstrument, recorded: tuple[Exchange, ...]) -> list[bytes]:
    """Return what the simulator says to each request, and until the next one by itself."""
    said: list[list[tuple[float, bytes]]] = [[] for _ in recorded]
    ticks = _Ticks(simulator)
    for index, exchange in enumerate(recorded):
        for chunk in exchange.sent:
            said[max(index - 1, 0)] += ticks.until(chunk.time_s)
            said[index] += _due(simulator.feed(chunk.data, chunk.time_s), chunk.time_s)
        if exchange.received:
            said[index] += ticks.until(exchange.received[-1].time_s)
    return [b"".join(data for _, data in sorted(one, key=lambda due: due[0])) for one in said]


class _Ticks:
    """Calls ``tick`` as often as a carrier does."""

    def __init__(self, simulator: SimulatedInstrument) -> None:
        self._simulator = simulator
        self._next_s = 0.0

    def until(self, now: float) -> list[tuple[float, bytes]]:
        """Let the time until ``now`` pass, and return what was said by itself, and when."""
        said: list[tuple[float, bytes]] = []
        while self._simulator.tick_s is not None and self._next_s <= now:
            said += _due(self._simulator.tick(self._next_s), self._next_s)
            self._next_s += self._simulator.tick_s
        return said


def _due(answers: list[Answer], now: float) -> list[tuple[float, bytes]]:
    return [(now + answer.delay_s, answer.data) for answer in answers]


def _difference(number: int, of: int, exchange: Exchange, answer: bytes) -> str:
    asked = f'"{escaped(exchange.request, _SHOWN)}"' if exchange.sent else "nothing"
    recorded = _words(exchange.answer)
    return (
        f"request {number} of {of}, at {exchange.time_s:.3f} s: to {asked} the recorded answer is "
        f"{recorded}, the simulator's {_words(answer)}"
    )


def _words(data: bytes) -> str:
    return f'"{escaped(data, _SHOWN)}"' if data else "silence"
