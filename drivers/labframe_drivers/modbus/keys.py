"""What may stand in the section of a Modbus instrument."""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

from labframe.modbus import Order, Table

__all__ = ["CommandKeys", "IdentifyKeys", "ModbusKeys", "ReadingKeys", "Type"]

Type: TypeAlias = Literal[
    "int16", "uint16", "int32", "uint32", "int64", "uint64", "float32", "float64", "bool", "str"
]


class IdentifyKeys(msgspec.Struct, frozen=True, kw_only=True):
    """What is read after connecting: ``identify = { register = 0, value = 101 }``.

    Attributes:
        register: Its register, or the first of them.
        value: What has to stand there; a text may go on behind that.
        type: What it is.
        length: How many registers a text has.
        table: Where it is.
        order: How its bytes come; by default as for the instrument.
    """

    register: int
    value: int | str | None = None
    type: Type = "uint16"
    length: int = 1
    table: Table = "holding"
    order: Order | None = None


class ModbusKeys(msgspec.Struct, frozen=True, kw_only=True):
    """Keys of ``[instrument.NAME]``.

    Attributes:
        counted_from: The number that the manual gives the first register: 0, 1 or 40001; all
            registers here are counted so.
        order: How the bytes of numbers come, where nothing else is said: ``"CDAB"`` is the low
            word first, ``"BADC"`` the low byte of each word, ``"DCBA"`` both.
        identify: What is read after connecting.
    """

    counted_from: int = 0
    order: Order = "ABCD"
    identify: IdentifyKeys | None = None


class ReadingKeys(msgspec.Struct, frozen=True, kw_only=True):
    """Keys of ``[instrument.NAME.reading.READING]``.

    Attributes:
        register: Its register, or the first of them; for bits its number.
        type: What it is; ``"bool"`` is a bit, ``"str"`` a text.
        table: Where it is: ``"holding"`` (function 03), ``"input"`` (04), ``"coil"`` (01) or
            ``"discrete"`` (02). Bits are coils, unless ``bit`` is set.
        bit: Which bit of a register a truth value is; 0 is the lowest.
        length: How many registers a text has.
        order: How its bytes come; by default as for the instrument.
        factor: What one count is, in the unit: 0.1 for tenths.
        unit: Its unit; ``"1"`` without dimension. Needed for numbers.
        plausible: The lowest and the highest value, in the unit, that can be true.
        no_value: Numbers in the register that mean that there is no value.
        words: What the numbers mean: ``{ 0 = "off", 1 = "on" }``; then it is a text.
        example: What the simulated instrument has at the beginning.
        doc: What it is, in a line.
    """

    register: int
    type: Type = "uint16"
    table: Table | None = None
    bit: int | None = None
    length: int = 4
    order: Order | None = None
    factor: float = 1.0
    unit: str | None = None
    plausible: tuple[float, float] | None = None
    no_value: tuple[float, ...] = ()
    words: dict[str, str] = {}
    example: float | str | bool | None = None
    doc: str = ""


class CommandKeys(msgspec.Struct, frozen=True, kw_only=True):
    """Keys of ``[instrument.NAME.command.COMMAND]``.

    Attributes:
        register: Its register, or the first of them; for bits its number.
        type: What it is in the instrument; a ``"bool"`` is a coil.
        order: How its bytes come; by default as for the instrument.
        factor: What one count is, in the unit: 0.1 for tenths.
        value: What is written, where that is always the same; then it has no argument.
        argument: What its argument is called.
        unit: Its unit.
        limits: The lowest and the highest number that it may be.
        words: What the numbers mean; then the argument is one of the words.
        many: Whether a single register is written with function 16, and a coil with 15.
        read_back: The reading that tells what was set.
        tolerance: How far it may be off, in its unit; by default half a count.
        safe_value: What it would be set to when it must be safe.
        dangerous: Whether a person should confirm it first.
        doc: What it does, in a line.
    """

    register: int
    type: Type = "uint16"
    order: Order | None = None
    factor: float = 1.0
    value: float | bool | None = None
    argument: str = "target"
    unit: str | None = None
    limits: tuple[float, float] | None = None
    words: dict[str, str] = {}
    many: bool = False
    read_back: str | None = None
    tolerance: float | None = None
    safe_value: float | str | bool | None = None
    dangerous: bool = False
    doc: str = ""
