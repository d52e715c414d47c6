"""The class that drivers of Modbus instruments inherit from."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Final, cast

from labframe.errors import BadReply, LineError, NoValue
from labframe.instrument import Instrument
from labframe.line import SerialLine
from labframe.modbus import requests
from labframe.modbus.requests import Request, Table
from labframe.modbus.values import KINDS, Kind, Order, decoded, encoded, text_in, text_out

__all__ = ["ModbusInstrument"]

_TURNAROUND_S: Final = 0.1
"""After a broadcast: "Modbus over serial line" V1.02, section 2.4.1, "typically 100 to 200 ms"."""


class ModbusInstrument(Instrument):
    """An instrument that speaks Modbus RTU.

    Its address is its Modbus unit, its line is framed by :class:`~labframe.modbus.ModbusRtu`::

        class Chiller(ModbusInstrument):
            driver = "chiller"
            line = SerialLine(baudrate=19200, parity="E", framing=ModbusRtu())
            address = 1

            @reading(unit="°C")
            def temperature(self) -> float:
                return self.read_number(0x0100, "int16") / 10

    Registers count from 0, as on the line, where many manuals count from 1 or from 40001. Each
    method is one request; what the instrument refuses is a
    :class:`~labframe.modbus.ModbusRefused`, and every answer has to come from this unit, for this
    function, with this many bytes.
    """

    address: int | str | None = 1

    # Reading.

    def read_number(
        self, first: int, kind: Kind = "uint16", *, table: Table = "holding", order: Order = "ABCD"
    ) -> int | float:
        """Read a number.

        Args:
            first: Its register, or the first of them.
            kind: What it is.
            table: Where it is: ``holding`` or ``input``.
            order: How its bytes come.

        Raises:
            NoValue: For a float that is no number, or infinite.
            ModbusRefused, LineError: If the instrument refuses, or no good answer comes.
        """
        data = self.read_registers(first, KINDS[kind].size // 2, table=table)
        try:
            return decoded(data, kind, order)
        except NoValue as error:
            raise NoValue(f"{self.name}: register 0x{first:04X}: {error}") from error

    def read_text(
        self, first: int, registers: int, *, table: Table = "holding", order: Order = "ABCD"
    ) -> str:
        """Read a text, two characters in each register; raises as ``read_number``.

        It ends at the first zero; blanks and control characters at its ends are left out.
        """
        data = self.read_registers(first, registers, table=table)
        try:
            return text_in(data, order)
        except BadReply as error:
            raise self._doubted(error, f"register 0x{first:04X}") from error

    def read_bit(self, number: int, *, table: Table = "coil") -> bool:
        """Read a bit of the table ``coil`` or ``discrete``; raises as ``read_number``."""
        return self.read_bits(number, 1, table=table)[0]

    def read_bits(self, first: int, count: int, *, table: Table = "coil") -> list[bool]:
        """Read bits of the table ``coil`` or ``discrete``; raises as ``read_number``."""
        if table not in ("coil", "discrete"):
            raise ValueError(f"table = {table!r}: has registers; bits are in coil and discrete")
        request = requests.read(self._unit(), table, first, count)
        return requests.bits_in(self._answer(request), count)

    def read_registers(self, first: int, count: int = 1, *, table: Table = "holding") -> bytes:
        """Read registers as they are, two bytes each; raises as ``read_number``."""
        if table not in ("holding", "input"):
            raise ValueError(f"table = {table!r}: has bits; registers are in holding and input")
        return self._answer(requests.read(self._unit(), table, first, count))

    # Writing.

    def write_number(
        self,
        first: int,
        value: float,
        kind: Kind = "uint16",
        *,
        order: Order = "ABCD",
        broadcast: bool = False,
        many: bool = False,
    ) -> None:
        """Write a number: one register with function 06, several with 16.

        Args:
            first: Its register, or the first of them.
            value: The number.
            kind: What it is in the instrument.
            order: How its bytes come.
            broadcast: Whether it is for all instruments on the line: nobody answers.
            many: Whether a single register is written with function 16, too.

        Raises:
            ArgumentError: If the number does not fit.
            ModbusRefused, LineError: If the instrument refuses, or no good answer comes.
        """
        data = encoded(value, kind, order)
        self.write_registers(first, data, broadcast=broadcast, many=many)

    def write_text(self, first: int, text: str, registers: int, *, order: Order = "ABCD") -> None:
        """Write a text, filled up with zeros; raises as ``write_number``."""
        self.write_registers(first, text_out(text, registers, order), many=True)

    def write_bit(self, number: int, is_on: bool, *, broadcast: bool = False) -> None:
        """Write a coil, with function 05; raises as ``write_number``."""
        self._order(requests.write_coil(self._unit(broadcast), number, is_on), broadcast)

    def write_bits(self, first: int, bits: Sequence[bool], *, broadcast: bool = False) -> None:
        """Write coils, with function 15; raises as ``write_number``."""
        self._order(requests.write_coils(self._unit(broadcast), first, bits), broadcast)

    def write_registers(
        self, first: int, registers: bytes, *, broadcast: bool = False, many: bool = False
    ) -> None:
        """Write registers as they are, two bytes each; arguments as for ``write_number``."""
        unit = self._unit(broadcast)
        if len(registers) == 2 and not many:
            self._order(requests.write_register(unit, first, registers), broadcast)
        else:
            self._order(requests.write_registers(unit, first, registers), broadcast)

    def check_connection(self) -> None:
        """Have the instrument send two bytes back, with function 08; not every one can."""
        self._answer(requests.diagnose(self._unit()))

    # Within.

    def _unit(self, broadcast: bool = False) -> int:
        if broadcast:
            return 0
        if type(self.address) is not int or not 1 <= self.address <= 247:
            raise LineError(
                f"{self.name}: address = {self.address!r}: not a Modbus unit, a number from 1 to "
                "247; set address in the configuration"
            )
        return self.address

    def _order(self, request: Request, broadcast: bool) -> None:
        if not broadcast:
            self._answer(request)
            return
        usual = cast("SerialLine", self.settings)
        patient = dataclasses.replace(usual, min_gap_s=max(usual.min_gap_s, _TURNAROUND_S))
        self._opened().send(request.payload, settings=patient)

    def _answer(self, request: Request) -> bytes:
        reply = self.ask_bytes(request.payload)
        try:
            return request.answered(reply, self.name)
        except BadReply:
            self._opened().doubt()  # the right answer may still be under way
            raise

    def _doubted(self, error: BadReply, what: str) -> BadReply:
        self._opened().doubt()
        return BadReply(f"{self.name}: {what}: {error}", received=error.received)
