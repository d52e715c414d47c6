"""Callbacks that are slow, hang, raise or return nonsense harm nothing but their own answer."""

import json
import logging
import random
import socket
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, Literal

import pytest
from udp import ask, ask_bytes

from labframe.sockets import DataPushSocket

Connect = Callable[..., socket.socket]
ReturnFormat = Literal["json", "raw", "string"]

LONG_S = 10.0
"""How long anything here waits at most for what should come at once."""


class Gate:
    """A callback that returns when it is allowed to, if told so; never two of it at once."""

    def __init__(self) -> None:
        self.entered = threading.Event()
        self.allowed = threading.Event()
        self.calls: list[Any] = []
        self.most_at_once = 0
        self._inside = 0

    def __call__(self, values: dict[str, Any]) -> Any:
        self._inside += 1
        self.most_at_once = max(self.most_at_once, self._inside)
        self.calls.append(values["n"])
        self.entered.set()
        if values.get("wait"):
            assert self.allowed.wait(LONG_S)
        self._inside -= 1
        return values["n"]


@pytest.fixture
def gate() -> Iterator[Gate]:
    made = Gate()
    yield made
    made.allowed.set()


def wait_at(gate: Gate, client: socket.socket, number: int = 0) -> None:
    """Have the callback wait with this number."""
    client.send(b"raw_wn#n:int:%d;wait:bool:True" % number)
    assert gate.entered.wait(LONG_S)


def put_in_line(client: socket.socket, *numbers: int) -> None:
    """Send values for the callback, and make sure that they were received."""
    for number in numbers:
        client.send(b"raw_wn#n:int:%d" % number)
    client.send(b"name")
    assert client.recv(65535) == b"RET#bench"


def test_a_slow_callback_delays_neither_name_nor_commands_nor_status(
    gate: Gate, connect: Connect
) -> None:
    with DataPushSocket("bench", 0, "callback_direct", callback=gate) as push:
        client = connect(push.port)
        wait_at(gate, client)
        for _ in range(3):
            assert ask(push.port, "name") == "RET#bench"
            assert ask(push.port, "commands").startswith("RET#[")
            assert str(push.port) in json.loads(ask(push.port, "status"))["socket_server_status"]
            assert ask(push.port, "nonsense") == "ERROR#UNKNOWN_COMMMAND"
            assert ask(push.port, "json_wn#{").startswith("ERROR#The string")
        assert push.last[1] == {"n": 0, "wait": True}
        gate.allowed.set()

        assert client.recv(65535) == b"RET#0"


def test_values_wait_in_line_for_a_slow_callback_and_are_handled_in_their_order(
    gate: Gate, connect: Connect
) -> None:
    with DataPushSocket("bench", 0, "callback_direct", callback=gate) as push:
        first = connect(push.port)
        wait_at(gate, first)
        clients = [connect(push.port) for _ in range(10)]
        for number, client in enumerate(clients):
            put_in_line(client, 10 * number + 1, 10 * number + 2)
        assert gate.calls == [0]
        gate.allowed.set()

        assert first.recv(65535) == b"RET#0"
        for number, client in enumerate(clients):
            answers = [client.recv(65535), client.recv(65535)]
            assert answers == [b"RET#%d" % (10 * number + n) for n in (1, 2)]
    assert gate.calls == [0, *(10 * number + n for number in range(10) for n in (1, 2))]
    assert gate.most_at_once == 1


def test_the_socket_stays_quick_after_each_of_several_slow_callbacks(
    gate: Gate, connect: Connect
) -> None:
    with DataPushSocket("bench", 0, "callback_direct", callback=gate) as push:
        for slow in range(4):
            client = connect(push.port)
            gate.entered.clear()
            gate.allowed.clear()
            wait_at(gate, client, slow)
            assert ask(push.port, "name") == "RET#bench"
            gate.allowed.set()
            assert client.recv(65535) == b"RET#%d" % slow
            for number in range(100):
                assert ask(push.port, f"raw_wn#n:int:{number}") == f"RET#{number}"
    assert gate.most_at_once == 1


def test_what_hangs_is_told_excep_and_what_waits_behind_it_error_and_then_all_is_well(
    gate: Gate, connect: Connect
) -> None:
    push = DataPushSocket("bench", 0, "callback_direct", callback=gate, callback_timeout=0.5)
    with push:
        first, second, third = (connect(push.port) for _ in range(3))
        wait_at(gate, first)
        put_in_line(second, 1)
        put_in_line(third, 2)

        hung, waited = first.recv(65535), [second.recv(65535), third.recv(65535)]
        assert hung.startswith(b"EXCEP#The callback has not returned within 0.5 s")
        assert waited == [waited[0]] * 2
        assert waited[0].startswith(b"ERROR#Nothing was done: the callback has been busy")
        assert ask(push.port, "name") == "RET#bench"
        gate.allowed.set()

        for number in range(3, 30):  # the first may still find it busy, and wait its turn
            assert ask(push.port, f"raw_wn#n:int:{number}") == f"RET#{number}"
        for client in (first, second, third):
            client.setblocking(False)
            with pytest.raises(BlockingIOError):
                client.recv(65535)
    assert gate.calls == [0, *range(3, 30)]


def test_when_a_thousand_wait_the_next_is_refused_at_once(gate: Gate, connect: Connect) -> None:
    with DataPushSocket("bench", 0, "callback_direct", callback=gate) as push:
        wait_at(gate, connect(push.port))
        clients = [connect(push.port) for _ in range(20)]
        for number, client in enumerate(clients):
            put_in_line(client, *range(50 * number, 50 * number + 50))
        answer = ask(push.port, "raw_wn#n:int:1000")
        gate.allowed.set()

        assert answer.startswith("ERROR#Nothing was done: the callback has been busy")
        assert "1000 requests wait already" in answer
        for number, client in enumerate(clients):
            answers = [client.recv(65535) for _ in range(50)]
            assert answers == [b"RET#%d" % (50 * number + n) for n in range(50)]


@pytest.mark.timeout(60)
def test_a_callback_on_the_edge_of_slow_answers_every_request_exactly_once(
    connect: Connect,
) -> None:
    busy = threading.Lock()
    never = threading.Event()
    choose = random.Random(50)
    handled: Counter[int] = Counter()

    def edge(values: dict[str, Any]) -> int:
        assert busy.acquire(blocking=False), "two callbacks at once"
        number: int = values["n"]
        handled[number] += 1
        if number % 2:
            never.wait(choose.choice([0.045, 0.05, 0.055, 0.075, 0.1, 0.105]))
        busy.release()
        return number

    answers: list[Counter[bytes]] = [Counter() for _ in range(4)]

    def keep_asking(mine: int, client: socket.socket) -> None:
        for number in range(mine, 80, 4):
            client.send(b"raw_wn#n:int:%d" % number)
            client.send(b"name")
            answers[mine].update([client.recv(65535), client.recv(65535)])

    with DataPushSocket("bench", 0, "callback_direct", callback=edge) as push:
        clients = [connect(push.port) for _ in range(4)]
        threads = [threading.Thread(target=keep_asking, args=pair) for pair in enumerate(clients)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert ask(push.port, "raw_wn#n:int:80") == "RET#80"
        for client in clients:
            client.setblocking(False)
            with pytest.raises(BlockingIOError):
                client.recv(65535)

    for mine, counted in enumerate(answers):
        expected = Counter(b"RET#%d" % number for number in range(mine, 80, 4))
        expected[b"RET#bench"] = 20
        assert counted == expected
    assert handled == Counter(range(81))


class Speechless(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no words")


class Quitting(Exception):
    def __str__(self) -> str:
        raise SystemExit(3)


class UnwritableValue:
    def __str__(self) -> str:
        raise KeyboardInterrupt


def raising(error: BaseException, values: dict[str, Any]) -> None:
    raise error


def returning(value: Any, values: dict[str, Any]) -> Any:
    return value


def mutating(values: dict[str, Any]) -> int:
    values["list"].append("mine")
    values["more"] = values
    del values["n"]
    return 1


ENDLESS: list[Any] = []
ENDLESS.append(ENDLESS)
ENDLESS_DICT: dict[str, Any] = {}
ENDLESS_DICT["a"] = ENDLESS_DICT
DEEP: list[Any] = []
for _ in range(100_000):
    DEEP = [DEEP]

RAISING: dict[str, Callable[[dict[str, Any]], Any]] = {
    "Exception": partial(raising, ValueError("that was wrong")),
    "SystemExit": partial(raising, SystemExit(3)),
    "KeyboardInterrupt": partial(raising, KeyboardInterrupt()),
    "GeneratorExit": partial(raising, GeneratorExit()),
    "RecursionError": partial(raising, RecursionError()),
    "speechless": partial(raising, Speechless()),
    "quitting": partial(raising, Quitting()),
    "surrogate": partial(raising, ValueError("\ud800")),
    "long text": partial(raising, ValueError("x" * 70_000)),
}
EVIL: dict[str, Callable[[dict[str, Any]], Any]] = RAISING | {
    "huge": partial(returning, 10**5000),
    "set": partial(returning, {1, 2}),
    "object": partial(returning, object()),
    "lock": partial(returning, threading.Lock()),
    "tuple keys": partial(returning, {(1, 2): 3}),
    "endless": partial(returning, ENDLESS),
    "endless dict": partial(returning, ENDLESS_DICT),
    "deep": partial(returning, DEEP),
    "long": partial(returning, ["x" * 70_000]),
    "unwritable": partial(returning, UnwritableValue()),
    "unwritable key": partial(returning, {UnwritableValue(): 1}),
    "unwritable item": partial(returning, {"a": UnwritableValue()}),
    "mutating": mutating,
}


@pytest.mark.parametrize("return_format", ["json", "raw", "string"])
@pytest.mark.parametrize("evil", EVIL)
def test_an_evil_callback_harms_nothing_but_its_own_answer(
    evil: str, return_format: ReturnFormat
) -> None:
    def callback(values: dict[str, Any]) -> Any:
        return EVIL[evil](values) if "list" in values else {"fine": values["n"]}

    push = DataPushSocket(
        "bench", 0, "callback_direct", callback=callback, return_format=return_format
    )
    fine = {"json": b'RET#{"fine": 2}', "raw": b"RET#fine:int:2", "string": b"RET#{'fine': 2}"}
    with push:
        for _ in range(2):
            answer = ask_bytes(push.port, b'json_wn#{"n": 1, "list": [1]}')
            assert answer.startswith((b"EXCEP#", b"RET#"))
            assert ask_bytes(push.port, b"raw_wn#n:int:2") == fine[return_format]
            assert ask(push.port, "name") == "RET#bench"
        assert push.last[1] == {"n": 2}
        assert push.updated[1] == {"n": 2, "list": [1]}
        assert push.is_alive()


def test_the_texts_of_exceptions_and_of_what_json_cannot_write() -> None:
    for evil, answer in {
        "Exception": "EXCEP#that was wrong",
        "SystemExit": "EXCEP#3",
        "KeyboardInterrupt": "EXCEP#",
        "speechless": "EXCEP#Speechless",
        "set": "EXCEP#Object of type set is not JSON serializable",
        "endless": "EXCEP#Circular reference detected",
    }.items():
        with DataPushSocket("bench", 0, "callback_direct", callback=EVIL[evil]) as push:
            assert ask(push.port, "raw_wn#n:int:1") == answer


@pytest.mark.parametrize("evil", RAISING)
def test_an_exception_in_a_callback_of_the_queue_is_logged_and_the_next_item_handled(
    evil: str, caplog: pytest.LogCaptureFixture
) -> None:
    handled = []

    def callback(values: dict[str, Any]) -> None:
        handled.append(values["n"])
        if values["n"] == 1:
            RAISING[evil](values)

    with (
        caplog.at_level(logging.ERROR),
        DataPushSocket("bench", 0, "callback_async", callback=callback) as push,
    ):
        for number in range(4):
            assert ask(push.port, f"raw_wn#n:int:{number}") == f"ACK#{{'n': {number}}}"

    assert handled == [0, 1, 2, 3]
    assert [record.name for record in caplog.records] == ["labframe.sockets.callbacks"]
    assert "{'n': 1}" in caplog.text


def test_a_callback_of_the_queue_may_do_with_its_values_what_it_likes() -> None:
    done = threading.Event()

    def callback(values: dict[str, Any]) -> None:
        mutating(values)
        done.set()

    with DataPushSocket("bench", 0, "callback_async", callback=callback) as push:
        ask(push.port, 'json_wn#{"n": 1, "list": [1]}')
        assert done.wait(LONG_S)
        assert push.last[1] == {"n": 1, "list": [1]}
        assert push.updated[1] == {"n": 1, "list": [1]}


def test_a_callback_may_ask_its_own_socket_and_read_what_it_holds() -> None:
    def callback(values: dict[str, Any]) -> Any:
        return [ask(push.port, "name"), push.last[1], push.updated[1]]

    with DataPushSocket("bench", 0, "callback_direct", callback=callback) as push:
        answer = ask(push.port, "raw_wn#n:int:1")

    assert json.loads(answer[4:]) == ["RET#bench", {"n": 1}, {"n": 1}]


def test_different_sockets_call_their_callbacks_at_the_same_time(connect: Connect) -> None:
    together = threading.Barrier(2, timeout=LONG_S)
    with (
        DataPushSocket("bench", 0, "callback_direct", callback=lambda _: together.wait()) as one,
        DataPushSocket("bench", 0, "callback_direct", callback=lambda _: together.wait()) as two,
    ):
        clients = [connect(one.port), connect(two.port)]
        for client in clients:
            client.send(b"raw_wn#n:int:1")

        assert {client.recv(65535) for client in clients} == {b"RET#0", b"RET#1"}
