"""Reading the answers of push sockets: what a server writes comes back, what else does not."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labframe.errors import ClientError, CommandFailed, CommandRefused, UnexpectedAnswer
from labframe.protocol.outcomes import json_request, outcome, raw_request
from labframe.protocol.push import acknowledge, parse_json, parse_raw, returned
from labframe.protocol.wire import encode

TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | TEXTS
VALUES = st.dictionaries(
    TEXTS,
    st.recursive(
        SCALARS, lambda inner: st.lists(inner) | st.dictionaries(TEXTS, inner), max_leaves=8
    ),
)
SAFE = st.text(st.characters(exclude_categories=["Cs"], exclude_characters=":;,#"))
ROWS = (
    st.lists(st.booleans(), min_size=2)
    | st.lists(st.integers(), min_size=2)
    | st.lists(st.floats(), min_size=2)
    | st.lists(SAFE, min_size=2)
)
RAW_VALUES = st.dictionaries(
    SAFE, st.booleans() | st.integers() | st.floats() | SAFE | ROWS, min_size=1
)


def same(found: Any, sent: Any) -> bool:
    """Tell whether two values are equal and of the same types; NaN is NaN."""
    return repr(found) == repr(sent)


@settings(deadline=None)
@given(VALUES)
def test_every_acknowledged_value_is_read_back(values: dict[str, Any]) -> None:
    assert same(outcome(encode(acknowledge(values)), "json"), values)


@settings(deadline=None)
@given(VALUES)
def test_every_json_request_is_understood_and_has_one_number_sign(values: dict[str, Any]) -> None:
    command, _, data = json_request(values).partition("#")
    assert command == "json_wn"
    assert "#" not in data
    assert same(parse_json(data), values)


@settings(deadline=None)
@given(RAW_VALUES)
def test_every_raw_request_is_understood(values: dict[str, Any]) -> None:
    command, _, data = raw_request(values).partition("#")
    assert command == "raw_wn"
    assert same(parse_raw(data), values)


@settings(deadline=None)
@given(RAW_VALUES)
def test_every_raw_dict_is_read_back(values: dict[str, Any]) -> None:
    assert same(outcome(encode(returned(values, "raw")), "raw"), values)


@settings(deadline=None)
@given(st.binary(), st.sampled_from(["json", "raw", "string"]))
def test_garbage_is_a_client_error_or_a_value(answer: bytes, form: Any) -> None:
    for prefix in (b"", b"ACK#", b"RET#"):
        try:
            outcome(prefix + answer, form)
        except ClientError as error:
            assert str(error) or answer  # noqa: PT017  # there need not be one


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').getcwd()",
        "{'a': open}",
        "{'a': 1 + 1}",
        "{**{}}",
        "{[]: 1}",
        "{'a': -'b'}",
        "[1]",
        "nan",
        "{'a': infinity}",
        "{'a': ",
        "{'a': " + "[" * 5000 + "]" * 5000 + "}",
        "{'a': " + "-" * 50000 + "1}",
        "",
    ],
)
def test_what_is_not_the_repr_of_values_is_not_evaluated(text: str) -> None:
    with pytest.raises(UnexpectedAnswer, match="does not tell the values taken"):
        outcome(f"ACK#{text}".encode(), "json")


def test_the_words_of_the_server_are_those_of_the_error() -> None:
    with pytest.raises(CommandRefused) as refused:
        outcome(b"ERROR#The data part '#' did not match", "json")
    assert str(refused.value) == "The data part '#' did not match"
    with pytest.raises(CommandFailed) as failed:
        outcome("EXCEP#zu heiß".encode(), "json")
    assert str(failed.value) == "zu heiß"
    with pytest.raises(CommandFailed) as silent:
        outcome(b"EXCEP#", "json")
    assert str(silent.value) == ""


@pytest.mark.parametrize("answer", [b"", b"ACK", b"RET", b"ret#1", b"OK#1", b"#", b"\xff"])
def test_an_answer_without_a_known_first_word_is_unexpected(answer: bytes) -> None:
    with pytest.raises(UnexpectedAnswer):
        outcome(answer, "string")


@pytest.mark.parametrize("text", ["1", "complex:1,2", "int:x", "a:int:", "bool:true", ":"])
def test_a_raw_value_that_cannot_be_read_is_unexpected(text: str) -> None:
    with pytest.raises(UnexpectedAnswer, match="return format 'raw'"):
        outcome(f"RET#{text}".encode(), "raw")


def test_a_value_nested_too_deeply_is_unexpected() -> None:
    with pytest.raises(UnexpectedAnswer, match="return format 'json'"):
        outcome(b"RET#" + b"[" * 20000, "json")


def test_negative_infinity_is_read() -> None:
    assert outcome(b"ACK#{'a': -inf, 'b': [inf, -1]}", "json") == {
        "a": -math.inf,
        "b": [math.inf, -1],
    }
