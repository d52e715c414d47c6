"""How a host is doing, as datagrams that anybody may ask for: ``instruments``, ``instruments#2``.

Each answer is JSON text below 8 kB, with the number of the page and of all pages; what belongs to
the whole host is on the first one.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

__all__ = ["MOST_BYTES", "PagedAnswer", "pages", "picked"]

MOST_BYTES: Final = 8000
_KEPT_S: Final = 0.1
_LONGEST_TEXT: Final = 300


class PagedAnswer:
    """Answers a request such as ``instruments``, and ``instruments#N`` for its further pages.

    Args:
        name: The request.
        snapshot: Returns what is answered.
        monotonic: Returns seconds on a clock that never goes back.
        mark: What stands before the number of a page.
    """

    def __init__(
        self,
        name: bytes,
        snapshot: Callable[[], Mapping[str, Any]],
        monotonic: Callable[[], float],
        mark: bytes = b"#",
    ) -> None:
        self._name = name
        self._snapshot = snapshot
        self._monotonic = monotonic
        self._mark = mark
        self._pages: list[bytes] = []
        self._made_at = float("-inf")

    def answer(self, request: bytes) -> bytes | None:
        """Return the answer; None if it is another request."""
        name, _, number = request.partition(self._mark)
        if name != self._name:
            return None
        if not number or number == b"1" or not self._pages:
            now = self._monotonic()
            if now - self._made_at > _KEPT_S or not self._pages:
                self._pages = pages(self._snapshot())
                self._made_at = now
        return picked(self._pages, name + self._mark, number)


def picked(made: Sequence[bytes], name: bytes, number: bytes) -> bytes:
    """Return a page by its number, the first one without; or the error that says which there are.

    Args:
        made: The pages.
        name: The request without the number, for the error.
        number: The number as it was sent.
    """
    asked = name.decode(errors="replace")
    if number and not (number.isdigit() and len(number) < 6):
        return f"ERROR#{asked}N: N is the number of a page, 1 for the first".encode()
    page = int(number or b"1")
    if not 1 <= page <= len(made):
        there = "there is 1 page" if len(made) == 1 else f"there are {len(made)} pages"
        return f"ERROR#{asked}{page}: {there}".encode()
    return made[page - 1]


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
    empty: dict[str, list[Any]] = {key: [] for key in _LISTS if key in snapshot}
    return [
        _dumped({**head, "page": number, "pages": len(made), **empty, **lists})
        for number, lists in enumerate(made, 1)
    ]


_LISTS: Final = ("sockets", "sinks", "plugins", "instruments")


_PARTS: Final = ("codenames", "methods")


def _pieces(item: Any, room: int) -> Sequence[Any]:
    """Split an instrument with more codenames or methods than a page holds."""
    if not isinstance(item, dict) or len(_dumped(item)) < room - 20:
        return [item]
    large = [key for key in _PARTS if len(item.get(key, ())) > 1]
    if not large:
        return [item]
    key = max(large, key=lambda one: len(_dumped(item[one])))
    half = len(item[key]) // 2
    rest = {**item, **{one: type(item[one])() for one in _PARTS if one in item}}
    first, second = {**item, key: _cut(item[key], 0, half)}, {**rest, key: _cut(item[key], half)}
    return [piece for part in (first, second) for piece in _pieces(part, room)]


def _cut(whole: Any, begin: int, end: int | None = None) -> Any:
    if isinstance(whole, dict):
        return dict(list(whole.items())[begin:end])
    return whole[begin:end]


def _shortened(value: Any) -> Any:
    if isinstance(value, str):
        return value if len(value) <= _LONGEST_TEXT else f"{value[: _LONGEST_TEXT - 3]}..."
    if isinstance(value, dict):
        return {key: _shortened(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_shortened(one) for one in value]
    return value


def _dumped(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()
