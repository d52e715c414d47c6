"""What a host has, as datagrams that anybody may ask for: ``describe`` and ``describe#NAME``.

``describe`` tells of every instrument, ``describe#cryo`` of one, ``describe#cryo.setpoint`` of one
command, ``describe#cryo_temperature`` of one codename. ``/2`` behind it asks for the second page.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from labframe.host.status import PagedAnswer, pages, picked
from labframe.nearest import did_you_mean

__all__ = ["Described"]

_SHOWN: Final = 80


class Described:
    """Answers ``describe``.

    Args:
        snapshot: Returns ``host``, ``version`` and ``instruments``, each of them with its
            ``codenames`` by name and its ``methods``.
        monotonic: Returns seconds on a clock that never goes back.
    """

    def __init__(
        self, snapshot: Callable[[], Mapping[str, Any]], monotonic: Callable[[], float]
    ) -> None:
        self._snapshot = snapshot
        self._all = PagedAnswer(b"describe", snapshot, monotonic, b"/")

    def answer(self, request: bytes) -> bytes | None:
        """Return the answer; None if it is another request."""
        if not request.startswith(b"describe"):
            return None
        asked, mark, rest = request.partition(b"#")
        if asked.partition(b"/")[0] != b"describe":
            return None
        if not mark:
            return self._all.answer(request)
        name, _, number = rest.partition(b"/")
        if not name:
            return self._all.answer(b"describe/" + number)
        found = self._of(name.decode(errors="replace"))
        if isinstance(found, str):
            return f"ERROR#{found}".encode()
        return picked(pages(found), b"describe#" + name + b"/", number)

    def _of(self, name: str) -> Mapping[str, Any] | str:
        """Return the part of the description that a name is for, or what is wrong with it."""
        whole = self._snapshot()
        names = []
        for instrument in whole["instruments"]:
            if name == instrument["name"]:
                return {**whole, "instruments": [instrument]}
            methods = [one for one in instrument["methods"] if one["method"] == name]
            codenames = {k: v for k, v in instrument["codenames"].items() if k == name}
            if methods or codenames:
                only = {**instrument, "methods": methods, "codenames": codenames}
                return {**whole, "instruments": [only]}
            names += [instrument["name"], *(one["method"] for one in instrument["methods"])]
            names += instrument["codenames"]
        return f"describe#{name[:_SHOWN]}: there is no such instrument, command or codename" + (
            did_you_mean(name[:_SHOWN], names)
        )
