"""SCPI instruments that are described in ``lab.toml`` alone."""

from __future__ import annotations

from labframe import hookimpl
from labframe_drivers.scpi.driver import Scpi, ScpiRefused
from labframe_drivers.scpi.simulator import ScpiSimulator

__all__ = ["Scpi", "ScpiRefused", "ScpiSimulator"]


@hookimpl
def labframe_instruments() -> list[type[Scpi]]:
    """Give the driver."""
    return [Scpi]


@hookimpl
def labframe_simulators() -> dict[str, type[ScpiSimulator]]:
    """Give the simulator."""
    return {"scpi": ScpiSimulator}
