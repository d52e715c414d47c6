"""A simulated instrument whose answers go wrong when somebody wants them to."""

from __future__ import annotations

import heapq
import itertools
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from labframe.nearest import did_you_mean
from labframe.simulation.core import Answer, SimulatedInstrument
from labframe.simulation.errors import SimulationError
from labframe.simulation.fault import Fault
from labframe.simulation.fault_kind import Moment
from labframe.simulation.fault_parameter import assigned
from labframe.simulation.fault_schedule import SCHEDULE, Schedule, When
from labframe.simulation.faults import applicable, fault_kind

__all__ = ["FaultySimulator"]

_TICK_S = 0.01
"""How exactly the cable is pulled and put back."""
_IDLE_TICK_S = 0.05
_LONGEST_REQUEST = 4096
_OWN = frozenset(
    {"simulator", "seed", "injected", "driver", "usb_name", "settables", "tick_s"}
    | {"baudrate", "bytesize", "parity"}
)
"""Never passed on, even if the simulator has a value of that name."""


class FaultySimulator(SimulatedInstrument):
    """Any simulator, or bus of them, with faults on the way from it to the client.

    Without an active fault every answer passes as it is. After a fault that delays an answer the
    next ones queue behind it: no answer overtakes another on one wire. What can be set is passed
    through: ``faulty.power_kw = 900`` sets it on the simulator (a value that is called like one of
    the attributes below, such as ``seed``, is set at ``faulty.simulator``).

    Faults may be injected and removed from any thread, whatever carries the simulator.

    Args:
        simulator: What is to be disturbed.
        seed: Where ``chance`` begins: the same seed and the same traffic, the same faults.

    Attributes:
        simulator: What is disturbed.
        seed: The seed.
        injected: Every fault that was injected, active or not.
    """

    def __init__(self, simulator: SimulatedInstrument, seed: int = 0) -> None:
        super().__init__()
        self.simulator = simulator
        self.seed = seed
        self.injected: list[Fault] = []
        self.driver = simulator.driver  # type: ignore[misc]  # it stands for what it wraps
        self.usb_name = simulator.usb_name  # type: ignore[misc]
        self.baudrate = simulator.baudrate  # type: ignore[misc]
        self.bytesize = simulator.bytesize  # type: ignore[misc]
        self.parity = simulator.parity  # type: ignore[misc]
        self.settables = simulator.settables  # type: ignore[method-assign]
        self.tick_s = simulator.tick_s or _IDLE_TICK_S
        self._lock = threading.Lock()
        self._active: tuple[Fault, ...] = ()
        self._request = b""
        self._previous = b""
        self._free_at = float("-inf")
        self._next_tick = float("-inf")
        self._due: list[tuple[float, int, Callable[[], object]]] = []
        self._order = itertools.count()

    def __getattr__(self, name: str) -> Any:
        # What SimulatedInstrument has not: the simulator's own values and methods.
        if name.startswith("_") or name == "simulator":
            raise AttributeError(name)
        return getattr(self.simulator, name)

    def __setattr__(self, name: str, value: object) -> None:
        if not name.startswith("_") and name not in _OWN and name in self.simulator.settables():
            setattr(self.simulator, name, value)
        else:
            super().__setattr__(name, value)
        if name == "carrier":
            self.simulator.carrier = self.carrier

    # Faults.

    @property
    def faults(self) -> tuple[Fault, ...]:
        """The faults that may still happen, in the order in which they were injected."""
        return self._active

    def applicable(self) -> tuple[str, ...]:
        """Return the names of the faults that this simulator with its carrier can show."""
        return applicable(self.simulator, self.carrier)

    def inject(
        self,
        name: str,
        /,
        *values: object,
        times: int | str | None = 1,
        after: int | str = 0,
        every: int | str = 1,
        when: When = None,
        chance: float | str = 1.0,
        **parameters: object,
    ) -> Fault:
        """Have a fault happen from now on.

        Args:
            name: Which one, of ``FAULTS``.
            *values: Its parameters in their order; text is converted.
            times: How often it happens; None: always.
            after: How many answers pass before.
            every: One answer in so many.
            when: Which requests are meant: a predicate over their bytes, with terminator, or
                bytes that they contain. It is called on the carrier's thread.
            chance: How probable it is each time, above 0, up to 1.
            **parameters: Its parameters by name.

        Raises:
            SimulationError: If there is no such fault or parameter, a value is refused, or the
                simulator or its carrier cannot show it.
        """
        kind = fault_kind(name, self.simulator, self.carrier)
        names = [parameter.name for parameter in SCHEDULE]
        given = assigned(name, kind.parameters, values, parameters, names)
        if kind.try_out is not None:
            kind.try_out(self.simulator, given)
        with self._lock:
            schedule = Schedule(
                name,
                {"times": times, "after": after, "every": every, "when": when, "chance": chance},
                f"{self.seed} {len(self.injected)} {name}",
            )
            fault = Fault(kind, given, schedule, self._remove)
            self.injected.append(fault)
            self._active = (*self._active, fault)
            self._repace()
        return fault

    @contextmanager
    def fault(self, name: str, /, *values: object, **options: Any) -> Iterator[Fault]:
        """Have a fault happen inside a ``with`` statement; arguments as for ``inject``.

        Raises:
            FaultNeverFired: At the end, if it never happened and no other exception is under way.
            SimulationError: As ``inject``.
        """
        fault = self.inject(name, *values, **options)
        try:
            yield fault
        finally:
            fault.remove()
        fault.check_fired()

    def remove(self, name: str) -> int:
        """Remove all active faults of a name, and return how many there were.

        Raises:
            SimulationError: If there is none.
        """
        found = [fault for fault in self._active if fault.name == name]
        if not found:
            names = [fault.name for fault in self._active]
            raise SimulationError(
                f"no fault {name!r} is active{did_you_mean(name, names)} "
                f"Active: {', '.join(names) or 'none'}"
            )
        for fault in found:
            fault.remove()
        return len(found)

    def clear(self) -> int:
        """Remove all active faults, and return how many there were."""
        found = self._active
        for fault in found:
            fault.remove()
        return len(found)

    def _remove(self, fault: Fault) -> None:
        with self._lock:
            self._active = tuple(one for one in self._active if one is not fault)
            self._repace()

    def _repace(self) -> None:
        own = _TICK_S if self._active or self._due else _IDLE_TICK_S
        inner = self.simulator.tick_s
        self.tick_s = own if inner is None else min(inner, own) if own == _TICK_S else inner

    # What a carrier calls.

    def feed(self, data: bytes, now: float) -> list[Answer]:
        """Have the simulator answer, and the faults spoil that."""
        self._run_due(now)
        heard = (self._request + data)[-_LONGEST_REQUEST:]
        answers = self.simulator.feed(data, now)
        if not answers:
            self._request = heard
            return []
        requests = self.simulator.split_requests(heard) or [heard]
        self._request = heard[sum(map(len, requests)) :]
        behind = len(requests) - len(answers)  # the last answer belongs to the last request
        return [
            sent
            for index, answer in enumerate(answers)
            for sent in self._sent(answer, requests[max(index + behind, 0)], now)
        ]

    def tick(self, now: float) -> list[Answer]:
        """Pull and put back the cable, and pass the tick on at the simulator's own pace."""
        self._run_due(now)
        pace = self.simulator.tick_s
        if pace is None or now < self._next_tick:
            return []
        self._next_tick = now + pace - (self.tick_s or 0) / 2
        answers = self.simulator.tick(now)
        return [sent for answer in answers for sent in self._sent(answer, b"", now)]

    def _sent(self, answer: Answer, request: bytes, now: float) -> list[Answer]:
        previous, self._previous = self._previous, answer.data
        due = [fault for fault in self._active if fault.is_due(request, answer.data)]
        if not due:
            return self._in_turn([answer], now, is_delayed=False)
        moment = Moment(
            self.simulator, self.carrier, request, previous, now, partial(self._at, now)
        )
        data = answer.data
        for fault in due:
            data = fault.spoiled(moment, data)
        answers = [Answer(data, answer.delay_s)]
        is_delayed = False
        for fault in due:
            sent = fault.sent(moment, answers)
            if sent is not None:
                answers, is_delayed = sent, True
        for fault in due:
            if fault.is_spent:
                fault.remove()
        return self._in_turn(answers, now, is_delayed=is_delayed)

    def _in_turn(self, answers: list[Answer], now: float, *, is_delayed: bool) -> list[Answer]:
        """Have answers queue behind those that a fault delayed."""
        if not answers:
            return answers
        wait_s = self._free_at - now - answers[0].delay_s
        if wait_s > 0:
            answers = [Answer(answer.data, answer.delay_s + wait_s) for answer in answers]
        if is_delayed or wait_s > 0:
            self._free_at = now + max(answer.delay_s for answer in answers)
        return answers

    def _at(self, now: float, delay_s: float, action: Callable[[], object]) -> None:
        heapq.heappush(self._due, (now + delay_s, next(self._order), action))
        with self._lock:
            self._repace()

    def _run_due(self, now: float) -> None:
        if not self._due or self._due[0][0] > now:
            return
        while self._due and self._due[0][0] <= now:
            heapq.heappop(self._due)[2]()
        with self._lock:
            self._repace()

    def port_set(self, dtr: bool, rts: bool) -> None:
        """Tell the simulator."""
        self.simulator.port_set(dtr, rts)

    # What only the simulator knows: as it says.

    def lacks(self, hook: str) -> str | None:
        """Ask the simulator."""
        return self.simulator.lacks(hook)
