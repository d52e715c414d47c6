"""What a section means, in plain words, for ``labframe check``."""

from __future__ import annotations

from labframe.modbus import ModbusRtu, Request
from labframe_drivers.modbus.keys import CommandKeys, IdentifyKeys, ReadingKeys
from labframe_drivers.modbus.places import Asked, Ordered, Place

__all__ = ["command_words", "connecting_words", "reading_words"]

_NAMES = {
    "coil": "coil", "discrete": "discrete input", "holding": "holding register",
    "input": "input register",
}  # fmt: skip


def reading_words(keys: ReadingKeys, asked: Asked, request: Request) -> str:
    """Return what a reading asks and takes."""
    text = f"sends {_frame(request)}; {_where(asked.place)} is "
    if asked.bit is not None:
        text += f"a register, and bit {asked.bit} of it the value"
    else:
        text += _type(asked.place)
    text += _factor(keys)
    if asked.words:
        text += f", {_meanings(dict(asked.words))}"
    if asked.plausible is not None:
        low, high = asked.plausible
        text += f", from {low:g} to {high:g}"
    if asked.no_value:
        text += f"; {' or '.join(f'{one:g}' for one in sorted(asked.no_value))} means no value"
    return text


def connecting_words(
    keys: IdentifyKeys | None, place: Place | None, request: Request | None
) -> str:
    """Return what happens when the instrument was connected."""
    if keys is None or place is None or request is None:
        return "asks nothing: whatever answers at this address is taken for it"
    text = f"sends {_frame(request)}; {_where(place)}, {_type(place)}, must "
    if keys.value is None:
        return text + "be there, whatever it is"
    return text + (f'begin with "{keys.value}"' if place.type == "str" else f"be {keys.value}")


def command_words(keys: CommandKeys, ordered: Ordered) -> str:
    """Return what a command writes."""
    place = ordered.place
    if place.type == "bool":
        function = "15" if ordered.many else "05"
    else:
        function = "16" if ordered.many or place.count > 1 else "06"
    what = "" if ordered.value is None else f"{ordered.value:g} "
    text = f"writes {what}to {_where(place)}, {_type(place)}, with function {function}"
    text += _factor(keys)
    if ordered.words:
        text += f", {_meanings({number: word for word, number in ordered.words.items()})}"
    return text + "; the instrument must repeat that"


def _frame(request: Request) -> str:
    return ModbusRtu().encode(request.payload).hex(" ").upper()


def _where(place: Place) -> str:
    name = f"{_NAMES[place.table]} 0x{place.first:04X}"
    return name if place.count == 1 else f"{name} and {place.count - 1} more"


def _type(place: Place) -> str:
    if place.type == "bool":
        return "true or false"
    if place.type == "str":
        return f"a text of {2 * place.count} characters at most"
    is_usual = place.order == "ABCD" or (place.order == "CDAB" and place.count == 1)
    return place.type if is_usual else f"{place.type} in the order {place.order}"


def _factor(keys: ReadingKeys | CommandKeys) -> str:
    return "" if keys.factor == 1 else f", counted in {keys.factor:g} {keys.unit or ''}".rstrip()


def _meanings(words: dict[int, str]) -> str:
    return ", ".join(f'{number} is "{word}"' for number, word in sorted(words.items()))
