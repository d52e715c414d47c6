"""JSON schemas of arguments and of what comes back: in words, and as Python's types."""

from __future__ import annotations

import functools
import json
import operator
import types
from collections.abc import Mapping
from typing import Any, Final, Literal, TypeAlias

__all__ = ["Schema", "annotation", "choices", "in_words", "members", "shown"]

Schema: TypeAlias = Mapping[str, Any]
"""A JSON schema with the keywords ``unit``, ``minimum``, ``maximum``, ``enum`` and ``default``."""

_WORDS: Final = {
    "number": "number",
    "integer": "whole number",
    "boolean": "true or false",
    "string": "text",
    "null": "null",
    "array": "list",
    "object": "JSON object",
}
_TYPES: Final[dict[str, Any]] = {
    "number": float,
    "integer": int,
    "boolean": bool,
    "string": str,
    "null": None,
    "object": dict[str, Any],
}


def members(schema: Schema) -> list[Schema]:
    """Return the schemas of which a value has to fit one: those in ``anyOf``, or itself."""
    several = schema.get("anyOf")
    if isinstance(several, list):
        return [one for one in several if isinstance(one, dict)]
    kinds = schema.get("type")
    return [{**schema, "type": one} for one in kinds] if isinstance(kinds, list) else [schema]


def choices(schema: Schema) -> list[Any]:
    """Return the only allowed values; empty if any is allowed."""
    found = schema.get("enum")
    if isinstance(found, list):
        return found
    several = members(schema)
    if several == [schema] or not all(
        "enum" in one or one.get("type") == "null" for one in several
    ):
        return []
    return [value for one in several for value in one.get("enum", [None])]


def annotation(schema: Schema) -> Any:
    """Return the Python type that a value has: ``float``, ``Literal['open', 'closed']``."""
    allowed = choices(schema)
    if allowed and all(isinstance(one, (str, int, type(None))) for one in allowed):
        return Literal[tuple(allowed)]
    several = [_annotation(one) for one in members(schema)]
    return functools.reduce(operator.or_, several) if several else Any


def _annotation(schema: Schema) -> Any:
    kind = schema.get("type")
    if kind != "array":
        return _TYPES.get(str(kind), Any)
    items = schema.get("items")
    return types.GenericAlias(list, annotation(items)) if isinstance(items, dict) else list


def in_words(schema: Schema) -> str:
    """Return what a value may be: ``number, 0 to 470 K``, ``open or closed``, ``text``.

    That it may be null goes without saying where that is the default.
    """
    is_obvious = "default" in schema and schema["default"] is None
    allowed = [one for one in choices(schema) if one is not None or not is_obvious]
    if allowed:
        return " or ".join(map(shown, allowed)) + _behind(schema)
    several = members(schema)
    kinds = " or ".join(
        _kind_in_words(one)
        for one in several
        if len(several) == 1 or not is_obvious or one.get("type") != "null"
    )
    low, high = schema.get("minimum"), schema.get("maximum")
    if low is None and high is None:
        unit = _behind(schema)
        return f"{kinds} in{unit}" if unit else kinds
    if high is None or low is None:
        limit = f"at least {shown(low)}" if high is None else f"at most {shown(high)}"
    else:
        limit = f"{shown(low)} to {shown(high)}"
    return f"{kinds}, {limit}{_behind(schema)}"


def _kind_in_words(schema: Schema) -> str:
    word = _WORDS.get(str(schema.get("type")), "anything")
    items = schema.get("items")
    return f"{word} ({in_words(items)} each)" if isinstance(items, dict) else word


def _behind(schema: Schema) -> str:
    unit = schema.get("unit")
    return "" if unit in (None, "", "1") else f" {unit}"


def shown(value: Any) -> str:
    """Return a value as it is typed behind ``key=``: a text bare, a number short, else as JSON."""
    if isinstance(value, str):
        return value
    if isinstance(value, float):
        return f"{value:g}" if float(f"{value:g}") == value else repr(value)
    return json.dumps(value, default=str)
