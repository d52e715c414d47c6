"""The driver of Vögtlin's red-y smart; what is sent, and who says so, is in ``README.md``.

No instrument was at hand: only a recorded transcript would prove that this agrees with one.
"""

from __future__ import annotations

from typing import Final, Literal

from labframe import (
    ArgumentError,
    IdentityError,
    NoValue,
    SerialLine,
    command,
    reading,
)
from labframe.modbus import IllegalAddress, ModbusInstrument, ModbusRtu
from labframe_drivers.vogtlin.flows import litres, litres_per_minute

__all__ = ["Vogtlin"]

_FLOW, _TEMPERATURE, _TOTAL, _SETPOINT, _VALVE = 0x0000, 0x0002, 0x0004, 0x0006, 0x000A
_ALARM, _ERROR, _MODE, _SERIAL, _TYPE = 0x000C, 0x000D, 0x000E, 0x001E, 0x0023
_RESET_ERROR: Final = 0x404F

# Where newer instruments have it, and where those before serial number 110000 do.
_RANGE: Final = (0x6020, 0x0014)
_FLUID: Final = (0x6042, 0x001A)
_UNIT: Final = (0x6046, 0x0016)
_TOTAL_UNIT: Final = (0x6386, 0x4048)

_MODES: Final = {
    "automatic": 0, "digital": 1, "analog": 2, "valve": 10, "zero": 20, "full": 21, "closed": 22,
    "open": 23,
}  # fmt: skip
_SHOWN: Final = {code: name for name, code in _MODES.items()} | {30: "test analog", 31: "test DAC"}
_MODE_NAME = Literal["automatic", "digital", "analog", "valve", "zero", "full", "closed", "open"]

_LARGEST: Final = 600.0
"""L/min, of the largest model of the series; each instrument's own range is asked for."""
_ALL_ERRORS: Final = 0x8000
_TEXT: Final = 4
"""Registers of a text: eight characters."""


class Vogtlin(ModbusInstrument):
    """Vögtlin red-y smart mass flow meter (GSM) or controller (GSC), on RS-485."""

    driver = "vogtlin"
    protocol = "Modbus RTU, on a bus"
    # At least 4 ms between an answer and the next request: the manual 329-3042, by our notes.
    line = SerialLine(
        baudrate=9600, stopbits=2, framing=ModbusRtu(),
        first_byte_s=0.2, gap_s=0.1, total_s=0.5, min_gap_s=0.004,
    )  # fmt: skip
    address: int | str | None = 247

    _unit_shown = ""
    _total_unit_shown = ""
    _litres_per_minute: float | None = None
    _litres: float | None = None
    _range = 0.0

    def check_identity(self) -> str:
        """Ask for type code and serial number; ``identity`` is the serial number."""
        kind = self.read_text(_TYPE, _TEXT)
        serial = str(self.read_number(_SERIAL, "uint32"))
        if self.identity is not None and self.identity != serial:
            raise IdentityError(self.name, self.identity, serial, "serial number")
        if self.identity is None and not kind.startswith("GS"):
            raise IdentityError(self.name, "GS", kind, "type code")
        return f"red-y smart {kind}, serial number {serial}"

    def on_connect(self) -> None:
        """Read unit and range of this instrument, which are set when it is calibrated."""
        self._unit_shown = self._text_of(_UNIT)
        self._total_unit_shown = self._text_of(_TOTAL_UNIT)
        self._litres_per_minute = litres_per_minute(self._unit_shown)
        self._litres = litres(self._total_unit_shown)
        self._range = self._float_of(_RANGE)

    @reading(unit="L/min", every=1.0)
    def flow(self) -> float:
        """Read the gas flow, in L/min whatever volume per time the instrument shows."""
        return self.read_number(_FLOW, "float32") * self._factor()

    @reading(unit="°C", every=5.0)
    def temperature(self) -> float:
        """Read the temperature of the gas."""
        return self.read_number(_TEMPERATURE, "float32")

    @reading(unit="L", every=5.0)
    def total(self) -> float:
        """Read how much gas has flown since the totaliser was reset."""
        if self._litres is None:
            raise NoValue(
                f"{self.name}: the totaliser counts in {self._total_unit_shown!r}, which is no "
                "volume that this driver knows"
            )
        return self.read_number(_TOTAL, "float32") * self._litres

    @reading(unit="L/min", every=2.0)
    def setpoint(self) -> float:
        """Read the setpoint."""
        return self.read_number(_SETPOINT, "float32") * self._factor()

    @reading(unit="%", every=2.0)
    def valve(self) -> float:
        """Read the signal of the control valve."""
        return self.read_number(_VALVE, "float32")

    @reading(every=5.0)
    def mode(self) -> str:
        """Read what the valve follows: ``automatic``, ``digital``, ``closed`` and so on."""
        code = int(self.read_number(_MODE))
        if code not in _SHOWN:
            raise NoValue(f"{self.name}: control function {code}, whose meaning is not known here")
        return _SHOWN[code]

    @reading(every=2.0)
    def alarm(self) -> str:
        """Read the alarms: ``ok``, or which bits are set."""
        return _bits(int(self.read_number(_ALARM)))

    @reading(every=5.0)
    def hardware_error(self) -> str:
        """Read the hardware errors: ``ok``, or which bits are set."""
        return _bits(int(self.read_number(_ERROR)))

    @reading(unit="L/min", on_demand=True)
    def range(self) -> float:
        """Read the end of the calibrated range."""
        return self._float_of(_RANGE) * self._factor()

    @reading(on_demand=True)
    def shown_unit(self) -> str:
        """Read the unit that the instrument itself shows."""
        return self._text_of(_UNIT)

    @reading(on_demand=True)
    def gas(self) -> str:
        """Read the gas that it is calibrated for."""
        return self._text_of(_FLUID)

    @command(unit="L/min", limits=(0, _LARGEST), safe_value=0, read_back="setpoint")
    def set_flow(self, target: float) -> None:
        """Set the setpoint; it has an effect in the modes ``automatic`` and ``digital``."""
        most = self._range * self._factor()
        if target > most * (1 + 1e-6):
            raise ArgumentError(
                "OUT_OF_RANGE",
                f"{self.name}.set_flow: target = {target:g}: the range of this instrument is 0 to "
                f"{most:g} L/min",
            )
        self.write_number(_SETPOINT, target / self._factor(), "float32")

    @command(unit="%", limits=(0, 100), safe_value=0, read_back="valve", dangerous=True)
    def set_valve(self, signal: float) -> None:
        """Hold the valve there, whatever flows then: the mode becomes ``valve``."""
        self.write_number(_MODE, _MODES["valve"])
        self.write_number(_VALVE, signal, "float32")

    @command(read_back="mode", dangerous=True)
    def set_mode(self, mode: _MODE_NAME) -> None:
        """Set what the valve follows; ``full`` and ``open`` let all the gas through."""
        self.write_number(_MODE, _MODES[mode])

    @command()
    def reset_total(self) -> None:
        """Set the totaliser to zero."""
        self.write_number(_TOTAL, 0.0, "float32")

    @command()
    def reset_hardware_error(self) -> None:
        """Forget the hardware errors; those that persist come back."""
        self.write_number(_RESET_ERROR, _ALL_ERRORS)

    def _factor(self) -> float:
        if self._litres_per_minute is None:
            raise NoValue(
                f"{self.name}: the instrument shows {self._unit_shown!r}, which is no volume per "
                "time that this driver knows"
            )
        return self._litres_per_minute

    def _text_of(self, places: tuple[int, int]) -> str:
        try:
            return self.read_text(places[0], _TEXT)
        except IllegalAddress:
            return self.read_text(places[1], _TEXT)

    def _float_of(self, places: tuple[int, int]) -> float:
        try:
            return self.read_number(places[0], "float32")
        except IllegalAddress:
            return self.read_number(places[1], "float32")


def _bits(register: int) -> str:
    """Return the numbers of the bits that are set: what each means, the README could not find."""
    numbers = [str(bit) for bit in range(16) if register >> bit & 1]
    return f"bit {', '.join(numbers)}" if numbers else "ok"
