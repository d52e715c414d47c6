"""Which simulators there are."""

from __future__ import annotations

import difflib
from importlib import import_module
from typing import Final

from labframe.simulation import SimulatedInstrument, SimulationError

__all__ = ["simulator", "simulators"]

_PACKAGES: Final = ("labframe_drivers.moon_laser", "labframe_drivers.xgs600")


def simulators() -> dict[str, type[SimulatedInstrument]]:
    """Return the simulator classes by the names of the drivers that they stand in for."""
    found: dict[str, type[SimulatedInstrument]] = {}
    for package in _PACKAGES:
        for value in vars(import_module(package)).values():
            if isinstance(value, type) and issubclass(value, SimulatedInstrument):
                found[value.driver] = value
    return dict(sorted(found.items()))


def simulator(driver: str) -> type[SimulatedInstrument]:
    """Return the simulator class that stands in for ``driver``.

    Raises:
        SimulationError: If there is none; it names the nearest one, and all.
    """
    known = simulators()
    if driver in known:
        return known[driver]
    near = difflib.get_close_matches(driver, known, 1)
    hint = f"did you mean {near[0]!r}? " if near else ""
    raise SimulationError(
        f"no simulator stands in for a driver {driver!r}; {hint}There are: {', '.join(known)}"
    )
