"""Modbus instruments that are described in ``lab.toml`` alone."""

from __future__ import annotations

from labframe import hookimpl
from labframe_drivers.modbus.driver import Implausible, Modbus
from labframe_drivers.modbus.simulator import ConfiguredModbusSimulator

__all__ = ["ConfiguredModbusSimulator", "Implausible", "Modbus"]


@hookimpl
def labframe_instruments() -> list[type[Modbus]]:
    """Give the driver."""
    return [Modbus]


@hookimpl
def labframe_simulators() -> dict[str, type[ConfiguredModbusSimulator]]:
    """Give the simulator."""
    return {"modbus": ConfiguredModbusSimulator}
