"""The simulated giant laser on the moon. Its protocol is made up; ``README.md`` is its manual."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import ClassVar

from labframe.simulation import Answer, LineSimulator, Settable
from labframe_drivers.moon_laser.cavity import Cavity

__all__ = ["MoonLaserSimulator"]

_LIMITS = {
    "POW": (0.0, 5000.0),
    "FOC": (0.0, 100.0),
    "DIST": (356400.0, 406700.0),
    "DUR": (0.1, 60.0),
}
_ERRORS = {
    "1": "ERR 1 unknown request",
    "2": "ERR 2 not a number",
    "3": "ERR 3 out of range {low:g} to {high:g}",
    "4": "ERR 4 not while {state}",
}
_LACKS = {
    "spoiled_checksum": "its answers carry no checksum",
    "readdressed": "its answers carry no address",
}
_NUMBER = re.compile(r"[+-]?\d{1,9}(\.\d{0,6})?")


class MoonLaserSimulator(LineSimulator):
    """A laser that charges, fires and cools, by command and, every now and then, by itself."""

    driver: ClassVar[str] = "moon_laser"
    usb_name: ClassVar[str] = "Simulated_Moon_Laser"
    baudrate: ClassVar[int | None] = 115200
    error_answers: ClassVar[Mapping[str, bytes]] = {
        code: text.format(low=0, high=5000, state="FIRING").encode()
        for code, text in _ERRORS.items()
    }
    busy_answer: ClassVar[bytes | None] = error_answers["4"]
    volatile: ClassVar[tuple[str, ...]] = ("power_kw", "focus", "distance_km", "duration_s")
    boot_s: ClassVar[float] = 1.0
    boot_banner: ClassVar[bytes] = b"GL-1 READY"

    calm = MappingProxyType({"rest_s": 0, "late_every": 0, "noise": 0})

    latency_s = Settable(0.005, "time from a request to its answer, s", limits=(0, 60))
    late_every = Settable(47, "one in so many answers is late; 0: none", limits=(0, 10**9))
    serial_number = Settable("0001", "what ID? says")
    power_kw = Settable(1200.0, "the power of a pulse, kW", limits=_LIMITS["POW"])
    focus = Settable(100.0, "how sharply it is focused, %", limits=_LIMITS["FOC"])
    distance_km = Settable(384400.0, "the distance of the focus, km", limits=_LIMITS["DIST"])
    duration_s = Settable(8.0, "the duration of a pulse, s", limits=_LIMITS["DUR"])
    charge_s = Settable(3.0, "the time to charge before a pulse, s", limits=(0.001, 1e6))
    rest_s = Settable(6.0, "the time until it fires by itself, s; 0: never", limits=(0, 1e6))
    noise = Settable(0.002, "how far a measured value is off, as a share of it", limits=(0, 1))
    seed = Settable(1969, "where the noise begins: the same seed, the same noise")

    def __init__(self, **state: object) -> None:
        super().__init__(**state)
        self._cavity = Cavity()
        self._random = random.Random(self.seed)
        self._queries: dict[str, Callable[[], str]] = {
            "ID?": lambda: f"MOONLASER,GL-1,{self.serial_number},1.0",
            "STATE?": lambda: self._cavity.state,
            "MEAS:POW?": lambda: f"{self._noisy(self._cavity.power(self.power_kw)):.1f}",
            "MEAS:DUR?": lambda: f"{self._cavity.fired_s:.2f}",
            "MEAS:TEMP?": lambda: f"{self._noisy(self._cavity.temperature, 0.1):.2f}",
            "MEAS:SPEC?": self._spectrum,
            "SET:POW?": lambda: f"{self.power_kw:.1f}",
            "SET:FOC?": lambda: f"{self.focus:.1f}",
            "SET:DIST?": lambda: f"{self.distance_km:.1f}",
            "SET:DUR?": lambda: f"{self.duration_s:.2f}",
            "FIRE": self._fire,
            "STOP": self._stop,
        }

    def lacks(self, hook: str) -> str | None:
        """Return why a hook is of no use here, or None."""
        return _LACKS.get(hook) or super().lacks(hook)

    def no_number(self, request: bytes, answer: bytes, text: bytes) -> bytes | None:
        """Put dashes in place of what is measured; settings are always known."""
        return super().no_number(request, answer, text) if request.startswith(b"MEAS:") else None

    def power_cycled(self, now: float) -> list[Answer] | None:
        """Be dark, with the settings of the beginning, and say so when it is ready."""
        self._cavity = Cavity()
        return super().power_cycled(now)

    def respond(self, line: bytes, now: float) -> bytes:
        """Answer one request: the table of them is ``README.md``."""
        self._cavity.pass_time(
            now,
            power=self.power_kw,
            pulse_s=self.duration_s,
            charge_s=self.charge_s,
            rest_s=self.rest_s,
        )
        request = line.decode("latin-1")
        if request in self._queries:
            return self._queries[request]().encode("ascii")
        name, separator, number = request.partition(" ")
        if separator and name.startswith("SET:") and name[4:] in _LIMITS:
            return self._set(name[4:], number).encode("ascii")
        return _ERRORS["1"].encode("ascii")

    def _set(self, name: str, number: str) -> str:
        if not _NUMBER.fullmatch(number):
            return _ERRORS["2"]
        low, high = _LIMITS[name]
        if not low <= float(number) <= high:
            return _ERRORS["3"].format(low=low, high=high)
        if name == "POW":
            self.power_kw = round(float(number), 1)
        elif name == "FOC":
            self.focus = round(float(number), 1)
        elif name == "DIST":
            self.distance_km = round(float(number), 1)
        else:
            self.duration_s = round(float(number), 2)
        return "OK"

    def _fire(self) -> str:
        if self._cavity.state != "IDLE":
            return _ERRORS["4"].format(state=self._cavity.state)
        self._cavity.fire()
        return "OK"

    def _stop(self) -> str:
        self._cavity.stop()
        return "OK"

    def _spectrum(self) -> str:
        return ",".join(
            f"{nm:.1f}:{abs(self._noisy(intensity)):.4f}"
            for nm, intensity in self._cavity.spectrum(self.power_kw)
        )

    def _noisy(self, value: float, share: float = 1.0) -> float:
        return value * (1 + self._random.gauss(0, self.noise * share)) if self.noise else value
