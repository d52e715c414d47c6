"""What a section means, in plain words, for ``labframe check``."""

from __future__ import annotations

import re
from typing import Final

from labframe_drivers.ascii.answers import Value
from labframe_drivers.ascii.declaring import AsciiSection, Asked, Ordered
from labframe_drivers.ascii.keys import IdentifyKeys, Kind, ReadingKeys

__all__ = ["command_words", "connecting_words", "reading_words"]

_KINDS: Final[dict[Kind, str]] = {
    "float": "a number", "int": "a whole number", "str": "a text",
}  # fmt: skip


def reading_words(keys: ReadingKeys, asked: Asked) -> str:
    """Return what a reading asks and takes."""
    values = asked.answer.values
    text = f'asks "{asked.request}"; the answer must '
    if keys.pattern is None:
        text += f"be {', a comma, '.join(map(_value, values))}"
    elif asked.answer.pattern.groups:
        named = [_value(one) if len(values) == 1 else f"{one.name} {_value(one)}" for one in values]
        is_one = "its group is" if len(values) == 1 else "its groups are"
        text += f'look like "{keys.pattern}", {is_one} {", ".join(named)}'
    else:
        text += f'look like "{keys.pattern}", all of it is {_value(values[0])}'
    if asked.answer.no_value:
        text += f"; {' or '.join(sorted(asked.answer.no_value))} means no value"
    return text


def connecting_words(
    identify: tuple[str, str | re.Pattern[str]] | None, section: AsciiSection
) -> str:
    """Return what happens when the instrument was connected."""
    if identify is None:
        text = "asks nothing: whatever is there is taken for it"
    else:
        text = f'asks "{identify[0]}"; the answer must '
        begins, keys = section.table.get("identity"), section.keys.identify
        if begins is not None:
            text += f'begin with "{begins}"'
        elif isinstance(keys, IdentifyKeys) and keys.pattern is not None:
            text += f'look like "{keys.pattern}"'
        else:
            text += "come, whatever it is"
    if section.keys.setup:
        text += f"; then sends {', '.join(map(_quoted, section.keys.setup))}"
    return text


def _quoted(text: str) -> str:
    return f'"{text}"'


def command_words(ordered: Ordered, after: str = "") -> str:
    """Return what a command sends and waits for; ``after`` is what is asked then."""
    text = f'sends "{ordered.request.template}"; '
    if ordered.acknowledge is None:
        text += "no answer comes"
    else:
        text += f'the answer must look like "{ordered.acknowledge.pattern}"'
    return text + after


def _value(one: Value) -> str:
    if one.kind == "bool":
        return f"{_words(one.true)} for true, {_words(one.false)} for false"
    text = _KINDS[one.kind]
    if one.plausible is not None:
        text += f" from {one.plausible[0]:g} to {one.plausible[1]:g}"
    return text


def _words(words: frozenset[str]) -> str:
    return " or ".join(sorted(words))
