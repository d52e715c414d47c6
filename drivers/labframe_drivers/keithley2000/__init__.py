"""Keithley 2000 digital multimeter."""

from __future__ import annotations

from labframe import hookimpl
from labframe_drivers.keithley2000.driver import (
    Keithley2000,
    Keithley2000Amperes,
    Keithley2000Ohms,
)
from labframe_drivers.keithley2000.refusals import (
    CommandError,
    DeviceError,
    ExecutionError,
    Keithley2000Refused,
)
from labframe_drivers.keithley2000.simulator import Keithley2000Simulator

__all__ = [
    "CommandError",
    "DeviceError",
    "ExecutionError",
    "Keithley2000",
    "Keithley2000Amperes",
    "Keithley2000Ohms",
    "Keithley2000Refused",
    "Keithley2000Simulator",
]


@hookimpl
def labframe_instruments() -> list[type[Keithley2000]]:
    """Give the driver."""
    return [Keithley2000]


@hookimpl
def labframe_simulators() -> dict[str, type[Keithley2000Simulator]]:
    """Give the simulator."""
    return {"keithley2000": Keithley2000Simulator}
