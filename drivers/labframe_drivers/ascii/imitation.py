"""How the answers of a simulated instrument look: as an example says, or as a pattern allows.

The simulator's own reading of a section; the driver's is elsewhere, so that a mistake in one of
them shows against the other.
"""

from __future__ import annotations

import re
from typing import Final

from labframe.simulation import SimulationError

__all__ = ["as_in", "compiled", "invented", "pieces_of"]

_CLASSES: Final = {"d": "0", "w": "A", "s": " ", "D": "-", "W": "-", "S": "A", "Z": "", "b": ""}
_NUMBER: Final = re.compile(r"([+-]?)(\d*)(?:\.(\d*))?(?:([eE])[+-]?\d+)?")


def pieces_of(example: str, pattern: str | None, many: int) -> list[str]:
    """Return an example cut at its values: text, value, text, value, ..., text.

    Args:
        example: A whole answer.
        pattern: What it looks like, with a group for each value; None: values with commas between.
        many: How many values there are.

    Raises:
        SimulationError: If the example is no such answer.
    """
    if pattern is None:
        values = example.split(",") if many > 1 else [example]
        spans = [0]
        for value in values:
            spans += [spans[-1], spans[-1] + len(value) + 1]
        ends = [(spans[i], spans[i + 1] - 1) for i in range(1, 2 * len(values), 2)]
    else:
        found = compiled(pattern).fullmatch(example)
        if found is None:
            raise SimulationError(f"example = {example!r} does not look like {pattern!r}")
        groups = range(1, found.re.groups + 1) if found.re.groups else (0,)
        ends = [found.span(one) for one in groups]
    if len(ends) != many:
        raise SimulationError(
            f"example = {example!r} has {len(ends)} values; there should be {many}"
        )
    pieces, at = [], 0
    for start, end in ends:
        pieces += [example[at:start], example[start:end]]
        at = end
    return [*pieces, example[at:]]


def invented(pattern: str, values: list[str]) -> list[str]:
    """Return an answer that a pattern allows, cut at its values as ``pieces_of`` does.

    Raises:
        SimulationError: If that needs more than imitation: then an example has to be written.
    """
    made = compiled(pattern)
    try:
        pieces, rest = _invented(pattern, 0, iter(values))
    except (IndexError, StopIteration, ValueError):
        pieces, rest = [], 0
    is_whole = rest == len(pattern) and len(pieces) == 2 * len(values) + 1
    if is_whole and made.fullmatch("".join(pieces)):
        return pieces
    if not made.groups and len(values) == 1 and made.fullmatch(values[0]):
        return ["", values[0], ""]
    raise SimulationError(
        f'pattern = {pattern!r}: no answer like it can be made up; write one: example = "..."'
    )


def compiled(pattern: str) -> re.Pattern[str]:
    """Return a pattern, ready.

    Raises:
        SimulationError: If it is none.
    """
    try:
        return re.compile(pattern)
    except re.error as error:
        raise SimulationError(
            f'pattern = {pattern!r}: not a pattern: {error}; write one: example = "..."'
        ) from None


def _invented(pattern: str, at: int, values: object) -> tuple[list[str], int]:
    """Return the pieces up to the end, or to the parenthesis that closes the group."""
    pieces = [""]
    while at < len(pattern) and pattern[at] != ")":
        if pattern[at] == "|":  # the first of the alternatives will do
            at = _level_end(pattern, at)
            continue
        if pattern.startswith("(?:", at):
            inner, at = _invented(pattern, at + 3, values)
            made, at = inner, at + 1
        elif pattern[at] == "(":
            made, at = ["", next(values), ""], _closing(pattern, at)  # type: ignore[call-overload]  # an iterator
        else:
            one, at = _one(pattern, at)
            made = [one]
        count, at = _times(pattern, at)
        if len(made) == 1:
            made = [made[0] * count]
        pieces = [*pieces[:-1], pieces[-1] + made[0], *made[1:]]
    return pieces, at


def _one(pattern: str, at: int) -> tuple[str, int]:
    """Return a character that the pattern allows here, and where it goes on."""
    letter = pattern[at]
    if letter == "\\":
        return _CLASSES.get(pattern[at + 1], pattern[at + 1]), at + 2
    if letter == "[":
        end = pattern.index("]", at + 2)
        if pattern[at + 1] == "^":
            return "A", end + 1
        return _one(pattern, at + 1)[0], end + 1
    return ("" if letter in "^$" else "A" if letter == "." else letter), at + 1


def _times(pattern: str, at: int) -> tuple[int, int]:
    """Return how often what stood before is there, at least, and where the pattern goes on."""
    found = re.compile(r"([*?])\??|(\+)\??|\{(\d+)(?:,\d*)?\}\??").match(pattern, at)
    if found is None:
        return 1, at
    many = 0 if found[1] else 1 if found[2] else int(found[3])
    return many, found.end()


def _closing(pattern: str, at: int) -> int:
    """Return where the pattern goes on behind the group that opens here."""
    return _level_end(pattern, at + 1) + 1


def _level_end(pattern: str, at: int) -> int:
    """Return where the group ends that ``at`` is in: at its parenthesis, or the pattern's end."""
    depth = 0
    while at < len(pattern):
        letter = pattern[at]
        if letter == ")" and depth == 0:
            break
        if letter == "\\":
            at += 1
        elif letter == "[":
            at = pattern.index("]", at + 2)
        depth += {"(": 1, ")": -1}.get(letter, 0)
        at += 1
    return at


def as_in(example: str, number: float) -> str:
    """Return a number as one in an example is written: sign, digits, exponent."""
    found = _NUMBER.fullmatch(example.strip())
    if found is None or (not found[2] and not found[3]):
        return f"{number:.6g}"
    sign, whole, decimals, exponent = found.groups()
    plus = "+" if sign == "+" else ""
    many = len(decimals or "")
    if exponent:
        return f"{number:{plus}.{many}{exponent}}"
    width = len(example.strip()) if len(whole) > 1 and whole.startswith("0") else 0
    return f"{number:{plus}0{width}.{many}f}" if width else f"{number:{plus}.{many}f}"
