"""What happens in the demonstration: the chamber is pumped, gas is let in, a cable falls out.

The turbo pump runs up, and the pressure falls with it. Argon that flows in raises it; above 1e-3
mbar the interlock refuses to fire the laser. Now and then a cable is out for some seconds, and
heals.
"""

from __future__ import annotations

import contextlib
import itertools
import logging
import math
import random
import threading
from dataclasses import dataclass
from time import monotonic
from typing import Final

from labframe.closing import Closing
from labframe.host import Host
from labframe.simulation import SimulatedInstrument, SimulationError

__all__ = ["Chamber", "Scenario"]

_LOG: Final = logging.getLogger("labframe.demo")

_STEP_S: Final = 0.5
_FIRST_FAULT_S: Final = 60.0
_BETWEEN_FAULTS_S: Final = 90.0
_OUT_S: Final = 6.0
_CABLES: Final = ("argon", "turbo")
"""Whose cable falls out, in turns; that of the turbo pump is the bus of both pumps."""

_GAUGES: Final = "pressures_mbar"
_NOMINAL_HZ: Final = 1500.0
_NOISE: Final = 0.01


@dataclass(slots=True)
class Chamber:
    """A vacuum chamber of 30 L with a leak, on a turbo pump.

    Attributes:
        pressure_mbar: Its pressure.
    """

    pressure_mbar: float = 4e-4
    volume_l: float = 30.0
    leak_mbar_l_per_s: float = 6e-5
    pump_l_per_s: float = 60.0

    def let_pass(self, seconds: float, speed_share: float, argon_l_per_min: float) -> None:
        """Let time pass.

        Args:
            seconds: How long.
            speed_share: The turbo pump's speed, as a share of its nominal one.
            argon_l_per_min: The flow of gas, in norm litres a minute.
        """
        pumped_l_per_s = 0.02 + self.pump_l_per_s * speed_share**2
        inflow = self.leak_mbar_l_per_s + argon_l_per_min * 1013.25 / 60
        reached = inflow / pumped_l_per_s
        left = math.exp(-seconds * pumped_l_per_s / self.volume_l)
        self.pressure_mbar = reached + (self.pressure_mbar - reached) * left


class Scenario(Closing):
    """Moves the demonstration laboratory on, on a thread of its own, from now until it is closed.

    Args:
        host: The demonstration laboratory; running, or about to.
        first_fault_s: Seconds until the first cable falls out.
    """

    def __init__(self, host: Host, first_fault_s: float = _FIRST_FAULT_S) -> None:
        assert host.simulated is not None
        self.chamber = Chamber()
        self._host = host
        self._cables = host.simulated.carriers
        gauges = host.simulated.simulators["vacuum"]
        assert gauges is not None
        self._gauges: SimulatedInstrument = gauges
        self._random = random.Random(1969)
        self._fault_at = monotonic() + first_fault_s
        self._which = itertools.cycle(_CABLES)
        self._out = ""
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="labframe demo", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End it, and put the cable back that is out. May be called again."""
        self._stop.set()
        self._thread.join()
        self._put_back()

    def _run(self) -> None:
        before = monotonic()
        while not self._stop.wait(_STEP_S):
            now = monotonic()
            self.chamber.let_pass(
                now - before, self._newest("turbo_speed") / _NOMINAL_HZ, self._newest("argon_flow")
            )
            before = now
            self._show()
            if now >= self._fault_at:
                self._next_fault(now)

    def _newest(self, codename: str) -> float:
        """Return what an instrument showed last, however long ago; 0 before it did."""
        reading = self._host.reading(codename)
        y = None if reading is None else reading.y
        return float(y) if isinstance(y, (int, float)) else 0.0

    def _show(self) -> None:
        """Have the gauges show the pressure; the fore vacuum follows the gas that is pumped."""
        pressure = self.chamber.pressure_mbar * self._random.gauss(1, _NOISE)
        fore = (0.03 + 8 * self._newest("argon_flow")) * self._random.gauss(1, _NOISE)
        airlock = 3e-6 * self._random.gauss(1, _NOISE)
        shown = f"{pressure:.3e},{fore:.3e},OPEN,{airlock:.3e}"
        setattr(self._gauges, _GAUGES, shown)

    def _next_fault(self, now: float) -> None:
        if self._out:
            self._put_back()
            self._fault_at = now + _BETWEEN_FAULTS_S
            return
        self._out = next(self._which)
        _LOG.info("the demonstration pulls the cable of %s for %g s", self._out, _OUT_S)
        self._cables[self._out].unplug()
        self._fault_at = now + _OUT_S

    def _put_back(self) -> None:
        out, self._out = self._out, ""
        if out:
            with contextlib.suppress(SimulationError):  # the host was stopped, and all is unplugged
                self._cables[out].replug()
