"""``key=value``: what is typed becomes what a command takes."""

from __future__ import annotations

from typing import Any

import click
import pytest

from labframe.cli.arguments import converted, parted


@pytest.mark.parametrize(
    ("text", "schema", "value"),
    [
        ("77", {"type": "number"}, 77.0),
        ("1e-3", {"type": "number"}, 1e-3),
        ("7", {"type": "integer"}, 7),
        ("7.5", {"type": "integer"}, "7.5"),
        ("off", {"type": "boolean"}, False),
        ("1", {"type": "boolean"}, True),
        ("maybe", {"type": "boolean"}, "maybe"),
        ("77", {"type": "string"}, "77"),
        ("", {"type": "string"}, ""),
        ("none", {"anyOf": [{"type": "number"}, {"type": "null"}]}, None),
        ("2", {"anyOf": [{"type": "number"}, {"type": "null"}]}, 2.0),
        ("2", {"enum": [1, 2]}, 2),
        ("none", {"enum": ["none", "argon"]}, "none"),
        ("neon", {"enum": ["none", "argon"]}, "neon"),
        ("0.5", {"type": "number", "enum": [0.5, 2.0]}, 0.5),
        ("[1, 2]", {"type": "array", "items": {"type": "number"}}, [1, 2]),
        ("1", {"type": "array"}, "1"),
        ('{"a": 1}', {"type": "object"}, {"a": 1}),
        ("[1]", {}, [1]),
        ("warm", {}, "warm"),
        ("warm", None, "warm"),
        ("null", None, None),
    ],
)
def test_a_text_becomes_what_the_schema_wants(
    text: str, schema: dict[str, Any] | None, value: object
) -> None:
    found = converted(text, schema)

    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        (["77"], "write KEY=VALUE"),
        (["=77"], "write KEY=VALUE"),
        (["a b=77"], "write KEY=VALUE"),
        (["_id=3"], "'_id' is no argument: there are --id"),
        (["method=x"], "'method' is no argument"),
        (["a=1", "a=2"], "'a' is there twice"),
    ],
)
def test_what_is_no_argument_is_refused(texts: list[str], message: str) -> None:
    with pytest.raises(click.UsageError, match=message):
        parted(texts)


def test_a_value_may_hold_an_equals_sign() -> None:
    assert parted(["text=a=b", "empty="]) == {"text": "a=b", "empty": ""}
