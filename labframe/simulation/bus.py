"""Several simulated instruments on one wire."""

from __future__ import annotations

from typing import ClassVar

from labframe.simulation.core import Answer, SimulatedInstrument
from labframe.simulation.errors import SimulationError

__all__ = ["SimulatedBus"]


class SimulatedBus(SimulatedInstrument):
    """A wire with members: each hears every request, whoever is meant answers.

    It is the members' affair to have different addresses. A member does not hear the answers of the
    others (on a two-wire RS-485 it does), and two answers at the same time do not collide.

    Args:
        *members: The instruments on the wire, at the same baud rate.

    Raises:
        SimulationError: Without members, or if two of them want different baud rates.
    """

    driver: ClassVar[str] = "bus"
    usb_name: ClassVar[str] = "Simulated_bus"

    def __init__(self, *members: SimulatedInstrument) -> None:
        super().__init__()
        if not members:
            raise SimulationError("a simulated bus needs at least one member")
        rates = sorted({member.baudrate for member in members if member.baudrate is not None})
        if len(rates) > 1:
            raise SimulationError(
                f"the members of one bus speak at one baud rate, not at {rates}: "
                "put them on lines of their own"
            )
        self.members = members
        self.baudrate = rates[0] if rates else None  # type: ignore[misc]  # a bus has its members'
        sizes = {member.bytesize for member in members if member.bytesize is not None}
        parities = {member.parity for member in members if member.parity is not None}
        if len(sizes) == 1:
            self.bytesize = sizes.pop()  # type: ignore[misc]  # as the rate
        if len(parities) == 1:
            self.parity = parities.pop()  # type: ignore[misc]  # as the rate
        paces = [member.tick_s for member in members if member.tick_s is not None]
        self.tick_s = min(paces, default=None)
        self._next_tick = [float("-inf")] * len(members)

    def feed(self, data: bytes, now: float) -> list[Answer]:
        """Let every member hear the bytes."""
        return [answer for member in self.members for answer in member.feed(data, now)]

    def tick(self, now: float) -> list[Answer]:
        """Let time pass for the members whose turn it is, at the carrier's call next to it."""
        answers: list[Answer] = []
        for index, member in enumerate(self.members):
            if member.tick_s is not None and now >= self._next_tick[index]:
                self._next_tick[index] = now + member.tick_s - (self.tick_s or 0) / 2
                answers += member.tick(now)
        return answers
