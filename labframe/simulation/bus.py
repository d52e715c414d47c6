"""Several simulated instruments on one wire."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, TypeVar

from labframe.simulation.core import Answer, SimulatedInstrument
from labframe.simulation.errors import SimulationError

__all__ = ["SimulatedBus"]

T = TypeVar("T")


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

    def lacks(self, hook: str) -> str | None:
        """Return why no member has any use for a hook, or None."""
        reasons = [member.lacks(hook) for member in self.members]
        return None if None in reasons else reasons[0]

    def split_requests(self, data: bytes) -> list[bytes]:
        """Return the requests as the first member sees them."""
        return self.members[0].split_requests(data)

    def line_end(self, answer: bytes) -> bytes:
        """Return the terminator of the member who says that there is one."""
        return self._first("line_end", lambda member: member.line_end(answer) or None) or b""

    def spoiled_checksum(self, answer: bytes) -> bytes | None:
        """Ask the members."""
        return self._first("spoiled_checksum", lambda member: member.spoiled_checksum(answer))

    def readdressed(self, answer: bytes) -> bytes | None:
        """Ask the members."""
        return self._first("readdressed", lambda member: member.readdressed(answer))

    def device_error(self, request: bytes, code: str) -> bytes | None:
        """Ask the members."""
        return self._first("device_error", lambda member: member.device_error(request, code))

    def busy(self, request: bytes) -> bytes | None:
        """Ask the members."""
        return self._first("busy", lambda member: member.busy(request))

    def no_number(self, request: bytes, answer: bytes, text: bytes) -> bytes | None:
        """Ask the members."""
        return self._first("no_number", lambda member: member.no_number(request, answer, text))

    def power_cycled(self, now: float) -> list[Answer] | None:
        """Cut the power of all members."""
        said = [member.power_cycled(now) for member in self.members]
        return [answer for answers in said for answer in answers or []]

    def _first(self, hook: str, ask: Callable[[SimulatedInstrument], T | None]) -> T | None:
        """Return what the first member says that has something to say.

        Which of them answered is not known here: where members of several kinds share a wire, a
        hook has to look at the request.
        """
        refusal: SimulationError | None = None
        for member in self.members:
            try:
                said = None if member.lacks(hook) else ask(member)
            except SimulationError as error:
                refusal = error
                continue
            if said is not None:
                return said
        if refusal is not None:
            raise refusal
        return None
