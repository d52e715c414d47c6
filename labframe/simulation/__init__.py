"""Simulated instruments: what a driver would find at the other end of the cable."""

from labframe.simulation.bus import SimulatedBus
from labframe.simulation.carrier import Carrier
from labframe.simulation.carrier_loop import CarrierLoop
from labframe.simulation.core import Answer, Cable, SimulatedInstrument
from labframe.simulation.errors import FaultNeverFired, NoPseudoTerminal, SimulationError
from labframe.simulation.fault import Fault
from labframe.simulation.fault_kind import FaultKind
from labframe.simulation.fault_parameter import Parameter
from labframe.simulation.faults import FAULTS
from labframe.simulation.faulty import FaultySimulator
from labframe.simulation.line_simulator import LineSimulator, Reply
from labframe.simulation.modbus_slave import ModbusRefusal, ModbusSimulator, modbus_crc
from labframe.simulation.pseudo_terminal import available
from labframe.simulation.pty_carrier import PtyCarrier
from labframe.simulation.replay import Mode, TranscriptSimulator
from labframe.simulation.reproduction import reproduces
from labframe.simulation.settable import Settable
from labframe.simulation.sim_carrier import SimCarrier
from labframe.simulation.socket_carrier import SocketCarrier

__all__ = [
    "FAULTS",
    "Answer",
    "Cable",
    "Carrier",
    "CarrierLoop",
    "Fault",
    "FaultKind",
    "FaultNeverFired",
    "FaultySimulator",
    "LineSimulator",
    "ModbusRefusal",
    "ModbusSimulator",
    "Mode",
    "NoPseudoTerminal",
    "Parameter",
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
    "modbus_crc",
    "reproduces",
]
