"""Agilent (Varian) XGS-600 gauge controller."""

from __future__ import annotations

from labframe import hookimpl
from labframe_drivers.xgs600.driver import Xgs600, Xgs600Refused
from labframe_drivers.xgs600.simulator import Xgs600Simulator

__all__ = ["Xgs600", "Xgs600Refused", "Xgs600Simulator"]


@hookimpl
def labframe_instruments() -> list[type[Xgs600]]:
    """Give the driver."""
    return [Xgs600]


@hookimpl
def labframe_simulators() -> dict[str, type[Xgs600Simulator]]:
    """Give the simulator."""
    return {"xgs600": Xgs600Simulator}
