"""The computer that the host runs on, as an instrument; what is asked of it is in ``README.md``."""

from __future__ import annotations

import os
from time import monotonic, time
from typing import Any, Final

import psutil

from labframe import Instrument, LabframeError, NoValue, reading

__all__ = ["Computer", "ComputerWithSensors", "driver_here"]

_MB: Final = 1e6
_LEAST_S: Final = 0.5
"""Over less time than that, the share of a processor says nothing (psutil: 0.1 s at least)."""
_FIRST_S: Final = 0.1


class NoSuchDisk(LabframeError):
    """The option ``disk`` names no directory of this computer."""


class Computer(Instrument):
    """The computer that the host runs on: processors, load, memory, disk, uptime.

    It has no line, and the same readings with ``--simulate``: everybody has one.
    """

    driver = "computer"
    protocol = "none: the operating system tells"
    line = None
    always_there = True
    options = {"disk": os.path.abspath(os.sep)}

    _cpu = 0.0
    _cpu_at = float("-inf")

    def connect(self) -> None:
        """Begin to count what the processors do."""
        self._cpu = psutil.cpu_percent(interval=_FIRST_S)
        self._cpu_at = monotonic()

    @reading(unit="%", every=5.0)
    def cpu(self) -> float:
        """Read how busy all processors together were since the last reading; 100 is all of them."""
        now = monotonic()
        if now - self._cpu_at >= _LEAST_S:
            self._cpu = psutil.cpu_percent(interval=None)
            self._cpu_at = now
        return self._cpu

    @reading(unit="1", every=5.0)
    def load(self) -> float:
        """Read how many programs wanted a processor, on average over the last minute."""
        return float(psutil.getloadavg()[0])

    @reading(unit={"memory_used": "%", "memory_free": "MB"}, every=5.0)
    def memory(self) -> tuple[float, float]:
        """Read how much memory is in use, and how much a program could still get."""
        found = psutil.virtual_memory()
        return float(found.percent), found.available / _MB

    @reading(unit={"disk_used": "%", "disk_free": "MB"}, every=60.0)
    def disk(self) -> tuple[float, float]:
        """Read how full the disk is, and how much may still be written without being root."""
        where = str(self.options["disk"])
        try:
            found = psutil.disk_usage(where)
        except OSError as error:
            raise NoSuchDisk(
                f'{self.name}: options.disk = "{where}": {error.strerror}; name a directory'
            ) from error
        return float(found.percent), found.free / _MB

    @reading(unit="s", every=60.0)
    def uptime(self) -> float:
        """Read how long ago the computer was started."""
        return float(max(time() - psutil.boot_time(), 0.0))  # below 0 when the clock was set back


class ComputerWithSensors(Computer):
    """The computer that the host runs on, which tells its temperature too."""

    driver = "computer"
    protocol = "none: the operating system tells"

    @reading(unit="°C", every=5.0)
    def temperature(self) -> float:
        """Read the highest of its temperatures: mostly that of a processor."""
        found = _temperatures()
        if not found:
            raise NoValue(f"{self.name}: no sensor tells a temperature now")
        return max(found)


def driver_here() -> type[Computer]:
    """Return the driver for this computer: with temperature, if it has a sensor of one."""
    return ComputerWithSensors if _temperatures() else Computer


def _temperatures() -> list[float]:
    sensors: Any = getattr(psutil, "sensors_temperatures", None)  # not on Windows, not on macOS
    if sensors is None:
        return []
    try:
        found = sensors()
    except (OSError, ValueError):  # a sensor may vanish, or tell nonsense
        return []
    current = [one.current for chip in found.values() for one in chip]
    return [float(one) for one in current if one is not None and one > 0]
