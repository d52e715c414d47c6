"""The push protocol: hand a socket named values, and read what it says to them.

======================  =======================================================================
request                 answer
======================  =======================================================================
``json_wn#JSON``        ``ACK#`` and the Python repr of the dict; with a direct callback ``RET#``
                        and its value, or ``EXCEP#`` and its exception
``raw_wn#NAME:TYPE:V``  the same; several values with ``,``, several names with ``;``
``name``                ``RET#`` and the name of the socket
``commands``            ``RET#`` and a JSON list
``status``              a JSON object
anything else           ``ERROR#UNKNOWN_COMMMAND``
======================  =======================================================================

The texts of the errors, with their slips of the pen, are part of the protocol: clients compare.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Final, Literal, TypeAlias

from labframe.protocol.wire import PUSH_ACK, PUSH_ERROR, PUSH_EXCEP, PUSH_RET, UNKNOWN_COMMAND

__all__ = [
    "COMMANDS",
    "COMMANDS_ANSWER",
    "PUSH_ACK",
    "PUSH_ERROR",
    "PUSH_EXCEP",
    "PUSH_RET",
    "TOO_DEEP",
    "TYPE_FROM_STRING",
    "UNKNOWN",
    "ReturnFormat",
    "acknowledge",
    "bool_translate",
    "error",
    "exception",
    "parse_json",
    "parse_raw",
    "private_copy",
    "returned",
    "unshared",
]

ReturnFormat: TypeAlias = Literal["json", "raw", "string"]

_DEEPEST: Final = 200
"""How deep lists and objects may be nested in each other."""

TOO_DEEP: Final = "Nothing was done: the data are nested too deeply"

COMMANDS: Final = ["json_wn#", "raw_wn#", "name", "status", "commands"]
COMMANDS_ANSWER: Final = f"{PUSH_RET}#{json.dumps(COMMANDS)}"


def bool_translate(string: str) -> bool:
    """Return the boolean that ``"True"`` or ``"False"`` stands for.

    Raises:
        ValueError: For any other text.
    """
    if string == "True":
        return True
    if string == "False":
        return False
    raise ValueError(
        f"Cannot translate the string '{string}' to a boolean. Only the strings 'True' or 'False' "
        "are allowed"
    )


TYPE_FROM_STRING: Final[dict[str, Callable[[str], Any]]] = {
    "int": int,
    "float": float,
    "str": str,
    "bool": bool_translate,
}
"""How the types of a ``raw_wn`` request are read."""

_TYPE_NAMES: Final = {int: "int", float: "float", bool: "bool", str: "str"}


def parse_raw(text: str) -> dict[str, Any]:
    """Return the named values of ``name:type:v1,v2;name2:type:v``; one value is a scalar.

    Raises:
        ValueError: With the text of the error answer.
    """
    values: dict[str, Any] = {}
    for part in text.split(";"):
        pieces = part.split(":")
        if len(pieces) != 3:
            raise ValueError(
                f"The data part '{part}' did not match the expected format of 3 parts divided "
                "by ':'"
            )
        name, kind, data = pieces
        convert = TYPE_FROM_STRING.get(kind)
        if convert is None:
            raise ValueError(
                f"The data type '{kind}' is unknown. Only {TYPE_FROM_STRING.keys()} are allowed"
            )
        try:
            converted = [convert(item) for item in data.split(",")]
        except ValueError as error:
            raise ValueError(f"Unable to convert values to '{kind}'. Error is: {error}") from None
        values[name] = converted[0] if len(converted) == 1 else converted
    return values


def parse_json(text: str) -> dict[str, Any]:
    """Return the named values of a JSON object; ``NaN`` and ``Infinity`` are taken.

    Raises:
        ValueError: With the text of the error answer.
    """
    try:
        values, end = _scan(text, 0)
        if end != len(text):  # white space around it, or more than one value
            values = json.loads(text)
    except RecursionError:
        raise ValueError(TOO_DEEP) from None
    except (ValueError, StopIteration):
        try:
            values = json.loads(text)
        except ValueError:
            raise ValueError(f"The string '{text}' could not be decoded as JSON") from None
        except RecursionError:
            raise ValueError(TOO_DEEP) from None
    if not isinstance(values, dict):
        raise ValueError(  # noqa: TRY004  # one kind of exception for every refusal
            f"The object '{values}' returned after decoding the JSON string is not a dict"
        )
    return values


_decoder: Any = json.JSONDecoder()  # its scan_once is not in the stubs
_scan: Final[Callable[[str, int], tuple[Any, int]]] = _decoder.scan_once  # what json.loads calls
_CHANGEABLE: Final = frozenset({dict, list})


def unshared(values: dict[str, Any]) -> dict[str, Any]:
    """Return decoded values as they are, or a copy of them if a part of them can be changed."""
    for value in values.values():
        if type(value) in _CHANGEABLE:
            return private_copy(values)
    return values


def private_copy(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return a copy of decoded values that shares nothing that can be changed.

    Raises:
        RecursionError: For values so deep that copying them again, by a caller who is deep in his
            own calls, might fail.
    """
    # dict() and list() copy in one go, so that a callback may change the original meanwhile.
    return {
        name: _copy(value, 1) if isinstance(value, (dict, list)) else value
        for name, value in dict(values).items()
    }


def _copy(value: Any, depth: int) -> Any:
    if depth > _DEEPEST:
        raise RecursionError
    if isinstance(value, dict):
        return {name: _copy(item, depth + 1) for name, item in dict(value).items()}
    if isinstance(value, list):
        return [_copy(item, depth + 1) for item in list(value)]
    return value


def acknowledge(values: Mapping[str, Any]) -> str:
    """Return the answer that says which values were taken: the repr of the dict."""
    return f"{PUSH_ACK}#{values}"


def error(text: str) -> str:
    """Return the answer to a request that was not understood or not taken."""
    return f"{PUSH_ERROR}#{text}"


UNKNOWN: Final = error(UNKNOWN_COMMAND)


def exception(raised: BaseException) -> str:
    """Return the answer that tells of an exception of the callback."""
    try:
        return f"{PUSH_EXCEP}#{raised}"
    except BaseException:  # noqa: BLE001  # the callback's exception may not be able to tell
        return f"{PUSH_EXCEP}#{type(raised).__name__}"


def returned(value: Any, form: ReturnFormat) -> str:
    """Return the answer that carries the value of a callback.

    Args:
        value: What the callback returned.
        form: ``json`` (as ``json.dumps``), ``string`` (as ``str``), or ``raw``: a dict as
            ``name:type:v1,v2;name2:type:v``, a list of lists as ``type:a,b&c,d``.

    Returns:
        ``RET#...``, or ``EXCEP#...`` for a value that the format cannot carry.
    """
    try:
        if form == "json":
            if type(value) is int or (type(value) is float and value - value == 0.0):
                return f"{PUSH_RET}#{value!r}"  # as json.dumps does, at a third of the time
            return f"{PUSH_RET}#{json.dumps(value)}"
        if form == "string":
            return f"{PUSH_RET}#{value!s}"
        return f"{PUSH_RET}#{_raw(value)}"
    except BaseException as error:  # noqa: BLE001  # a value's own __str__ may raise anything
        return exception(error)


def _raw(value: Any) -> str:
    if value is None:
        return str(value)
    try:
        if isinstance(value, dict):
            return ";".join(f"{name}:{_raw_items(item)}" for name, item in value.items())
        if isinstance(value, list):
            return _raw_table(value)
        raise ValueError("Return value must be a dict or list with return format 'raw'")
    except BaseException as error:  # noqa: BLE001  # a value's own __str__ may raise anything
        raise ValueError(f"Raw conversion failed with message:{error}") from None


def _raw_items(value: Any) -> str:
    """Return ``type:v1,v2`` of one value or a list of values of one type."""
    items = value if isinstance(value, list) else [value]
    kinds = {type(item) for item in items}
    if len(kinds) > 1:
        raise ValueError("With return format raw, value in list must have same type")
    kind = kinds.pop() if kinds else None
    if kind not in _TYPE_NAMES:
        raise ValueError(
            "With return format raw, the item type can only be one of 'int', 'float', 'bool' and "
            f"'str'. Object: '{value}' is of type: {kind.__name__ if kind else ''}"
        )
    return f"{_TYPE_NAMES[kind]}:{','.join(map(str, items))}"


def _raw_table(rows: list[Any]) -> str:
    """Return ``type:a,b&c,d`` of a list of lists of values of one type."""
    for row in rows:
        if not isinstance(row, list):
            raise ValueError(  # noqa: TRY004  # one kind of exception for every refusal
                "With return format raw on a list, the elements themselves be lists"
            )
    kinds = [type(item) for row in rows for item in row]
    first = kinds[0]
    if any(kind is not first for kind in kinds):
        raise ValueError(
            "With return format raw on a list of lists, all values  in list must have same type. "
            f"Types are: {kinds}"
        )
    if first not in _TYPE_NAMES:
        raise ValueError(
            "With return format raw, the item type can only be one of 'int', 'float', 'bool' and "
            f"'str'. The type is: {first}"
        )
    return f"{_TYPE_NAMES[first]}:{'&'.join(','.join(map(str, row)) for row in rows)}"
