"""A simulated red-y smart mass flow controller on RS-485.

What it does, and who says so: the tables in ``README.md`` beside this file.
No instrument was at hand: only a recorded transcript proves that this simulator is right.

* 9600 8N2, address 247, functions 03, 06, 08 and 16; a message has 20 bytes at most.
* The flow follows the setpoint, or whatever the control function says, with a time constant; the
  totaliser adds it up.
* A register that it does not have, or that cannot be written: exception 2. A value out of range, or
  half a float: exception 3. Another function: exception 1. That these are the ones is [mem].
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar

from labframe.simulation import Answer, ModbusRefusal, ModbusSimulator, Settable

__all__ = ["VogtlinSimulator"]

_CONTROL = {
    "automatic": 0, "digital": 1, "analog": 2, "valve": 10, "0%": 20, "100%": 21, "closed": 22,
    "open": 23,
}  # fmt: skip


def _eight(given: object) -> str:
    text = str(given)
    if not (text.isascii() and text.isprintable() and len(text) <= 8):
        raise ValueError("must be 8 ASCII characters at most")
    return text


def _real(value: float) -> list[int]:
    high, low = struct.unpack(">HH", struct.pack(">f", value))
    return [high, low]


def _letters(text: str) -> list[int]:
    octets = text.encode("ascii") + bytes(8 - len(text))
    return [octets[place] << 8 | octets[place + 1] for place in range(0, 8, 2)]


class VogtlinSimulator(ModbusSimulator):
    """A flow controller whose flow comes near the setpoint in its time constant.

    Attributes:
        control: The control function, as its number.
        flow: The flow, in its own unit.
    """

    driver: ClassVar[str] = "vogtlin"
    usb_name: ClassVar[str] = "Simulated_red-y_smart"
    baudrate: ClassVar[int | None] = 9600
    functions: ClassVar[frozenset[int]] = frozenset({3, 6, 8, 16})
    longest_message: ClassVar[int] = 20
    calm: ClassVar[Mapping[str, object]] = {"time_constant_s": 0}

    address = Settable(247, "the address (Modbus unit), 1 to 247", limits=(1, 247))
    range = Settable(600.0, "the end of its range, in its unit", limits=(1e-3, 1e6))
    setpoint = Settable(12.5, "the setpoint at the beginning, in its unit", limits=(0, 1e6))
    mode = Settable("automatic", "the control function at the beginning", choices=list(_CONTROL))
    time_constant_s = Settable(0.2, "how the flow follows, s; 0: at once", limits=(0, 1e4))
    analog_input = Settable(0.0, "the analog setpoint, % of the range", limits=(0, 100))
    temperature = Settable(22.5, "the temperature of the gas, °C", limits=(-273, 1000))
    total = Settable(50000.0, "the totaliser at the beginning, in its unit", limits=(0, 1e9))
    alarm = Settable(0, "the bits of the alarm", limits=(0, 65535))
    hardware_error = Settable(0, "the bits of the hardware error", limits=(0, 65535))
    unit = Settable("ln/min", "the unit of the flow, 8 characters at most", parse=_eight)
    total_unit = Settable("ln", "the unit of the totaliser, 8 characters at most", parse=_eight)
    gas = Settable("N2", "the gas, 8 characters at most", parse=_eight)
    type_code = Settable("GSC-D9TS", "the type code, 8 characters at most", parse=_eight)
    serial_number = Settable(151234, "the serial number", limits=(0, 2**32 - 1))
    old_firmware = Settable(False, "whether it is one before serial number 110000")

    def __init__(self, **state: object) -> None:
        super().__init__(**state)
        self.control = _CONTROL[self.mode]
        self._wanted = min(self.setpoint, self.range)
        self._valve = 0.0
        self._total = self.total
        self._now: float | None = None
        self.flow = self._target()

    def changed(self, name: str) -> None:
        """Take what was set from outside while it runs."""
        if name == "setpoint":
            self._wanted = self.setpoint
        elif name == "mode":
            self.control = _CONTROL[self.mode]
        elif name == "total":
            self._total = self.total

    def registers(self, table: str, first: int, count: int, now: float) -> Sequence[int]:
        """Return holding registers; it has no others."""
        del table
        self._pass_time(now)
        words: dict[int, int] = {}
        for place, make in self._readable().items():
            if place <= first + count and first < place + 4:
                words.update(enumerate(make(), place))
        found = [words.get(place) for place in range(first, first + count)]
        if None in found:
            raise ModbusRefusal(2)
        return [word for word in found if word is not None]

    def store(self, first: int, values: Sequence[int], now: float) -> None:
        """Take a whole value, one at a time."""
        self._pass_time(now)
        if first in (0x0004, 0x0006, 0x000A):
            if len(values) != 2:
                raise ModbusRefusal(3)
            (value,) = struct.unpack(">f", struct.pack(">HH", *values))
            self._store_real(first, value)
        elif first in (0x000E, 0x0013, 0x404F):
            if len(values) != 1:
                raise ModbusRefusal(3)
            self._store_whole(first, values[0])
        else:
            raise ModbusRefusal(2)

    def power_cycled(self, now: float) -> list[Answer] | None:
        """Begin anew, with the setpoint and the control function of the beginning [mem]."""
        self._pass_time(now)
        self._wanted, self.control = self.setpoint, _CONTROL[self.mode]
        return super().power_cycled(now)

    def _readable(self) -> dict[int, Callable[[], list[int]]]:
        common: dict[int, Callable[[], list[int]]] = {
            0x0000: lambda: _real(self.flow),
            0x0002: lambda: _real(self.temperature),
            0x0004: lambda: _real(self._total),
            0x0006: lambda: _real(self._wanted),
            0x0008: lambda: _real(self.analog_input),
            0x000A: lambda: _real(self._valve_signal()),
            0x000C: lambda: [self.alarm],
            0x000D: lambda: [self.hardware_error],
            0x000E: lambda: [self.control],
            0x0013: lambda: [self.address],
            0x0014: lambda: _real(self.range),
            0x001E: lambda: list(divmod(self.serial_number, 0x10000)),
            0x0020: lambda: [0x0611],
            0x0021: lambda: [0x0634],
            0x0023: lambda: _letters(self.type_code),
        }
        if self.old_firmware:
            return common | {
                0x0016: lambda: _letters(self.unit),
                0x001A: lambda: _letters(self.gas),
                0x4048: lambda: _letters(self.total_unit),
            }
        return common | {
            0x1004: lambda: _letters("DD22"),
            0x4139: lambda: [0],
            0x6020: lambda: _real(self.range),
            0x6042: lambda: _letters(self.gas),
            0x6046: lambda: _letters(self.unit),
            0x6382: lambda: _real(self._total),
            0x6386: lambda: _letters(self.total_unit),
        }

    def _store_real(self, place: int, value: float) -> None:
        most = {0x0004: 1e9, 0x0006: self.range, 0x000A: 100.0}[place]
        if not 0 <= value <= most * 1.0000001:  # not for what is no number, either
            raise ModbusRefusal(3)
        if place == 0x0004:
            self._total = value
        elif place == 0x0006:
            self._wanted = value
        else:
            self._valve = value

    def _store_whole(self, place: int, value: int) -> None:
        if place == 0x000E:
            if value not in (*_CONTROL.values(), 30, 31):
                raise ModbusRefusal(3)
            self.control = value
        elif place == 0x0013:
            if not 1 <= value <= 247:
                raise ModbusRefusal(3)
            self.address = value
        else:
            self.hardware_error = 0

    def _target(self) -> float:
        if self.control in (0, 1):
            return self._wanted
        if self.control == 2:
            return self.range * self.analog_input / 100
        if self.control == 10:
            return self.range * self._valve / 100
        return self.range if self.control in (21, 23) else 0.0

    def _valve_signal(self) -> float:
        if self.control == 10:
            return self._valve
        if self.control == 23:
            return 100.0
        return 100 * math.sqrt(self.flow / self.range)

    def _pass_time(self, now: float) -> None:
        """Let the flow come nearer to its target, and count the gas, whose unit is per minute."""
        passed = 0.0 if self._now is None else now - self._now
        self._now = now
        target, before = self._target(), self.flow
        tau = self.time_constant_s
        left = math.exp(-passed / tau) if tau else 0.0
        self.flow = target + (before - target) * left
        self._total += (target * passed + (before - target) * tau * (1 - left)) / 60
