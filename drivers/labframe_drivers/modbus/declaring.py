"""The section of one instrument, checked line by line, as places and what to do with them."""

from __future__ import annotations

from collections.abc import Mapping
from keyword import iskeyword
from typing import TypeAlias

from labframe import Section
from labframe.modbus import KINDS, Table
from labframe_drivers.modbus.keys import CommandKeys, IdentifyKeys, ModbusKeys, ReadingKeys
from labframe_drivers.modbus.places import Asked, Ordered, Place

__all__ = ["Checking", "ModbusSection"]

ModbusSection: TypeAlias = Section[ModbusKeys, ReadingKeys, CommandKeys]

_BITS = ("coil", "discrete")
_MOST_LENGTH = 123


class Checking:
    """Checks the numbers of a section; what is wrong is noted with its key.

    Args:
        section: The section.
    """

    def __init__(self, section: ModbusSection) -> None:
        self.section = section

    def unit(self) -> int:
        """Return the instrument's address."""
        address = self.section.table.get("address", 1)
        if type(address) is not int or not 1 <= address <= 247:
            self.section.problem("not a Modbus unit, a number from 1 to 247", "address")
            return 1
        return address

    def identify(self) -> Place | None:
        """Return what is read after connecting."""
        keys = self.section.keys.identify
        if keys is None:
            if "identity" in self.section.table:
                self.section.problem(
                    "nothing is read to compare it with: write identify = { register = ... }",
                    "identity",
                )
            return None
        if keys.type == "bool" or keys.table in _BITS:
            self.section.problem("not a register: a bit tells nobody apart", "identify", "type")
        if isinstance(keys.value, str) != (keys.type == "str") and keys.value is not None:
            self.section.problem(f'does not go with type = "{keys.type}"', "identify", "value")
        return self._place(keys, keys.table, keys.length, "identify")

    def asked(self, name: str, keys: ReadingKeys) -> Asked:
        """Return a reading, with what is wrong noted."""
        place = ("reading", name)
        is_bit_of_register = keys.type == "bool" and keys.bit is not None
        bits = keys.type == "bool" and not is_bit_of_register
        table: Table = keys.table or ("coil" if bits else "holding")
        if bits != (table in _BITS):
            what = 'bits: type = "bool"' if table in _BITS else "registers, not bits: set bit"
            self.section.problem(f'table "{table}" has {what}', *place, "table")
        if keys.bit is not None and not (keys.type == "bool" and 0 <= keys.bit <= 15):
            self.section.problem('0 to 15, with type = "bool"', *place, "bit")
        self._check_number(keys, place)
        if keys.plausible is not None and not keys.plausible[0] <= keys.plausible[1]:
            self.section.problem("not [lowest, highest]", *place, "plausible")
        where = self._place(keys, table, keys.length, *place)
        return Asked(
            place=where, bit=keys.bit, factor=keys.factor, plausible=keys.plausible,
            no_value=frozenset(keys.no_value), words=self._words(keys.words, place),
        )  # fmt: skip

    def ordered(self, name: str, keys: CommandKeys) -> Ordered:
        """Return a command, with what is wrong noted."""
        place = ("command", name)
        if keys.type == "str":
            self.section.problem("texts are not written; take a number", *place, "type")
        argument = keys.argument
        if not argument.isidentifier() or argument in ("self", "method") or iskeyword(argument):
            self.section.problem("not a name for an argument", *place, "argument")
            argument = "target"
        if keys.value is None:
            self._check_number(keys, place)
        elif keys.limits is not None or keys.words or keys.read_back is not None:
            self.section.problem(
                "there is no argument beside it: leave out limits, words and read_back",
                *place, "value",
            )  # fmt: skip
        table: Table = "coil" if keys.type == "bool" else "holding"
        words = {word: number for number, word in self._words(keys.words, place).items()}
        return Ordered(
            place=self._place(keys, table, 1, *place), factor=keys.factor, value=keys.value,
            argument=argument, words=words, many=keys.many,
        )  # fmt: skip

    def _check_number(self, keys: ReadingKeys | CommandKeys, place: tuple[str, ...]) -> None:
        is_number = keys.type not in ("bool", "str") and not keys.words
        say = self.section.problem
        if is_number and keys.unit is None:
            say('is missing: unit = "V"; "1" is a number without dimension', *place, "unit")
        if not is_number:
            for key in ("unit", "plausible", "limits"):
                if getattr(keys, key, None) is not None:
                    say("is for numbers; this is none", *place, key)
        if keys.words and ("int" not in keys.type):
            say("are for whole numbers; this is none", *place, "words")
        if not keys.factor or (keys.factor != 1 and not is_number):
            say("what one count of a number is, and not 0", *place, "factor")

    def _words(self, words: Mapping[str, str], place: tuple[str, ...]) -> dict[int, str]:
        made: dict[int, str] = {}
        for number, word in words.items():
            try:
                made[int(number, 0)] = word
            except ValueError:
                self.section.problem("not a whole number", *place, "words", number)
        if len(set(made.values())) < len(words):
            self.section.problem("each word and each number once", *place, "words")
        return made

    def _place(
        self,
        keys: IdentifyKeys | ReadingKeys | CommandKeys,
        table: Table,
        length: int,
        *place: str,
    ) -> Place:
        count = 1
        if keys.type in KINDS:
            count = KINDS[keys.type].size // 2
        elif keys.type == "str":
            count = length
            if not 1 <= length <= _MOST_LENGTH:
                self.section.problem(f"not 1 to {_MOST_LENGTH}", *place, "length")
                count = 1
        counted_from = self.section.keys.counted_from
        first = keys.register - counted_from
        if not 0 <= first <= 0x10000 - count:
            hint = "" if counted_from else "; set counted_from = 40001 if the manual counts so"
            self.section.problem(
                f"not a register: {counted_from} to {counted_from + 0x10000 - count}{hint}",
                *place, "register",
            )  # fmt: skip
            first = 0
        order = keys.order or self.section.keys.order
        return Place(table=table, first=first, type=keys.type, count=count, order=order)
