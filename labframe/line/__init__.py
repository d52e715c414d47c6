"""The serial line: ports, framings, checksums, deadlines. The only importer of pyserial.

Importing it loads no pyserial: that happens when a port is opened or listed.
"""

from labframe.line.checked import Checked
from labframe.line.checksums import CHECKSUMS, Checksum, checksum
from labframe.line.flight import FLIGHT_BYTES, FlightRecorder
from labframe.line.framing import (
    Decoder,
    EnqAck,
    Exchange,
    FixedLength,
    Framing,
    Handshake,
    LengthPrefixed,
    Silence,
    Spaced,
    Terminated,
)
from labframe.line.line import Line
from labframe.line.opening import register_urls
from labframe.line.ports import PortInfo, PortSpec, UsbPort, list_ports, resolve
from labframe.line.recording import port_settings
from labframe.line.settings import SerialLine
from labframe.line.stuffing import Stuffed
from labframe.line.unasked import Frame

__all__ = [
    "CHECKSUMS",
    "FLIGHT_BYTES",
    "Checked",
    "Checksum",
    "Decoder",
    "EnqAck",
    "Exchange",
    "FixedLength",
    "FlightRecorder",
    "Frame",
    "Framing",
    "Handshake",
    "LengthPrefixed",
    "Line",
    "PortInfo",
    "PortSpec",
    "SerialLine",
    "Silence",
    "Spaced",
    "Stuffed",
    "Terminated",
    "UsbPort",
    "checksum",
    "list_ports",
    "port_settings",
    "register_urls",
    "resolve",
]
