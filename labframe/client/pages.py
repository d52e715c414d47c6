"""Answers of a host that come on pages of JSON: ``instruments``, ``describe``.

What another version of labframe leaves out is empty; what it adds is left out here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple

from labframe.client.peer import Conversation, Request
from labframe.errors import UnexpectedAnswer
from labframe.protocol.pull import decoded
from labframe.protocol.wire import PUSH_ERROR, UNKNOWN_COMMAND, shortened

__all__ = ["NoHost", "Table", "read_pages", "tables"]

_MOST_PAGES: Final = 1000
_NOT_KNOWN: Final = (UNKNOWN_COMMAND.encode(), f"{PUSH_ERROR}#{UNKNOWN_COMMAND}".encode())


class NoHost(UnexpectedAnswer):
    """Another socket answered than one of a labframe host."""


class Table(NamedTuple):
    """A JSON object in an answer, of which each value must be of a kind.

    Attributes:
        request: The request that it answers, for messages.
        fields: What it holds.

    Raises:
        UnexpectedAnswer: From every method, if a value is of another kind.
    """

    request: str
    fields: Mapping[str, Any]

    def text(self, key: str) -> str:
        """Return a text; empty if it is not there."""
        return self._of_kind(key, str, "text") or ""

    def number(self, key: str) -> float | None:
        """Return a number; None if it is not there."""
        found = self._of_kind(key, (int, float), "number")
        return None if found is None else float(found)

    def whole(self, key: str) -> int:
        """Return a whole number; 0 if it is not there."""
        return self._of_kind(key, int, "whole number") or 0

    def is_true(self, key: str) -> bool:
        """Tell whether a value is true."""
        return self.fields.get(key) is True

    def list(self, key: str) -> list[Any]:
        """Return a list; empty if it is not there."""
        return self._of_kind(key, list, "list") or []

    def table(self, key: str) -> Table:
        """Return a JSON object; an empty one if it is not there."""
        return Table(self.request, self._of_kind(key, dict, "JSON object") or {})

    def items(self, key: str, what: str) -> Iterator[tuple[str, Table]]:
        """Yield the named JSON objects in one; ``what`` says what each is, for messages."""
        for name, item in self.table(key).fields.items():
            yield name, _table(self.request, item, f"{what} of {name!r}")

    def _of_kind(self, key: str, kind: Any, named: str) -> Any:
        found = self.fields.get(key)
        if found is None or (isinstance(found, kind) and not isinstance(found, bool)):
            return found
        raise UnexpectedAnswer(
            f"in the answer to {self.request!r}, {key} = {shortened(repr(found))} is no {named}"
        )


def read_pages(
    request: str, mark: str, where: str, waits_s: tuple[float | None, ...] = ()
) -> Conversation[list[Table]]:
    """Return every page of an answer.

    Args:
        request: Asks for the first page.
        mark: What stands before the number of a further page.
        where: Who is asked, for messages.
        waits_s: As of :class:`~labframe.client.peer.Request`.

    Raises:
        NoHost: If it is no labframe host that answers.
        UnexpectedAnswer: If the answer is none.
    """
    answer = yield Request(request.encode(), waits_s=waits_s)
    pages = [_page(answer, request, where)]
    count = pages[0].whole("pages")
    if not 0 <= count <= _MOST_PAGES:
        raise UnexpectedAnswer(f"the answer to {request!r} has pages = {count}")
    for number in range(2, count + 1):
        answer = yield Request(f"{request}{mark}{number}".encode(), waits_s=waits_s)
        page = _page(answer, request, where)
        if page.fields.get("page") != number:
            raise UnexpectedAnswer(f"page {number} of {request!r} says that it is another one")
        pages.append(page)
    return pages


def tables(pages: Iterable[Table], key: str) -> Iterator[Table]:
    """Yield the JSON objects in the lists of this name on all pages."""
    for page in pages:
        for item in page.list(key):
            yield _table(page.request, item, f"one of {key!r}")


def _page(answer: bytes, request: str, where: str) -> Table:
    if answer in _NOT_KNOWN:
        who = "another pull socket answers" if answer == _NOT_KNOWN[0] else "a push socket answered"
        raise NoHost(
            f"{where} is not a labframe host: {who} there, which does not know the request "
            f"{request!r}"
        )
    return _table(request, decoded(answer, request), f"the answer to {request!r}")


def _table(request: str, item: object, what: str) -> Table:
    if not isinstance(item, dict):
        raise UnexpectedAnswer(f"{what} is no JSON object: {shortened(repr(item))}")
    return Table(request, item)
