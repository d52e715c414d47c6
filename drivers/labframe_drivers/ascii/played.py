"""What a section says, as a simulated instrument plays it: its line, its answers, its settings."""

from __future__ import annotations

import contextlib
import itertools
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from labframe.simulation import LineSimulator, Settable, SimulationError
from labframe_drivers.ascii.imitation import as_in, compiled, invented, pieces_of

if TYPE_CHECKING:
    from labframe_drivers.ascii.simulator import AsciiSimulator

__all__ = ["Order", "Query", "identity_of", "line_of", "order_of", "query_of", "text_like"]

_START: Final = {"float": "1.5", "int": "1", "str": "TEXT"}
_MOST_TRIED: Final = 100
_BY_DEFAULT: Final = {"true": ["1", "ON", "TRUE"], "false": ["0", "OFF", "FALSE"]}


@dataclass(frozen=True, slots=True)
class Query:
    """A request that is answered with values.

    Attributes:
        pieces: The answer: text, value, text, value, ..., text.
        values: The settables whose values stand there, with how each is written.
    """

    pieces: tuple[str, ...]
    values: tuple[tuple[str, Callable[[Any], str]], ...]

    def answer(self, simulator: LineSimulator) -> str:
        """Return the answer of now."""
        pieces = list(self.pieces)
        for index, (name, write) in enumerate(self.values):
            pieces[2 * index + 1] = write(getattr(simulator, name))
        return "".join(pieces)


@dataclass(frozen=True, slots=True)
class Order:
    """A request that sets something, or has something done.

    Attributes:
        pattern: What it looks like, with a group for its argument, or several.
        sets: The settable that takes its one argument; None if there is none.
        limits: What is taken; None: anything.
        texts: What the texts of choices and truth values mean; None where a number comes.
        answer: What is answered; None: nothing.
    """

    pattern: re.Pattern[str]
    sets: str | None
    limits: tuple[float, float] | None
    texts: Mapping[str, object] | None
    answer: str | None

    def value(self, text: str) -> object:
        """Return what an argument means; ValueError if it is none, or not within the limits."""
        if self.texts is not None:
            if self.texts and text not in self.texts:
                raise ValueError(text)
            return self.texts.get(text, text)
        number = float(text)
        if self.limits is not None and not self.limits[0] <= number <= self.limits[1]:
            raise ValueError(text)
        return number


def line_of(cls: type[AsciiSimulator], line: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the class knows of its line."""
    both = line.get("terminator")
    answers = line.get("read_terminator", both)
    requests = line.get("write_terminator", both)
    made: dict[str, Any] = {
        "baudrate": line.get("baudrate", 9600),
        "bytesize": line.get("bytesize", 8),
        "parity": line.get("parity", "N"),
        "echo": line.get("echo", "none"),
        "encoding": line.get("encoding", "ascii"),
        "terminator": cls.terminator if answers is None else answers.encode("latin-1"),
    }
    made["request_terminator"] = cls.terminator if requests is None else requests.encode("latin-1")
    return made


def identity_of(cls: type[AsciiSimulator], section: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the class is asked for its identity, and what it answers."""
    keys = section.get("identify", cls.identifies)
    if isinstance(keys, str) or keys is None:
        keys = {"request": keys}
    begins = section.get("identity", "")
    shown = keys.get("example")
    if shown is None and keys.get("pattern") is not None:
        shown = text_like(keys["pattern"], "identify: ")
    if shown is None:
        shown = begins + (", simulated" if begins else cls.identity)
    request = keys["request"]
    return {"identifies": None if request is None else cls.key(request), "identity": shown}


def query_of(
    cls: type[AsciiSimulator], section: Mapping[str, Any], name: str, reading: Mapping[str, Any]
) -> tuple[Query, dict[str, Settable[Any]]]:
    """Return a reading, with the settables that hold its values.

    Raises:
        SimulationError: If its answer cannot be made up.
    """
    parts = reading.get("parts") or {name: reading}
    starts = [_starts(one) for one in parts.values()]
    pattern, example = reading.get("pattern"), reading.get("example")
    try:
        if example is not None:
            pieces = pieces_of(example, pattern, len(parts))
        elif pattern is not None:
            pieces = _first_of(pattern, starts)
        else:
            pieces = [piece for start in starts for piece in (",", start[0])][1:]
            pieces = ["", *pieces, ""]
    except SimulationError as error:
        raise SimulationError(f"reading.{name}: {error}") from None
    none = {*section.get("no_value", ()), *reading.get("no_value", ())}
    settables: dict[str, Settable[Any]] = {}
    values = []
    for (part, keys), shown in zip(parts.items(), pieces[1::2], strict=True):
        settable = f"{part}_value" if hasattr(cls, part) else part
        settables[settable], write = _settable(reading["request"], keys, shown, none)
        values.append((settable, write))
    return Query(tuple(pieces), tuple(values)), settables


def _starts(keys: Mapping[str, Any]) -> list[str]:
    """Return values to begin with, as they are written; the first that fits is taken."""
    kind = keys.get("type", "float")
    if kind == "bool":
        return [*keys.get("false", _BY_DEFAULT["false"]), *keys.get("true", _BY_DEFAULT["true"])]
    limits = keys.get("plausible")
    if limits is None or kind == "str":
        return [_START[kind]]
    middle = (limits[0] + limits[1]) / 2
    return [f"{round(middle)}" if kind == "int" else f"{middle:.4f}"]


def _first_of(pattern: str, starts: list[list[str]]) -> list[str]:
    """Return the first answer that the pattern allows."""
    choices = list(itertools.islice(itertools.product(*starts), _MOST_TRIED))
    for values in choices[:-1]:
        with contextlib.suppress(SimulationError):
            return invented(pattern, list(values))
    return invented(pattern, list(choices[-1]))


def _settable(
    request: str, keys: Mapping[str, Any], shown: str, none: set[str]
) -> tuple[Settable[Any], Callable[[Any], str]]:
    """Return what holds a value, and what writes it as it was shown."""
    kind, unit = keys.get("type", "float"), keys.get("unit")
    doc = f"what {request!r} is answered" + (f", {unit}" if unit else "")
    if kind == "str":
        return Settable(shown, doc), str
    if kind == "bool":
        words = {
            word: [str(one) for one in keys.get(word, _BY_DEFAULT[word])] for word in _BY_DEFAULT
        }
        is_true = shown.strip().upper() in [one.upper() for one in words["true"]]
        as_shown = [one.upper() for one in words["true" if is_true else "false"]]
        index = as_shown.index(shown.strip().upper()) if shown.strip().upper() in as_shown else 0
        pair = {word: (texts[index:] or texts)[0] for word, texts in words.items()}
        return Settable(is_true, doc), lambda value: pair["true" if value else "false"]
    number = float if kind == "float" else int

    def parse(given: object) -> object:
        if isinstance(given, str) and given in none:
            return given
        made = float(str(given))
        return made if number is float else round(made)

    def write(value: Any) -> str:
        return value if isinstance(value, str) else as_in(shown, value)

    return Settable(number(float(shown)), doc, parse=parse), write


def order_of(
    cls: type[AsciiSimulator],
    section: Mapping[str, Any],
    name: str,
    keys: Mapping[str, Any],
    space: Mapping[str, Any],
) -> Order:
    """Return a command; ``space`` has the settables that it may set.

    Raises:
        SimulationError: If its answer cannot be made up.
    """
    pattern = ""
    for literal, place in re.findall(
        r"((?:[^{}]|\{\{|\}\})*)(\{\w+\})?", cls.plain(keys["request"])
    ):
        pattern += re.escape(literal.replace("{{", "{").replace("}}", "}"))
        pattern += "(.*?)" if place else ""
    flags = re.IGNORECASE if cls.ignores_case else 0
    sets = keys.get("read_back")
    sets = sets if sets in space else f"{sets}_value" if f"{sets}_value" in space else None
    wanted = keys.get("acknowledge", section.get("acknowledge"))
    answer = text_like(wanted, f"command.{name}: acknowledge") if wanted else None
    return Order(re.compile(pattern, flags), sets, keys.get("limits"), _texts(keys), answer)


def _texts(keys: Mapping[str, Any]) -> Mapping[str, object] | None:
    choices = keys.get("choices", ())
    if any(isinstance(one, str) for one in choices):
        return {str(one): str(one) for one in choices}
    kind = keys.get("type", "float")
    if kind == "bool":
        return {keys.get("true", ["1"])[0]: True, keys.get("false", ["0"])[0]: False}
    return {} if kind == "str" else None


def text_like(pattern: str, where: str) -> str:
    """Return a text that a pattern allows."""
    try:
        groups = compiled(pattern).groups
        with contextlib.suppress(SimulationError):
            return "".join(invented(pattern, ["refused"] * groups))
        plain = re.sub(r"(?<!\\)\((?!\?)", "(?:", pattern)
        return "".join(invented(plain, []))
    except SimulationError:
        raise SimulationError(
            f"{where} {pattern!r}: no answer like it can be made up; write it more simply"
        ) from None
