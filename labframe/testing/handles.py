"""A simulated instrument on a carrier, as a test holds it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias, get_args

from labframe.simulation import (
    Answer,
    Carrier,
    Fault,
    FaultySimulator,
    PtyCarrier,
    SimCarrier,
    SimulatedInstrument,
    SimulationError,
    SocketCarrier,
    TranscriptSimulator,
    available,
)
from labframe.transcripts import Transcript
from labframe.wires import Clock

__all__ = ["CARRIERS", "CarrierKind", "SimHandle", "best_carrier", "simulator_of"]

CarrierKind: TypeAlias = Literal["pty", "sim", "socket"]
CARRIERS: Final[tuple[CarrierKind, ...]] = get_args(CarrierKind)


def best_carrier() -> CarrierKind:
    """Return the carrier that is most like hardware and that this computer has."""
    return "pty" if available() else "sim"


def simulator_of(
    wanted: str | Path | type[SimulatedInstrument] | SimulatedInstrument, **state: object
) -> SimulatedInstrument:
    """Return a simulated instrument.

    Args:
        wanted: The name of a driver whose simulator is installed, the path of a transcript, a
            simulator's class, or a simulator.
        **state: Start values.

    Raises:
        SimulationError: If there is none, or it refuses a value.
    """
    if isinstance(wanted, SimulatedInstrument):
        for name, value in state.items():
            setattr(wanted, name, value)
        return wanted
    if isinstance(wanted, type):
        return wanted(**state)
    if str(wanted).endswith(".jsonl"):
        return TranscriptSimulator(Transcript.load(wanted), mode="lookup")
    from labframe.plugins import Plugins

    return Plugins().simulator(str(wanted))(**state)


class _Timed(FaultySimulator):
    """Notes when it heard something."""

    def __init__(self, simulator: SimulatedInstrument, seed: int) -> None:
        super().__init__(simulator, seed)
        self._heard_at: list[float] = []

    def feed(self, data: bytes, now: float) -> list[Answer]:
        self._heard_at.append(now)
        return super().feed(data, now)


class SimHandle:
    """A simulated instrument on a carrier, with faults to inject and a cable to pull.

    Args:
        simulator: The instrument, or a bus of them.
        kind: What carries the bytes.
        clock: The clock of ``sim``; None is the computer's.
        seed: Where the chances of faults begin.

    Attributes:
        state: The instrument: its values can be set and read.
        carrier: What carries the bytes.
        kind: Its kind.
    """

    def __init__(
        self,
        simulator: SimulatedInstrument,
        kind: CarrierKind,
        clock: Clock | None = None,
        seed: int = 0,
    ) -> None:
        self.state = simulator
        self.kind = kind
        self._faulty = _Timed(simulator, seed)
        self.carrier: Carrier
        if kind == "sim":
            self.carrier = SimCarrier(self._faulty, clock=clock)
        elif kind == "socket":
            self.carrier = SocketCarrier(self._faulty)
        elif kind == "pty":
            self.carrier = PtyCarrier(self._faulty)
        else:
            raise SimulationError(f"carrier = {kind!r}: not one of {', '.join(CARRIERS)}")

    @property
    def url(self) -> str:
        """Where a driver finds it."""
        return self.carrier.url

    @property
    def seen(self) -> list[bytes]:
        """The chunks that a client wrote, the newest last."""
        return self.carrier.seen

    @property
    def heard_at(self) -> list[float]:
        """When each chunk was heard, in seconds on the carrier's clock."""
        return self._faulty._heard_at

    def inject(self, name: str, /, *values: object, **options: Any) -> Fault:
        """Have a fault happen; see :meth:`labframe.simulation.FaultySimulator.inject`."""
        return self._faulty.inject(name, *values, **options)

    @contextmanager
    def fault(self, name: str, /, *values: object, **options: Any) -> Iterator[Fault]:
        """Have a fault happen inside a ``with`` statement; it must."""
        with self._faulty.fault(name, *values, **options) as fault:
            yield fault

    @contextmanager
    def perhaps(self, name: str, /, *values: object, **options: Any) -> Iterator[Fault]:
        """Have a fault happen inside a ``with`` statement, if an answer is such that it can."""
        fault = self._faulty.inject(name, *values, **options)
        try:
            yield fault
        finally:
            fault.remove()
            if not fault.fired:
                self._faulty.injected.remove(fault)

    def clear(self) -> None:
        """Remove all faults."""
        self._faulty.clear()

    def active(self) -> tuple[str, ...]:
        """Return the names of the faults that may still happen."""
        return tuple(fault.name for fault in self._faulty.faults)

    def applicable(self) -> tuple[str, ...]:
        """Return the names of the faults that it can show."""
        return self._faulty.applicable()

    def unplug(self) -> None:
        """Pull the cable."""
        self.carrier.unplug()

    def replug(self) -> None:
        """Put the cable back."""
        self.carrier.replug()

    def check(self) -> None:
        """Check that what was asked for happened, and that the simulator raised nothing.

        Raises:
            FaultNeverFired: If an injected fault never happened.
            AssertionError: If the simulator raised.
        """
        failure = self.carrier.failure
        if failure is not None:
            raise AssertionError(f"the simulator at {self.url} raised {failure!r}") from failure
        for fault in self._faulty.injected:
            fault.check_fired()

    def close(self) -> None:
        """Unplug for good."""
        self.carrier.close()
