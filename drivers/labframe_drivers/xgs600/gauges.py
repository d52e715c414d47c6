"""The inside of the simulated XGS-600: gauges that pump down, relays that follow them.

Pressures are in mbar in here, whatever the controller shows. See ``simulator.py`` for the sources.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

__all__ = ["MBAR_IN", "Board", "Gauge", "Level", "Relay", "boards", "pumped"]

MBAR_IN = {"Torr": 760 / 1013.25, "mBar": 1.0, "Pa": 100.0}
"""One mbar in each unit that the controller knows: 1013.25 mbar are 760 Torr, by definition."""

_FLOOR = 0.05
_RIPPLE = 0.005
_RIPPLE_S = 47.0


@dataclass(frozen=True, slots=True)
class Board:
    """A kind of sensor board.

    Attributes:
        code: How ``01`` names it.
        gauges: How many sensors it carries.
        short: The letter of its sensors' short code: I for ion gauges, T for the others.
    """

    code: str
    gauges: int
    short: str = "T"


boards = {
    "HFIG": Board("10", 1, "I"),
    "IMG": Board("3A", 1, "I"),
    "CNV": Board("40", 2),
    "ANALOG": Board("4C", 1),
    "EMPTY": Board("FE", 0),
}


@dataclass(slots=True)
class Gauge:
    """One sensor.

    Attributes:
        label: The user label: the sensor's own name where the user gave none.
        board: What it is connected to.
        start: The pressure at the beginning in mbar, or the text that is shown instead.
        phase: Where its ripple begins, so that no two move alike; whole numbers are one round.
        emission: 0 off, 1 on, 2 on with the second filament; of ion gauges only.
    """

    label: str
    board: Board
    start: float | str
    phase: float
    emission: int

    @property
    def ion(self) -> bool:
        """Whether it is an ion gauge: hot filament or inverted magnetron."""
        return self.board.short == "I"


@dataclass(frozen=True, slots=True)
class Level:
    """A switching level of a relay: the gauge's label and the pressure in mbar."""

    label: str
    pressure: float


@dataclass(slots=True)
class Relay:
    """One setpoint.

    Attributes:
        mode: 0 off, 1 on, 3 by pressure.
        on: Below this level it closes.
        off: Above this level it opens; between the two it stays.
        closed: What the pressure made of it.
    """

    mode: int = 0
    on: Level | None = None
    off: Level | None = None
    closed: bool = False

    def follow(self, pressures: dict[str, float]) -> None:
        """Switch by the pressures in mbar, by label; a gauge without a number opens the relay."""
        low = pressures.get(self.on.label) if self.on else None
        high = pressures.get(self.off.label) if self.off else low
        if low is None or high is None:
            self.closed = False
        elif self.on and low < self.on.pressure:
            self.closed = True
        elif not self.off or high > self.off.pressure:
            self.closed = False

    @property
    def state(self) -> bool:
        """Whether the contact is closed."""
        return self.mode == 1 or (self.mode == 3 and self.closed)


def pumped(start: float, age_s: float, pumpdown_s: float, phase: float) -> float:
    """Return the pressure after ``age_s`` of pumping, with a little ripple; 0 s: no change."""
    if not pumpdown_s:
        return start
    left = _FLOOR + (1 - _FLOOR) * math.exp(-age_s / pumpdown_s)
    return start * left * (1 + _RIPPLE * math.sin(2 * math.pi * (age_s / _RIPPLE_S + phase)))
