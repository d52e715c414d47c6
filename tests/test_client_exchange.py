"""Servers that are silent, slow or confused: what a client makes of their answers."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator

import pytest
from clients import PATIENCE_S, SHORT_S, Hand

from labframe.client import AsyncPullClient, AsyncPushClient, PullClient, PushClient
from labframe.client.conversations import send
from labframe.client.peer import Peer
from labframe.errors import DatagramTooLong, NoAnswer, UnexpectedAnswer
from labframe.sockets import DataPullSocket


@pytest.fixture
def hand() -> Iterator[Hand]:
    """Return a server that answers what the test says, when it says so."""
    with Hand() as server:
        yield server


def test_a_silent_server_is_asked_again_and_then_named(hand: Hand) -> None:
    client = PullClient("127.0.0.1", hand.port, timeout=SHORT_S, retries=2)
    with pytest.raises(NoAnswer) as raised:
        client.points()
    assert str(raised.value) == (
        f"UDP port {hand.port} of 127.0.0.1 did not answer 'json_wn' within 0.05 s, asked 3 times"
    )
    assert isinstance(raised.value, TimeoutError)
    assert [request for request, _ in hand.waiting()] == [b"json_wn"] * 3


def test_a_silent_server_does_not_hang_a_coroutine(hand: Hand) -> None:
    client = AsyncPullClient("127.0.0.1", hand.port, timeout=SHORT_S, retries=1)
    with pytest.raises(NoAnswer, match=r"did not answer 'name' within 0\.05 s, asked 2 times$"):
        asyncio.run(client.name())
    assert [request for request, _ in hand.waiting()] == [b"name"] * 2


def test_a_request_that_was_lost_is_answered_the_second_time(hand: Hand) -> None:
    client = PullClient("127.0.0.1", hand.port, timeout=SHORT_S, retries=100)
    result, lost, _ = hand.asked(client.raw)
    repeated, address = hand.request()
    assert lost == repeated == b"raw"
    hand.answer(b"1,2", address)
    assert result.result(PATIENCE_S) == "1,2"


def test_the_late_answer_to_a_request_serves_its_repetition(hand: Hand) -> None:
    client = PullClient("127.0.0.1", hand.port, timeout=SHORT_S, retries=100)
    result, _, first_address = hand.asked(client.raw)
    hand.request()
    hand.answer(b"1,2", first_address)
    assert result.result(PATIENCE_S) == "1,2"


def test_a_command_is_sent_once_and_the_error_says_what_is_unknown(hand: Hand) -> None:
    command = b'json_wn#{"valve": "open"}'
    client = AsyncPushClient("127.0.0.1", hand.port, timeout=SHORT_S)
    with pytest.raises(NoAnswer) as threads:
        PushClient("127.0.0.1", hand.port, timeout=SHORT_S).send({"valve": "open"})
    with pytest.raises(NoAnswer) as coroutines:
        asyncio.run(client.send({"valve": "open"}))
    for raised in (threads, coroutines):
        assert str(raised.value).endswith(
            "within 0.05 s, asked once; it is unknown whether the command was executed"
        )
    assert [request for request, _ in hand.waiting()] == [command] * 2


def test_a_command_is_sent_once_even_where_retries_are_allowed(hand: Hand) -> None:
    peer = Peer("127.0.0.1", hand.port, SHORT_S, retries=2)
    with pytest.raises(NoAnswer, match="asked once"):
        peer.hold(send('json_wn#{"valve": "open"}', "json"))
    assert len(hand.waiting()) == 1


def test_asking_for_a_name_executes_nothing(hand: Hand) -> None:
    with pytest.raises(NoAnswer, match=r"asked once$"):
        PushClient("127.0.0.1", hand.port, timeout=SHORT_S).name()


def test_a_late_answer_is_never_that_to_the_next_request(hand: Hand) -> None:
    client = PullClient("127.0.0.1", hand.port, timeout=1.0, retries=0)
    with pytest.raises(NoAnswer):
        client.raw_point("cold")
    _, late = hand.request()
    result, request, address = hand.asked(client.raw_point, "hot")
    assert request == b"hot#raw"
    hand.answer(b"1,4.2", late)
    hand.answer(b"1,300", address)
    assert result.result(PATIENCE_S) == "1,300"


def test_a_late_acknowledgement_is_never_that_of_the_next_command(hand: Hand) -> None:
    client = PushClient("127.0.0.1", hand.port, timeout=SHORT_S)
    with pytest.raises(NoAnswer):
        client.send({"setpoint": 1})
    _, late = hand.request()
    hand.answer(b"ACK#{'setpoint': 1}", late)
    with pytest.raises(NoAnswer):
        client.send({"setpoint": 2})


def test_a_second_answer_is_never_that_to_the_next_request(hand: Hand) -> None:
    client = PullClient("127.0.0.1", hand.port, timeout=PATIENCE_S)
    result, _, first = hand.asked(client.raw_point, "cold")
    hand.answer(b"1,4.2", first)
    hand.answer(b"1,4.2", first)
    assert result.result(PATIENCE_S) == "1,4.2"
    result, _, second = hand.asked(client.raw_point, "hot")
    hand.answer(b"1,4.2", first)  # not only what waits when the next one asks: at any time
    hand.answer(b"1,300", second)
    assert result.result(PATIENCE_S) == "1,300"
    assert first != second


def test_another_computers_answer_is_not_heard(hand: Hand) -> None:
    client = PullClient("127.0.0.1", hand.port, timeout=PATIENCE_S)
    result, _, address = hand.asked(client.raw)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as forger:
        forger.sendto(b"6,6", address)
    hand.answer(b"1,2", address)
    assert result.result(PATIENCE_S) == "1,2"


@pytest.mark.parametrize(
    "garbage",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b"null",
        b'"text"',
        b"[1, 2]",
        b"7",
        b"[" * 20000,
        b'{"a": [1]}',
        b'{"a": [1, 2, 3]}',
    ],
)
def test_garbage_is_an_unexpected_answer(hand: Hand, garbage: bytes) -> None:
    client = PullClient("127.0.0.1", hand.port, timeout=PATIENCE_S)
    result, _, address = hand.asked(client.points)
    hand.answer(garbage, address)
    with pytest.raises(UnexpectedAnswer) as raised:
        result.result(PATIENCE_S)
    assert len(str(raised.value)) < 250
    assert raised.value.__notes__ == [f"This is what UDP port {hand.port} of 127.0.0.1 answered."]


@pytest.mark.parametrize("method", ["codenames", "json", "status"])
@pytest.mark.parametrize("garbage", [b"x", b"7", b"[7]", b'{"a": 1'])
def test_garbage_is_unexpected_whatever_was_asked(hand: Hand, method: str, garbage: bytes) -> None:
    client = PullClient("127.0.0.1", hand.port, timeout=PATIENCE_S)
    result, _, address = hand.asked(getattr(client, method))
    hand.answer(garbage, address)
    with pytest.raises(UnexpectedAnswer):
        result.result(PATIENCE_S)


@pytest.mark.parametrize("method", ["name", "commands", "status"])
@pytest.mark.parametrize("garbage", [b"", b"x", b"7", b"RE#7", b"UNKNOWN_COMMMAND", b"{7"])
def test_garbage_from_a_push_socket_is_unexpected(hand: Hand, method: str, garbage: bytes) -> None:
    client = PushClient("127.0.0.1", hand.port, timeout=PATIENCE_S)
    result, _, address = hand.asked(getattr(client, method))
    hand.answer(garbage, address)
    with pytest.raises(UnexpectedAnswer):
        result.result(PATIENCE_S)


def test_a_push_socket_whose_lists_are_none_is_unexpected(hand: Hand) -> None:
    client = PushClient("127.0.0.1", hand.port, timeout=PATIENCE_S)
    for ask in (client.commands, client.status):
        result, _, address = hand.asked(ask)
        hand.answer(b"RET#7", address)
        with pytest.raises(UnexpectedAnswer, match="7"):
            result.result(PATIENCE_S)


def test_a_request_longer_than_a_datagram_is_not_sent() -> None:
    long = "x" * 70000
    with pytest.raises(DatagramTooLong, match="a datagram carries 65507 at most"):
        PushClient("127.0.0.1", 8500).send({"a": long})
    with pytest.raises(DatagramTooLong, match="a datagram carries 65507 at most"):
        asyncio.run(AsyncPushClient("127.0.0.1", 8500).send({"a": long}))


def test_a_client_without_a_timeout_waits_as_long_as_it_takes(hand: Hand) -> None:
    client = AsyncPullClient("127.0.0.1", hand.port, timeout=None)

    def read() -> str:
        return asyncio.run(client.raw())

    for ask in (PullClient("127.0.0.1", hand.port, timeout=None).raw, read):
        result, _, address = hand.asked(ask)
        hand.answer(b"1,2", address)
        assert result.result(PATIENCE_S) == "1,2"


def test_a_closed_client_asks_no_more(hand: Hand) -> None:
    with PullClient("127.0.0.1", hand.port) as pull, PushClient("127.0.0.1", hand.port) as push:
        pass
    for ask in (pull.points, push.name):
        with pytest.raises(RuntimeError, match="is closed; make a new one"):
            ask()

    async def ask_closed() -> None:
        async with (
            AsyncPullClient("127.0.0.1", hand.port) as pull,
            AsyncPushClient("127.0.0.1", hand.port) as push,
        ):
            pass
        for ask in (pull.points, push.name):
            with pytest.raises(RuntimeError, match="is closed; make a new one"):
                await ask()

    asyncio.run(ask_closed())
    assert hand.waiting() == []


def test_a_cancelled_request_leaves_nothing_for_the_next(hand: Hand) -> None:
    hand.socket.setblocking(False)

    async def cancel_and_ask() -> str:
        loop = asyncio.get_running_loop()
        async with AsyncPullClient("127.0.0.1", hand.port, timeout=PATIENCE_S) as client:
            cancelled = asyncio.create_task(client.raw_point("cold"))
            _, late = await loop.sock_recvfrom(hand.socket, 65535)
            cancelled.cancel()
            with pytest.raises(asyncio.CancelledError):
                await cancelled
            hand.answer(b"1,4.2", late)
            asked = asyncio.create_task(client.raw_point("hot"))
            _, address = await loop.sock_recvfrom(hand.socket, 65535)
            hand.answer(b"1,4.2", late)
            hand.answer(b"1,300", address)
            return await asked

    assert asyncio.run(cancel_and_ask()) == "1,300"


def test_a_timeout_of_the_caller_ends_the_request(hand: Hand) -> None:
    async def ask() -> None:
        async with asyncio.timeout(SHORT_S):
            await AsyncPullClient("127.0.0.1", hand.port, timeout=60.0).raw()

    with pytest.raises(TimeoutError) as raised:
        asyncio.run(ask())
    assert not isinstance(raised.value, NoAnswer)


def test_an_asyncio_client_may_be_used_in_one_event_loop_after_another() -> None:
    with DataPullSocket("lab", ["a"], port=0, host="127.0.0.1") as server:
        client = AsyncPullClient("127.0.0.1", server.port)
        assert [asyncio.run(client.name()) for _ in range(2)] == ["lab", "lab"]


def test_a_server_is_heard_from_another_of_its_addresses_than_it_was_asked_at() -> None:
    with (
        DataPullSocket("several addresses", ["a"], 0) as served,
        PullClient("127.0.1.1", served.port, timeout=1.0, retries=0) as client,
    ):
        assert client.name() == "several addresses"
