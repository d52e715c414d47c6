"""Sending values and commands with a client, to labframe's own push sockets."""

from __future__ import annotations

import asyncio
import math
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, get_args

import numpy as np
import pytest
from clients import Blocking

from labframe.client import AsyncPushClient, PushClient
from labframe.errors import CommandFailed, CommandRefused, NoAnswer, UnexpectedAnswer
from labframe.protocol.push import ReturnFormat
from labframe.sockets import DataPullSocket, DataPushSocket

Server = partial(DataPushSocket, "laser", 0, host="127.0.0.1")


@pytest.fixture(params=["threads", "asyncio"])
def sender(request: pytest.FixtureRequest) -> Callable[..., Any]:
    """Return what makes a client of either kind; its methods block."""
    if request.param == "threads":
        return partial(PushClient, "127.0.0.1", timeout=5.0)

    def blocking(port: int, timeout: float = 5.0, **options: Any) -> Blocking:
        return Blocking(AsyncPushClient("127.0.0.1", port, timeout=timeout, **options))

    return blocking


def answering(value: Any) -> Callable[[dict[str, Any]], Any]:
    """Return a callback that returns a value, or raises it."""

    def callback(values: dict[str, Any]) -> Any:
        if isinstance(value, BaseException):
            raise value
        return value

    return callback


def test_the_server_tells_which_values_it_took(sender: Any) -> None:
    values: dict[str, Any] = {
        "a": 47,
        "t": True,
        "n": None,
        "x": [1.5, -2, "'\"\\"],
        "d": {"é": {}},
        "s": "#;:,&",
    }
    with Server() as server:
        client = sender(server.port)
        assert client.send(values) == values
        assert server.last[1] == values
        assert client.send({}) == {}


def test_not_a_number_and_infinities_come_back_too(sender: Any) -> None:
    with Server() as server:
        client = sender(server.port)
        for send in (client.send, client.send_raw):
            taken = send({"limits": [math.inf, -math.inf], "x": math.nan, "inf": "nan"})
            assert taken["limits"] == [math.inf, -math.inf]
            assert math.isnan(taken["x"])
            assert taken["inf"] == "nan"


def test_a_number_sign_gets_through_to_a_server_that_takes_none(sender: Any) -> None:
    values = {"colour": "#ff0000", "a\\#b": ["\\u0023", "#"]}
    with Server(strict=True) as server:
        assert sender(server.port).send(values) == values
        assert server.last[1] == values


def test_numpy_scalars_are_sent_as_numbers(sender: Any) -> None:
    values = {"i": np.int64(3), "f": np.float32(0.5), "b": np.True_, "l": [np.int8(1), np.int8(2)]}
    with Server() as server:
        client = sender(server.port)
        expected = {"i": 3, "f": 0.5, "b": True, "l": [1, 2]}
        assert client.send(values) == expected
        assert client.send_raw(values) == expected


def test_what_is_no_json_is_not_sent(sender: Any) -> None:
    with Server() as server:
        client = sender(server.port)
        with pytest.raises(TypeError, match=r"of type set is not JSON serializable$"):
            client.send({"a": set()})
        with pytest.raises(TypeError, match=r"ndarray is not JSON serializable; call its \.tolist"):
            client.send({"a": np.zeros(2)})
        assert server.last == (None, None)


def test_values_can_be_sent_in_the_raw_format(sender: Any) -> None:
    values = {"i": -3, "f": 1e-18, "s": " text &", "b": False, "l": [1.5, 2.0], "e": ""}
    with Server() as server:
        assert sender(server.port).send_raw(values) == values
        assert server.last[1] == values


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({}, "no values to send"),
        ({"a:b": 1}, "'a:b': ':' separates in the raw format"),
        ({"a": "x;y"}, "'x;y': ';' separates"),
        ({"a": ["x", "y,z"]}, "'y,z': ',' separates"),
        ({"a#": 1}, "'a#': '#' separates"),
        ({"a": None}, "'a': the raw format carries ints, floats, strs and bools"),
        ({"a": [1, 2.0]}, r"'a': .* not \[1, 2.0\]; send it as JSON"),
        ({"a": [True, 1]}, "'a': the raw format carries"),
        ({"a": {"b": 1}}, "'a': the raw format carries"),
        ({"a": [1]}, r"'a': the raw format has no lists of less than two values, so not \[1\]"),
        ({"a": []}, "'a': the raw format has no lists of less than two values"),
    ],
)
def test_what_the_raw_format_cannot_carry_is_not_sent(
    sender: Any, values: dict[str, Any], message: str
) -> None:
    with Server() as server:
        with pytest.raises(ValueError, match=message):
            sender(server.port).send_raw(values)
        assert server.last == (None, None)


def test_a_call_sends_a_method_and_its_arguments(sender: Any) -> None:
    calls: list[dict[str, Any]] = []
    with Server(action="callback_direct", callback=calls.append) as server:
        assert sender(server.port).call("set_power", power=50, slow=True) is None
    assert calls == [{"method": "set_power", "power": 50, "slow": True}]


@pytest.mark.parametrize(
    ("form", "value", "expected"),
    [
        ("json", {"a": [1, None]}, {"a": [1, None]}),
        ("json", [], []),
        ("json", None, None),
        ("json", "RET#", "RET#"),
        ("json", -math.inf, -math.inf),
        ("raw", None, None),
        ("raw", {}, {}),
        ("raw", {"a": [1, 2], "b": 3}, {"a": [1, 2], "b": 3}),
        ("raw", {"a": 1.5, "b": True, "c": "x", "": ""}, {"a": 1.5, "b": True, "c": "x", "": ""}),
        ("raw", {"a": "x;y:z#&", "b": 1}, {"a": "x;y:z#&", "b": 1}),
        ("raw", [[1, 2], [3, 4]], [[1, 2], [3, 4]]),
        ("raw", [[1], [2, 3], []], [[1], [2, 3], []]),
        ("raw", [["a;b", "c:d"]], [["a;b", "c:d"]]),
        ("raw", [["x;k:int:5"]], [["x;k:int:5"]]),
        ("raw", [[True, False]], [[True, False]]),
        ("string", None, "None"),
        ("string", 1.5, "1.5"),
        ("string", "a#b\n", "a#b\n"),
        ("string", "", ""),
    ],
)
def test_the_value_of_a_callback_comes_back(
    sender: Any, form: ReturnFormat, value: Any, expected: Any
) -> None:
    callback = answering(value)
    with Server(action="callback_direct", callback=callback, return_format=form) as server:
        client = sender(server.port, return_format=form)
        for send in (client.send, client.send_raw):
            returned = send({"a": 1})
            assert returned == expected
            assert type(returned) is type(expected)


def test_types_of_raw_values_are_told_apart(sender: Any) -> None:
    callback = answering({"i": 1, "f": 1.0, "b": True, "s": "1"})
    with Server(action="callback_direct", callback=callback, return_format="raw") as server:
        returned = sender(server.port, return_format="raw").call("read")
    assert [type(value) for value in returned.values()] == [int, float, bool, str]


def test_a_text_with_a_comma_comes_back_from_raw_as_its_parts(sender: Any) -> None:
    callback = answering({"a": "x,y"})
    with Server(action="callback_direct", callback=callback, return_format="raw") as server:
        assert sender(server.port, return_format="raw").call("read") == {"a": ["x", "y"]}


def test_name_and_commands_do_not_depend_on_the_return_format(sender: Any) -> None:
    for form in get_args(ReturnFormat):
        with Server(action="callback_direct", callback=len, return_format=form) as server:
            client = sender(server.port, return_format=form)
            assert client.name() == "laser"
            assert client.commands() == ["json_wn#", "raw_wn#", "name", "status", "commands"]
            status = client.status()
            assert status["socket_server_status"][str(server.port)]["type"] == "push"


def test_a_refused_command_is_told_from_a_failed_one(sender: Any) -> None:
    with Server("enqueue", max_queue=1) as server:
        client = sender(server.port)
        client.send({"a": 1})
        with pytest.raises(CommandRefused) as refused:
            client.send({"a": 2})
    assert str(refused.value) == "The queue is full: it holds 1 items. Try again later"
    assert refused.value.__notes__ == [
        f"This is what UDP port {server.port} of 127.0.0.1 answered."
    ]
    with (
        Server("callback_direct", callback=answering(KeyError("power"))) as server,
        pytest.raises(CommandFailed) as failed,
    ):
        sender(server.port).call("set_power")
    assert str(failed.value) == "'power'"


def test_a_value_that_the_return_format_cannot_carry_is_a_failure(sender: Any) -> None:
    with (
        Server("callback_direct", callback=answering("text"), return_format="raw") as server,
        pytest.raises(CommandFailed, match=r"^Raw conversion failed with message:Return value"),
    ):
        sender(server.port, return_format="raw").call("state")


def test_a_slow_callback_is_a_timeout_neither_refused_nor_failed(sender: Any) -> None:
    done = threading.Event()
    with Server("callback_direct", callback=lambda values: done.wait(10.0)) as server:
        try:
            with pytest.raises(NoAnswer, match="it is unknown whether the command was executed"):
                sender(server.port, timeout=0.05).call("anneal")
        finally:
            done.set()


def test_another_return_format_than_the_servers_is_noticed(sender: Any) -> None:
    callback = answering("firing")
    with Server("callback_direct", callback=callback, return_format="string") as server:
        for form in ("json", "raw"):
            with pytest.raises(UnexpectedAnswer, match=f"return format '{form}'"):
                sender(server.port, return_format=form).call("state")


def test_a_return_format_that_does_not_exist_is_refused() -> None:
    for kind in (PushClient, AsyncPushClient):
        with pytest.raises(ValueError, match="return_format = 'xml': must be one of 'json', 'raw'"):
            kind("127.0.0.1", return_format="xml")  # type: ignore[arg-type]  # what is tested


def test_a_pull_socket_in_the_place_of_a_push_socket_is_recognised(sender: Any) -> None:
    with DataPullSocket("cryostat", ["a"], port=0, host="127.0.0.1") as server:
        client = sender(server.port)
        for ask in (partial(client.send, {"a": 1}), client.name, client.commands):
            with pytest.raises(UnexpectedAnswer, match="is no answer of a push socket"):
                ask()


def test_twenty_threads_may_share_a_client_and_each_hears_of_its_own_values() -> None:
    with (
        Server("callback_direct", callback=lambda values: values) as server,
        PushClient("127.0.0.1", server.port, timeout=10.0) as client,
        ThreadPoolExecutor(20) as threads,
    ):

        def send(number: int) -> bool:
            return all(client.send({"n": [number, i]}) == {"n": [number, i]} for i in range(20))

        assert all(threads.map(send, range(20)))


def test_fifty_coroutines_may_send_at_once() -> None:
    async def send(port: int) -> list[Any]:
        async with AsyncPushClient("127.0.0.1", port, timeout=10.0) as client:
            return await asyncio.gather(*(client.call("echo", number=n) for n in range(50)))

    with Server("callback_direct", callback=lambda values: values["number"]) as server:
        assert asyncio.run(send(server.port)) == list(range(50))


def test_a_client_says_whose_it_is() -> None:
    assert repr(PushClient("127.0.0.1")) == "<PushClient of UDP port 8500 of 127.0.0.1>"
