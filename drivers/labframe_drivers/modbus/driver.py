"""The driver of Modbus instruments that are described in ``lab.toml`` alone."""

from __future__ import annotations

import inspect
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar

from labframe import Arg, IdentityError, LineError, OwnKeys, SerialLine, command, reading
from labframe.modbus import ModbusInstrument, ModbusRtu
from labframe.modbus.requests import read
from labframe_drivers.modbus.declaring import Checking, ModbusSection
from labframe_drivers.modbus.keys import CommandKeys, ModbusKeys, ReadingKeys
from labframe_drivers.modbus.places import Asked, Implausible, Ordered, Place, as_kind
from labframe_drivers.modbus.words import command_words, connecting_words, reading_words

__all__ = ["Implausible", "Modbus"]


class Modbus(ModbusInstrument):
    """A Modbus instrument, described in the configuration alone."""

    driver = "modbus"
    protocol = "Modbus RTU, from lab.toml"
    line = SerialLine(framing=ModbusRtu(), first_byte_s=0.5, gap_s=0.1, total_s=1.0)
    own_keys = OwnKeys(instrument=ModbusKeys, reading=ReadingKeys, command=CommandKeys)

    identified_at: ClassVar[Place | None] = None
    """What is read after connecting."""
    identified_by: ClassVar[int | str | None] = None
    """What must stand there."""
    explained: ClassVar[Mapping[str, str]] = {}

    @classmethod
    def example(cls) -> Mapping[str, Any]:
        """Return a temperature controller, as its folder describes it."""
        path = Path(__file__).with_name("example.toml")
        (section,) = tomllib.loads(path.read_text(encoding="utf-8"))["instrument"].values()
        made: Mapping[str, Any] = section
        return made

    @classmethod
    def declare(cls, section: ModbusSection) -> Mapping[str, Any]:
        """Return the readings and commands that the section describes."""
        checking, keys = Checking(section), section.keys.identify
        unit, place = checking.unit(), checking.identify()
        asking = None if place is None else read(unit, place.table, place.first, place.count)
        members: dict[str, Any] = {
            "identified_at": place,
            "identified_by": None if keys is None else keys.value,
        }
        explained = {"identify": connecting_words(keys, place, asking)}
        for name, one in section.readings.items():
            asked = checking.asked(name, one)
            request = read(unit, asked.place.table, asked.place.first, asked.place.count)
            explained[name] = reading_words(one, asked, request)
            members[name] = _reading_method(name, one, asked, explained[name])
        for name, order in section.commands.items():
            ordered = checking.ordered(name, order)
            explained[name] = command_words(order, ordered)
            members[name] = _command_method(name, order, ordered, explained[name])
        return {**members, "explained": explained}

    @classmethod
    def in_words(cls) -> Mapping[str, str]:
        """Return what each reading and command sends and expects."""
        return cls.explained

    def check_identity(self) -> str | None:
        """Read what tells the instrument apart, if the section says where that is."""
        place = self.identified_at
        if place is None:
            return None
        found = str(self.content(place))
        expected = self.identity if self.identity is not None else self.identified_by
        is_right = expected is None or found == str(expected)
        if place.type == "str" and expected is not None:
            is_right = found.startswith(str(expected))
        if not is_right:
            where = f"{place.table} register 0x{place.first:04X}"
            raise IdentityError(self.name, str(expected), found, where)
        return found

    def content(self, place: Place) -> float | str | bool:
        """Read what stands at a place."""
        if place.type == "str":
            return self.read_text(place.first, place.count, table=place.table, order=place.order)
        if place.table in ("coil", "discrete"):
            return self.read_bit(place.first, table=place.table)
        kind = as_kind("uint16" if place.type == "bool" else place.type)
        return self.read_number(place.first, kind, table=place.table, order=place.order)

    def measured(self, name: str, asked: Asked) -> float | str | bool:
        """Read one value.

        Raises:
            ModbusRefused: If the instrument refuses.
            LineError: If no good answer comes.
            NoValue: If what stands there means that there is no value.
            Implausible: If it cannot be true.
        """
        found = self.content(asked.place)
        if asked.bit is not None:
            return bool(int(found) >> asked.bit & 1)
        if isinstance(found, (str, bool)):
            return found
        return asked.value(f"{self.name}.{name}", found)

    def ordered(self, ordered: Ordered, given: float | str | bool | None) -> None:
        """Write one value; raises as ``measured``, and ArgumentError if it does not fit."""
        place, number = ordered.place, ordered.number(given)
        if place.table == "coil":
            if ordered.many:
                self.write_bits(place.first, [bool(number)])
            else:
                self.write_bit(place.first, bool(number))
        elif place.table == "holding":
            self.write_number(
                place.first, number, as_kind(place.type), order=place.order, many=ordered.many
            )
        else:
            raise LineError(f"{self.name}: {place.table} cannot be written")


def _reading_method(name: str, keys: ReadingKeys, asked: Asked, words: str) -> Callable[..., Any]:
    def measure(self: Modbus) -> Any:
        return self.measured(name, asked)

    kind: type = bool if keys.type == "bool" else str if keys.type == "str" or keys.words else float
    measure.__name__ = name
    measure.__doc__ = keys.doc or words
    measure.__annotations__ = {"return": kind}
    return reading(unit=keys.unit)(measure)


def _command_method(
    name: str, keys: CommandKeys, ordered: Ordered, words: str
) -> Callable[..., Any]:
    def order(self: Modbus, **given: Any) -> None:
        self.ordered(ordered, given.get(ordered.argument))

    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    parameters = [inspect.Parameter("self", kind)]
    hints: dict[str, Any] = {}
    if ordered.value is None:
        wanted = str if keys.words else bool if keys.type == "bool" else float
        said = Arg(unit=keys.unit, limits=keys.limits, choices=tuple(ordered.words))
        hint = hints[ordered.argument] = Annotated[wanted, said]
        parameters.append(inspect.Parameter(ordered.argument, kind, annotation=hint))
    order.__name__ = name
    order.__doc__ = keys.doc or words
    order.__annotations__ = {**hints, "return": None}
    order.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]  # inspect's
    return command(
        read_back=keys.read_back, tolerance=_tolerance(keys), safe_value=keys.safe_value,
        dangerous=keys.dangerous,
    )(order)  # fmt: skip


def _tolerance(keys: CommandKeys) -> float | None:
    """Return how far what is read back may be off: whole numbers are rounded to the next count."""
    if keys.tolerance is None and "int" in keys.type and not keys.words:
        return abs(keys.factor) * 0.5000001
    return keys.tolerance
