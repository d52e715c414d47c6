"""Vaisala DMT143 dew point transmitter."""

from __future__ import annotations

from labframe import hookimpl
from labframe_drivers.dmt143.driver import Dmt143, Dmt143Refused
from labframe_drivers.dmt143.simulator import Dmt143Simulator

__all__ = ["Dmt143", "Dmt143Refused", "Dmt143Simulator"]


@hookimpl
def labframe_instruments() -> list[type[Dmt143]]:
    """Give the driver."""
    return [Dmt143]


@hookimpl
def labframe_simulators() -> dict[str, type[Dmt143Simulator]]:
    """Give the simulator."""
    return {"dmt143": Dmt143Simulator}
