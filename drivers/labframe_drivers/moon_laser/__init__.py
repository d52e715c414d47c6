"""The giant laser on the moon: the demonstration instrument."""

from labframe_drivers.moon_laser.simulator import MoonLaserSimulator

__all__ = ["MoonLaserSimulator"]
