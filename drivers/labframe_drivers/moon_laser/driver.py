"""The driver of the giant laser on the moon; its protocol is in ``README.md``."""

from __future__ import annotations

import time
from collections import deque
from typing import Annotated, Any, Literal

from labframe import Arg, Instrument, LabframeError, SerialLine, command, query, reading

__all__ = ["LaserRefused", "MoonLaser"]

_KEPT = 1000
_STATES = ("IDLE", "CHARGING", "FIRING")


class LaserRefused(LabframeError):
    """The laser answered ``ERR``; the text is its own."""


class MoonLaser(Instrument):
    """The giant laser on the moon."""

    driver = "moon_laser"
    protocol = "text requests, SCPI in manner"
    line = SerialLine(baudrate=115200, terminator=b"\r\n", first_byte_s=0.5, gap_s=0.2, total_s=1.0)
    identify = ("ID?", "MOONLASER,GL-1")

    power = query("MEAS:POW?", float, unit="kW", every=0.5)
    duration = query("MEAS:DUR?", float, unit="s", every=0.5)
    pulse_power = query("SET:POW?", float, unit="kW", on_demand=True)
    pulse_duration = query("SET:DUR?", float, unit="s", on_demand=True)
    focus = query("SET:FOC?", float, unit="%", on_demand=True)
    distance = query("SET:DIST?", float, unit="km", on_demand=True)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._temperatures: deque[tuple[float, float]] = deque(maxlen=_KEPT)

    @reading(unit="K", every=0.5)
    def temperature(self) -> float:
        """Measure the temperature of the cavity."""
        kelvin = float(self.ask("MEAS:TEMP?"))
        self._temperatures.append((time.time(), kelvin))
        return kelvin

    @reading(unit="1", x_unit="nm", every=5.0, sweep=True)
    def spectrum(self) -> tuple[list[float], list[float]]:
        """Measure the spectrum: wavelengths in nm, intensities (1 is about the peak at 1 MW)."""
        pairs = [pair.split(":") for pair in self.ask("MEAS:SPEC?").split(",")]
        return [float(nm) for nm, _ in pairs], [float(intensity) for _, intensity in pairs]

    @command()
    @reading(every=0.5)
    def state(self, state: Literal["active", "idle"] | None = None) -> str:
        """Read what it does: IDLE, CHARGING or FIRING. Have it fire, or be dark, before that."""
        if state == "active" and self.ask("STATE?") == "IDLE":
            self._order("FIRE")
        if state == "idle":
            self._order("STOP")
        answer = self.ask("STATE?")
        if answer not in _STATES:
            raise LaserRefused(f"STATE?: the laser answers {answer!r}, which is no state")
        return answer

    @command(
        unit="kW", limits=(0, 5000), safe_value=0, read_back="pulse_power", tolerance=0.05,
        after_reconnect="reapply",
    )  # fmt: skip
    def set_power(self, power: float) -> None:
        """Set the power of a pulse."""
        self._order(f"SET:POW {power:.1f}")

    @command(unit="s", limits=(0.1, 60), read_back="pulse_duration", tolerance=0.005)
    def set_duration(self, duration: float) -> None:
        """Set the duration of a pulse."""
        self._order(f"SET:DUR {duration:.2f}")

    @command(unit="%", limits=(0, 100), read_back="focus", tolerance=0.05)
    def set_focus(self, focus: float) -> None:
        """Set how sharply it is focused."""
        self._order(f"SET:FOC {focus:.1f}")

    @command(unit="km", limits=(356400, 406700), read_back="distance", tolerance=0.05)
    def set_distance(self, distance: float) -> None:
        """Set the distance of the focus."""
        self._order(f"SET:DIST {distance:.1f}")

    @command()
    def update_settings(
        self,
        power: Annotated[float | None, Arg(unit="kW", limits=(0, 5000))] = None,
        focus: Annotated[float | None, Arg(unit="%", limits=(0, 100))] = None,
    ) -> str:
        """Set power and focus, or one of them; return what was set."""
        given = {"power": power, "focus": focus}
        settings = {name: value for name, value in given.items() if value is not None}
        if power is not None:
            self._order(f"SET:POW {power:.1f}")
        if focus is not None:
            self._order(f"SET:FOC {focus:.1f}")
        return f"settings updated: {settings}"

    @command()
    def get_temperature(self) -> list[tuple[float, float]]:
        """Return the temperatures (unix time, K) that were measured since the last call."""
        return [self._temperatures.popleft() for _ in range(len(self._temperatures))]

    @command(dangerous=True)
    def fire(self) -> None:
        """Charge, then fire."""
        self._order("FIRE")

    @command()
    def stop(self) -> None:
        """Be dark at once."""
        self._order("STOP")

    def ask(self, request: str) -> str:
        """Ask, and raise LaserRefused where the laser answers with an error."""
        answer = super().ask(request)
        if answer.startswith("ERR"):
            raise LaserRefused(f"{request}: the laser answers {answer!r}")
        return answer

    def _order(self, request: str) -> None:
        answer = self.ask(request)
        if answer != "OK":
            raise LaserRefused(f"{request}: the laser answers {answer!r}")
