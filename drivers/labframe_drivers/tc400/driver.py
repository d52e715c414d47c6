"""The driver of Pfeiffer's TC 110 and TC 400; what is sent, and who says so, is in ``README.md``.

No unit was at hand; what a TC 110 said to somebody else is in ``transcripts/tc110.jsonl``.
"""

from __future__ import annotations

import re
from typing import Any, Final, Literal, TypeVar

from labframe import (
    IdentityError,
    Instrument,
    LabframeError,
    NoValue,
    SerialLine,
    command,
    reading,
)
from labframe.errors import BadReply
from labframe.line import Checked, Terminated
from labframe_drivers.tc400 import telegrams
from labframe_drivers.tc400.data_types import (
    BOOLEAN_OLD,
    STRING,
    U_EXPO_NEW,
    U_INTEGER,
    U_REAL,
    U_SHORT_INT,
    DataType,
)
from labframe_drivers.tc400.error_codes import meaning_of
from labframe_drivers.tc400.refusals import REFUSALS

__all__ = ["Tc400"]

T = TypeVar("T")

_DRIVE: Final = re.compile("T[CM]")
"""How the names of turbo pumps' drive units begin: ``TC 110``, ``TC_400``, ``TM_700``."""
_TEMPERATURES: Final = {"electronics": 326, "pump_bottom": 330, "bearing": 342, "motor": 346}
_VENT_MODES: Final = ("delayed", "none", "direct")
_GASES: Final = ("heavy", "light", "helium")


class Tc400(Instrument):
    """Pfeiffer TC 110/400 drive unit of a turbo pump; several share an RS-485 bus."""

    driver = "tc400"
    protocol = "addressed telegrams with checksum, on a bus"
    line = SerialLine(
        baudrate=9600, framing=Checked(Terminated(write=b"\r", read=b"\r"), "sum8_dec3"),
        first_byte_s=0.25, gap_s=0.1, total_s=0.5, min_gap_s=0.003,
    )  # fmt: skip
    address: int | str | None = 1

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        given = str(self.address)
        if not (given.isascii() and given.isdigit() and 1 <= int(given) <= 255):
            raise LabframeError(f"{self.name}: address = {self.address!r}: not 1 to 255")
        self._unit = int(given)

    def check_identity(self) -> str:
        """Ask for the unit's name and firmware; with ``identity`` any Pfeiffer unit will do."""
        name = self._get(349, "its name", STRING)
        expected = self.identity
        if not (_DRIVE.match(name) if expected is None else name.strip() == expected.strip()):
            raise IdentityError(self.name, expected or "TC 110 or TC 400", name, "parameter 349")
        return f"{name.strip()}, firmware {self._get(312, 'its firmware', STRING)}"

    # What turns.

    @reading(unit="Hz", every=1.0)
    def speed(self) -> float:
        """Read the rotation speed."""
        return self._get(309, "the speed", U_INTEGER)

    @reading(unit="Hz", every=10.0)
    def set_speed(self) -> float:
        """Read the rotation speed that it goes for."""
        return self._get(308, "the set speed", U_INTEGER)

    @reading(unit="Hz", on_demand=True)
    def nominal_speed(self) -> float:
        """Read the rotation speed that this pump is made for."""
        return self._get(315, "the nominal speed", U_INTEGER)

    @reading(unit={"speed_rpm": "rpm", "set_speed_rpm": "rpm", "nominal_speed_rpm": "rpm"},
             on_demand=True)  # fmt: skip
    def speeds_rpm(self) -> dict[str, float | NoValue]:
        """Read the three speeds finer than in Hz."""
        return {
            "speed_rpm": self._part(398, "the speed in rpm"),
            "set_speed_rpm": self._part(397, "the set speed in rpm"),
            "nominal_speed_rpm": self._part(399, "the nominal speed in rpm"),
        }

    @reading(every=2.0)
    def is_on(self) -> bool:
        """Read whether the pumping station is switched on."""
        return self._get(10, "whether it is on", BOOLEAN_OLD)

    @reading(every=5.0)
    def is_accelerating(self) -> bool:
        """Read whether it gets faster."""
        return self._get(307, "whether it accelerates", BOOLEAN_OLD)

    @reading(every=5.0)
    def is_at_speed(self) -> bool:
        """Read whether it has reached the speed that it goes for."""
        return self._get(306, "whether it is at speed", BOOLEAN_OLD)

    @reading(every=2.0)
    def error(self) -> str:
        """Read what is wrong: ``ok``, or an error or warning with its meaning."""
        code = self._get(303, "the error code", STRING)
        try:
            return meaning_of(code)
        except ValueError as error:
            raise self._doubted(error, code) from error

    # What it draws, and how hot it is.

    @reading(unit="A", every=2.0)
    def current(self) -> float:
        """Read the current that the drive draws."""
        return self._get(310, "the current", U_REAL)

    @reading(unit="V", every=10.0)
    def voltage(self) -> float:
        """Read the voltage of the drive."""
        return self._get(313, "the voltage", U_REAL)

    @reading(unit="W", every=2.0)
    def power(self) -> float:
        """Read the power that the drive draws."""
        return self._get(316, "the power", U_INTEGER)

    @reading(unit={f"temperature_{name}": "°C" for name in _TEMPERATURES}, every=10.0)
    def temperatures(self) -> dict[str, float | NoValue]:
        """Read the temperatures; those that the unit does not measure have no value."""
        return {
            f"temperature_{name}": self._part(parameter, f"the temperature of the {name}")
            for name, parameter in _TEMPERATURES.items()
        }

    @reading(unit="h", on_demand=True)
    def operating_hours(self) -> float:
        """Read how long the pump has run."""
        return self._get(311, "the operating hours", U_INTEGER)

    @reading(unit="hPa", on_demand=True)
    def pressure(self) -> float:
        """Read the gauge that is connected to the unit, or the gauge that the unit is."""
        return self._get(740, "the pressure", U_EXPO_NEW)

    # How it is set.

    @reading(on_demand=True)
    def motor_is_on(self) -> bool:
        """Read whether the pump's motor may run."""
        return self._get(23, "whether the motor is on", BOOLEAN_OLD)

    @reading(on_demand=True)
    def is_on_standby(self) -> bool:
        """Read whether it goes for the standby speed."""
        return self._get(2, "whether it is on standby", BOOLEAN_OLD)

    @reading(on_demand=True)
    def is_heating(self) -> bool:
        """Read whether the heating is switched on."""
        return self._get(1, "whether it heats", BOOLEAN_OLD)

    @reading(on_demand=True)
    def sealing_gas_is_on(self) -> bool:
        """Read whether sealing gas is let in."""
        return self._get(50, "the sealing gas", BOOLEAN_OLD)

    @reading(on_demand=True)
    def venting_is_enabled(self) -> bool:
        """Read whether it may be vented when it is switched off."""
        return self._get(12, "whether venting is enabled", BOOLEAN_OLD)

    @reading(on_demand=True)
    def vent_mode(self) -> str:
        """Read how it is vented: delayed, none or direct."""
        return self._choice(30, "the vent mode", _VENT_MODES)

    @reading(unit="%", on_demand=True)
    def vent_speed(self) -> float:
        """Read below which speed delayed venting begins, in per cent of the nominal one."""
        return self._get(720, "the vent speed", U_SHORT_INT)

    @reading(unit="s", on_demand=True)
    def vent_time(self) -> float:
        """Read how long delayed venting lasts."""
        return self._get(721, "the vent time", U_INTEGER)

    @reading(on_demand=True)
    def gas_mode(self) -> str:
        """Read for which gas the drive's power is limited: heavy, light or helium."""
        return self._choice(27, "the gas mode", _GASES)

    @reading(on_demand=True)
    def sets_speed(self) -> bool:
        """Read whether it goes for the speed setpoint, in place of the nominal speed."""
        return bool(self._get(26, "the speed setting mode", U_SHORT_INT))

    @reading(unit="%", on_demand=True)
    def speed_setpoint(self) -> float:
        """Read the speed setpoint, in per cent of the nominal speed."""
        return self._get(707, "the speed setpoint", U_REAL)

    @reading(unit="%", on_demand=True)
    def standby_speed(self) -> float:
        """Read the speed on standby, in per cent of the nominal speed."""
        return self._get(717, "the standby speed", U_REAL)

    # Commands.

    @command(read_back="is_on", safe_value=False)
    def set_on(self, on: bool) -> None:
        """Switch the pumping station on, which also acknowledges an error, or off."""
        self._set(10, "the pumping station", BOOLEAN_OLD, on)

    @command(read_back="motor_is_on", safe_value=False)
    def set_motor(self, on: bool) -> None:
        """Let the pump's motor run while the pumping station is on, or not."""
        self._set(23, "the motor", BOOLEAN_OLD, on)

    @command(read_back="is_on_standby")
    def set_standby(self, on: bool) -> None:
        """Go for the standby speed, or back to the full one."""
        self._set(2, "standby", BOOLEAN_OLD, on)

    @command(read_back="is_heating", safe_value=False)
    def set_heating(self, on: bool) -> None:
        """Switch the heating on or off."""
        self._set(1, "the heating", BOOLEAN_OLD, on)

    @command(read_back="sealing_gas_is_on")
    def set_sealing_gas(self, on: bool) -> None:
        """Let sealing gas in, or not."""
        self._set(50, "the sealing gas", BOOLEAN_OLD, on)

    @command(read_back="venting_is_enabled", safe_value=False)
    def enable_venting(self, on: bool) -> None:
        """Allow venting when the pump is switched off, as the vent mode says."""
        self._set(12, "to enable venting", BOOLEAN_OLD, on)

    @command(read_back="vent_mode", safe_value="none")
    def set_vent_mode(self, mode: Literal["delayed", "none", "direct"]) -> None:
        """Choose how it is vented when it is switched off."""
        self._set(30, "the vent mode", U_SHORT_INT, _VENT_MODES.index(mode))

    @command(unit="%", limits=(40, 98), read_back="vent_speed", tolerance=0, safe_value=50)
    def set_vent_speed(self, speed: int) -> None:
        """Begin delayed venting below this speed."""
        self._set(720, "the vent speed", U_SHORT_INT, speed)

    @command(unit="s", limits=(6, 3600), read_back="vent_time", tolerance=0, safe_value=3600)
    def set_vent_time(self, seconds: int) -> None:
        """Keep the vent valve open for so long in delayed venting."""
        self._set(721, "the vent time", U_INTEGER, seconds)

    @command(read_back="gas_mode", safe_value="heavy", dangerous=True)
    def set_gas_mode(self, gas: Literal["heavy", "light", "helium"]) -> None:
        """Limit the drive's power for this gas; the wrong one overloads the pump."""
        self._set(27, "the gas mode", U_SHORT_INT, _GASES.index(gas))

    @command(read_back="sets_speed")
    def set_speed_setting(self, on: bool) -> None:
        """Go for the speed setpoint, in place of the nominal speed."""
        self._set(26, "the speed setting mode", U_SHORT_INT, int(on))

    @command(unit="%", limits=(20, 100), read_back="speed_setpoint", tolerance=0.006,
             safe_value=20)  # fmt: skip
    def set_speed_setpoint(self, speed: float) -> None:
        """Choose the speed, in per cent of the nominal one, for when speed setting is on."""
        self._set(707, "the speed setpoint", U_REAL, speed)

    @command(unit="%", limits=(20, 100), read_back="standby_speed", tolerance=0.006, safe_value=20)
    def set_standby_speed(self, speed: float) -> None:
        """Choose the speed on standby, in per cent of the nominal one."""
        self._set(717, "the standby speed", U_REAL, speed)

    @command()
    def acknowledge_error(self) -> None:
        """Tell the unit that its error was seen, so that it may start again."""
        self._set(9, "to acknowledge the error", BOOLEAN_OLD, True)

    @command(dangerous=True)
    def switch_all_off(self) -> None:
        """Switch off the pumping stations of all units on this bus; none answers to that."""
        self.tell(telegrams.command(telegrams.EVERYBODY, 10, BOOLEAN_OLD.encode(False)))

    # Telegrams.

    def _get(self, parameter: int, what: str, data_type: DataType[T]) -> T:
        """Ask for a parameter.

        Raises:
            Tc400Refused: If the unit says that it has no such parameter, or may not tell.
            LineError: If no good answer comes.
        """
        request = telegrams.question(self._unit, parameter)
        data = self._converse(request, parameter, what)
        try:
            return data_type.decode(data)
        except ValueError as error:
            raise self._doubted(error, data) from error

    def _set(self, parameter: int, what: str, data_type: DataType[T], value: T) -> None:
        sent = data_type.encode(value)
        said = self._converse(telegrams.command(self._unit, parameter, sent), parameter, what)
        if said != sent:
            raise self._doubted(f"it acknowledged {said!r} in place of {sent!r}", said)

    def _converse(self, request: bytes, parameter: int, what: str) -> str:
        reply = self.ask_bytes(request)
        try:
            data = telegrams.answered(reply, self._unit, parameter)
        except BadReply as error:
            raise self._doubted(error, reply.decode("latin-1")) from error
        if data in REFUSALS:
            raise REFUSALS[data](self.name, parameter, what)
        return data

    def _part(self, parameter: int, what: str) -> float | NoValue:
        """Ask for one of several values; that the unit lacks it is no matter to the others."""
        try:
            return self._get(parameter, what, U_INTEGER)
        except NoValue as error:
            return error

    def _choice(self, parameter: int, what: str, names: tuple[str, ...]) -> str:
        number = self._get(parameter, what, U_SHORT_INT)
        if number >= len(names):
            raise NoValue(f"{self.name}: {what} is {number}, which this driver does not know")
        return names[number]

    def _doubted(self, why: object, received: str) -> BadReply:
        """Have the next request wait for silence; return the error to raise."""
        self._opened().doubt()
        return BadReply(f"{self.name}: {why}", received=received.encode("latin-1"))
