"""Many threads set and many clients ask: nothing is torn, lost, stale or done twice."""

import contextlib
import itertools
import json
import random
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
from udp import ask_bytes

from labframe.sockets import DATA, DataPullSocket, DataPushSocket, DateDataPullSocket

Connect = Callable[..., socket.socket]

CROWD = 50
DURATION_S = 1.5
SHORT_S = 0.7


@pytest.fixture(autouse=True)
def _threads_change_often() -> Iterator[None]:
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(interval)


class Crowd:
    """Threads that do something again and again until the time is up."""

    def __init__(self) -> None:
        self.over = threading.Event()
        self.errors: list[BaseException] = []
        self.threads: list[threading.Thread] = []

    def add(self, do: Callable[[], object], pause_s: float = 0.0) -> None:
        self.threads.append(threading.Thread(target=self._repeat, args=(do, pause_s)))

    def _repeat(self, do: Callable[[], object], pause_s: float) -> None:
        try:
            while not self.over.is_set():
                do()
                if pause_s:
                    self.over.wait(pause_s)
        except BaseException as error:  # noqa: BLE001  # told by the test's own thread
            self.errors.append(error)
            self.over.set()

    def run(self, seconds: float) -> None:
        for thread in self.threads:
            thread.start()
        self.over.wait(seconds)
        self.over.set()
        for thread in self.threads:
            thread.join()
        for error in self.errors:
            raise error


def exchange(client: socket.socket, request: bytes) -> bytes:
    client.send(request)
    return client.recv(65535)


def doubled(pair: Any) -> bool:
    return bool(pair == [0.0, 0.0] or pair[1] == 2 * pair[0])


@pytest.mark.parametrize("kind", [DateDataPullSocket, DataPullSocket])
def test_fifty_setters_and_fifty_clients_never_see_a_torn_point(
    kind: type[DateDataPullSocket | DataPullSocket], connect: Connect
) -> None:
    names = [f"c{number}" for number in range(5)]
    numbers = itertools.count(1.0)
    crowd = Crowd()
    asked = itertools.count()
    with kind("bench", names, 0, timeouts=1e12) as pull:

        def setter(name: str, way: int) -> Callable[[], None]:
            feed = pull.handle(name) if isinstance(pull, DateDataPullSocket) else None

            def set_some() -> None:
                for n in itertools.islice(numbers, 20):
                    if way == 0:
                        pull.set_batch({name: (n, 2 * n)})
                    elif way == 1 and feed is not None:
                        feed((n, 2 * n))
                    else:
                        pull.set_point(name, (n, 2 * n))

            return set_some

        def asker(client: socket.socket, number: int) -> Callable[[], None]:
            def ask() -> None:
                next(asked)
                if number % 2:
                    pairs = json.loads(exchange(client, b"json"))
                else:
                    pairs = [json.loads(exchange(client, b"c%d#json" % (number % 5)))]
                assert all(doubled(pair) for pair in pairs), pairs

            return ask

        for number in range(CROWD):
            crowd.add(setter(names[number % 5], number % 4), pause_s=0.002)
            crowd.add(asker(connect(pull.port), number))
        crowd.add(lambda: DATA[pull.port], pause_s=0.001)
        crowd.run(DURATION_S)
        last = json.loads(ask_bytes(pull.port, b"json"))

    assert next(asked) > 100
    assert next(numbers) > 1000
    assert all(doubled(pair) and pair[0] for pair in last)


@pytest.mark.parametrize("kind", [DateDataPullSocket, DataPullSocket])
def test_a_batch_is_seen_whole_in_every_answer(
    kind: type[DateDataPullSocket | DataPullSocket], connect: Connect
) -> None:
    names = [f"c{number}" for number in range(100)]
    numbers = itertools.count(1)
    seen: set[Any] = set()
    crowd = Crowd()
    with kind("bench", names, 0) as pull:

        def set_batch() -> None:
            n = next(numbers)
            pull.set_batch(dict.fromkeys(names, (n, n)))

        def read_json(client: socket.socket) -> None:
            pairs = json.loads(exchange(client, b"json"))
            values = {value for pair in pairs for value in pair}
            assert len(values) == 1
            seen.update(values)

        def read_raw(client: socket.socket) -> None:
            assert len(set(exchange(client, b"raw").replace(b",", b";").split(b";"))) == 1

        def read_data() -> None:
            assert len(set(DATA[pull.port]["data"].values())) == 1

        set_batch()
        for _ in range(4):
            crowd.add(set_batch, pause_s=0.001)
            crowd.add(partial(read_json, connect(pull.port)))
            crowd.add(partial(read_raw, connect(pull.port)))
        crowd.add(read_data)
        crowd.run(SHORT_S)

    assert len(seen) > 5


@pytest.mark.parametrize("count", [1, 100])
def test_a_value_that_was_set_before_the_request_is_in_its_answer(
    connect: Connect, count: int
) -> None:
    names = [f"c{number}" for number in range(count)]
    crowd = Crowd()
    checked = itertools.count()
    with DateDataPullSocket("bench", names, 0, timeouts=1e12) as pull:

        def set_and_ask(client: socket.socket, choose: random.Random) -> None:
            number = next(checked) + 1.0
            if choose.random() < 0.5:
                feed((number, number))
            else:
                pull.set_point("c0", (number, number))
            for request in choose.sample([b"raw", b"json", b"c0#raw", b"c0#json"], 2):
                answer = exchange(client, request).replace(b";", b",").strip(b"[")
                assert float(answer.split(b",")[0]) == number, "an answer from before"

        def disturb() -> None:
            if count > 1:
                pull.set_point(names[-1], (0.5, 0.5))
            assert pull.port in dict(DATA)

        feed = pull.handle("c0")
        crowd.add(partial(set_and_ask, connect(pull.port), random.Random(1)))
        for request in (b"raw", b"json_wn", b"c0#raw", b"status"):
            crowd.add(partial(exchange, connect(pull.port), request))
        crowd.add(disturb)
        crowd.add(disturb)
        crowd.run(1.0)

    assert next(checked) > 10


def test_of_two_setters_of_one_codename_each_finds_its_value_or_a_later_one(
    connect: Connect,
) -> None:
    crowd = Crowd()
    done = [0.0, 0.0]
    with DateDataPullSocket("bench", ["a"], 0) as pull:

        def set_and_ask(mine: int, client: socket.socket) -> Callable[[], None]:
            sign = -1.0 if mine else 1.0

            def once() -> None:
                before = done[1 - mine]
                number = done[mine] + 1.0
                pull.set_point("a", (sign * number, 0.0))
                done[mine] = number
                found = float(exchange(client, b"a#raw").split(b",")[0]) * sign
                assert found == number or -found > before, "an answer from before"

            return once

        crowd.add(set_and_ask(0, connect(pull.port)))
        crowd.add(set_and_ask(1, connect(pull.port)))
        crowd.run(SHORT_S)

    assert min(done) > 10


def test_fifty_clients_lose_no_item_of_a_queue_and_keep_their_order(connect: Connect) -> None:
    with DataPushSocket("bench", 0, "enqueue") as push:
        crowd = Crowd()
        counters = [itertools.count() for _ in range(CROWD)]
        acknowledged: list[set[int]] = [set() for _ in range(CROWD)]
        taken: list[list[int]] = [[] for _ in range(CROWD)]

        def send(number: int, client: socket.socket) -> None:
            item = next(counters[number])
            answer = exchange(client, f"raw_wn#client:int:{number};item:int:{item}".encode())
            assert answer == f"ACK#{{'client': {number}, 'item': {item}}}".encode()
            acknowledged[number].add(item)

        def take() -> None:
            while push.queue.qsize():
                values = push.queue.get_nowait()
                taken[values["client"]].append(values["item"])

        for number in range(CROWD):
            crowd.add(partial(send, number, connect(push.port)))
        crowd.add(take, pause_s=0.001)
        crowd.run(SHORT_S)
        take()

    assert sum(map(len, taken)) > 100
    for items, known in zip(taken, acknowledged, strict=True):
        assert items == list(range(len(items)))
        assert set(items) == known


def test_status_data_and_updated_may_be_read_while_everything_changes(connect: Connect) -> None:
    crowd = Crowd()
    with (
        DataPushSocket("bench", 0, "callback_direct", callback=dict.popitem) as push,
        DateDataPullSocket("other", ["a"], 0) as pull,
    ):
        sender, asker = connect(push.port), connect(pull.port)
        numbers = itertools.count()

        def send() -> None:
            values = b'{"a": [1, {"b": 2}], "n": %d}' % next(numbers)
            assert exchange(sender, b"json_wn#" + values).startswith(b'RET#["n", ')

        def read() -> None:
            moment, last = push.last
            assert last is None or (moment is not None and last.keys() <= {"a", "n"})
            _, updated = push.updated
            assert updated.keys() in ({"a", "n"}, set())
            push.set_last_to_none()
            push.clear_updated()

        def status() -> None:
            found = json.loads(exchange(asker, b"status"))["socket_server_status"]
            assert {str(push.port), str(pull.port)} <= found.keys()

        def come_and_go() -> None:
            with DateDataPullSocket("guest", ["a"], 0) as guest:
                assert ask_bytes(guest.port, b"raw") == b"0.0,0.0"
            with contextlib.suppress(KeyError):  # as from any dict that changes meanwhile
                dict(DATA)

        for do in (send, read, status, come_and_go):
            crowd.add(do)
        crowd.run(SHORT_S)

    assert next(numbers) > 10
