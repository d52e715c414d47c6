"""How the instruments of a host are: the request ``instruments``, which labframe hosts answer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, TypeVar

from labframe.client.pages import Table, read_pages, tables
from labframe.client.peer import Conversation, Peer

__all__ = [
    "CodenameStatus",
    "HostStatus",
    "InstrumentStatus",
    "SinkStatus",
    "SocketStatus",
    "read_status",
]

_RETRIES: Final = 2

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class SocketStatus:
    """A socket of a host.

    Attributes:
        kind: ``date`` (x is unix time) or ``data`` (x is any number).
        port: Its UDP port.
        name: Its name.
    """

    kind: str
    port: int
    name: str = ""


@dataclass(frozen=True, slots=True)
class CodenameStatus:
    """The newest reading of a codename.

    Attributes:
        unit: Of the value; ``"1"`` is a number without dimension.
        quality: ``ok``, ``old``, ``error``, ``disconnected`` or ``never``.
        age: Seconds since it came, by the host's clock; None when there was none.
        socket: The UDP port that serves it.
        on_demand: Whether it is read only when somebody asks.
    """

    unit: str
    quality: str
    age: float | None
    socket: int
    on_demand: bool = False


@dataclass(frozen=True, slots=True)
class InstrumentStatus:
    """How an instrument is.

    Attributes:
        name: Its name in the host's configuration.
        driver: The name of its driver.
        state: ``ok``, ``error``, ``disconnected``, ``starting`` or ``disabled``.
        error: What went wrong last; None when nothing did.
        reconnects: How often it was connected again.
        late_p99_ms: How late its polls are, at most, in 99 of 100 cases; None when not known.
        since: Since when it is in this state, unix time; None when not known.
        codenames: Its codenames.
    """

    name: str
    driver: str
    state: str
    error: str | None = None
    reconnects: int = 0
    late_p99_ms: float | None = None
    since: float | None = None
    codenames: Mapping[str, CodenameStatus] = field(default_factory=dict)

    @property
    def is_well(self) -> bool:
        """Whether nothing is wrong: it works with fresh values, or it is switched off.

        A working instrument's codename without any value is one that nobody has asked for yet.
        """
        if self.state == "disabled":
            return True
        qualities = {codename.quality for codename in self.codenames.values()}
        return self.state == "ok" and qualities <= {"ok", "never"}


@dataclass(frozen=True, slots=True)
class SinkStatus:
    """How a sink keeps up.

    Attributes:
        name: Its name.
        queued: How many readings wait for it.
        dropped: How many it has missed since the host's start.
        error: What is wrong with it; None when nothing is.
    """

    name: str
    queued: int = 0
    dropped: int = 0
    error: str | None = None


@dataclass(frozen=True, slots=True)
class HostStatus:
    """How a host is.

    Attributes:
        host: Its name.
        version: The version of labframe that it runs.
        sockets: Its pull sockets.
        instruments: Its instruments.
        sinks: What receives every reading.
        plugins: What is wrong with plugins.
    """

    host: str
    version: str
    sockets: tuple[SocketStatus, ...] = ()
    instruments: tuple[InstrumentStatus, ...] = ()
    sinks: tuple[SinkStatus, ...] = ()
    plugins: tuple[str, ...] = ()

    @property
    def is_well(self) -> bool:
        """Whether nothing is wrong with any instrument, sink or plugin."""
        return (
            all(instrument.is_well for instrument in self.instruments)
            and all(sink.error is None for sink in self.sinks)
            and not self.plugins
        )

    @property
    def codenames(self) -> dict[str, CodenameStatus]:
        """The codenames of every instrument."""
        return {
            codename: status
            for instrument in self.instruments
            for codename, status in instrument.codenames.items()
        }


def read_status(
    host: str, port: int = 9000, timeout: float = 1.0, retries: int = _RETRIES
) -> HostStatus:
    """Ask a labframe host how its instruments are.

    Args:
        host: The name or address of the computer.
        port: The UDP port of any of its pull sockets.
        timeout: Seconds to wait for an answer before the request is sent again.
        retries: How often it is sent again before ``NoAnswer``.

    Raises:
        UnknownHost: If nobody knows the computer's name.
        NoAnswer: If nobody answers.
        UnexpectedAnswer: If it is no labframe host that answers.
        ValueError: If an argument is out of range.
    """
    peer = Peer(host, port, timeout, retries)
    return peer.hold(_status(str(peer)))


def _status(where: str) -> Conversation[HostStatus]:
    return _merged((yield from read_pages("instruments", "#", where)))


def _merged(pages: list[Table]) -> HostStatus:
    codenames: dict[str, dict[str, CodenameStatus]] = {}
    instruments: dict[str, InstrumentStatus] = {}
    for table in tables(pages, "instruments"):
        name = table.text("name")
        own = codenames.setdefault(name, {})  # they may be on more than one page
        own |= {key: _codename(item) for key, item in table.items("codenames", "the status")}
        instruments.setdefault(name, _instrument(table, own))
    return HostStatus(
        host=pages[0].text("host"),
        version=pages[0].text("version"),
        sockets=_once(map(_socket, tables(pages, "sockets"))),
        instruments=tuple(instruments.values()),
        sinks=_once(map(_sink, tables(pages, "sinks"))),
        plugins=_once(str(text) for page in pages for text in page.list("plugins")),
    )


def _socket(table: Table) -> SocketStatus:
    return SocketStatus(table.text("kind"), table.whole("port"), table.text("name"))


def _codename(table: Table) -> CodenameStatus:
    return CodenameStatus(
        unit=table.text("unit"),
        quality=table.text("quality"),
        age=table.number("age"),
        socket=table.whole("socket"),
        on_demand=table.is_true("on_demand"),
    )


def _instrument(table: Table, codenames: Mapping[str, CodenameStatus]) -> InstrumentStatus:
    return InstrumentStatus(
        name=table.text("name"),
        driver=table.text("driver"),
        state=table.text("state"),
        error=table.text("error") or None,
        reconnects=table.whole("reconnects"),
        late_p99_ms=table.number("late_p99_ms"),
        since=table.number("since"),
        codenames=codenames,
    )


def _sink(table: Table) -> SinkStatus:
    return SinkStatus(
        name=table.text("name"),
        queued=table.whole("queued"),
        dropped=table.whole("dropped"),
        error=table.text("error") or None,
    )


def _once(items: Iterable[T]) -> tuple[T, ...]:
    """Return the items without those that another page has repeated."""
    return tuple(dict.fromkeys(items))
