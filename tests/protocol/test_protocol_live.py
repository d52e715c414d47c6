"""The live datagram."""

import json
import math

import pytest

from labframe.errors import DatagramTooLong
from labframe.protocol import live


def test_one_batch_is_one_datagram_with_the_separators_of_json_dumps() -> None:
    data = {"sine": live.point(1.5, 2.5), "state": live.point(1.5, "ok")}

    assert live.datagrams("rasppi71", data) == [
        b'{"host": "rasppi71", "data": {"sine": [1.5, 2.5], "state": [1.5, "ok"]}}'
    ]
    assert live.datagrams("h", {}) == [b'{"host": "h", "data": {}}']


def test_numbers_that_no_browser_reads_become_null() -> None:
    assert live.point(1.0, math.nan) == [1.0, None]
    assert live.point(math.inf, [1.0, {"a": -math.inf}]) == [None, [1.0, {"a": None}]]


@pytest.mark.parametrize("length", [10, 1000, 30_000, 65_000])
def test_a_batch_too_long_for_a_datagram_is_spread_over_several(length: int) -> None:
    data = {f"name{number}": live.point(1.0, "x" * length) for number in range(20)}
    sent = live.datagrams("host", data)

    assert all(len(message) <= 65507 for message in sent)
    together: dict[str, object] = {}
    for message in sent:
        part = json.loads(message)
        assert part["host"] == "host"
        assert not together.keys() & part["data"].keys()
        together |= part["data"]
    assert together == data


def test_a_datagram_is_filled_to_the_last_byte_before_another_is_begun() -> None:
    frame = len('{"host": "h", "data": {"a": [1.0, ""]}}')
    exact = {"a": live.point(1.0, "x" * (65507 - frame))}

    assert [len(message) for message in live.datagrams("h", exact)] == [65507]
    with pytest.raises(DatagramTooLong, match="codename 'a'"):
        live.datagrams("h", {"a": live.point(1.0, "x" * (65508 - frame))})
