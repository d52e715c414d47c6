"""Omega iSeries temperature controllers and meters: CNi, DPi."""

from __future__ import annotations

from labframe import hookimpl
from labframe_drivers.omega_cni.driver import OmegaCni
from labframe_drivers.omega_cni.refusals import (
    AddressRefused,
    CommandRefused,
    FormatRefused,
    OmegaRefused,
    ParityRefused,
)
from labframe_drivers.omega_cni.simulator import OmegaCniSimulator

__all__ = [
    "AddressRefused",
    "CommandRefused",
    "FormatRefused",
    "OmegaCni",
    "OmegaCniSimulator",
    "OmegaRefused",
    "ParityRefused",
]


@hookimpl
def labframe_instruments() -> list[type[OmegaCni]]:
    """Give the driver."""
    return [OmegaCni]


@hookimpl
def labframe_simulators() -> dict[str, type[OmegaCniSimulator]]:
    """Give the simulator."""
    return {"omega_cni": OmegaCniSimulator}
