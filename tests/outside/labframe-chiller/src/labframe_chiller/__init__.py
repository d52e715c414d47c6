"""The driver chiller for labframe, and its simulator."""

from __future__ import annotations

from labframe import hookimpl
from labframe_chiller.driver import Chiller
from labframe_chiller.simulator import ChillerSimulator

__all__ = ["Chiller", "ChillerSimulator"]


@hookimpl
def labframe_instruments() -> list[type[Chiller]]:
    """Give the driver."""
    return [Chiller]


@hookimpl
def labframe_simulators() -> dict[str, type[ChillerSimulator]]:
    """Give the simulator."""
    return {"chiller": ChillerSimulator}
