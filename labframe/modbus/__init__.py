"""Modbus RTU: the framing, the requests, the values, and a class for drivers.

Functions 01 to 06, 08, 15 and 16. Where registers have numbers, they count from 0, as on the line.
"""

from labframe.modbus.framing import ModbusRtu
from labframe.modbus.instrument import ModbusInstrument
from labframe.modbus.refusals import (
    REFUSALS,
    IllegalAddress,
    IllegalFunction,
    IllegalValue,
    InstrumentBusy,
    InstrumentFailed,
    MemoryParityError,
    ModbusRefused,
    NoAnswerAtGateway,
    NoGatewayPath,
    TakesLonger,
)
from labframe.modbus.requests import TABLES, Request, Table
from labframe.modbus.values import (
    KINDS,
    ORDERS,
    Kind,
    Order,
    decoded,
    encoded,
    text_in,
    text_out,
)

__all__ = [
    "KINDS",
    "ORDERS",
    "REFUSALS",
    "TABLES",
    "IllegalAddress",
    "IllegalFunction",
    "IllegalValue",
    "InstrumentBusy",
    "InstrumentFailed",
    "Kind",
    "MemoryParityError",
    "ModbusInstrument",
    "ModbusRefused",
    "ModbusRtu",
    "NoAnswerAtGateway",
    "NoGatewayPath",
    "Order",
    "Request",
    "Table",
    "TakesLonger",
    "decoded",
    "encoded",
    "text_in",
    "text_out",
]
