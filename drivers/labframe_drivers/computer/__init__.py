"""The computer that the host runs on, as an instrument."""

from __future__ import annotations

from labframe import hookimpl
from labframe_drivers.computer.driver import Computer, ComputerWithSensors, driver_here

__all__ = ["Computer", "ComputerWithSensors"]


@hookimpl
def labframe_instruments() -> list[type[Computer]]:
    """Give the driver."""
    return [driver_here()]
