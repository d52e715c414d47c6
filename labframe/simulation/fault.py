"""One fault of one simulator."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from labframe.simulation.core import Answer
from labframe.simulation.errors import FaultNeverFired
from labframe.simulation.fault_kind import FaultKind, Moment
from labframe.simulation.fault_schedule import Schedule

__all__ = ["Fault"]


class Fault:
    """One fault of one simulator: what it is, when it happens, how often it did.

    Attributes:
        name: Its word in the vocabulary.
        parameters: Its parameters, by name.
        fired: How often it has happened.
    """

    def __init__(
        self,
        kind: FaultKind,
        parameters: dict[str, Any],
        schedule: Schedule,
        remove: Callable[[Fault], None],
    ) -> None:
        self.name = kind.name
        self.parameters = parameters
        self.fired = 0
        self._kind = kind
        self._schedule = schedule
        self._remove = remove
        self._last: tuple[bytes, bytes] = (b"", b"")

    def __repr__(self) -> str:
        return f"<Fault {self}, fired {self.fired}>"

    def __str__(self) -> str:
        given = [
            f"{parameter.name}={parameter.shown(self.parameters[parameter.name])}"
            for parameter in self._kind.parameters
        ]
        schedule = str(self._schedule)
        return " ".join([self.name, ", ".join([*given, *([schedule] if schedule else [])])]).strip()

    @property
    def is_spent(self) -> bool:
        """Whether it has happened as often as it should."""
        return self._schedule.times is not None and self.fired >= self._schedule.times

    def remove(self) -> None:
        """Have it happen no more; harmless when it is removed already."""
        self._remove(self)

    def check_fired(self) -> None:
        """Do nothing if it happened.

        Raises:
            FaultNeverFired: If it did not; the message says what was seen meanwhile.
        """
        if not self.fired:
            raise FaultNeverFired(f"the fault {self} never fired: {self._why_never()}")

    def is_due(self, request: bytes, answer: bytes) -> bool:
        """Count an answer, and tell whether the fault is to happen to it; for the simulator."""
        self._last = request, answer
        return self._schedule.is_due(request)

    def spoiled(self, moment: Moment, data: bytes) -> bytes:
        """Return the bytes as they leave, and count; for the simulator."""
        if self._kind.on_bytes is None:
            return data
        spoiled = self._kind.on_bytes(moment, data, **self.parameters)
        if spoiled is None or spoiled == data:
            return data
        self.fired += 1
        return spoiled

    def sent(self, moment: Moment, answers: list[Answer]) -> list[Answer] | None:
        """Return what goes on the wire and when, and count; None: as it was."""
        if self._kind.on_wire is None:
            return None
        sent = self._kind.on_wire(moment, answers, **self.parameters)
        if sent is not None:
            self.fired += 1
        return sent

    def _why_never(self) -> str:
        if not self._schedule.due:
            return self._schedule.why_never_due(self._last[0])
        return (
            f"it changed nothing in {self._schedule.due} of {self._schedule.seen} answers, the "
            f"last of which was {self._last[1]!r}. Do its parameters fit such an answer?"
        )
