"""How a host is doing, as a datagram that anybody may ask for: ``instruments``, ``instruments#2``.

Each answer is JSON text below 8 kB, with the number of the page and of all pages; what belongs to
the whole host is on the first one.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

__all__ = ["MOST_BYTES", "PagedStatus"]

MOST_BYTES: Final = 8000
_KEPT_S: Final = 0.1
_LONGEST_TEXT: Final = 300


class PagedStatus:
    """Answers the requests ``instruments`` and ``instruments#N``.

    Args:
        snapshot: Returns the state of everything.
        monotonic: Returns seconds on a clock that never goes back.
    """

    def __init__(
        self, snapshot: Callable[[], Mapping[str, Any]], monotonic: Callable[[], float]
    ) -> None:
        self._snapshot = snapshot
        self._monotonic = monotonic
        self._pages: list[bytes] = []
        self._made_at = float("-inf")

    def answer(self, request: bytes) -> bytes | None:
        """Return the answer; None if it is another request."""
        name, _, number = request.partition(b"#")
        if name != b"instruments":
            return None
        if number and not (number.isdigit() and len(number) < 6):
            return b"ERROR#instruments#N: N is the number of a page, 1 for the first"
        page = int(number or b"1")
        if page == 1 or not self._pages:
            now = self._monotonic()
            if now - self._made_at > _KEPT_S or not self._pages:
                self._pages = pages(self._snapshot())
                self._made_at = now
        if not 1 <= page <= len(self._pages):
            many = len(self._pages)
            there = "there is 1 page" if many == 1 else f"there are {many} pages"
            return f"ERROR#instruments#{page}: {there}".encode()
        return self._pages[page - 1]


def pages(snapshot: Mapping[str, Any], most_bytes: int = MOST_BYTES) -> list[bytes]:
    """Return a snapshot as pages of JSON text.

    An instrument whose codenames do not fit on a page is continued on the next ones under its name.
    """
    head = {key: value for key, value in snapshot.items() if key not in _LISTS}
    room = most_bytes - len(_dumped({**head, "page": 99999, "pages": 99999})) - 100
    made: list[dict[str, list[Any]]] = [{}]
    left = room
    for key in _LISTS:
        for item in snapshot.get(key, ()):
            for piece in _pieces(_shortened(item), room):
                size = len(_dumped(piece)) + len(key) + 8
                if size > left and made[-1]:
                    made.append({})
                    left = room
                made[-1].setdefault(key, []).append(piece)
                left -= size
    empty: dict[str, list[Any]] = {key: [] for key in _LISTS}
    return [
        _dumped({**head, "page": number, "pages": len(made), **empty, **lists})
        for number, lists in enumerate(made, 1)
    ]


_LISTS: Final = ("sockets", "sinks", "plugins", "instruments")


def _pieces(item: Any, room: int) -> Sequence[Any]:
    """Split an instrument with more codenames than a page holds."""
    if not isinstance(item, dict) or len(_dumped(item)) < room - 20:
        return [item]
    codenames = list(item.get("codenames", {}).items())
    if len(codenames) < 2:
        return [item]
    half = len(codenames) // 2
    parts = [dict(codenames[:half]), dict(codenames[half:])]
    return [piece for part in parts for piece in _pieces({**item, "codenames": part}, room)]


def _shortened(value: Any) -> Any:
    if isinstance(value, str):
        return value if len(value) <= _LONGEST_TEXT else f"{value[: _LONGEST_TEXT - 3]}..."
    if isinstance(value, dict):
        return {key: _shortened(one) for key, one in value.items()}
    return value


def _dumped(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()
