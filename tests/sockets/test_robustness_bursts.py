"""Bursts at a socket with a callback: some of it slow, each answered once, none out of turn."""

import random
import socket
import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from udp import ask

from labframe.sockets import DataPushSocket

Connect = Callable[..., socket.socket]

LONG_S = 10.0


class Paced:
    """A callback that takes as long as it is told, or until it is allowed; it keeps a record."""

    def __init__(self) -> None:
        self.calls: list[tuple[int, int]] = []
        self.inside = threading.Lock()
        self.waits = threading.Event()
        self.allowed = threading.Event()
        self.never = threading.Event()

    def __call__(self, values: dict[str, Any]) -> str:
        assert self.inside.acquire(blocking=False), "two callbacks at once"
        try:
            self.calls.append((values["client"], values["n"]))
            if values["ms"] < 0:
                self.waits.set()
                assert self.allowed.wait(LONG_S)
            elif values["ms"]:
                self.never.wait(values["ms"] / 1000)
        finally:
            self.inside.release()
        return f"{values['client']} {values['n']}"


def call(client: int, number: int, ms: int) -> bytes:
    return b"raw_wn#client:int:%d;n:int:%d;ms:int:%d" % (client, number, ms)


def returned(client: int, number: int) -> bytes:
    return b'RET#"%d %d"' % (client, number)


both_paths = pytest.mark.parametrize("batched", [True, False], ids=["batched", "one by one"])


@both_paths
@pytest.mark.parametrize("slow_at", [0, 7, 19])
def test_of_a_burst_with_one_slow_call_in_it_only_the_calls_behind_it_wait(
    batched: bool, slow_at: int, connect: Connect
) -> None:
    paced = Paced()
    push = DataPushSocket("bench", 0, "callback_direct", callback=paced)
    push.server.batched = batched
    clients = [connect(push.port) for _ in range(20)]
    asker = connect(push.port)
    for number, client in enumerate(clients):
        client.send(call(number, 0, -1 if number == slow_at else 0))
    for _ in range(3):
        asker.send(b"ERROR#x")
        asker.send(b"name")
    with push:
        assert [asker.recv(65535) for _ in range(3)] == [b"RET#bench"] * 3
        for number in range(slow_at):
            assert clients[number].recv(65535) == returned(number, 0)
        assert paced.calls == [(number, 0) for number in range(slow_at + 1)]
        paced.allowed.set()
        for number in range(slow_at, 20):
            assert clients[number].recv(65535) == returned(number, 0)

    assert paced.calls == [(number, 0) for number in range(20)]


@both_paths
def test_answers_before_a_slow_call_at_the_end_of_a_burst_do_not_wait_for_it(
    batched: bool, connect: Connect
) -> None:
    paced = Paced()
    push = DataPushSocket("bench", 0, "callback_direct", callback=paced)
    push.server.batched = batched
    clients = [connect(push.port) for _ in range(20)]
    for number, client in enumerate(clients):
        client.send(call(number, 0, -1 if number == 19 else 0))
    with push:
        for number in range(19):
            assert clients[number].recv(65535) == returned(number, 0)
        assert paced.waits.wait(LONG_S)
        paced.allowed.set()
        assert clients[19].recv(65535) == returned(19, 0)


@both_paths
@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "::"])
def test_the_answer_of_a_slow_call_finds_its_client_at_any_kind_of_address(
    batched: bool, host: str, connect: Connect
) -> None:
    try:
        push = DataPushSocket("bench", 0, "callback_direct", callback=Paced(), host=host)
    except OSError:
        pytest.skip("this computer has no IPv6")
    push.server.batched = batched
    addresses = ["::1", "127.0.0.1"] if host == "::" else [host, host]
    with push:
        clients = [connect(push.port, address) for address in addresses * 3]
        for number, client in enumerate(clients):
            client.send(call(number, 1, 120 if number < 2 else 0))
            client.send(call(number, 2, 0))
        for number, client in enumerate(clients):
            answers = [client.recv(65535), client.recv(65535)]
            assert answers == [returned(number, 1), returned(number, 2)]


@both_paths
@pytest.mark.parametrize("seed", [1, 2])
def test_random_bursts_are_answered_exactly_once_in_turn(
    batched: bool, seed: int, connect: Connect
) -> None:
    choose = random.Random(seed)
    paced = Paced()
    push = DataPushSocket("bench", 0, "callback_direct", callback=paced)
    push.server.batched = batched
    clients = [connect(push.port) for _ in range(6)]
    expected: list[Counter[bytes]] = [Counter() for _ in clients]
    sent: list[list[int]] = [[] for _ in clients]

    def send_a_burst() -> None:
        for _ in range(choose.choice([1, 5, 20])):
            number = choose.randrange(len(clients))
            kind = choose.random()
            if kind < 0.7:
                item = len(sent[number])
                sent[number].append(item)
                slow = choose.random() < 0.05
                ms = choose.choice([45, 50, 55, 90, 105]) if slow else choose.choice([0, 0, 0, 2])
                clients[number].send(call(number, item, ms))
                expected[number][returned(number, item)] += 1
            elif kind < 0.8:
                clients[number].send(b"ACK#{}")
            elif kind < 0.9:
                clients[number].send(b"name")
                expected[number][b"RET#bench"] += 1
            else:
                clients[number].send(b"raw_wn#x")
                part = b"The data part 'x' did not match the expected format of 3 parts"
                expected[number][b"ERROR#" + part + b" divided by ':'"] += 1

    send_a_burst()
    with push:
        for _ in range(12):
            send_a_burst()
            for number, client in enumerate(clients):
                heard = Counter(client.recv(65535) for _ in range(expected[number].total()))
                assert heard == expected[number]
                expected[number].clear()
        for client in clients:
            client.setblocking(False)
            with pytest.raises(BlockingIOError):
                client.recv(65535)

    for number, items in enumerate(sent):
        assert [item for client, item in paced.calls if client == number] == items


@both_paths
@pytest.mark.parametrize("pause_s", [0.0, 0.03, 0.08, 0.2])
def test_a_socket_stops_in_the_middle_of_a_burst(
    batched: bool, pause_s: float, connect: Connect
) -> None:
    push = DataPushSocket("bench", 0, "callback_direct", callback=Paced())
    push.server.batched = batched
    client = connect(push.port)
    for number in range(20):
        client.send(call(0, number, 70 if number % 3 else 0))
    push.start()
    threading.Event().wait(pause_s)
    push.stop()
    push.join(LONG_S)

    assert not push.is_alive()
    with DataPushSocket("bench", push.port) as again:
        assert ask(again.port, "name") == "RET#bench"
