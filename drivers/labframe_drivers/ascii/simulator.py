"""Any instrument with text requests, played from the section that describes it to its driver."""

from __future__ import annotations

import contextlib
import itertools
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Final, Self

from labframe.simulation import Answer, LineSimulator, Reply, Settable, SimulationError
from labframe_drivers.ascii.imitation import as_in, compiled, invented, pieces_of

__all__ = ["AsciiSimulator", "Order", "Query"]

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


class AsciiSimulator(LineSimulator):
    """An instrument that understands what a section of ``lab.toml`` says, and nothing else.

    What the section's readings ask can be set by the names of the readings. A command changes the
    reading that its ``read_back`` names.
    """

    driver = "ascii"
    terminator = b"\r\n"
    latency_s = Settable(0.005, "time from a request to its answer, s", limits=(0, 60))

    identity: ClassVar[str] = "labframe, simulated"
    queries: ClassVar[Mapping[str, Query]] = {}
    orders: ClassVar[tuple[Order, ...]] = ()
    identifies: ClassVar[str | None] = None
    silent: ClassVar[frozenset[str]] = frozenset()
    refusal: ClassVar[str | None] = None
    echo: ClassVar[str] = "none"
    encoding: ClassVar[str] = "ascii"

    @classmethod
    def for_section(cls, section: Mapping[str, Any]) -> type[Self]:
        """Return the class that plays one instrument.

        Raises:
            SimulationError: If its answers cannot be made up; it says where an example is missing.
        """
        space = {**_line(cls, section.get("line", {})), **_identity(cls, section)}
        queries: dict[str, Query] = {}
        for name, reading in section.get("reading", {}).items():
            if "request" in reading:
                query, settables = _query(cls, section, name, reading)
                queries.setdefault(cls.plain(reading["request"]), query)
                space |= settables
        refusals = section.get("errors", ())
        commands = section.get("command", {}).items()
        space |= {
            "queries": queries,
            "orders": tuple(_order(section, name, one, space) for name, one in commands),
            "refusal": _text(refusals[0], "errors") if refusals else None,
            "silent": frozenset(map(cls.plain, section.get("setup", ()))),
            "no_number_text": (section.get("no_value") or ["-----"])[0].encode(),
            "__doc__": f"An instrument with {len(queries)} readings, simulated.",
            "__module__": cls.__module__,
        }
        if space["refusal"] is not None:
            space["error_answers"] = {"refused": space["refusal"].encode(space["encoding"])}
        made: type[Self] = type(cls.__name__, (cls,), space)
        return made

    @classmethod
    def plain(cls, request: str) -> str:
        """Return a request as it is compared."""
        return request

    def feed(self, data: bytes, now: float) -> list[Answer]:
        """Answer each request; where requests have no terminator, what comes at once is one."""
        echoed = [Answer(data)] if self.echo == "local" else []
        if self.request_terminator != b"":
            return echoed + super().feed(data, now)
        reply = self.respond(data, now)
        return echoed + ([] if reply is None else self._timed(reply, now))

    def respond(self, line: bytes, now: float) -> Reply:
        """Return the answer to a request."""
        del now
        try:
            request = line.decode(self.encoding)
        except UnicodeDecodeError:
            request = "\0"  # which is no request
        answer = self.answer(self.plain(request))
        made = None if answer is None else answer.encode(self.encoding)
        if self.echo == "command":
            return [line] if made is None else [line, made]
        return made

    def answer(self, request: str) -> str | None:
        """Return the answer to a request; None: silence."""
        if request in self.queries:
            return self.queries[request].answer(self)
        if request == self.identifies:
            return self.identity
        for order in self.orders:
            found = order.pattern.fullmatch(request)
            if found is not None:
                return self.obeyed(order, found.groups())
        return None if request in self.silent else self.unknown(request)

    def obeyed(self, order: Order, arguments: tuple[str, ...]) -> str | None:
        """Do what an order says, and return what is answered."""
        if len(arguments) == 1:
            try:
                value = order.value(arguments[0].strip())
                if order.sets is not None:
                    setattr(self, order.sets, value)
            except (ValueError, SimulationError):
                return self.out_of_range()
        return order.answer

    def unknown(self, request: str) -> str | None:
        """Return what is answered to a request that it does not know."""
        del request
        return self.refusal

    def out_of_range(self) -> str | None:
        """Return what is answered to an argument that it does not take."""
        return self.refusal


def _line(cls: type[AsciiSimulator], line: Mapping[str, Any]) -> dict[str, Any]:
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


def _identity(cls: type[AsciiSimulator], section: Mapping[str, Any]) -> dict[str, Any]:
    keys = section.get("identify", cls.identifies)
    if isinstance(keys, str) or keys is None:
        keys = {"request": keys}
    begins = section.get("identity", "")
    shown = keys.get("example")
    if shown is None and keys.get("pattern") is not None:
        shown = _text(keys["pattern"], "identify: ")
    if shown is None:
        shown = begins + (", simulated" if begins else cls.identity)
    request = keys["request"]
    return {"identifies": None if request is None else cls.plain(request), "identity": shown}


def _query(
    cls: type[AsciiSimulator], section: Mapping[str, Any], name: str, reading: Mapping[str, Any]
) -> tuple[Query, dict[str, Settable[Any]]]:
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


def _order(
    section: Mapping[str, Any],
    name: str,
    keys: Mapping[str, Any],
    space: Mapping[str, Any],
) -> Order:
    pattern = ""
    for literal, place in re.findall(r"((?:[^{}]|\{\{|\}\})*)(\{\w+\})?", keys["request"]):
        pattern += re.escape(literal.replace("{{", "{").replace("}}", "}"))
        pattern += "(.*?)" if place else ""
    flags = re.IGNORECASE if section.get("driver") == "scpi" else 0
    sets = keys.get("read_back")
    sets = sets if sets in space else f"{sets}_value" if f"{sets}_value" in space else None
    wanted = keys.get("acknowledge", section.get("acknowledge"))
    answer = _text(wanted, f"command.{name}: acknowledge") if wanted else None
    return Order(re.compile(pattern, flags), sets, keys.get("limits"), _texts(keys), answer)


def _texts(keys: Mapping[str, Any]) -> Mapping[str, object] | None:
    choices = keys.get("choices", ())
    if any(isinstance(one, str) for one in choices):
        return {str(one): str(one) for one in choices}
    kind = keys.get("type", "float")
    if kind == "bool":
        return {keys.get("true", ["1"])[0]: True, keys.get("false", ["0"])[0]: False}
    return {} if kind == "str" else None


def _text(pattern: str, where: str) -> str:
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
