"""The driver of Omega's iSeries; what is sent, and who says so, is in ``README.md``.

No controller was at hand: only a recorded transcript would prove that this agrees with one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final, Literal, TypeVar

from labframe import (
    ArgumentError,
    IdentityError,
    Instrument,
    LabframeError,
    NoValue,
    SerialLine,
    command,
    reading,
)
from labframe.errors import BadReply, NoReply
from labframe.points import Value
from labframe_drivers.omega_cni import words
from labframe_drivers.omega_cni.refusals import REFUSALS, OmegaRefused

__all__ = ["OmegaCni"]

T = TypeVar("T")

_ERROR: Final = re.compile(r"\?[0-9]{2}")
_ADDRESS: Final = re.compile("[0-9A-Fa-f]{2}")
_HIGHEST_ADDRESS: Final = 199
_INPUTS: Final = {0: "thermocouple", 1: "RTD"}
_ALARMS: Final = {"@": "none", "A": "1", "B": "2", "C": "1 2"}
_RESTART_TRIES: Final = 10


class OmegaCni(Instrument):
    """Omega iSeries temperature controller: CNi, CNiS, and the meters DPi.

    Without an address it is alone on its line (RS-232); with one it is on an RS-485 bus.
    """

    driver = "omega_cni"
    protocol = "text requests with echo, 7O1"
    line = SerialLine(
        baudrate=9600, bytesize=7, parity="O", terminator=b"\r",
        first_byte_s=0.4, gap_s=0.1, total_s=0.6, min_gap_s=0.02,
    )  # fmt: skip
    options: Mapping[str, Value] = MappingProxyType(
        {"echo": True, "recognition": "*", "memory": "eeprom"}
    )

    _configuration = words.ReadingConfiguration(1, is_fahrenheit=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._mark = str(self.options["recognition"])
        if not ("!" <= self._mark <= "}" and len(self._mark) == 1 and self._mark not in "^AE"):
            raise LabframeError(
                f"{self.name}: options.recognition = {self._mark!r}: not one of the characters "
                "! to }, other than ^, A and E"
            )
        if self.options["memory"] not in ("eeprom", "ram"):
            raise LabframeError(
                f"{self.name}: options.memory = {self.options['memory']!r}: not eeprom or ram"
            )
        self._echoes = bool(self.options["echo"])
        self._read, self._write = "RW" if self.options["memory"] == "eeprom" else "GP"
        self._prefix = self._as_prefix()

    def check_identity(self) -> str:
        """Ask for the kind of its sensor and for what it shows; it has no name to ask for."""
        data = self._ask("R07")
        if not re.fullmatch("[0-9A-F]{2}", data):
            raise IdentityError(self.name, "two hexadecimal digits", data, "R07")
        sensor = _INPUTS.get(int(data, 16) & 0b11)
        if sensor is None:
            raise IdentityError(
                self.name, "a thermocouple or RTD", f"a process input ({data})", "R07"
            )
        self.on_connect()
        unit = "°F" if self._configuration.is_fahrenheit else "°C"
        return f"iSeries with {sensor}, shows {unit} with {self._configuration.decimals} decimals"

    def on_connect(self) -> None:
        """Read in which unit, and with how many decimals, values are shown."""
        self._configuration = self._made(words.ReadingConfiguration.read, self._ask("R08"))

    @reading(unit="°C", every=1.0)
    def temperature(self) -> float:
        """Read the temperature, in °C whatever is shown."""
        return self._measured("X01")

    @reading(unit="°C", every=10.0)
    def peak(self) -> float:
        """Read the highest temperature since the reset."""
        return self._measured("X02")

    @reading(unit="°C", every=10.0)
    def valley(self) -> float:
        """Read the lowest temperature since the reset."""
        return self._measured("X03")

    @reading(every=5.0)
    def alarms(self) -> str:
        """Read which alarms are on: ``none``, ``1``, ``2`` or ``1 2``."""
        status = self._ask("U01")
        if status not in _ALARMS:
            raise self._doubted(f"{status!r}: not one of the alarm characters @, A, B, C", status)
        return _ALARMS[status]

    @reading(unit="°C", every=10.0)
    def setpoint(self) -> float:
        """Read setpoint 1."""
        self.on_connect()  # somebody may have changed the unit at the instrument
        return self._setpoint("01")

    @reading(unit="°C", on_demand=True)
    def setpoint_2(self) -> float:
        """Read setpoint 2."""
        return self._setpoint("02")

    @command(unit="°C", limits=(-200, 1372), read_back="setpoint", tolerance=0.5, safe_value=0)
    def set_setpoint(self, temperature: float) -> None:
        """Set setpoint 1, rounded to the decimals that are shown."""
        self._set("01", temperature)

    @command(unit="°C", limits=(-200, 1372), read_back="setpoint_2", tolerance=0.5, safe_value=0)
    def set_setpoint_2(self, temperature: float) -> None:
        """Set setpoint 2, rounded to the decimals that are shown."""
        self._set("02", temperature)

    @command()
    def set_alarm(self, number: Literal[1, 2], on: bool) -> None:
        """Enable or disable an alarm."""
        self._order(f"{'E' if on else 'D'}{number:02d}")

    @command(dangerous=True)
    def set_standby(self, on: bool) -> None:
        """Enable or disable standby; see in the README what is not sure about it."""
        self._order("E03" if on else "D03")

    @command(dangerous=True)
    def reset(self) -> None:
        """Restart it: peak and valley begin anew, and what was written takes effect."""
        self._order("Z02")
        for _ in range(_RESTART_TRIES - 1):
            try:
                self.on_connect()
            except NoReply:
                continue
            return
        self.on_connect()

    # Values.

    def _measured(self, request: str) -> float:
        text = self._ask(request)
        if text.startswith("?"):
            raise NoValue(f"{self.name}: {text}: out of range, or the sensor is broken")
        value, decimals = self._made(words.value_of, text)
        if decimals != self._configuration.decimals:
            self.on_connect()  # somebody may have changed them at the instrument
        if decimals != self._configuration.decimals:
            raise self._doubted(f"{text!r}: not as many decimals as it is set to show", text)
        return self._configuration.celsius(value)

    def _setpoint(self, index: str) -> float:
        word = self._ask(f"{self._read}{index}")
        return self._configuration.celsius(self._made(words.from_word, word))

    def _set(self, index: str, celsius: float) -> None:
        self.on_connect()  # a setpoint in another unit than the one that is shown is another one
        shown = self._configuration.shown(celsius)
        try:
            word = words.to_word(shown, self._configuration.decimals)
        except ValueError as error:
            raise ArgumentError("OUT_OF_RANGE", f"{self.name}: {shown:g}: {error}") from error
        self._order(f"{self._write}{index}", word)

    # Requests.

    def _ask(self, request: str) -> str:
        """Return the data of the answer.

        Raises:
            OmegaRefused: If the controller answers with an error.
            LineError: If no good answer comes.
        """
        return self._said(self.ask(f"{self._mark}{self._prefix}{request}"), request)

    def _order(self, request: str, data: str = "") -> None:
        """Have something done; without echo nothing says that it was."""
        whole = f"{self._mark}{self._prefix}{request}{data}"
        if not self._echoes:
            self.tell(whole)
            return
        said = self._said(self.ask(whole), request)
        if said:
            raise self._doubted(f"{said!r} behind the echo of {request!r}", said)

    def _said(self, answer: str, request: str) -> str:
        error = answer.removeprefix(self._prefix)
        if _ERROR.fullmatch(error):
            raise REFUSALS.get(error, OmegaRefused)(self.name, request, error)
        if not self._echoes:
            if answer.startswith(f"{self._prefix}{request}"):
                raise self._doubted(
                    f"{answer!r} repeats the request: its echo is on (options.echo = true)", answer
                )
            return answer
        echo = f"{self._prefix}{request}"
        if not answer.startswith(echo):
            raise self._doubted(
                f"{answer!r} does not begin with the echo {echo!r}. Is its echo off (then "
                "options.echo = false), or its address another one?",
                answer,
            )
        return answer[len(echo) :]

    def _made(self, make: Callable[[str], T], data: str) -> T:
        try:
            return make(data)
        except ValueError as error:
            raise self._doubted(str(error), data) from error

    def _doubted(self, why: str, received: str) -> BadReply:
        """Have the next request wait for silence; return the error to raise."""
        self._opened().doubt()
        return BadReply(f"{self.name}: {why}", received=received.encode("latin-1"))

    def _as_prefix(self) -> str:
        address = self.address
        if address is None:
            return ""
        text = f"{address:02X}" if isinstance(address, int) and address >= 0 else str(address)
        if not _ADDRESS.fullmatch(text) or int(text, 16) > _HIGHEST_ADDRESS:
            raise LabframeError(
                f"{self.name}: address = {address!r}: not 0 to 199, and not '00' to 'C7'"
            )
        return text.upper()
