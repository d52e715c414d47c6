"""The driver of the giant laser on the moon; its protocol is in ``README.md``."""

from __future__ import annotations

from labframe import Instrument, LabframeError, SerialLine, command, query, reading

__all__ = ["LaserRefused", "MoonLaser"]


class LaserRefused(LabframeError):
    """The laser answered ``ERR``; the text is its own."""


class MoonLaser(Instrument):
    """The giant laser on the moon."""

    driver = "moon_laser"
    line = SerialLine(baudrate=9600, terminator=b"\r\n", first_byte_s=0.2, gap_s=0.2, total_s=1.0)
    identify = ("ID?", "MOONLASER,GL-1")

    power = query("MEAS:POW?", float, unit="kW", every=0.5)
    duration = query("MEAS:DUR?", float, unit="s", every=0.5)
    temperature = query("MEAS:TEMP?", float, unit="K", every=0.5)
    focus = query("SET:FOC?", float, unit="km", on_demand=True)

    @reading(every=0.5)
    def state(self) -> str:
        """Read what it does: IDLE, CHARGING or FIRING."""
        return self.ask("STATE?")

    @reading(unit="1", x_unit="nm", every=5.0, sweep=True)
    def spectrum(self) -> tuple[list[float], list[float]]:
        """Measure the spectrum: wavelengths in nm, intensities (1 is about the peak at 1 MW)."""
        pairs = [pair.split(":") for pair in self.ask("MEAS:SPEC?").split(",")]
        return [float(nm) for nm, _ in pairs], [float(intensity) for _, intensity in pairs]

    @command(unit="kW", limits=(0, 5000))
    def set_power(self, power: float) -> None:
        """Set the power of a pulse."""
        self._order(f"SET:POW {power:.1f}")

    @command(unit="s", limits=(0.1, 60))
    def set_duration(self, duration: float) -> None:
        """Set the duration of a pulse."""
        self._order(f"SET:DUR {duration:.2f}")

    @command(unit="km", limits=(356400, 406700))
    def set_focus(self, distance: float) -> None:
        """Set the distance of the focus."""
        self._order(f"SET:FOC {distance:.1f}")

    @command()
    def fire(self) -> None:
        """Charge, then fire."""
        self._order("FIRE")

    @command()
    def stop(self) -> None:
        """Be dark at once."""
        self._order("STOP")

    def _order(self, request: str) -> None:
        answer = self.ask(request)
        if answer != "OK":
            raise LaserRefused(f"{self.name}: {request}: the laser answers {answer!r}")
