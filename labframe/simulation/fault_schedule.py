"""When a fault happens: to which answers, how often, by which chance."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import TypeAlias, cast

from labframe.simulation.errors import SimulationError
from labframe.simulation.fault_parameter import Parameter, assigned

__all__ = ["SCHEDULE", "Schedule", "When"]

When: TypeAlias = "Callable[[bytes], object] | bytes | str | None"
"""Which requests are meant: a predicate over their bytes, or bytes that they contain."""

SCHEDULE = (
    Parameter(
        "times", int, 1, "how often it happens", limits=(1, 10**9), otherwise="always"
    ),
    Parameter("after", int, 0, "how many answers pass before it may happen", limits=(0, 10**9)),
    Parameter("every", int, 1, "it happens to one answer in so many", limits=(1, 10**9)),
    Parameter("when", bytes, None, "only to answers to requests with these bytes", otherwise="any"),
    Parameter("chance", float, 1.0, "how probable it is, each time", limits=(0, 1)),
)  # fmt: skip
"""What any fault can be given besides its own parameters."""


class Schedule:
    """Decides about one answer after the other, and counts them.

    Args:
        fault: What it is for, in messages.
        given: Values of ``SCHEDULE`` by name.
        seed: Where its chance begins: the same seed, the same decisions.

    Attributes:
        seen: How many answers went by.
        meant: How many of them ``when`` meant.
        due: For how many of those it was time.

    Raises:
        SimulationError: For a value that cannot be.
    """

    def __init__(self, fault: str, given: dict[str, object], seed: str) -> None:
        when = given.get("when")
        if callable(when):
            given = {name: value for name, value in given.items() if name != "when"}
        self._values = assigned(fault, SCHEDULE, (), given)
        self.times = cast("int | None", self._values["times"])
        self._after = cast("int", self._values["after"])
        self._every = cast("int", self._values["every"])
        self._chance = cast("float", self._values["chance"])
        part = cast("bytes | None", self._values["when"])
        if callable(when):
            self._is_meant: Callable[[bytes], object] = when
            self._values["when"] = getattr(when, "__name__", "a predicate")
        else:
            self._is_meant = lambda request: part is None or part in request
        if self._chance == 0:
            raise SimulationError(f"{fault}: chance = 0: it would never happen")
        self._random = random.Random(seed)
        self.seen = self.meant = self.due = 0

    def __str__(self) -> str:
        return ", ".join(
            f"{parameter.name}={parameter.shown(self._values[parameter.name])}"
            for parameter in SCHEDULE
            if self._values[parameter.name] != parameter.default
        )

    def is_due(self, request: bytes) -> bool:
        """Count an answer to ``request`` and tell whether the fault is to happen to it."""
        self.seen += 1
        if not self._is_meant(request):
            return False
        self.meant += 1
        passed = self.meant - self._after
        if passed <= 0 or passed % self._every:
            return False
        if self._chance < 1 and self._random.random() >= self._chance:
            return False
        self.due += 1
        return True

    def why_never_due(self, last_request: bytes) -> str:
        """Return why it was time for none of the answers, and what to do."""
        if not self.seen:
            return "no answer went by: did anybody ask?"
        answers = f"{self.seen} answers" if self.seen > 1 else "1 answer"
        if not self.meant:
            return (
                f"{answers} went by, and when= meant none of the requests, the last of which was "
                f"{last_request!r}"
            )
        return (
            f"of {answers} {self.meant} were meant, and {self} let them pass: ask more often, or "
            "change that"
        )
