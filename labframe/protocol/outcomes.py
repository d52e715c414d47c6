"""The push protocol as a client sees it: what it sends, and what it reads in the answers."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from labframe.errors import CommandFailed, CommandRefused, OutcomeUnknown, UnexpectedAnswer
from labframe.protocol.commands import OUTCOME_UNKNOWN
from labframe.protocol.push import (
    PUSH_ACK,
    PUSH_ERROR,
    PUSH_EXCEP,
    PUSH_RET,
    TYPE_FROM_STRING,
    ReturnFormat,
)
from labframe.protocol.wire import shortened

__all__ = ["json_request", "outcome", "parse_status", "raw_request"]

_TYPE_NAMES: Final = {kind: kind.__name__ for kind in (int, float, str, bool)}


def json_request(values: Mapping[str, Any]) -> str:
    """Return the ``json_wn`` request that carries ``values``.

    Numpy scalars become Python numbers. A ``#`` is escaped, since the original refuses it.

    Raises:
        TypeError, ValueError: If a value cannot be written as JSON.
    """
    text = json.dumps(dict(values), default=_unwrapped)
    return "json_wn#" + text.replace("#", "\\u0023")  # only within texts can there be one


def _unwrapped(value: Any) -> Any:
    """Return the Python number in a numpy scalar."""
    if getattr(value, "shape", None) == () and hasattr(value, "item"):
        return value.item()
    hint = "; call its .tolist() first" if hasattr(value, "tolist") else ""
    raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable{hint}")


def raw_request(values: Mapping[str, Any]) -> str:
    """Return the ``raw_wn`` request that carries ``values``, numpy scalars as Python numbers.

    Raises:
        ValueError: If the raw format cannot carry them: a separator in a name or a text, another
            type than int, float, str and bool, a list of mixed types or of less than two values.
    """
    if not values:
        raise ValueError("there are no values to send")
    return "raw_wn#" + ";".join(f"{_safe(name)}:{_typed(name, v)}" for name, v in values.items())


def _typed(name: str, value: Any) -> str:
    """Return ``type:v1,v2`` of one value or of a list."""
    if isinstance(value, (list, tuple)) and len(value) < 2:
        raise ValueError(
            f"'{name}': the raw format has no lists of less than two values, so not {value!r}; "
            "send it as JSON"
        )
    items = [
        item if type(item) in _TYPE_NAMES or not hasattr(item, "item") else item.item()
        for item in (value if isinstance(value, (list, tuple)) else [value])
    ]
    kinds = {type(item) for item in items}
    kind = _TYPE_NAMES.get(kinds.pop()) if len(kinds) == 1 else None
    if kind is None:
        raise ValueError(
            f"'{name}': the raw format carries ints, floats, strs and bools, or lists of one of "
            f"them, not {value!r}; send it as JSON"
        )
    return f"{kind}:{','.join(_safe(str(item)) for item in items)}"


def _safe(text: str) -> str:
    for char in ":;,#":
        if char in text:
            raise ValueError(f"{text!r}: '{char}' separates in the raw format; send it as JSON")
    return text


def outcome(answer: bytes, form: ReturnFormat) -> Any:
    """Return what a push socket says: the values that it took, or the value of its callback.

    Args:
        answer: The answer.
        form: How the server writes the value of its callback.

    Raises:
        CommandRefused: For ``ERROR#``.
        CommandFailed: For ``EXCEP#``.
        OutcomeUnknown: For ``EXCEP#OUTCOME_UNKNOWN``, of a host; it is a CommandFailed.
        UnexpectedAnswer: If it is none of the four answers, or its text cannot be read.
    """
    try:
        text = answer.decode()
    except UnicodeDecodeError as error:
        raise UnexpectedAnswer(f"the answer of the push socket is no text: {error}") from error
    kind, separator, rest = text.partition("#")
    if separator and kind == PUSH_ERROR:
        raise CommandRefused(rest)
    if separator and kind == PUSH_EXCEP:
        raise (OutcomeUnknown if rest.startswith(f"{OUTCOME_UNKNOWN}: ") else CommandFailed)(rest)
    read = {PUSH_ACK: _parse_repr, PUSH_RET: _PARSE_RETURNED[form]}.get(kind)
    if read is None or not separator:
        raise UnexpectedAnswer(
            f"{shortened(text)!r} is no answer of a push socket; these usually have port 8500"
        )
    try:
        return read(rest)
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError) as error:
        what = "the values taken" if kind == PUSH_ACK else f"a value in the return format {form!r}"
        raise UnexpectedAnswer(f"{shortened(text)!r} does not tell {what}: {error}") from error


def parse_status(answer: bytes) -> dict[str, Any]:
    """Return the status, the one answer of a push socket without a first word.

    Raises:
        CommandRefused, CommandFailed, UnexpectedAnswer: As for ``outcome``.
    """
    if answer.startswith(b"{"):
        answer = f"{PUSH_RET}#".encode() + answer
    status = outcome(answer, "json")
    if isinstance(status, dict):
        return status
    raise UnexpectedAnswer(f"{shortened(str(status))!r} is no status")


def _parse_repr(text: str) -> dict[str, Any]:
    """Return the dict whose repr ``text`` is; nothing in it is executed."""
    import ast  # servers do not need it

    def value(node: ast.AST | None) -> Any:
        match node:
            case ast.Constant():
                return node.value
            case ast.Name("nan" | "inf" as name):  # which ast.literal_eval does not take
                return float(name)
            case ast.UnaryOp(ast.USub(), operand):
                return -value(operand)
            case ast.List(items):
                return [value(item) for item in items]
            case ast.Dict(keys, values):
                return {value(key): value(item) for key, item in zip(keys, values, strict=True)}
        raise ValueError(f"{type(node).__name__} is nothing that a value can be made of")

    values = value(ast.parse(text, mode="eval").body)
    if not isinstance(values, dict):
        raise ValueError(f"{text!r} is no dict")  # noqa: TRY004  # see outcome
    return values


_NAMED: Final = re.compile(r"(?:^|;)([^:;]*):(int|float|str|bool):")


def _parse_raw_return(text: str) -> Any:
    """Return None, the dict in ``name:type:v1,v2;...``, or the rows in ``type:a,b&c,d``.

    Texts are not escaped: one with a ``;`` or ``:`` is whole unless it looks like a further name,
    one with a ``,`` is a list.
    """
    if text == "None":
        return None
    if not text:
        return {}
    before, *pieces = _NAMED.split(text)
    if pieces and not before:
        columns = zip(pieces[::3], pieces[1::3], pieces[2::3], strict=True)
        rows = {name: _converted(kind, data) for name, kind, data in columns}
        return {name: row[0] if len(row) == 1 else row for name, row in rows.items()}
    kind, _, table = text.partition(":")
    if kind not in TYPE_FROM_STRING:
        raise ValueError(f"{kind!r} is none of the types {', '.join(TYPE_FROM_STRING)}")
    return [_converted(kind, row) if row else [] for row in table.split("&")]


def _converted(kind: str, data: str) -> list[Any]:
    convert = TYPE_FROM_STRING[kind]
    return [convert(item) for item in data.split(",")]


_PARSE_RETURNED: Final[dict[ReturnFormat, Callable[[str], Any]]] = {
    "json": json.loads,
    "raw": _parse_raw_return,
    "string": str,
}
