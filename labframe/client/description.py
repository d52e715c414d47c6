"""What a host has: the request ``describe``, which labframe hosts answer on every socket."""

from __future__ import annotations

import keyword
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, get_args

from labframe.client.pages import Table, read_pages, tables
from labframe.client.peer import Conversation, Peer
from labframe.client.schemas import Schema, choices
from labframe.errors import UnexpectedAnswer
from labframe.points import Value
from labframe.protocol.push import ReturnFormat

__all__ = [
    "ArgumentDescription",
    "CodenameDescription",
    "HostDescription",
    "InstrumentDescription",
    "MethodDescription",
    "describe",
    "read_description",
]

_NO_UNIT = ("", "1")


@dataclass(frozen=True, slots=True)
class ArgumentDescription:
    """One argument of a method.

    Attributes:
        name: Its name.
        schema: Its JSON schema, with the keywords ``unit``, ``minimum``, ``maximum``, ``enum`` and
            ``default`` where it has them.
        is_required: Whether it has no default.
    """

    name: str
    schema: Schema
    is_required: bool

    @property
    def unit(self) -> str:
        """Its unit; empty if it has none, or none is declared."""
        unit = self.schema.get("unit")
        return unit if isinstance(unit, str) and unit not in _NO_UNIT else ""

    @property
    def limits(self) -> tuple[float | None, float | None]:
        """The lowest and the highest allowed number; None where there is no limit."""
        return self.schema.get("minimum"), self.schema.get("maximum")

    @property
    def choices(self) -> list[Any]:
        """The only allowed values; empty if it has other limits, or none."""
        return choices(self.schema)

    @property
    def default(self) -> Any:
        """What it is when it is not given."""
        return self.schema.get("default")


@dataclass(frozen=True, slots=True)
class MethodDescription:
    """What may be called: a command, or a reading, which is then taken.

    Attributes:
        method: ``INSTRUMENT.NAME``.
        kind: ``command`` or ``reading``.
        label: What people call it.
        doc: What it does, in a line.
        arguments: What it takes, in order.
        returns: The JSON schema of what it returns, with its unit.
        is_dangerous: Whether a person should confirm it first.
        safe_value: What the output would be set to when it must be safe; None if none is declared.
        after_reconnect: What becomes of the setting when the instrument comes back.
        read_back: The codename that tells what was set; empty if there is none.
    """

    method: str
    kind: str = "command"
    label: str = ""
    doc: str = ""
    arguments: tuple[ArgumentDescription, ...] = ()
    returns: Schema = field(default_factory=dict)
    is_dangerous: bool = False
    safe_value: Value = None
    after_reconnect: str = ""
    read_back: str = ""

    @property
    def name(self) -> str:
        """Its name without the instrument."""
        return self.method.partition(".")[2]

    @property
    def is_command(self) -> bool:
        """Whether it may change something; a reading only measures."""
        return self.kind == "command"


@dataclass(frozen=True, slots=True)
class CodenameDescription:
    """A codename, and how its newest reading is.

    Attributes:
        unit: Of the value; ``"1"`` is a number without dimension.
        quality: ``ok``, ``old``, ``error``, ``disconnected`` or ``never``.
        age: Seconds since it came, by the host's clock; None when there was none.
        socket: The UDP port that serves it.
        label: What people call it.
        kind: ``date`` where x is time, ``data`` where it is anything else.
        reading: The name of the reading that gives it.
        every: Seconds from poll to poll; None on demand, or not known.
        stale_after: Seconds after which it is old; None when not known.
    """

    unit: str
    quality: str
    age: float | None
    socket: int
    label: str = ""
    kind: str = ""
    reading: str = ""
    every: float | None = None
    stale_after: float | None = None


@dataclass(frozen=True, slots=True)
class InstrumentDescription:
    """An instrument, or a producer that is none.

    Attributes:
        name: Its name in the host's configuration.
        driver: The name of its driver.
        label: What people call it.
        doc: What it is, in a line.
        state: ``ok``, ``error``, ``disconnected`` or ``starting``.
        error: What went wrong last; None when nothing did.
        codenames: Its codenames.
        methods: What may be called, by its name without the instrument.
    """

    name: str
    driver: str = ""
    label: str = ""
    doc: str = ""
    state: str = ""
    error: str | None = None
    codenames: Mapping[str, CodenameDescription] = field(default_factory=dict)
    methods: Mapping[str, MethodDescription] = field(default_factory=dict)

    def unit_of(self, method: MethodDescription) -> str:
        """Return the unit of what a method returns; empty if it has none, or nobody knows."""
        unit = method.returns.get("unit")
        if isinstance(unit, str):
            return "" if unit in _NO_UNIT else unit
        if method.read_back:
            units = {one.unit for key, one in self.codenames.items() if key == method.read_back}
        else:
            units = {one.unit for one in self.codenames.values() if one.reading == method.name}
        return units.pop() if len(units) == 1 and not units & {*_NO_UNIT} else ""


@dataclass(frozen=True, slots=True)
class HostDescription:
    """What a host has.

    Attributes:
        host: Its name.
        version: The version of labframe that it runs.
        push_port: The UDP port that takes commands; None if it takes none.
        default_instrument: Whose methods may be called without its name; None: nobody's.
        return_format: How its push socket writes what a command returns.
        instruments: Its instruments and producers, by name.
    """

    host: str
    version: str = ""
    push_port: int | None = None
    default_instrument: str | None = None
    return_format: ReturnFormat = "json"
    instruments: Mapping[str, InstrumentDescription] = field(default_factory=dict)

    @property
    def methods(self) -> dict[str, MethodDescription]:
        """All that may be called, as ``INSTRUMENT.NAME``."""
        return {
            method.method: method
            for instrument in self.instruments.values()
            for method in instrument.methods.values()
        }

    def method(self, name: str) -> MethodDescription | None:
        """Return a method by ``INSTRUMENT.NAME``, or by the name of the default instrument's."""
        instrument, dot, short = name.rpartition(".")
        found = self.instruments.get(instrument if dot else self.default_instrument or "")
        return None if found is None else found.methods.get(short)


def read_description(
    host: str, port: int = 8500, timeout: float = 1.0, retries: int = 2
) -> HostDescription:
    """Ask a labframe host what it has.

    Args:
        host: The name or address of the computer.
        port: The UDP port of any of its sockets.
        timeout: Seconds to wait for an answer before the request is sent again.
        retries: How often it is sent again before ``NoAnswer``.

    Raises:
        UnknownHost: If nobody knows the computer's name.
        NoAnswer: If nobody answers.
        UnexpectedAnswer: If it is no labframe host that answers.
        ValueError: If an argument is out of range.
    """
    peer = Peer(host, port, timeout, retries)
    return peer.hold(describe(str(peer)))


def describe(where: str, waits_s: tuple[float | None, ...] = ()) -> Conversation[HostDescription]:
    """Return what a host has.

    Args:
        where: Who is asked, for messages.
        waits_s: As of :class:`~labframe.client.peer.Request`.
    """
    pages = yield from read_pages("describe", "/", where, waits_s)
    first = pages[0]
    return HostDescription(
        host=first.text("host"),
        version=first.text("version"),
        push_port=first.whole("push_port") or None,
        default_instrument=first.text("default_instrument") or None,
        return_format=_return_format(first.text("return_format")),
        instruments=_instruments(pages),
    )


def _return_format(text: str) -> ReturnFormat:
    return next((one for one in get_args(ReturnFormat) if one == text), "json")


def _instruments(pages: list[Table]) -> dict[str, InstrumentDescription]:
    found: dict[str, InstrumentDescription] = {}
    codenames: dict[str, dict[str, CodenameDescription]] = {}
    methods: dict[str, dict[str, MethodDescription]] = {}
    for table in tables(pages, "instruments"):
        name = table.text("name")
        own = codenames.setdefault(name, {})  # both may be on more than one page
        own |= {key: _codename(item) for key, item in table.items("codenames", "the description")}
        callable_ = methods.setdefault(name, {})
        callable_ |= {one.name: one for one in map(_method, tables([table], "methods"))}
        found.setdefault(name, _instrument(table, own, callable_))
    return found


def _instrument(
    table: Table,
    codenames: Mapping[str, CodenameDescription],
    methods: Mapping[str, MethodDescription],
) -> InstrumentDescription:
    return InstrumentDescription(
        name=table.text("name"),
        driver=table.text("driver"),
        label=table.text("label"),
        doc=table.text("doc"),
        state=table.text("state"),
        error=table.text("error") or None,
        codenames=codenames,
        methods=methods,
    )


def _codename(table: Table) -> CodenameDescription:
    return CodenameDescription(
        unit=table.text("unit"),
        quality=table.text("quality"),
        age=table.number("age"),
        socket=table.whole("socket"),
        label=table.text("label"),
        kind=table.text("kind"),
        reading=table.text("reading"),
        every=table.number("every"),
        stale_after=table.number("stale_after"),
    )


def _method(table: Table) -> MethodDescription:
    return MethodDescription(
        method=table.text("method"),
        kind=table.text("kind"),
        label=table.text("label"),
        doc=table.text("doc"),
        arguments=tuple(_arguments(table.table("arguments"))),
        returns=table.table("returns").fields,
        is_dangerous=table.is_true("dangerous"),
        safe_value=table.fields.get("safe_value"),
        after_reconnect=table.text("after_reconnect"),
        read_back=table.text("read_back"),
    )


def _arguments(schema: Table) -> Iterator[ArgumentDescription]:
    required = schema.list("required")
    for name, own in schema.items("properties", "the schema"):
        if not name.isidentifier() or keyword.iskeyword(name):
            raise UnexpectedAnswer(f"in the description, {name!r} is no name of an argument")
        yield ArgumentDescription(name, own.fields, name in required)
