"""Modbus requests, and what may come back: unit, function and data, without frame and checksum."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal, TypeAlias

from labframe.errors import BadReply
from labframe.modbus.refusals import REFUSALS, ModbusRefused

__all__ = [
    "TABLES",
    "Request",
    "Table",
    "bits_in",
    "diagnose",
    "read",
    "write_coil",
    "write_coils",
    "write_register",
    "write_registers",
]

Table: TypeAlias = Literal["coil", "discrete", "holding", "input"]
"""Which of the four tables: ``coil`` and ``discrete`` are bits, the others are registers.

``coil`` and ``holding`` can be written, ``discrete`` (inputs) and ``input`` cannot.
"""

TABLES: Final = MappingProxyType({"coil": 1, "discrete": 2, "holding": 3, "input": 4})
"""The function that reads each table."""

_NAMES: Final = {
    "coil": "coil",
    "discrete": "discrete input",
    "holding": "holding register",
    "input": "input register",
}
_MOST_READ: Final = {"coil": 2000, "discrete": 2000, "holding": 125, "input": 125}
_MOST_REGISTERS: Final = 123
_MOST_COILS: Final = 1968
_EXCEPTION: Final = 0x80
_BROADCAST: Final = 0


@dataclass(frozen=True, slots=True)
class Request:
    """One request, and how its answer has to look.

    Attributes:
        payload: Unit, function and data.
        what: What it is for, as messages say it: ``to read holding register 0x0006``.
        size: How many bytes of data the answer to a read has; None: it repeats the request's
            ``echo`` instead.
        echo: What the answer to a write repeats, behind the function.
    """

    payload: bytes
    what: str
    size: int | None = None
    echo: bytes = b""

    def answered(self, reply: bytes, where: str) -> bytes:
        """Return the data of an answer: registers or bits of a read, else nothing.

        Args:
            reply: Unit, function and data, as they came.
            where: The instrument, for messages.

        Raises:
            ModbusRefused: If the instrument answers with an exception.
            BadReply: If this is no answer to this request.
        """
        unit, function = self.payload[:2]
        if len(reply) < 3 or reply[0] != unit:
            raise self._wrong(reply, where, f"not from unit {unit}")
        if reply[1] == function | _EXCEPTION and len(reply) == 3:
            raise REFUSALS.get(reply[2], ModbusRefused)(where, self.what, reply[2])
        if reply[1] != function:
            raise self._wrong(reply, where, f"not to function {function:02X}")
        if self.size is None:
            if reply[2:] != self.echo:
                raise self._wrong(reply, where, f"it does not repeat {self.echo.hex(' ')}")
            return b""
        data = reply[3:]
        if reply[2] != self.size or len(data) != self.size:
            raise self._wrong(reply, where, f"{len(data)} bytes of data, not {self.size}")
        return data

    def _wrong(self, reply: bytes, where: str, why: str) -> BadReply:
        return BadReply(
            f"{where}: {reply.hex(' ')} is no answer to the request {self.what}: {why}",
            received=reply,
        )


@functools.lru_cache(maxsize=4096)
def read(unit: int, table: Table, first: int, count: int = 1) -> Request:
    """Return the request that reads registers or bits: functions 01 to 04.

    Args:
        unit: The instrument's address, 1 to 247.
        table: Where they are.
        first: The first one, counted from 0 as on the line.
        count: How many.

    Raises:
        ValueError: If no request can ask that.
    """
    if table not in TABLES:
        raise ValueError(f"table = {table!r}: not one of {', '.join(TABLES)}")
    _check(unit, first, count, _MOST_READ[table])
    if unit == _BROADCAST:
        raise ValueError("unit 0 is a broadcast, which nobody answers: it cannot be read from")
    size = -(-count // 8) if table in ("coil", "discrete") else 2 * count
    payload = bytes((unit, TABLES[table])) + _two(first) + _two(count)
    return Request(payload, f"to read {_named(table, first, count)}", size=size)


def write_coil(unit: int, first: int, is_on: bool) -> Request:
    """Return the request that writes one bit: function 05; raises as ``read``."""
    _check(unit, first, 1, 1)
    echo = _two(first) + (b"\xff\x00" if is_on else b"\x00\x00")
    return Request(bytes((unit, 5)) + echo, f"to write {_named('coil', first, 1)}", echo=echo)


def write_register(unit: int, first: int, register: bytes) -> Request:
    """Return the request that writes one register: function 06; raises as ``read``."""
    _check(unit, first, len(register) // 2, 1)
    echo = _two(first) + register
    return Request(bytes((unit, 6)) + echo, f"to write {_named('holding', first, 1)}", echo=echo)


def write_coils(unit: int, first: int, bits: Sequence[bool]) -> Request:
    """Return the request that writes bits: function 15; raises as ``read``."""
    _check(unit, first, len(bits), _MOST_COILS)
    packed = sum(bool(bit) << index for index, bit in enumerate(bits))
    data = packed.to_bytes(-(-len(bits) // 8), "little")
    return _write_many(unit, 15, "coil", first, len(bits), data)


def write_registers(unit: int, first: int, registers: bytes) -> Request:
    """Return the request that writes registers, two bytes each: function 16; raises as ``read``."""
    if len(registers) % 2:
        raise ValueError(f"{len(registers)} bytes: not whole registers, of two bytes each")
    _check(unit, first, len(registers) // 2, _MOST_REGISTERS)
    return _write_many(unit, 16, "holding", first, len(registers) // 2, registers)


def diagnose(unit: int, data: bytes = b"\xa5\x37") -> Request:
    """Return the request whose two bytes the instrument sends back: function 08, sub-function 0."""
    _check(unit, 0, 1, 1)
    echo = b"\x00\x00" + data
    return Request(bytes((unit, 8)) + echo, "to send back what it got", echo=echo)


def bits_in(data: bytes, count: int) -> list[bool]:
    """Return the bits of an answer, the first one first."""
    packed = int.from_bytes(data, "little")
    return [bool(packed >> index & 1) for index in range(count)]


def _write_many(
    unit: int, function: int, table: Table, first: int, count: int, data: bytes
) -> Request:
    echo = _two(first) + _two(count)
    payload = bytes((unit, function)) + echo + bytes((len(data),)) + data
    return Request(payload, f"to write {_named(table, first, count)}", echo=echo)


def _check(unit: int, first: int, count: int, most: int) -> None:
    if type(unit) is not int or not 0 <= unit <= 247:
        raise ValueError(f"unit = {unit!r}: not 1 to 247, or 0 for a broadcast")
    if not 1 <= count <= most:
        raise ValueError(f"{count} at once: not 1 to {most}")
    if not 0 <= first <= 0x10000 - count:
        raise ValueError(
            f"register {first} and {count - 1} more: not 0 to 65535. Is 40001 meant? That is "
            "holding register 0 on the line"
        )


def _named(table: Table, first: int, count: int) -> str:
    if count == 1:
        return f"{_NAMES[table]} 0x{first:04X}"
    return f"{count} {_NAMES[table]}s from 0x{first:04X}"


def _two(number: int) -> bytes:
    return number.to_bytes(2, "big")
