"""Vögtlin red-y smart mass flow meters and controllers."""

from __future__ import annotations

from labframe import hookimpl
from labframe_drivers.vogtlin.driver import Vogtlin
from labframe_drivers.vogtlin.simulator import VogtlinSimulator

__all__ = ["Vogtlin", "VogtlinSimulator"]


@hookimpl
def labframe_instruments() -> list[type[Vogtlin]]:
    """Give the driver."""
    return [Vogtlin]


@hookimpl
def labframe_simulators() -> dict[str, type[VogtlinSimulator]]:
    """Give the simulator."""
    return {"vogtlin": VogtlinSimulator}
