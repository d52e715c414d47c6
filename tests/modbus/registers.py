"""An instrument that is nothing but its registers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from labframe import SerialLine, command, reading
from labframe.modbus import ModbusInstrument, ModbusRtu
from labframe.simulation import ModbusRefusal, ModbusSimulator

__all__ = ["Registers", "RegistersSimulator"]

_SIZE = 100


class Registers(ModbusInstrument):
    """A float in registers 0 and 1, and a coil."""

    driver = "registers"
    line = SerialLine(baudrate=19200, framing=ModbusRtu(), first_byte_s=0.3, gap_s=0.1, total_s=0.5)

    @reading(unit="1")
    def level(self) -> float:
        """Read the float."""
        return self.read_number(0, "float32")

    @reading()
    def is_on(self) -> bool:
        """Read the coil."""
        return self.read_bit(3)

    @command(unit="1", limits=(-1e6, 1e6), safe_value=0, read_back="level")
    def set_level(self, level: float) -> None:
        """Write the float."""
        self.write_number(0, level, "float32")


class RegistersSimulator(ModbusSimulator):
    """A hundred of each; all but ``input`` and ``discrete`` can be written."""

    driver: ClassVar[str] = "registers"
    baudrate: ClassVar[int | None] = 19200

    def __init__(self, **state: object) -> None:
        super().__init__(**state)
        self.words = {"holding": [0] * _SIZE, "input": [7 * n for n in range(_SIZE)]}
        self.flags = {"coil": [False] * _SIZE, "discrete": [n % 3 == 0 for n in range(_SIZE)]}

    def registers(self, table: str, first: int, count: int, now: float) -> Sequence[int]:
        self._check(first, count)
        return self.words[table][first : first + count]

    def store(self, first: int, values: Sequence[int], now: float) -> None:
        self._check(first, len(values))
        self.words["holding"][first : first + len(values)] = values

    def bits(self, table: str, first: int, count: int, now: float) -> Sequence[bool]:
        self._check(first, count)
        return self.flags[table][first : first + count]

    def store_bits(self, first: int, bits: Sequence[bool], now: float) -> None:
        self._check(first, len(bits))
        self.flags["coil"][first : first + len(bits)] = bits

    def _check(self, first: int, count: int) -> None:
        if first + count > _SIZE:
            raise ModbusRefusal(2)
