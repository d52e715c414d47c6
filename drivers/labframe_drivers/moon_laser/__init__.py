"""The giant laser on the moon: the demonstration instrument."""

from __future__ import annotations

from labframe import hookimpl
from labframe_drivers.moon_laser.driver import LaserRefused, MoonLaser
from labframe_drivers.moon_laser.simulator import MoonLaserSimulator

__all__ = ["LaserRefused", "MoonLaser", "MoonLaserSimulator"]


@hookimpl
def labframe_instruments() -> list[type[MoonLaser]]:
    """Give the driver."""
    return [MoonLaser]


@hookimpl
def labframe_simulators() -> dict[str, type[MoonLaserSimulator]]:
    """Give the simulator."""
    return {"moon_laser": MoonLaserSimulator}
