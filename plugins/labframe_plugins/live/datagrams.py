"""What a live datagram says: points of the original's kind, and what hosts of labframe add."""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Iterable
from typing import Any, Final, Literal

import msgspec

from labframe.protocol.live import NEWS_VERSION, RESET

__all__ = [
    "LONGEST_NAME",
    "CodenameNews",
    "Datagram",
    "InstrumentNews",
    "Malformed",
    "Points",
    "parsed",
]

LONGEST_NAME: Final = 255

Points = dict[str, tuple[Any, Any] | Literal["RESET"]]
"""By codename, x and y, or that a new spectrum begins."""


class Malformed(ValueError):
    """It is no live datagram."""


class CodenameNews(msgspec.Struct, frozen=True):
    """What a host tells of a codename."""

    quality: str = "ok"
    age: float | None = None
    unit: str | None = None
    label: str = ""
    kind: str = "date"
    stale_after: float | None = None
    every: float | None = None
    on_demand: bool = False
    x: Any = None
    y: Any = None


class InstrumentNews(msgspec.Struct, frozen=True):
    """What a host tells of an instrument; its methods are handed on as they are."""

    name: str
    driver: str = ""
    label: str = ""
    doc: str = ""
    state: str = ""
    age: float = 0.0
    error: str | None = None
    identity: str | None = None
    port: str | None = None
    reconnects: int = 0
    polls: int = 0
    failures: int = 0
    late_p99_ms: float = 0.0
    codenames: dict[str, CodenameNews] = {}
    methods: list[dict[str, Any]] = []


class Datagram(msgspec.Struct, frozen=True):
    """A datagram: ``host`` and ``data`` are the original's, the rest is a labframe host's.

    Attributes:
        host: The sending computer.
        data: By codename, a point or ``RESET``.
        labframe: The version of the rest; 0 if there is none.
        instance: Another one after each start of the host.
        whole: Whether all instruments are told of, on so many ``pages``.
        quality: Quality and age by codename.
        command: A command that the host executed or refused.
        stops: Whether the host ends.
    """

    host: str
    data: Points
    labframe: int = 0
    instance: str = ""
    whole: bool = False
    page: int = 1
    pages: int = 1
    name: str | None = None
    version: str | None = None
    push_address: tuple[str, int] | None = None
    return_format: str = "json"
    history: str | None = None
    sinks: list[dict[str, Any]] = []
    plugins: list[str] = []
    instruments: list[InstrumentNews] = []
    quality: dict[str, tuple[str, float | None]] = {}
    command: dict[str, Any] | None = None
    stops: bool = False

    @property
    def is_news(self) -> bool:
        """Whether it tells more than points, in a version that is understood."""
        return self.labframe == NEWS_VERSION and bool(self.instance)


_DECODER: Final = msgspec.json.Decoder(Datagram)
_MOST_KNOWN: Final = 200_000
_known: set[str] = set()
"""Codenames that were checked: the same ones come for ever."""


def parsed(content: bytes) -> Datagram:
    """Return what a datagram says; NaN and infinities in it are null.

    Raises:
        Malformed: If it is none; the text says why, and may quote the sender.
    """
    try:
        datagram = _DECODER.decode(content)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        datagram = _leniently(content)
    _check(datagram)
    return datagram


def _leniently(content: bytes) -> Datagram:
    """Read what Python's own JSON reads, too: NaN, for example."""
    try:
        found = json.loads(content, parse_constant=lambda _: None)
        _check_points(found)
        datagram = msgspec.convert(found, Datagram)
        msgspec.json.encode(datagram)  # half of a surrogate pair, or a number beyond 64 bits
    except Malformed:
        raise
    except (ValueError, RecursionError, OverflowError) as error:
        raise Malformed(str(error)[:200]) from None
    return datagram


def _check_points(found: Any) -> None:
    """Name the codename that is wrong, which a decoder does not."""
    points = found.get("data") if isinstance(found, dict) else None
    for name, value in points.items() if isinstance(points, dict) else ():
        if value != RESET and not (isinstance(value, list) and len(value) == 2):
            raise Malformed(f"data: {name!r:.80} is neither [x, y] nor {RESET!r}")


def _check(datagram: Datagram) -> None:
    _check_name(datagram.host, "host")
    if not datagram.data.keys() <= _known:
        _check_codenames(datagram.data)
    if datagram.push_address is not None:
        _check_address(*datagram.push_address)
    for instrument in datagram.instruments:
        _check_name(instrument.name, "instrument")
        _check_codenames(instrument.codenames)
        if not all(isinstance(one.get("method"), str) for one in instrument.methods):
            raise Malformed(f"instrument {instrument.name!r:.80}: a method without a name")


def _check_codenames(codenames: Iterable[str]) -> None:
    for name in codenames:
        _check_name(name, "codename", allow_empty=True)
    if len(_known) > _MOST_KNOWN:
        _known.clear()
    _known.update(codenames)


def _check_address(host: str, port: int) -> None:
    try:
        ipaddress.ip_address(host)
    except ValueError as error:
        raise Malformed(f"push_address: {error}") from None
    if not 0 < port < 65536:
        raise Malformed(f"push_address: {port} is no port")


def _check_name(name: str, what: str, *, allow_empty: bool = False) -> None:
    if not name and not allow_empty:
        raise Malformed(f"{what} is empty")
    if len(name) > LONGEST_NAME or ":" in name:
        raise Malformed(f"{what} {name!r:.80}: longer than {LONGEST_NAME}, or with a colon")
