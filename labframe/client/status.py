"""How the instruments of a host are: the request ``instruments``, which labframe hosts answer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from labframe.client.peer import Conversation, Peer, Request
from labframe.errors import UnexpectedAnswer
from labframe.protocol.pull import decoded
from labframe.protocol.wire import UNKNOWN_COMMAND, shortened

__all__ = [
    "CodenameStatus",
    "HostStatus",
    "InstrumentStatus",
    "SinkStatus",
    "SocketStatus",
    "read_status",
]

_MOST_PAGES: Final = 1000
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
    """

    unit: str
    quality: str
    age: float | None
    socket: int


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
    return peer.hold(_pages(str(peer)))


def _pages(where: str) -> Conversation[HostStatus]:
    pages = [_page((yield Request(b"instruments")), where)]
    count = _whole(pages[0], "pages")
    if not 0 <= count <= _MOST_PAGES:
        raise UnexpectedAnswer(f"the answer to 'instruments' has pages = {count}")
    for number in range(2, count + 1):
        page = _page((yield Request(f"instruments#{number}".encode())), where)
        if page.get("page") != number:
            raise UnexpectedAnswer(f"page {number} of 'instruments' says that it is another one")
        pages.append(page)
    return _merged(pages)


def _page(answer: bytes, where: str) -> dict[str, Any]:
    if answer == UNKNOWN_COMMAND.encode():
        raise UnexpectedAnswer(
            f"{where} is not a labframe host: another pull socket answers there, which does not "
            "know the request 'instruments'"
        )
    return _table(decoded(answer, "instruments"), "the answer to 'instruments'")


def _merged(pages: list[dict[str, Any]]) -> HostStatus:
    codenames: dict[str, dict[str, CodenameStatus]] = {}
    instruments: dict[str, InstrumentStatus] = {}
    for table in _tables(pages, "instruments"):
        name = _text(table, "name")
        own = codenames.setdefault(name, {})  # they may be on more than one page
        own |= {key: _codename(item, key) for key, item in _items(table, "codenames")}
        instruments.setdefault(name, _instrument(table, own))
    return HostStatus(
        host=_text(pages[0], "host"),
        version=_text(pages[0], "version"),
        sockets=_once(map(_socket, _tables(pages, "sockets"))),
        instruments=tuple(instruments.values()),
        sinks=_once(map(_sink, _tables(pages, "sinks"))),
        plugins=_once(str(text) for page in pages for text in _list(page, "plugins")),
    )


def _socket(table: dict[str, Any]) -> SocketStatus:
    return SocketStatus(_text(table, "kind"), _whole(table, "port"), _text(table, "name"))


def _codename(item: object, codename: str) -> CodenameStatus:
    table = _table(item, f"the status of {codename!r}")
    return CodenameStatus(
        unit=_text(table, "unit"),
        quality=_text(table, "quality"),
        age=_number(table, "age"),
        socket=_whole(table, "socket"),
    )


def _instrument(table: dict[str, Any], codenames: Mapping[str, CodenameStatus]) -> InstrumentStatus:
    return InstrumentStatus(
        name=_text(table, "name"),
        driver=_text(table, "driver"),
        state=_text(table, "state"),
        error=_text(table, "error") or None,
        reconnects=_whole(table, "reconnects"),
        late_p99_ms=_number(table, "late_p99_ms"),
        since=_number(table, "since"),
        codenames=codenames,
    )


def _sink(table: dict[str, Any]) -> SinkStatus:
    return SinkStatus(
        name=_text(table, "name"),
        queued=_whole(table, "queued"),
        dropped=_whole(table, "dropped"),
        error=_text(table, "error") or None,
    )


# What another version of labframe leaves out is empty; what it adds is left out here.


def _table(item: object, what: str) -> dict[str, Any]:
    if not isinstance(item, dict):
        raise UnexpectedAnswer(f"{what} is no JSON object: {shortened(repr(item))}")
    return item


def _list(table: dict[str, Any], key: str) -> list[Any]:
    return _of_kind(table, key, list, "list") or []


def _tables(pages: list[dict[str, Any]], key: str) -> Iterator[dict[str, Any]]:
    return (_table(item, f"one of {key!r}") for page in pages for item in _list(page, key))


def _items(table: dict[str, Any], key: str) -> Iterable[tuple[str, Any]]:
    return (_of_kind(table, key, dict, "JSON object") or {}).items()


def _text(table: dict[str, Any], key: str) -> str:
    return _of_kind(table, key, str, "text") or ""


def _number(table: dict[str, Any], key: str) -> float | None:
    found = _of_kind(table, key, (int, float), "number")
    return None if found is None else float(found)


def _whole(table: dict[str, Any], key: str) -> int:
    return _of_kind(table, key, int, "whole number") or 0


def _of_kind(table: dict[str, Any], key: str, kind: Any, named: str) -> Any:
    found = table.get(key)
    if found is None or (isinstance(found, kind) and not isinstance(found, bool)):
        return found
    raise UnexpectedAnswer(
        f"in the answer to 'instruments', {key} = {shortened(repr(found))} is no {named}"
    )


def _once(items: Iterable[T]) -> tuple[T, ...]:
    """Return the items without those that another page has repeated."""
    return tuple(dict.fromkeys(items))
