"""An instrument that has the registers of a section of ``lab.toml``, and no others.

It shares nothing with the driver but the section: how numbers stand in registers is written here
once more.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from labframe.simulation import ModbusRefusal, ModbusSimulator, Settable, SimulationError

__all__ = ["ConfiguredModbusSimulator", "Field"]

_LETTERS = {
    "int16": "h", "uint16": "H", "int32": "i", "uint32": "I", "int64": "q", "uint64": "Q",
    "float32": "f", "float64": "d",
}  # fmt: skip
_BITS = ("coil", "discrete")


@dataclass(frozen=True, slots=True)
class Field:
    """One value: where it is, and how it is written there.

    Attributes:
        table: Its table.
        first: Its register, or the number of its bit.
        size: How many registers or bits it has.
        letter: How struct calls its kind; ``""`` for a text or a bit.
        bit: The bit of the register that is meant; None: all of it.
        factor: What one count is.
        numbers: The number of each word; empty: it has none.
        turned: Whether its words, and whether the bytes of each, come the other way round.
    """

    table: str
    first: int
    size: int
    letter: str
    bit: int | None
    factor: float
    numbers: Mapping[str, int]
    turned: tuple[bool, bool]

    def words(self, value: Any, before: int = 0) -> list[int]:
        """Return a value's registers, or its bit; ``before``: the register that holds the bit."""
        if self.table in _BITS:
            return [int(value)]
        if self.bit is not None:
            mask = 1 << self.bit
            return [before | mask if value else before & ~mask]
        if self.letter:
            number = self.numbers.get(str(value), value) if self.numbers else value / self.factor
            number = number if self.letter in "fd" else round(number)
            octets = struct.pack(">" + self.letter, number)
        else:
            octets = str(value).encode("latin-1")[: 2 * self.size].ljust(2 * self.size, b"\0")
        pairs = [octets[place : place + 2] for place in range(0, len(octets), 2)]
        if self.turned[1]:
            pairs = [pair[::-1] for pair in pairs]
        if self.turned[0]:
            pairs = pairs[::-1]
        return [high << 8 | low for high, low in pairs]


class ConfiguredModbusSimulator(ModbusSimulator):
    """An instrument with the registers that its section names; each reading can be set by its name.

    Registers of commands can be written, and read where a reading has them.
    """

    driver: ClassVar[str] = "modbus"
    fields: ClassVar[Mapping[str, Field]] = {}
    constants: ClassVar[Sequence[tuple[Field, Any]]] = ()
    written: ClassVar[frozenset[tuple[str, int]]] = frozenset()
    limits: ClassVar[Mapping[int, tuple[Field, tuple[float, float]]]] = {}

    @classmethod
    def for_section(cls, section: Mapping[str, Any]) -> type[Self]:
        """Return the class that plays one instrument.

        Raises:
            SimulationError: If an example cannot stand in its registers.
        """
        line = section.get("line", {})
        fields = {}
        space: dict[str, Any] = {
            "baudrate": line.get("baudrate", 9600),
            "parity": line.get("parity", "N"),
            "__doc__": cls.__doc__,
            "__module__": cls.__module__,
        }
        for name, keys in section.get("reading", {}).items():
            if "register" not in keys:
                continue
            settable = f"{name}_value" if hasattr(cls, name) else name
            fields[settable] = _field(section, keys)
            space[settable] = _settable(fields[settable], name, keys)
        orders = [
            (_field(section, {"table": "holding", **keys}), keys)
            for keys in section.get("command", {}).values()
        ]
        space["fields"] = fields
        space["constants"] = _constants(section, orders)
        space["written"] = frozenset(
            (field.table, field.first + place) for field, _ in orders for place in range(field.size)
        )
        space["limits"] = {
            field.first: (field, tuple(keys["limits"]))
            for field, keys in orders
            if "limits" in keys and field.letter
        }
        made: type[Self] = type(cls.__name__, (cls,), space)
        made()
        return made

    def __init__(self, **state: object) -> None:
        super().__init__(**state)
        self._cells: dict[tuple[str, int], int] = {}
        for field, value in self.constants:
            self._put(field, value)
        for name in self.fields:
            self.changed(name)

    def changed(self, name: str) -> None:
        """Write what was set into its registers."""
        if name in self.fields:
            self._put(self.fields[name], getattr(self, name))

    def _put(self, field: Field, value: Any) -> None:
        try:
            words = field.words(value, self._cells.get((field.table, field.first), 0))
        except (struct.error, TypeError, ValueError, OverflowError) as error:
            raise SimulationError(
                f"{value!r} cannot stand in {field.table} {field.first}: {error}"
            ) from error
        self._cells.update({(field.table, field.first + n): word for n, word in enumerate(words)})

    def registers(self, table: str, first: int, count: int, now: float) -> Sequence[int]:
        """Return registers that a reading or a command has."""
        del now
        found = [self._cells.get((table, place)) for place in range(first, first + count)]
        if None in found:
            raise ModbusRefusal(2)
        return [word for word in found if word is not None]

    def store(self, first: int, values: Sequence[int], now: float) -> None:
        """Take registers that a command has, within its limits."""
        del now
        self._check("holding", first, len(values))
        field, limits = self.limits.get(first, (None, None))
        if field is not None and limits is not None and len(values) == field.size:
            self._refuse_beyond(field, limits, values)
        self._cells.update({("holding", first + n): word for n, word in enumerate(values)})

    def bits(self, table: str, first: int, count: int, now: float) -> Sequence[bool]:
        """Return bits that a reading or a command has."""
        return [bit == 1 for bit in self.registers(table, first, count, now)]

    def store_bits(self, first: int, bits: Sequence[bool], now: float) -> None:
        """Take coils that a command has."""
        del now
        self._check("coil", first, len(bits))
        self._cells.update({("coil", first + n): int(bit) for n, bit in enumerate(bits)})

    def _check(self, table: str, first: int, count: int) -> None:
        if any((table, place) not in self.written for place in range(first, first + count)):
            raise ModbusRefusal(2)

    def _refuse_beyond(
        self, field: Field, limits: tuple[float, float], values: Sequence[int]
    ) -> None:
        pairs = [bytes(divmod(word, 256)) for word in values]
        if field.turned[0]:
            pairs = pairs[::-1]
        octets = b"".join(pair[::-1] if field.turned[1] else pair for pair in pairs)
        (number,) = struct.unpack(">" + field.letter, octets)
        slack = abs(field.factor) if field.letter not in "fd" else 1e-6 * max(map(abs, limits))
        if not limits[0] - slack <= number * field.factor <= limits[1] + slack:
            raise ModbusRefusal(3)


def _field(section: Mapping[str, Any], keys: Mapping[str, Any]) -> Field:
    kind = keys.get("type", "uint16")
    is_bit = kind == "bool" and "bit" not in keys
    table = "coil" if is_bit else "holding"
    if keys.get("table") is not None and not (is_bit and keys["table"] == "holding"):
        table = keys["table"]
    letter = "" if is_bit else _LETTERS.get(kind, "H" if kind == "bool" else "")
    size = struct.calcsize(">" + letter) // 2 if letter else 1 if is_bit else keys.get("length", 4)
    order = keys.get("order") or section.get("order", "ABCD")
    words = {word: int(number, 0) for number, word in keys.get("words", {}).items()}
    return Field(
        table=table, first=keys["register"] - section.get("counted_from", 0), size=size,
        letter=letter, bit=keys.get("bit"), factor=keys.get("factor", 1), numbers=words,
        turned=(order in ("CDAB", "DCBA"), order in ("BADC", "DCBA")),
    )  # fmt: skip


def _settable(field: Field, name: str, keys: Mapping[str, Any]) -> Settable[Any]:
    doc = f"what the reading {name} is" + (f", {keys['unit']}" if "unit" in keys else "")
    example = keys.get("example")
    if keys.get("type") == "bool":
        return Settable(bool(example), doc)
    if field.numbers:
        return Settable(example or next(iter(field.numbers)), doc, choices=list(field.numbers))
    if not field.letter:
        return Settable(str(example or "labframe"[: 2 * field.size]), doc)
    low, high = keys.get("plausible", (0, 0))
    return Settable(float((low + high) / 2 if example is None else example), doc)


def _constants(
    section: Mapping[str, Any], orders: Sequence[tuple[Field, Mapping[str, Any]]]
) -> list[tuple[Field, Any]]:
    """Return what stands in registers that no reading sets: those of commands, and who it is."""
    found: list[tuple[Field, Any]] = []
    for field, keys in orders:
        start: Any = 0
        if field.numbers:
            start = next(iter(field.numbers))
        elif "limits" in keys:
            start = keys["limits"][0]
        found.append((field, start))
    identify = section.get("identify")
    if identify is not None:
        field = _field(section, {"length": 1, **identify})
        value = identify.get("value", 0 if field.letter else "labframe")
        value = section.get("identity", value)
        found.append((field, int(value) if field.letter else value))
    return found
