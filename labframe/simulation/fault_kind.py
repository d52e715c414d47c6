"""What a kind of fault is made of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from labframe.simulation.core import Answer, Cable, HoldsOutput, SimulatedInstrument
from labframe.simulation.fault_parameter import Parameter

__all__ = ["BytesEffect", "FaultKind", "Moment", "WireEffect"]


@dataclass(frozen=True, slots=True)
class Moment:
    """One answer, and what a fault may know and do while it is on its way.

    Attributes:
        simulator: Whose answer it is.
        carrier: What carries it; None when nothing does.
        request: What it answers, as it came; ``b""`` when the instrument speaks unasked.
        previous: The answer before it; ``b""`` for the first.
        now: The time, in seconds.
        at: Calls a function so many seconds from now.
    """

    simulator: SimulatedInstrument
    carrier: Cable | None
    request: bytes
    previous: bytes
    now: float
    at: Callable[[float, Callable[[], object]], None]

    @property
    def baudrate(self) -> int:
        """The instrument's rate, 9600 for one that does not care."""
        return self.simulator.baudrate or 9600


# The parameters differ from fault to fault: ``FaultKind.parameters`` says which there are.
BytesEffect: TypeAlias = Callable[..., "bytes | None"]
"""Takes the moment, the answer's bytes and the parameters; None or the same: nothing to spoil."""
WireEffect: TypeAlias = Callable[..., "list[Answer] | None"]
"""Takes the moment, what goes on the wire and the parameters; None: nothing to spoil."""


@dataclass(frozen=True, slots=True)
class FaultKind:
    """One word of the vocabulary.

    Attributes:
        name: The word.
        doc: What happens, in one line.
        parameters: What it can be given, in this order.
        on_bytes: Changes the bytes of an answer; None: it does not.
        on_wire: Changes when, how and whether they go on the wire; None: it does not.
        hook: The method of the simulator that it needs; ``""``: none.
        is_cable: Whether it needs a carrier: something that has a cable.
        holds_output: Whether it needs a carrier that can hold back what the client writes.
        try_out: Raises SimulationError for parameters that the simulator does not know.
    """

    name: str
    doc: str
    parameters: tuple[Parameter, ...] = ()
    on_bytes: BytesEffect | None = None
    on_wire: WireEffect | None = None
    hook: str = ""
    is_cable: bool = False
    holds_output: bool = False
    try_out: Callable[[SimulatedInstrument, dict[str, Any]], object] | None = None

    def why_not(self, simulator: SimulatedInstrument, carrier: Cable | None) -> str | None:
        """Return why this simulator, with this carrier, cannot show it; None: it can."""
        if (reason := self.lacking(simulator)) is not None:
            return reason
        if self.is_cable and carrier is None:
            return "no carrier has it, so there is no cable: make the carrier first"
        if self.holds_output and not isinstance(carrier, HoldsOutput):
            return "its carrier cannot hold back what is written: take a PtyCarrier or a SimCarrier"
        return None

    def lacking(self, simulator: SimulatedInstrument) -> str | None:
        """Return why this simulator cannot show it on any carrier; None: it can."""
        return simulator.lacks(self.hook) if self.hook else None
