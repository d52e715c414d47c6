"""What is said with a server for each thing that a client can be asked: requests and readings.

Nothing here sends or waits, so that clients with threads and with coroutines share all of it.
"""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

from labframe.client.peer import Conversation, Request
from labframe.errors import UnexpectedAnswer
from labframe.protocol import outcomes, pull
from labframe.protocol.push import ReturnFormat
from labframe.protocol.wire import UNKNOWN_COMMAND, encode, shortened

__all__ = [
    "Old",
    "codenames",
    "listed",
    "named",
    "point",
    "pull_status",
    "push_commands",
    "push_name",
    "push_status",
    "raw_point",
    "send",
    "text",
]

Old: TypeAlias = Literal["raise", "mark"]
"""What to make of a point that is older than its timeout."""


# With a pull socket.


def text(request: str) -> Conversation[str]:
    """Return the exact text of an answer."""
    answer = yield Request(encode(request))
    return pull.text_of(answer, request)


def codenames() -> Conversation[list[str]]:
    """Return the codenames in their order."""
    return pull.parse_names((yield Request(b"codenames_json")))


def pull_status() -> Conversation[dict[str, Any]]:
    """Return the status."""
    status = pull.decoded((yield Request(b"status")), "status")
    if not isinstance(status, dict):
        raise UnexpectedAnswer(f"{shortened(str(status))!r} is no status")
    return status


def named(old: Old) -> Conversation[dict[str, Any]]:
    """Return every point by codename."""
    items = pull.decoded((yield Request(b"json_wn")), "json_wn")
    if not isinstance(items, dict):
        raise UnexpectedAnswer(f"{shortened(str(items))} are no points by codename")
    stale = [name for name, item in items.items() if item == pull.OLD_DATA]
    if stale and old == "raise":
        raise pull.old_data(stale)
    return {name: pull.parse_point(item, name) for name, item in items.items()}


def listed(old: Old) -> Conversation[list[Any]]:
    """Return every point in the order of the codenames."""
    items = pull.decoded((yield Request(b"json")), "json")
    if not isinstance(items, list):
        raise UnexpectedAnswer(f"{shortened(str(items))} is no list of points")
    if old == "raise" and pull.OLD_DATA in items:
        names = yield from codenames()
        pairs = zip(names, items, strict=False)  # the error must come, whatever the server does
        raise pull.old_data(name for name, item in pairs if item == pull.OLD_DATA)
    return [pull.parse_point(item, f"point {index}") for index, item in enumerate(items)]


def point(codename: str, old: Old) -> Conversation[Any]:
    """Return one point."""
    request = f"{codename}#json"
    answer = yield from _of_one(codename, request)
    found = pull.parse_point(pull.decoded(answer, request), codename)
    if found == pull.OLD_DATA and old == "raise":
        raise pull.old_data([codename])
    return found


def raw_point(codename: str) -> Conversation[str]:
    """Return the exact text of one point."""
    request = f"{codename}#raw"
    return pull.text_of((yield from _of_one(codename, request)), request)


def _of_one(codename: str, request: str) -> Conversation[bytes]:
    answer = yield Request(encode(request))
    if answer == UNKNOWN_COMMAND.encode():
        raise pull.no_such_codename(codename, (yield from codenames()))
    return answer


# With a push socket.


def send(request: str, form: ReturnFormat) -> Conversation[Any]:
    """Return what the server took, or what its callback returned."""
    return outcomes.outcome((yield Request(request.encode(), repeatable=False)), form)


def push_name() -> Conversation[str]:
    """Return the name of the socket."""
    name: str = outcomes.outcome((yield Request(b"name")), "string")
    return name


def push_commands() -> Conversation[list[str]]:
    """Return the requests that the socket knows."""
    commands = outcomes.outcome((yield Request(b"commands")), "json")
    if not isinstance(commands, list):
        raise UnexpectedAnswer(f"{shortened(str(commands))} is no list of commands")
    return commands


def push_status() -> Conversation[dict[str, Any]]:
    """Return the status."""
    return outcomes.parse_status((yield Request(b"status")))
