"""A simulated Pfeiffer TC 110 or TC 400, or one of its kin, on an RS-485 bus.

What it does, and who says so: the tables in ``README.md`` beside this file, whose marks are used.

* A telegram with a wrong checksum, a wrong length or another address is not answered [man 25, mem].
* 000 and 9xx are obeyed and not answered [man 25].
* A question about a parameter that it lacks is answered NO_DEF, data outside of its range _RANGE
  [man 25]. Writing what can only be read, reading what can only be written, and any command while
  remote control has priority: _LOGIC [mem].
* With 1 as the digit behind the action it describes a parameter, in 28 characters [rec].
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import ClassVar

from labframe.simulation import LineSimulator, Settable, SimulationError
from labframe_drivers.tc400.parameters import UNITS, Parameter
from labframe_drivers.tc400.rotor import Rotor

__all__ = ["Tc400Simulator"]

_WHOLE = re.compile(rb"([0-9]{3})[0-9]{2}([0-9]{3}).*[0-9]{3}\r", re.DOTALL)
_ERRORS = ("NO_DEF", "_RANGE", "_LOGIC")


def _address(given: object) -> int:
    number = int(str(given))
    if not 1 <= number <= 255:
        raise ValueError("must be 1 to 255")
    return number


def _six(given: object) -> str:
    text = str(given)
    if not (text.isascii() and text.isprintable() and len(text) == 6):
        raise ValueError("must be 6 ASCII characters")
    return text


def _degrees(value: int, doc: str) -> Settable[int]:
    return Settable(value, f"temperature of {doc}, °C", limits=(0, 999))


def _telegram(content: str) -> bytes:
    total = 0
    for character in content:
        total = (total + ord(character)) % 256
    return f"{content}{total:03d}\r".encode("latin-1")


class Tc400Simulator(LineSimulator):
    """A drive unit whose pump runs up and down as it is told; off and at rest at first."""

    driver: ClassVar[str] = "tc400"
    usb_name: ClassVar[str] = "Simulated_TC400"
    baudrate: ClassVar[int | None] = 9600
    terminator: ClassVar[bytes] = b"\r"

    address = Settable(1, "the address on the bus, 1 to 255", parse=_address)
    unit = Settable("TC 400", "what kind of unit it is", choices=tuple(UNITS))
    on = Settable(False, "whether the pumping station is switched on at first")
    speed_hz = Settable(0.0, "the speed at first, Hz", limits=(0, 99999))
    nominal_hz = Settable(0.0, "the nominal speed, Hz; 0: that of its kind", limits=(0, 99999))
    run_up_s = Settable(120.0, "time from rest to nominal speed, s", limits=(0.01, 1e5))
    run_down_s = Settable(600.0, "time from nominal speed to rest, s", limits=(0.01, 1e5))
    voltage_v = Settable(24.0, "voltage of the drive, V", limits=(0, 999))
    temperature_electronics = _degrees(38, "the electronics")
    temperature_power_stage = _degrees(40, "the power stage")
    temperature_pump_bottom = _degrees(33, "the pump's bottom")
    temperature_bearing = _degrees(36, "the bearing")
    temperature_motor = _degrees(45, "the motor")
    pressure_hpa = Settable(1.2e-6, "pressure at the gauge, hPa", limits=(0, 9999))
    hours = Settable(1234, "operating hours, h", limits=(0, 65535))
    firmware = Settable("010300", "the firmware, 6 characters", parse=_six)
    error = Settable("000000", "the error code: Err006, Wrn007; 000000: none", parse=_six)
    remote_priority = Settable(False, "whether remote control has priority over this line")
    latency_s = Settable(0.005, "time from a request to its answer, s", limits=(0, 60))

    volatile: ClassVar[tuple[str, ...]] = ("error",)

    def __init__(self, **state: object) -> None:
        super().__init__(**state)
        self._kind = UNITS[self.unit]
        self._known = self._kind.parameters
        self._set = {number: one.first for number, one in self._known.items() if one.first}
        self._set[10] = "111111" if self.on else "000000"
        self._rotor = Rotor(self.speed_hz)
        self._live: dict[int, Callable[[], str]] = {
            300: lambda: self._flag(self.remote_priority),
            302: lambda: self._flag(self._rotor.hz >= self._share(701) and self._rotor.hz > 0),
            303: lambda: self.error,
            306: lambda: self._flag(self._rotor.is_at_goal),
            307: lambda: self._flag(self._rotor.accelerates),
            308: lambda: f"{self._rotor.goal_hz:06.0f}",
            309: lambda: f"{self._rotor.hz:06.0f}",
            310: lambda: f"{self._rotor.current_a * 100:06.0f}",
            311: lambda: f"{self.hours:06d}",
            312: lambda: self.firmware,
            313: lambda: f"{self.voltage_v * 100:06.0f}",
            314: lambda: f"{self.hours:06d}",
            315: lambda: f"{self._nominal():06.0f}",
            316: lambda: f"{self._rotor.current_a * self.voltage_v:06.0f}",
            324: lambda: f"{self.temperature_power_stage:06d}",
            326: lambda: f"{self.temperature_electronics:06d}",
            330: lambda: f"{self.temperature_pump_bottom:06d}",
            336: lambda: f"{self._steepness():06.0f}",
            342: lambda: f"{self.temperature_bearing:06d}",
            346: lambda: f"{self.temperature_motor:06d}",
            349: lambda: self._kind.name,
            397: lambda: f"{self._rotor.goal_hz * 60:06.0f}",
            398: lambda: f"{self._rotor.hz * 60:06.0f}",
            399: lambda: f"{self._nominal() * 60:06.0f}",
            740: lambda: self._pressure(),
            750: lambda: self._pressure(),
            797: lambda: f"{self.address:06d}",
        }

    def changed(self, name: str) -> None:
        """Follow what was set from outside."""
        if name == "on":
            self._set[10] = self._flag(self.on)
        elif name == "speed_hz":
            self._rotor.hz = self.speed_hz

    def respond(self, line: bytes, now: float) -> bytes | None:
        """Answer one telegram, or none if it is not in order or for somebody else."""
        text = line.decode("latin-1").lstrip("\n")  # some send CR LF [PELS]
        if len(text) < 13 or _telegram(text[:-3]) != f"{text}\r".encode("latin-1"):
            return None
        head, data = text[:10], text[10:-3]
        if not (head.isascii() and head.isdigit()) or int(head[8:10]) != len(data):
            return None
        address = int(head[:3])
        is_own = address == self.address
        if not (is_own or address == 0 or address >= 900):
            return None
        self._turn(now)
        said = self._carried_out(head[3:5], int(head[5:8]), data)
        self._turn(now)
        if said is None or not is_own:
            return None
        return _telegram(f"{head[:3]}1{head[4:8]}{len(said):02d}{said}")[:-1]

    def _carried_out(self, action: str, number: int, data: str) -> str | None:
        known = self._known.get(number)
        if known is None:
            return "NO_DEF"
        if action == "10":
            return self._write(number, known, data)
        if data != "=?" or action not in ("00", "01"):
            return None
        if action == "01":
            return known.description
        if known.access == 2:
            return "_LOGIC"
        return self._live[number]() if number in self._live else self._set[number]

    def _write(self, number: int, known: Parameter, data: str) -> str:
        if known.access == 1 or self.remote_priority:
            return "_LOGIC"
        if not known.allows(data):
            return "_RANGE"
        if number == 797:
            self.address = int(data)
        elif number in (740, 750):
            self.pressure_hpa = int(data[:4]) / 1000 * 10.0 ** (int(data[4:]) - 20)
        elif number != 9:
            self._set[number] = data
        if number == 9 or (number == 10 and data == "111111"):
            self.error = "000000"
        return data

    def _turn(self, now: float) -> None:
        if not self._nominal():
            return
        goal = 0.0
        runs = self._set[10] == "111111" and self._set.get(23, "111111") == "111111"
        if runs and not self.error.upper().startswith("ERR"):
            goal = self._nominal()
            if self._set.get(26) == "001":
                goal = self._share(707, 10000)
            if self._set.get(2) == "111111":
                goal = self._share(717, 10000)
        self._rotor.turn(now, self._nominal() / self.run_up_s, self._nominal() / self.run_down_s)
        self._rotor.goal_hz = goal

    def _nominal(self) -> float:
        return self.nominal_hz or self._kind.nominal_hz

    def _share(self, number: int, whole: int = 100) -> float:
        """Return the speed that a parameter sets as a share of the nominal one."""
        return self._nominal() * int(self._set.get(number, "0")) / whole

    def _steepness(self) -> float:
        """Return how fast the speed changes, in rpm/s."""
        if self._rotor.hz == self._rotor.goal_hz:
            return 0.0
        return 60 * self._nominal() / (
            self.run_up_s if self._rotor.accelerates else self.run_down_s
        )  # fmt: skip

    def _pressure(self) -> str:
        if not self.pressure_hpa:
            return "000000"
        digits, _, exponent = f"{self.pressure_hpa:.3E}".partition("E")
        return f"{digits[0]}{digits[2:]}{int(exponent) + 20:02d}"

    def _flag(self, is_so: bool) -> str:
        return "111111" if is_so else "000000"

    # What only the unit knows of its faults.

    def lacks(self, hook: str) -> str | None:
        """Return why a hook is of no use here, or None."""
        if hook == "no_number":
            return "its answers have no text in place of a number"
        return None if hook == "device_error" else super().lacks(hook)

    def spoiled_checksum(self, answer: bytes) -> bytes | None:
        """Count the checksum up by one."""
        if not _WHOLE.fullmatch(answer):
            return None
        return answer[:-4] + b"%03d\r" % ((int(answer[-4:-1]) + 1) % 256)

    def readdressed(self, answer: bytes) -> bytes | None:
        """Answer as the next unit would."""
        if not _WHOLE.fullmatch(answer):
            return None
        other = int(answer[:3]) % 255 + 1
        return _telegram(f"{other:03d}{answer[3:-4].decode('latin-1')}")

    def device_error(self, request: bytes, code: str) -> bytes | None:
        """Refuse: NO_DEF, unless another of the three errors is asked for."""
        code = code or _ERRORS[0]
        if code not in _ERRORS:
            raise SimulationError(
                f"the simulated tc400 has no error {code!r}; it has: {', '.join(_ERRORS)}"
            )
        asked = _WHOLE.fullmatch(request.lstrip(b"\n"))
        address, parameter = (b"001", b"999") if asked is None else asked.group(1, 2)
        return _telegram(f"{address.decode()}10{parameter.decode()}06{code}")
