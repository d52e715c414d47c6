"""Sensirion SPS30 particulate matter sensor."""

from __future__ import annotations

from labframe import hookimpl
from labframe_drivers.sps30.driver import Sps30
from labframe_drivers.sps30.refusals import (
    ArgumentOutOfRange,
    Asleep,
    IllegalParameter,
    NoAccess,
    NotAllowedNow,
    Sps30Refused,
    UnknownCommand,
    WrongLength,
)
from labframe_drivers.sps30.simulator import Sps30Simulator

__all__ = [
    "ArgumentOutOfRange",
    "Asleep",
    "IllegalParameter",
    "NoAccess",
    "NotAllowedNow",
    "Sps30",
    "Sps30Refused",
    "Sps30Simulator",
    "UnknownCommand",
    "WrongLength",
]


@hookimpl
def labframe_instruments() -> list[type[Sps30]]:
    """Give the driver."""
    return [Sps30]


@hookimpl
def labframe_simulators() -> dict[str, type[Sps30Simulator]]:
    """Give the simulator."""
    return {"sps30": Sps30Simulator}
