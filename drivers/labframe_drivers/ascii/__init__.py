"""Instruments with text requests that are described in ``lab.toml`` alone."""

from __future__ import annotations

from labframe import hookimpl
from labframe_drivers.ascii.driver import Ascii, Refused
from labframe_drivers.ascii.simulator import AsciiSimulator

__all__ = ["Ascii", "AsciiSimulator", "Refused"]


@hookimpl
def labframe_instruments() -> list[type[Ascii]]:
    """Give the driver."""
    return [Ascii]


@hookimpl
def labframe_simulators() -> dict[str, type[AsciiSimulator]]:
    """Give the simulator."""
    return {"ascii": AsciiSimulator}
