"""Pfeiffer TPG 261 and TPG 262 controllers of compact vacuum gauges."""

from __future__ import annotations

from labframe import hookimpl
from labframe_drivers.tpg26x.driver import Tpg26x
from labframe_drivers.tpg26x.refusals import (
    ControllerError,
    NoHardware,
    ParameterRefused,
    SyntaxRefused,
    Tpg26xRefused,
)
from labframe_drivers.tpg26x.simulator import Tpg26xSimulator

__all__ = [
    "ControllerError",
    "NoHardware",
    "ParameterRefused",
    "SyntaxRefused",
    "Tpg26x",
    "Tpg26xRefused",
    "Tpg26xSimulator",
]


@hookimpl
def labframe_instruments() -> list[type[Tpg26x]]:
    """Give the driver."""
    return [Tpg26x]


@hookimpl
def labframe_simulators() -> dict[str, type[Tpg26xSimulator]]:
    """Give the simulator."""
    return {"tpg26x": Tpg26xSimulator}
