"""The live protocol: one datagram of newest points to the live server; no answer.

``{"host": "rasppi71", "data": {"sine": [1.5, 2.5], "state": [1.5, "ok"]}}``: UTF-8 of JSON with the
separators of ``json.dumps``. A codename whose value is the text ``"RESET"`` empties its figure.

A host of labframe tells more, in datagrams without points, which others take for an empty batch:
``{"host": "lab-pc-7", "data": {}, "labframe": 1, ...}``.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from labframe.errors import DatagramTooLong
from labframe.protocol.wire import MAX_DATAGRAM

__all__ = ["LIVE_PORT", "NEWS_VERSION", "QUESTION", "RESET", "datagrams", "news", "point"]

LIVE_PORT: Final = 9767
"""The UDP port that live servers receive on."""

NEWS_VERSION: Final = 1
"""The version of what hosts of labframe tell beside points."""

QUESTION: Final = b"labframe live: who are you?"
"""What a live server sends back to a sender that it does not know; the original reads nothing."""

RESET: Final = "RESET"


def point(x: Any, y: Any) -> list[Any]:
    """Return a point as it is sent: NaN and infinities, which browsers cannot read, become null."""
    return [_readable(x), _readable(y)]


def _readable(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, (list, tuple)):
        return [_readable(item) for item in value]
    if isinstance(value, Mapping):
        return {name: _readable(item) for name, item in value.items()}
    return value


def news(host: str, facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a datagram holds that tells a live server more than points."""
    return {"host": host, "data": {}, "labframe": NEWS_VERSION, **facts}


def datagrams(host: str, data: Mapping[str, Any], most_bytes: int = MAX_DATAGRAM) -> list[bytes]:
    """Return the datagram that carries ``data``; several where one would be too long.

    Args:
        host: The name of the sending computer.
        data: By codename, what ``point`` returned, or ``RESET``.
        most_bytes: How long a datagram with several codenames becomes at most.

    Raises:
        TypeError: If a value cannot be written as JSON.
        DatagramTooLong: If a single codename's value is too long for a datagram.
    """
    whole = _encoded(host, data)
    if len(whole) <= most_bytes:
        return [whole]
    return [_encoded(host, dict(part)) for part in _split(host, data, most_bytes)]


def _split(
    host: str, data: Mapping[str, Any], most_bytes: int
) -> Iterator[Iterable[tuple[str, Any]]]:
    frame = len(_encoded(host, {}))
    part: list[tuple[str, Any]] = []
    length = frame
    for name, value in data.items():
        size = len(_encoded(host, {name: value})) - frame + len(", ")
        if frame + size - len(", ") > MAX_DATAGRAM:
            raise DatagramTooLong(
                f"codename '{name}': its point takes {size} bytes, a datagram carries "
                f"{MAX_DATAGRAM}. Send less at once."
            )
        if part and length + size > most_bytes:
            yield part
            part, length = [], frame
        part.append((name, value))
        length += size
    yield part


def _encoded(host: str, data: Mapping[str, Any]) -> bytes:
    return json.dumps({"host": host, "data": data}).encode()
