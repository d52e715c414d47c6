"""Two more faults of the original: sockets that answer answers, and answers that are too long."""

import logging
import socket
import struct
import sys
import threading
from collections.abc import Sequence

import pytest
from udp import answer_if_any, ask, ask_bytes

from labframe.board import Board
from labframe.sockets import (
    CommonDataPullSocket,
    DataPullSocket,
    DataPushSocket,
    DateDataPullSocket,
    PullUDPHandler,
)

ANSWERS = [
    b"UNKNOWN_COMMMAND",
    b"ERROR#",
    b"ERROR#UNKNOWN_COMMMAND",
    b"RET#x",
    b"ACK#{}",
    b"EXCEP#",
]
LONGEST = 65507


@pytest.mark.parametrize("answer", ANSWERS)
def test_what_is_itself_an_answer_gets_none(answer: bytes) -> None:
    with (
        DateDataPullSocket("date", ["a"], 0) as date,
        DataPullSocket("data", ["a"], 0) as data,
        DataPushSocket("push", 0) as push,
        DataPushSocket("direct", 0, "callback_direct", callback=len) as direct,
    ):
        for port in (date.port, data.port, push.port, direct.port):
            assert answer_if_any(port, answer) is None
            assert answer_if_any(port, answer.lower()) is not None


@pytest.mark.parametrize(
    "opening", ["hello", "name", "status", "raw", "json_wn#{}", "json_wn#5", "commands", "a#raw"]
)
def test_two_sockets_that_are_given_each_others_answers_soon_fall_silent(opening: str) -> None:
    with (
        DateDataPullSocket("pull", ["a"], 0) as pull,
        DataPullSocket("other pull", ["a"], 0) as other_pull,
        DataPushSocket("push", 0) as push,
        DataPushSocket("direct", 0, "callback_direct", callback=dict) as direct,
    ):
        ports = [pull.port, other_pull.port, push.port, direct.port]
        for first in ports:
            for second in ports:
                assert len(conversation(opening, first, second)) <= 3


def conversation(opening: str, first: int, second: int) -> list[bytes]:
    """Carry answers to and fro between two sockets until one is silent, ten times at most."""
    said = [opening.encode()]
    ports = [first, second]
    while len(said) < 10:
        answer = answer_if_any(ports[0], said[-1])
        if answer is None:
            break
        said.append(answer)
        ports.reverse()
    return said


class Counting(PullUDPHandler):
    """Answers as usual and keeps what it was asked."""

    def __init__(self, name: str, board: Board) -> None:
        super().__init__(name, board)
        self.asked: list[bytes] = []
        self.first = threading.Event()

    def reply(self, request: bytes) -> bytes | None:
        self.asked.append(request)
        self.first.set()
        return super().reply(request)


@pytest.mark.skipif(sys.platform != "linux", reason="raw sockets differ elsewhere")
def test_a_forged_sender_address_starts_no_endless_talk() -> None:
    handlers: list[Counting] = []

    def counting(name: str, board: Board) -> Counting:
        handlers.append(Counting(name, board))
        return handlers[-1]

    pull = CommonDataPullSocket(
        "pull", ["a"], 0, 0.0, 0.0, None, True, 900, handler_class=counting
    )  # fmt: skip
    with pull, DataPushSocket("push", 0) as push, DateDataPullSocket("pull", ["a"], 0) as other:
        for target in (push.port, other.port):
            handlers[0].asked.clear()
            handlers[0].first.clear()
            forge(source=pull.port, destination=target, payload=b"hello")
            assert handlers[0].first.wait(5)  # the answer has come to the forged address
            for _ in range(20):  # an endless talk would go on between these
                ask(target, "name")
                ask(pull.port, "name")

            said = [request for request in handlers[0].asked if request != b"name"]
            assert len(said) == 1
            assert b"UNKNOWN_COMMMAND" in said[0]


def forge(source: int, destination: int, payload: bytes) -> None:
    """Send a datagram on the loopback interface that seems to come from another socket's port."""
    local = socket.inet_aton("127.0.0.1")
    datagram = struct.pack("!4H", source, destination, 8 + len(payload), 0) + payload
    header = struct.pack(
        "!BBHHHBBH4s4s", 0x45, 0, 20 + len(datagram), 0, 0, 64, socket.IPPROTO_UDP, 0, local, local
    )
    try:
        raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
    except PermissionError:
        pytest.skip("only root may forge a sender address")
    with raw:
        raw.sendto(header + datagram, ("127.0.0.1", 0))


@pytest.mark.parametrize("make", [DateDataPullSocket, DataPullSocket])
@pytest.mark.parametrize("request_", ["raw", "json", "raw_wn", "json_wn", "codenames_json"])
def test_q08_an_answer_that_is_too_long_is_replaced_by_one_that_says_what_to_ask(
    make: type[DateDataPullSocket] | type[DataPullSocket],
    request_: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    names = [f"codename_{number:05}" for number in range(9000)]
    with caplog.at_level(logging.WARNING, "labframe"), make("many", names, 0) as points:
        answers = []
        for y in (7.0, 8.0, 9.0):
            points.set_point(names[0], (1.0, y))
            answers.append(ask(points.port, request_))

        assert ask(points.port, f"{names[0]}#raw") == "1.0,9.0"
        assert ask(points.port, f"{names[0]}#json") == "[1.0, 9.0]"
    assert len(set(answers)) == 1
    assert answers[0].startswith(f"ERROR#The answer to '{request_}' is ")
    assert f"a datagram carries {LONGEST}" in answers[0]
    assert "CODENAME#raw or CODENAME#json" in answers[0]
    assert len(answers[0]) < 300
    assert [record.getMessage() for record in caplog.records] == [answers[0]]


def test_q08_a_single_point_that_is_too_long_is_told_too() -> None:
    with DateDataPullSocket("long", ["a"], 0) as points:
        points.set_point("a", (1, "y" * (LONGEST - 1)))

        assert ask(points.port, "a#raw").startswith("ERROR#The answer to 'a#raw' is 65508 bytes")


def test_q08_values_whose_acknowledgement_is_too_long_are_not_taken() -> None:
    numbers = ",".join(["1e9"] * 15000)
    with DataPushSocket("push", 0, "enqueue") as push:
        answer = ask_bytes(push.port, f'json_wn#{{"a": [{numbers}]}}'.encode())

        assert answer.startswith(b"ERROR#Nothing was stored: the answer is ")
        assert answer.endswith(b"bytes long, a datagram carries 65507. Use less at once.")
        assert push.last == (None, None)
        assert push.queue.qsize() == 0


@pytest.mark.parametrize("name_length", [LONGEST, 10 * LONGEST])
def test_q08_a_name_that_is_too_long_is_told_too(name_length: int) -> None:
    name = "n" * name_length
    with DataPushSocket(name, 0) as push:
        assert ask(push.port, "name").startswith("ERROR#The name is ")
        assert ask(push.port, "status").startswith("ERROR#The status is ")


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("x" * 70000, "EXCEP#The callback was called, but its value is 70006 bytes long"),
        (ValueError("x" * 70000), "EXCEP#The text of the exception is 70006 bytes long"),
    ],
)
def test_q08_a_returned_value_that_is_too_long_is_told_too(
    value: str | Exception, told: str
) -> None:
    def callback(values: dict[str, object]) -> Sequence[str]:
        if isinstance(value, Exception):
            raise value
        return value

    with DataPushSocket("push", 0, "callback_direct", callback=callback) as push:
        assert ask(push.port, "json_wn#{}").startswith(told)
        assert push.last[1] == {}
