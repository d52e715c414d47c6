"""Pfeiffer TC 110 and TC 400 drive units of turbo pumps, and their kin on the same bus."""

from __future__ import annotations

from labframe import hookimpl
from labframe_drivers.tc400.driver import Tc400
from labframe_drivers.tc400.refusals import (
    AccessViolation,
    NoParameter,
    OutOfRange,
    Tc400Refused,
)
from labframe_drivers.tc400.simulator import Tc400Simulator

__all__ = [
    "AccessViolation",
    "NoParameter",
    "OutOfRange",
    "Tc400",
    "Tc400Refused",
    "Tc400Simulator",
]


@hookimpl
def labframe_instruments() -> list[type[Tc400]]:
    """Give the driver."""
    return [Tc400]


@hookimpl
def labframe_simulators() -> dict[str, type[Tc400Simulator]]:
    """Give the simulator."""
    return {"tc400": Tc400Simulator}
