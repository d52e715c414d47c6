"""Bursts, addresses and ports: each client gets its own answers, on every path."""

import contextlib
import logging
import random
import socket
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from udp import ask_bytes

from labframe.sockets import (
    CommonDataPullSocket,
    DataPushSocket,
    DateDataPullSocket,
    LiveSocket,
    PullUDPHandler,
)

Connect = Callable[..., socket.socket]

COUNT = 40
LONG = "x" * 60_000


def ipv6_works() -> bool:
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind(("::1", 0))
        except OSError:
            return False
    return True


not_on_macos = pytest.mark.skipif(
    sys.platform == "darwin", reason="macOS sends no datagram of more than 9216 bytes unless asked"
)
needs_ipv6 = pytest.mark.skipif(not ipv6_works(), reason="this computer has no IPv6")


@pytest.fixture(params=[True, False], ids=["batched", "one by one"])
def pull(request: pytest.FixtureRequest) -> Iterator[DateDataPullSocket]:
    """A socket that is bound and not started: what is sent to it waits."""
    names = [f"c{number}" for number in range(COUNT)] + ["long"]
    pull = DateDataPullSocket("bench", names, 0)
    pull.server.batched = request.param
    for number in range(COUNT):
        pull.set_point(f"c{number}", (float(number), f"of client {number}"))
    pull.set_point("long", (0.0, LONG))
    yield pull
    pull.stop()


def burst(clients: list[socket.socket], rounds: int, long: bool) -> list[list[bytes]]:
    """Send one round after the other, each client once in each; return what each must hear."""
    expected: list[list[bytes]] = [[] for _ in clients]
    choose = random.Random(rounds)
    for _ in range(rounds):
        for number, client in enumerate(clients):
            own = f"{number}.0,of client {number}".encode()
            answered = [
                (f"c{number}#raw".encode(), own),
                (f"c{number}#json".encode(), b'[%d.0, "of client %d"]' % (number, number)),
                (b"name", b"bench"),
                (b"", b"UNKNOWN_COMMMAND"),
            ]
            silent = [b"ERROR#x", b"RET#", b"ACK#{}", b"EXCEP#x", b"UNKNOWN_COMMMAND"]
            if choose.random() < 0.25:
                client.send(choose.choice(silent))
                continue
            request, answer = choose.choice(answered)
            if long and number % 10 == 0:
                request, answer = b"long#raw", f"0.0,{LONG}".encode()
            client.send(request)
            expected[number].append(answer)
    return expected


def heard(client: socket.socket, count: int) -> list[bytes]:
    """Return so many answers, having made sure that there are no more."""
    answers = [client.recv(65535) for _ in range(count)]
    client.send(b"codenames_raw")
    assert client.recv(65535).startswith(b"c0,c1,"), "an answer too many"
    return answers


def test_of_what_waits_in_a_burst_each_client_gets_its_own_answers_in_order(
    pull: DateDataPullSocket, connect: Connect
) -> None:
    clients = [connect(pull.port) for _ in range(COUNT)]
    expected = burst(clients, 3, long=False)  # 120: as many as the system keeps in any case
    pull.start()

    for client, answers in zip(clients, expected, strict=True):
        assert heard(client, len(answers)) == answers


def test_two_hundred_datagrams_back_to_back_are_answered_to_whom_they_came_from(
    pull: DateDataPullSocket, connect: Connect
) -> None:
    pull.start()
    clients = [connect(pull.port) for _ in range(COUNT)]
    expected = burst(clients, 5, long=False)

    for client, answers in zip(clients, expected, strict=True):
        assert heard(client, len(answers)) == answers


@not_on_macos
def test_long_answers_between_short_ones_reach_their_clients_whole(
    pull: DateDataPullSocket, connect: Connect
) -> None:
    clients = [connect(pull.port) for _ in range(COUNT)]
    expected = burst(clients, 2, long=True)
    pull.start()

    assert sum(len(LONG) < len(answer) for answers in expected for answer in answers) >= 4
    for client, answers in zip(clients, expected, strict=True):
        assert heard(client, len(answers)) == answers


def test_what_no_datagram_carries_is_told_in_the_middle_of_a_burst(
    pull: DateDataPullSocket, connect: Connect
) -> None:
    pull.set_point("c0", (0.0, LONG))
    clients = [connect(pull.port) for _ in range(COUNT)]
    for number, client in enumerate(clients):
        client.send([b"raw", b"name", b"json_wn"][number % 3])
    pull.start()

    for number, client in enumerate(clients):
        answer = client.recv(65535)
        if number % 3 == 1:
            assert answer == b"bench"
        else:
            command = [b"raw", b"", b"json_wn"][number % 3]
            assert answer.startswith(b"ERROR#The answer to '" + command + b"' is ")


def test_a_client_that_is_gone_does_not_keep_the_others_waiting(
    pull: DateDataPullSocket, connect: Connect
) -> None:
    clients = [connect(pull.port) for _ in range(COUNT)]
    for client in clients:
        client.send(b"c1#raw")
    for client in clients[::2]:
        client.close()
    pull.start()

    assert {client.recv(65535) for client in clients[1::2]} == {b"1.0,of client 1"}


class Talkative(PullUDPHandler):
    """A handler of somebody's own that goes wrong in its own ways."""

    def reply(self, request: bytes) -> bytes | None:
        if request == b"long":
            return b"x" * 70_000
        if request == b"raise":
            raise RuntimeError("out of order")
        answer = super().reply(request)
        return b"my " + answer if request == b"raw" and answer else answer


@pytest.mark.parametrize("batched", [True, False], ids=["batched", "one by one"])
def test_a_handler_of_ones_own_that_goes_wrong_harms_nothing_but_its_own_answers(
    batched: bool, connect: Connect, caplog: pytest.LogCaptureFixture
) -> None:
    arguments = ("bench", ["a"], 0, 0.0, 0.0, None, True, 900.0)
    pull = CommonDataPullSocket(*arguments, handler_class=Talkative)
    pull.server.batched = batched
    clients = [connect(pull.port) for _ in range(COUNT)]
    for number, client in enumerate(clients):
        client.send([b"raw", b"long", b"name", b"raise"][number % 4])
    with caplog.at_level(logging.ERROR), pull:
        answers = [client.recv(65535) for client in clients]

    assert set(answers[::4]) == {b"my 0.0,0.0"}
    assert set(answers[2::4]) == {b"bench"}
    assert all(
        answer.startswith(b"ERROR#The answer to 'long' is 70000") for answer in answers[1::4]
    )
    assert all(b"RuntimeError('out of order')" in answer for answer in answers[3::4])
    assert len(caplog.records) == COUNT / 4


@not_on_macos
@pytest.mark.parametrize("batched", [True, False], ids=["batched", "one by one"])
@pytest.mark.parametrize("action", ["store_last", "callback_direct"])
def test_the_longest_requests_arrive_whole(action: Any, batched: bool, connect: Connect) -> None:
    callback = (lambda values: values["a"][-1:]) if action == "callback_direct" else None
    push = DataPushSocket("bench", 0, action, callback=callback)
    push.server.batched = batched
    clients = {letter: connect(push.port) for letter in "xy"}
    for letter, client in clients.items():
        client.send(f'json_wn#{{"a": "{letter * (65507 - 17)}"}}'.encode())
    with push:
        for letter, client in clients.items():
            text = letter * (65507 - 17)
            answer = f"ACK#{{'a': '{text}'}}" if action == "store_last" else f'RET#"{letter}"'
            assert client.recv(65535) == answer.encode()
            client.send(f'json_wn#{{"a": "{text}"}}'.encode())
            assert client.recv(65535) == answer.encode()
            assert push.last[1] == {"a": text}


def test_many_clients_at_once_get_their_own_answers(
    pull: DateDataPullSocket, connect: Connect
) -> None:
    pull.start()
    wrong: Counter[bytes] = Counter()

    def keep_asking(number: int, client: socket.socket) -> None:
        for _ in range(50):
            client.send(f"c{number}#raw".encode())
            answer = client.recv(65535)
            if answer != f"{number}.0,of client {number}".encode():
                wrong[answer] += 1

    threads = [
        threading.Thread(target=keep_asking, args=(number, connect(pull.port)))
        for number in range(COUNT)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert not wrong


KINDS: list[Callable[..., Any]] = [
    lambda host: DateDataPullSocket("bench", ["a"], 0, host=host),
    lambda host: DataPushSocket("bench", 0, host=host),
    lambda host: DataPushSocket("bench", 0, "callback_direct", callback=len, host=host),
]


@pytest.mark.parametrize("make", KINDS, ids=["pull", "push", "callback_direct"])
@pytest.mark.parametrize(
    ("host", "clients"),
    [
        ("127.0.0.1", ["127.0.0.1"]),
        ("localhost", ["127.0.0.1"]),
        ("", ["127.0.0.1"]),
        pytest.param("::1", ["::1"], marks=needs_ipv6),
        pytest.param("::", ["::1", "127.0.0.1"], marks=needs_ipv6),
    ],
)
def test_a_socket_answers_on_the_address_it_was_given(
    make: Callable[..., Any], host: str, clients: list[str], connect: Connect
) -> None:
    if host == "localhost" and socket.getaddrinfo("localhost", 0)[0][0] == socket.AF_INET6:
        clients = ["::1"]
    with make(host) as made:
        for address in clients:
            client = connect(made.port, address)
            for _ in range(40):  # enough for several datagrams to be taken at once
                client.send(b"name")
            assert {client.recv(65535)[-5:] for _ in range(40)} == {b"bench"}


@needs_ipv6
def test_ipv6_clients_and_ipv4_clients_in_one_burst_get_their_own_answers(
    connect: Connect,
) -> None:
    names = [f"c{number}" for number in range(COUNT)]
    pull = DateDataPullSocket("bench", names, 0, host="::")
    clients = [connect(pull.port, ["::1", "127.0.0.1"][number % 2]) for number in range(COUNT)]
    for number, client in enumerate(clients):
        pull.set_point(f"c{number}", (float(number), 0.5))
        client.send(f"c{number}#raw".encode())
        client.send(b"ACK#")
        client.send(f"c{number}#raw".encode())
    with pull:
        for number, client in enumerate(clients):
            assert [client.recv(65535) for _ in range(2)] == [f"{number}.0,0.5".encode()] * 2


def test_a_socket_on_127_0_0_1_leaves_the_port_of_other_addresses_alone() -> None:
    with (
        DateDataPullSocket("bench", ["a"], 0, host="127.0.0.1") as pull,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other,
    ):
        with contextlib.suppress(OSError):  # not every system has the whole of 127/8
            other.bind(("127.0.0.2", pull.port))
        assert ask_bytes(pull.port, b"name") == b"bench"


@pytest.mark.parametrize("make", KINDS, ids=["pull", "push", "callback_direct"])
def test_an_address_of_another_computer_is_an_error_that_says_so(make: Callable[..., Any]) -> None:
    with pytest.raises(OSError, match="requested address") as error:
        make("192.0.2.1")  # an address for documentation: nobody's

    assert "could not listen on UDP port 0 of 192.0.2.1" in "".join(error.value.__notes__)


@pytest.mark.parametrize("host", ["no such name", "no-such-name.invalid", "999.1.1.1", "a" * 300])
def test_a_name_that_nobody_knows_is_an_error_of_the_system(host: str) -> None:
    with pytest.raises((OSError, UnicodeError)):
        DateDataPullSocket("bench", ["a"], 0, host=host)


@pytest.mark.parametrize("port", [-1, 65536, 70_000])
@pytest.mark.parametrize("host", ["", "127.0.0.1"])
def test_a_number_that_is_no_port_is_refused_and_no_other_port_taken(port: int, host: str) -> None:
    with pytest.raises((ValueError, OverflowError)):
        DateDataPullSocket("bench", ["a"], port, host=host)
    with pytest.raises((ValueError, OverflowError)):
        DataPushSocket("bench", port, host=host)


def test_a_live_socket_serves_and_sends_over_the_address_it_was_given() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        server.settimeout(5)
        address = server.getsockname()
        live = LiveSocket(
            "bench", ["a"], address, internal_data_pull_socket_port=0, host="127.0.0.1"
        )
        with live:
            live.set_point("a", (1.0, 2.0))
            assert b'"data": {"a": [1.0, 2.0]}' in server.recv(65535)
