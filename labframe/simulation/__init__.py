"""Simulated instruments: what a driver would find at the other end of the cable."""

from labframe.simulation.bus import SimulatedBus
from labframe.simulation.carrier_loop import CarrierLoop
from labframe.simulation.core import Answer, Cable, SimulatedInstrument
from labframe.simulation.errors import FaultNeverFired, NoPseudoTerminal, SimulationError
from labframe.simulation.fault import Fault
from labframe.simulation.fault_kind import FaultKind
from labframe.simulation.fault_parameter import Parameter
from labframe.simulation.faults import FAULTS
from labframe.simulation.faulty import FaultySimulator
from labframe.simulation.line_simulator import LineSimulator, Reply
from labframe.simulation.pseudo_terminal import available
from labframe.simulation.pty_carrier import PtyCarrier
from labframe.simulation.settable import Settable

__all__ = [
    "FAULTS",
    "Answer",
    "Cable",
    "CarrierLoop",
    "Fault",
    "FaultKind",
    "FaultNeverFired",
    "FaultySimulator",
    "LineSimulator",
    "NoPseudoTerminal",
    "Parameter",
    "PtyCarrier",
    "Reply",
    "Settable",
    "SimulatedBus",
    "SimulatedInstrument",
    "SimulationError",
    "available",
]
