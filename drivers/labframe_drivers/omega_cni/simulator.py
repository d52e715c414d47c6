"""A simulated Omega iSeries temperature controller.

What it does, and who says so: the tables in ``README.md`` beside this file, whose marks are used.

* A request with another recognition character, or another address, is not answered [man 24].
* With echo the answer is the request without recognition character and data, then the value;
  without echo it is the value alone, and commands are not answered at all [man 23].
* ?43 for an unknown letter or index, ?46 for data that is too short or not hexadecimal [man 24],
  or too long [mem]; ?50 for a byte of another parity, ?56 for an address above 199 [man 24].
* What was written takes effect after a reset, Z02 [man 22]; setpoints at once [temp].
* ``^AE`` is answered with recognition character, ID, bus format and line settings as eight digits,
  never with an echo [CNi; manual of the DP41-B, page 42].
"""

from __future__ import annotations

import math
import re
from typing import ClassVar

from labframe.simulation import Answer, LineSimulator, Reply, Settable
from labframe_drivers.omega_cni.memory import Memory

__all__ = ["OmegaCniSimulator"]

_RATES = (300, 600, 1200, 2400, 4800, 9600, 19200)
_AMBIENT = 21.0
_HIGHEST_ADDRESS = 199
_VERSION = "0107"


class _Refused(Exception):
    """The request is answered with an error."""


def _address(given: object) -> str:
    text = f"{given:02X}" if isinstance(given, int) else str(given).upper()
    if text and not (re.fullmatch("[0-9A-F]{2}", text) and int(text, 16) <= _HIGHEST_ADDRESS):
        raise ValueError("must be two hexadecimal digits, 00 to C7, or nothing")
    return text


def _recognition(given: object) -> str:
    text = str(given)
    if len(text) != 1 or not "!" <= text <= "}" or text in "^AE":
        raise ValueError("must be one character from ! to }, not ^, A or E")
    return text


class OmegaCniSimulator(LineSimulator):
    """A controller with a thermocouple in an oven that follows setpoint 1 slowly."""

    driver: ClassVar[str] = "omega_cni"
    usb_name: ClassVar[str] = "Simulated_CNi"
    baudrate: ClassVar[int | None] = 9600
    bytesize: ClassVar[int | None] = 7
    parity: ClassVar[str | None] = "O"
    terminator: ClassVar[bytes] = b"\r"
    no_number_text: ClassVar[bytes] = b"?+999999"
    boot_s: ClassVar[float] = 0.3

    temperature = Settable(23.5, "the temperature now, °C", limits=(-200, 2320))
    setpoint = Settable(0.0, "setpoint 1 at first, °C", limits=(-200, 2320))
    time_constant_s = Settable(
        3600.0, "how fast the oven follows setpoint 1, s; 0: it stays as it is", limits=(0, 1e6)
    )
    address = Settable("", "the address on RS-485, hexadecimal: 01 to C7; empty: RS-232",
                       parse=_address)  # fmt: skip
    echo = Settable(True, "whether it repeats the request before its answer")
    recognition = Settable("*", "the character that requests begin with", parse=_recognition)
    fahrenheit = Settable(False, "whether it shows °F")
    decimals = Settable(1, "digits after the point: 0 to 3", choices=(0, 1, 2, 3))
    sensor = Settable("TC", "what is connected", choices=("TC", "RTD", "process"))
    broken_sensor = Settable(False, "whether the sensor is broken")
    alarms = Settable(0, "which alarms are on: 1, 2, or 3 for both", choices=(0, 1, 2, 3))
    baud = Settable(9600, "its baud rate", choices=_RATES)
    latency_s = Settable(0.02, "time from a request to its answer, s", limits=(0, 60))

    def __init__(self, **state: object) -> None:
        super().__init__(**state)
        self.baudrate = self.baud  # type: ignore[misc]  # each controller can be set to its own
        self.in_standby = False
        self._at: float | None = None
        self._peak = self._valley = self.temperature
        sensor = {"TC": "04", "RTD": "01", "process": "02"}[self.sensor]
        shown = 0x40 | (0x08 if self.fahrenheit else 0) | self.decimals + 1
        bus = 0x10 | (0x04 if self.echo else 0) | (0x08 if self.address else 0)
        line = 0x08 | _RATES.index(self.baud)
        self._memory = Memory(
            _07=sensor, _08=f"{shown:02X}", _10=f"{line:02X}", _1F=f"{bus:02X}",
            _21=self.address or "01", _26=f"{ord(self.recognition):02X}",
        )  # fmt: skip
        for index in ("01", "02"):
            self._memory.write("W", index, self._word(self.setpoint))

    def changed(self, name: str) -> None:
        """Follow what was set from outside."""
        if name == "temperature":
            self._note_extremes()
        elif name == "setpoint":
            self._memory.write("W", "01", self._word(self.setpoint))
        elif name in ("fahrenheit", "decimals"):  # as in its menu
            shown = 0x40 | (0x08 if self.fahrenheit else 0) | self.decimals + 1
            self._memory.write("W", "08", f"{shown:02X}")
            self._memory.restart()

    def respond(self, line: bytes, now: float) -> Reply:
        """Answer one request."""
        self._pass_time(now)
        text = line.decode("latin-1").lstrip("\n")  # some send CR LF [ophyd]
        if text == f"^AE{self.address}":
            indices = ("26", "05", "1F", "10")
            return "".join(self._memory.working[index][:2] for index in indices).encode()
        if not text.startswith(f"{self.recognition}{self.address}"):
            return None
        request = text[1 + len(self.address) :]
        echo = f"{self.address}{request[:3]}" if self.echo else None  # as before a restart
        try:
            if not text.isascii():  # what a byte of another parity becomes on this wire
                raise _Refused("?50")
            said = self._carried_out(request[:1], request[1:3], request[3:], now)
        except _Refused as refused:
            return str(refused).encode()
        if echo is not None:
            return f"{echo}{said or ''}".encode()
        return None if said is None else said.encode()

    def _carried_out(self, letter: str, index: str, data: str, now: float) -> str | None:
        """Return the value that is asked for, or None where something was only done."""
        if letter in "RGWP" and letter and self._memory.knows(index):
            if letter in "RG":
                self._bare(data)
                return self._memory.read(letter, index)
            self._write(letter, index, data)
            return None
        order = f"{letter}{index}"
        if order in ("D01", "D02", "D03", "D04", "E01", "E02", "E03", "E04", "Z01", "Z02"):
            self._bare(data)
            self._order(order, now)
            return None
        values = {"X01": self.temperature, "X02": self._peak, "X03": self._valley}
        self._bare(data if order in values or order in ("U01", "U03", "V01") else "")
        if order in values:
            return self._shown(values[order])
        if order == "U01":
            return "@ABC"[self.alarms]
        if order == "U03":
            return _VERSION
        if order == "V01":
            return self._shown(self.temperature)
        raise _Refused("?43")

    def _bare(self, data: str) -> None:
        if data:
            raise _Refused("?46")

    def _write(self, letter: str, index: str, data: str) -> None:
        if not self._memory.fits(index, data):
            raise _Refused("?46")
        if index == "21" and int(data, 16) > _HIGHEST_ADDRESS:
            raise _Refused("?56")
        self._memory.write(letter, index, data)

    def _order(self, order: str, now: float) -> None:
        if order in ("D03", "E03"):
            self.in_standby = order == "E03"
        elif order.startswith("Z"):
            self._restart(now)

    def _restart(self, now: float) -> None:
        self._memory.restart()
        working = self._memory.working
        bus, shown = int(working["1F"], 16), int(working["08"], 16)
        self.__dict__["echo"] = bool(bus & 0x04)
        self.__dict__["fahrenheit"] = bool(shown & 0x08)
        self.__dict__["decimals"] = max(0, (shown & 0b111) - 1) % 4
        self.__dict__["recognition"] = chr(int(working["26"], 16))
        if self.address:
            self.__dict__["address"] = working["21"]
        self._peak = self._valley = self.temperature
        self._deaf_until = now + self.boot_s

    def power_cycled(self, now: float) -> list[Answer] | None:
        """Begin anew with what is stored."""
        self.in_standby = False
        said = super().power_cycled(now)
        self._restart(now)
        return said

    # The oven.

    def _pass_time(self, now: float) -> None:
        passed = 0.0 if self._at is None else max(0.0, now - self._at)
        self._at = now
        if not (passed and self.time_constant_s) or self.in_standby:
            return
        goal = max(_AMBIENT, self._value(self._memory.working["01"]))
        if goal == _AMBIENT and self.temperature <= self._valley:
            return  # it was never heated
        left = math.exp(-passed / self.time_constant_s)
        self.__dict__["temperature"] = goal + (self.temperature - goal) * left
        self._note_extremes()

    def _note_extremes(self) -> None:
        self._peak = max(self._peak, self.temperature)
        self._valley = min(self._valley, self.temperature)

    def _in_its_unit(self, celsius: float) -> float:
        return celsius * 9 / 5 + 32 if self.fahrenheit else celsius

    def _shown(self, celsius: float) -> str:
        if self.broken_sensor:
            return self.no_number_text.decode()
        shown = round(self._in_its_unit(celsius), self.decimals) + 0.0
        return f"{shown:0{5 + (shown < 0) if self.decimals else 4}.{self.decimals}f}"

    def _word(self, celsius: float) -> str:
        counts = round(self._in_its_unit(celsius) * 10**self.decimals)
        return f"{(8 if counts < 0 else 0) | self.decimals + 1:X}{abs(counts):05X}"

    def _value(self, word: str) -> float:
        """Return a setpoint in °C."""
        first, counts = int(word[0], 16), int(word[1:], 16)
        value = counts / 10.0 ** (max(1, first & 0b111) - 1) * (-1 if first & 8 else 1)
        return (value - 32) * 5 / 9 if self.fahrenheit else value

    # What only the controller knows of its faults.

    error_answers: ClassVar[dict[str, bytes]] = {
        code: code.encode() for code in ("?43", "?46", "?50", "?56")
    }

    def lacks(self, hook: str) -> str | None:
        """Return why a hook is of no use here, or None."""
        if hook == "readdressed" and not (self.address and self.echo):
            return "its answers have no address: it needs an address and its echo"
        return super().lacks(hook)

    def no_number(self, request: bytes, answer: bytes, text: bytes) -> bytes | None:
        """Put the text in place of a measured value."""
        asked = re.search(rb"X0[123]\r", request)
        if asked is None or not answer.endswith(b"\r"):
            return None
        echo = self.address.encode() + asked[0][:-1] if self.echo else b""
        return echo + (text or self.no_number_text) + b"\r"

    def readdressed(self, answer: bytes) -> bytes | None:
        """Answer as the next address would; without echo, or on RS-232, there is none."""
        if not (self.address and self.echo and answer.startswith(self.address.encode())):
            return None
        return f"{(int(self.address, 16) + 1) % 200:02X}".encode() + answer[2:]
