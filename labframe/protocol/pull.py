"""The pull protocol: ask a socket for its newest points.

=====================  ==============================================
request                answer
=====================  ==============================================
``raw``                ``x1,y1;x2,y2``, in the order of the codenames
``json``               ``[[x1, y1], [x2, y2]]``
``raw_wn``             ``name1:x1,y1;name2:x2,y2``
``json_wn``            ``{"name1": [x1, y1], "name2": [x2, y2]}``
``CODENAME#raw``       ``x,y``
``CODENAME#json``      ``[x, y]``
``codenames_raw``      ``name1,name2``
``codenames_json``     ``["name1", "name2"]``
``name``               the name of the socket
``status``             a JSON object
anything else          ``UNKNOWN_COMMMAND``
=====================  ==============================================

A point that is older than its timeout reads ``OLD_DATA`` in place of ``x,y``, and ``"OLD_DATA"`` in
place of the JSON list. Numbers in raw answers are those of Python's ``str``, in JSON answers those
of ``json.dumps``, so ``NaN`` and ``Infinity`` occur.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, Final, Literal, NamedTuple, TypeAlias

from labframe.errors import OldData, UnexpectedAnswer
from labframe.points import Point, Value
from labframe.protocol.wire import (
    MAX_DATAGRAM,
    PUSH_ERROR,
    PUSH_RET,
    UNKNOWN_COMMAND,
    encode,
    shortened,
)

__all__ = [
    "OLD_DATA",
    "OLD_JSON",
    "OLD_RAW",
    "WHOLE",
    "Format",
    "Marker",
    "WholeFormat",
    "decoded",
    "json_names",
    "json_point",
    "no_such_codename",
    "old_data",
    "parse_names",
    "parse_point",
    "raw_point",
    "text_of",
    "too_long",
]

OLD_DATA: Final = "OLD_DATA"
"""What stands in place of a point that is older than its timeout."""

Marker: TypeAlias = Literal["OLD_DATA"]
Format: TypeAlias = Literal["raw", "json"]

OLD_RAW = OLD_DATA.encode()
OLD_JSON = json.dumps(OLD_DATA).encode()


class WholeFormat(NamedTuple):
    """How an answer with every point is put together.

    Attributes:
        part: The form of the single points.
        named: Whether each point has its codename in front.
        opening: The bytes before the first point.
        separator: The bytes between two points.
        closing: The bytes after the last point.
    """

    part: Format
    named: bool
    opening: bytes
    separator: bytes
    closing: bytes

    def label(self, codename: str) -> bytes:
        """Return the bytes that stand in front of one point of ``codename``."""
        if not self.named:
            return b""
        return encode(f"{codename}:" if self.part == "raw" else f"{json.dumps(codename)}: ")


WHOLE: Final = {
    b"raw": WholeFormat("raw", False, b"", b";", b""),
    b"raw_wn": WholeFormat("raw", True, b"", b";", b""),
    b"json": WholeFormat("json", False, b"[", b", ", b"]"),
    b"json_wn": WholeFormat("json", True, b"{", b", ", b"}"),
}


def raw_point(x: Value, y: Value) -> bytes:
    """Return ``x,y`` as Python's ``str`` writes them; texts are not escaped."""
    return encode(f"{x},{y}")


def json_point(x: Value, y: Value) -> bytes:
    """Return ``[x, y]`` byte for byte as ``json.dumps`` writes it."""
    if type(x) is float and type(y) is float and x - x == 0.0 == y - y:  # both finite: the usual
        return f"[{x!r}, {y!r}]".encode()
    return json.dumps([x, y]).encode()


def too_long(request: bytes, length: int) -> bytes:
    """Return the short answer that replaces one of ``length`` bytes."""
    command = shortened(request.decode("utf-8", "replace"))
    return encode(
        f"{PUSH_ERROR}#The answer to '{command}' is {length} bytes long, a datagram carries "
        f"{MAX_DATAGRAM}. Ask for single points with CODENAME#raw or CODENAME#json."
    )


def text_of(answer: bytes, request: str) -> str:
    """Return the text of an answer.

    Raises:
        UnexpectedAnswer: If the server does not know the request, answered an error, or is no pull
            socket.
    """
    try:
        text = answer.decode()
    except UnicodeDecodeError as error:
        raise UnexpectedAnswer(f"the answer to {request!r} is no text: {error}") from error
    if text == UNKNOWN_COMMAND:
        raise UnexpectedAnswer(f"the server does not know the request {request!r}")
    if text == f"{PUSH_ERROR}#{UNKNOWN_COMMAND}" or text.startswith(f"{PUSH_RET}#"):
        raise UnexpectedAnswer(
            f"a push socket answered {request!r}: pull sockets usually have port 9000 or 9010"
        )
    if text.startswith(f"{PUSH_ERROR}#"):
        raise UnexpectedAnswer(text.partition("#")[2])
    return text


def decoded(answer: bytes, request: str) -> Any:
    """Return what a JSON answer holds.

    Raises:
        UnexpectedAnswer: If it is no JSON, or for the reasons of ``text_of``.
    """
    text = text_of(answer, request)
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UnexpectedAnswer(
            f"the answer to {request!r} is no JSON: {shortened(text)!r}"
        ) from error


def parse_names(answer: bytes) -> list[str]:
    """Return the codenames in the answer to ``codenames_json``.

    Raises:
        UnexpectedAnswer: If it is no list of texts.
    """
    names = decoded(answer, "codenames_json")
    if isinstance(names, list) and all(isinstance(name, str) for name in names):
        return names
    raise UnexpectedAnswer(f"{shortened(str(names))} is no list of codenames")


def parse_point(item: Any, codename: str) -> Point | Marker:
    """Return the point in one decoded item of a JSON answer, or ``OLD_DATA``.

    Raises:
        UnexpectedAnswer: If it is neither the marker nor a pair.
    """
    if item == OLD_DATA:
        return OLD_DATA
    match item:
        case [x, y]:
            return Point(x, y)
    raise UnexpectedAnswer(f"'{codename}': {shortened(repr(item))} is no point")


def old_data(codenames: Iterable[str]) -> OldData:
    """Return the error that says which codenames have no fresh point."""
    names = ", ".join(f"'{name}'" for name in codenames)
    return OldData(f"{names}: the server's newest point is older than its timeout")


def no_such_codename(codename: str, known: Iterable[str]) -> UnexpectedAnswer:
    """Return the error that says which codenames there are instead of ``codename``."""
    import difflib  # needed for this message only

    names = list(known)
    near = difflib.get_close_matches(codename, names, 3)
    hint = f"did you mean {' or '.join(map(repr, near))}?" if near else f"it has {names}"
    return UnexpectedAnswer(f"the server has no codename '{codename}'; {hint}")


def json_names(codenames: Iterable[str]) -> bytes:
    """Return the answer to ``codenames_json``."""
    return json.dumps(list(codenames)).encode()
