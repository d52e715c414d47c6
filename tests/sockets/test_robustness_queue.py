"""Queues that are full, and queues that are strange."""

import json
import queue as queues
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from udp import ask, ask_bytes

from labframe.sockets import DataPushSocket, DateDataPullSocket


def own_status(push: DataPushSocket) -> dict[str, Any]:
    answer = json.loads(ask_bytes(push.port, b"status"))
    status: dict[str, Any] = answer["socket_server_status"][str(push.port)]
    return status


class Slow:
    """A callback that does not return before it is allowed to."""

    def __init__(self) -> None:
        self.entered = threading.Event()
        self.allowed = threading.Event()
        self.handled: list[Any] = []

    def __call__(self, values: dict[str, Any]) -> None:
        self.entered.set()
        assert self.allowed.wait(10)
        self.handled.append(values["a"])


@pytest.fixture(params=["max_queue", "queue"])
def bounded(request: pytest.FixtureRequest) -> Iterator[DataPushSocket]:
    if request.param == "queue":
        push = DataPushSocket("bench", 0, "enqueue", queues.Queue(maxsize=3))
    else:
        push = DataPushSocket("bench", 0, "enqueue", max_queue=3)
    with push:
        yield push
        while push.queue.qsize():
            push.queue.get_nowait()


def test_a_full_queue_is_told_at_once_and_nothing_is_stored(bounded: DataPushSocket) -> None:
    for number in range(3):
        assert ask(bounded.port, f"raw_wn#a:int:{number}") == f"ACK#{{'a': {number}}}"
    last, updated = bounded.last, bounded.updated

    for request in ("raw_wn#a:int:3", 'json_wn#{"b": 4}') * 10:
        answer = ask(bounded.port, request)
        assert answer == "ERROR#The queue is full: it holds 3 items. Try again later"
    assert (bounded.last, bounded.updated) == (last, updated)
    assert last[1] == {"a": 2}
    assert bounded.queue.qsize() == 3


def test_the_depth_of_a_queue_and_its_bound_are_in_the_status(bounded: DataPushSocket) -> None:
    depths = []
    for number in range(5):
        depths.append(own_status(bounded)["queue_depth"])
        ask(bounded.port, f"raw_wn#a:int:{number}")

    assert depths == [0, 1, 2, 3, 3]
    assert own_status(bounded)["max_queue"] == 3


def test_once_there_is_room_again_a_queue_takes_more_in_the_order_of_arrival(
    bounded: DataPushSocket,
) -> None:
    answers, taken = [], []
    for number in range(8):
        answers.append(ask(bounded.port, f"raw_wn#a:int:{number}")[:4])
        if number >= 3:
            taken.append(bounded.queue.get_nowait()["a"])

    assert answers == ["ACK#", "ACK#", "ACK#", "ERRO", "ACK#", "ACK#", "ACK#", "ACK#"]
    assert taken == [0, 1, 2, 4, 5]


def test_every_socket_of_the_process_tells_the_depth(bounded: DataPushSocket) -> None:
    ask(bounded.port, "raw_wn#a:int:1")
    with DateDataPullSocket("other", ["a"], 0) as pull:
        status = json.loads(ask_bytes(pull.port, b"status"))["socket_server_status"]

    assert status[str(bounded.port)]["queue_depth"] == 1
    assert "queue_depth" not in status[str(pull.port)]


def test_a_queue_without_a_bound_says_null() -> None:
    with DataPushSocket("bench", 0, "enqueue") as push:
        assert own_status(push)["max_queue"] is None
    with DataPushSocket("bench", 0, "enqueue", queues.SimpleQueue()) as push:
        assert own_status(push)["max_queue"] is None


def test_behind_a_slow_callback_the_queue_fills_and_then_drains() -> None:
    slow = Slow()
    with DataPushSocket("bench", 0, "callback_async", callback=slow, max_queue=2) as push:
        assert ask(push.port, "raw_wn#a:int:0").startswith("ACK#")
        assert slow.entered.wait(5)
        answers = [ask(push.port, f"raw_wn#a:int:{number}")[:5] for number in range(1, 6)]
        assert answers == ["ACK#{", "ACK#{", "ERROR", "ERROR", "ERROR"]
        assert push.last[1] == {"a": 2}
        assert own_status(push)["queue_depth"] == 2
        assert ask(push.port, "name") == "RET#bench"
        slow.allowed.set()

    assert slow.handled == [0, 1, 2]


class Stubborn:
    """A queue that takes nothing, and does not know how much it holds (macOS has such)."""

    def put_nowait(self, item: Any) -> None:
        raise queues.Full

    def qsize(self) -> int:
        raise NotImplementedError


def test_a_queue_that_cannot_tell_its_depth_silences_no_status_and_hinders_no_stop() -> None:
    with (
        DataPushSocket("bench", 0, "enqueue", Stubborn()) as push,
        DateDataPullSocket("other", ["a"], 0) as pull,
    ):
        assert own_status(push)["queue_depth"] is None
        assert ask(push.port, "raw_wn#a:int:1").startswith("ERROR#The queue is full")
        assert str(push.port) in json.loads(ask(pull.port, "status"))["socket_server_status"]
        assert push.last == (None, None)


class Broken(Stubborn):
    def put_nowait(self, item: Any) -> None:
        raise OSError("the pipe is broken")


def test_a_queue_that_raises_harms_nothing_but_the_answer() -> None:
    with DataPushSocket("bench", 0, "enqueue", Broken()) as push:
        assert "the pipe is broken" in ask(push.port, "raw_wn#a:int:1")
        assert ask(push.port, "name") == "RET#bench"
        assert push.last == (None, None)


@pytest.mark.parametrize("limit", [0, -1])
def test_a_bound_must_be_a_positive_number(limit: int) -> None:
    with pytest.raises(ValueError, match="max_queue must be a positive number of items"):
        DataPushSocket("bench", 0, "enqueue", max_queue=limit)


@pytest.mark.parametrize(
    "arguments",
    [
        {"action": "store_last"},
        {"action": "callback_direct", "callback": len},
        {"action": "enqueue", "queue": queues.Queue(5)},
    ],
)
def test_a_bound_goes_with_a_queue_of_the_sockets_own(arguments: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="'max_queue' argument can only be used"):
        DataPushSocket("bench", 0, max_queue=3, **arguments)
