"""Simulated instruments: what a driver would find at the other end of the cable."""

from labframe.simulation.bus import SimulatedBus
from labframe.simulation.carrier_loop import CarrierLoop
from labframe.simulation.core import Answer, SimulatedInstrument
from labframe.simulation.errors import NoPseudoTerminal, SimulationError
from labframe.simulation.line_simulator import LineSimulator, Reply
from labframe.simulation.pseudo_terminal import available
from labframe.simulation.pty_carrier import PtyCarrier
from labframe.simulation.replay import Mode, TranscriptSimulator
from labframe.simulation.reproduction import reproduces
from labframe.simulation.settable import Settable
from labframe.simulation.sim_carrier import SimCarrier
from labframe.simulation.socket_carrier import SocketCarrier

__all__ = [
    "Answer",
    "CarrierLoop",
    "LineSimulator",
    "Mode",
    "NoPseudoTerminal",
    "PtyCarrier",
    "Reply",
    "Settable",
    "SimCarrier",
    "SimulatedBus",
    "SimulatedInstrument",
    "SimulationError",
    "SocketCarrier",
    "TranscriptSimulator",
    "available",
    "reproduces",
]
