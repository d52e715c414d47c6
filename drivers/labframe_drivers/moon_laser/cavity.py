"""The inside of the simulated laser: its states, its heat, its light. Pure computation."""

from __future__ import annotations

import math

__all__ = ["POINTS", "Cavity"]

POINTS = 64
_FIRST_NM = 516.0
_STEP_NM = 0.5
_LINE_NM = 532.0
_NM_PER_K = 0.02
_WIDTH_NM = 1.5
_BASELINE = 0.004

_COLD_K = 255.0
_HEATING_K_PER_KW = 0.05
_THERMAL_S = 25.0
_SWING = 0.01
_RISE_S = 0.2
_LONG_AGO_S = 3600.0


class Cavity:
    """A laser that charges, fires for a while, rests, and is warmed by what it does.

    Time passes only in ``pass_time``; between two calls everything stands still.

    Attributes:
        state: IDLE, CHARGING or FIRING.
        temperature: Of the cavity, K.
        fired_s: How long the present pulse lasts, or the last one lasted, s.
    """

    def __init__(self) -> None:
        self.state = "IDLE"
        self.temperature = _COLD_K
        self.fired_s = 0.0
        self._now: float | None = None
        self._since = 0.0
        self._armed = True

    def fire(self) -> None:
        """Begin to charge; the pulse follows by itself."""
        self._armed = True
        self._enter("CHARGING")

    def stop(self) -> None:
        """Dark at once, and no pulse by itself until the next ``fire``."""
        self._armed = False
        self._enter("IDLE")

    def pass_time(
        self, now: float, *, power: float, pulse_s: float, charge_s: float, rest_s: float
    ) -> None:
        """Let the time until ``now`` pass, through as many changes of state as it takes.

        Args:
            now: Seconds on a clock that never goes back.
            power: Of a pulse, kW.
            pulse_s: Its duration.
            charge_s: The time to charge before it.
            rest_s: The time to rest after it, before the next one comes by itself; 0: it does not.
        """
        if self._now is None or not 0 <= now - self._now <= _LONG_AGO_S:
            self._now = self._since = now  # nobody looked for long, or it is another clock
        following = {"IDLE": "CHARGING", "CHARGING": "FIRING", "FIRING": "IDLE"}
        while True:
            lasts = {"IDLE": rest_s, "CHARGING": charge_s, "FIRING": pulse_s}[self.state]
            waits = self.state == "IDLE" and not (self._armed and rest_s)
            until = now if waits else min(now, max(self._since + lasts, self._now))
            self._warm(until, power)
            if waits or until < self._since + lasts:
                return
            self._enter(following[self.state])

    def power(self, power: float) -> float:
        """Return the light that leaves now, kW, of a pulse of ``power``."""
        if self.state != "FIRING" or self._now is None:
            return 0.0
        age = self._now - self._since
        return power * (1 - math.exp(-age / _RISE_S)) * (1 + _SWING * math.sin(3 * age))

    def spectrum(self, power: float) -> list[tuple[float, float]]:
        """Return the wavelengths, nm, and intensities, 0 to about 1 per 1000 kW, of the light."""
        centre = _LINE_NM + _NM_PER_K * (self.temperature - _COLD_K)
        height = self.power(power) / 1000
        return [
            (nm, _BASELINE + height * math.exp(-(((nm - centre) / _WIDTH_NM) ** 2)))
            for nm in (_FIRST_NM + _STEP_NM * index for index in range(POINTS))
        ]

    def _enter(self, state: str) -> None:
        self.state = state
        self._since = self._now or 0.0
        if state == "FIRING":
            self.fired_s = 0.0

    def _warm(self, until: float, power: float) -> None:
        passed = until - (self._now or 0.0)
        firing = self.state == "FIRING"
        goal = _COLD_K + _HEATING_K_PER_KW * power * firing
        self.temperature = goal + (self.temperature - goal) * math.exp(-passed / _THERMAL_S)
        self.fired_s += passed * firing
        self._now = until
