"""The prepared answers, against a naive model that puts each answer together anew."""

import json
import math
import random
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from udp import ANSWER_WAIT_S, ask_bytes

from labframe.sockets import DATA, DataPullSocket, DateDataPullSocket

OLD = "OLD_DATA"
START = 1000.0

VALUES: list[Any] = [
    0.0, -0.0, 0, 5, 5.0, True, 1, 1.0, False, None, math.nan, math.inf, -math.inf, 1e-18, 1e22,
    47.25, 10**40, -(10**300), "", "running", "a,b;c:d#e&f", '"quoted"\n', "Überdruck", "\ud800",
    [], [1, 2.5, None, "x"], {}, {"a": [1, {"b": math.nan}]}, {1: 2}, (1, "x"), 0.1 + 0.2,
    np.float64(0.1), np.float32(0.1), np.int64(7), np.bool_(False), np.str_("on"),
]  # fmt: skip
NUMBERS = [value for value in VALUES if isinstance(value, (int, float, np.number))]
NAMES = ["raw", "", "json", "with space", "Überdruck", 'quo"te', "status", "back\\slash", "name"]


def plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value


class Model:
    """What a pull socket holds; nothing is kept but the points."""

    def __init__(self, names: list[str], timeouts: list[float | None], dated: bool) -> None:
        self.timeouts = dict(zip(names, timeouts, strict=True))
        self.dated = dated
        self.points: dict[str, tuple[Any, Any, float]] = dict.fromkeys(names, (0.0, 0.0, 0.0))

    def put(self, name: str, x: Any, y: Any, stamp: float) -> None:
        self.points[name] = (plain(x), plain(y), stamp)

    def reference(self, name: str) -> float:
        x, _, stamp = self.points[name]
        return float(x) if self.dated else stamp

    def is_old(self, name: str, now: float) -> bool:
        timeout = self.timeouts[name]
        return timeout is not None and now - self.reference(name) > timeout

    def raw(self, name: str, now: float) -> str:
        x, y, _ = self.points[name]
        return OLD if self.is_old(name, now) else f"{x},{y}"

    def json(self, name: str, now: float) -> Any:
        return OLD if self.is_old(name, now) else list(self.points[name][:2])

    def answer(self, request: str, now: float) -> bytes:
        name, separator, form = request.rpartition("#")
        names = list(self.points)
        if separator:
            text = self.raw(name, now) if form == "raw" else json.dumps(self.json(name, now))
        elif request == "raw":
            text = ";".join(self.raw(name, now) for name in names)
        elif request == "raw_wn":
            text = ";".join(f"{name}:{self.raw(name, now)}" for name in names)
        elif request == "json":
            text = json.dumps([self.json(name, now) for name in names])
        else:
            text = json.dumps({name: self.json(name, now) for name in names})
        return text.encode("utf-8", "backslashreplace")


@pytest.fixture(scope="module")
def client() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as opened:
        opened.settimeout(ANSWER_WAIT_S)
        yield opened


class Trial:
    """A socket and its model, to which the same happens."""

    def __init__(
        self, kind: type[DateDataPullSocket | DataPullSocket], count: int, choose: random.Random
    ) -> None:
        self.choose = choose
        names = [NAMES[i] if i < len(NAMES) else f"c{i}" for i in range(count)]
        some: list[float | None] = [None, 0, 0.25, 1.5, 5, 10.0, math.inf]
        timeouts = choose.choices(choose.choice([some, some[:1], some[3:5]]), k=count)
        self.names = names
        self.model = Model(names, timeouts, kind is DateDataPullSocket)
        self.socket: Any = kind("model", names, 0, timeouts=timeouts)
        self.now = START

    def clock(self) -> float:
        return self.now

    def step_the_clock(self) -> None:
        self.now += self.choose.choice([0.25, 1.0, 1.25, 5.0, 0.0004, -0.25, -3.0, 60.0, -60.0])

    def step_to_an_expiry(self) -> None:
        """Go to the moment at which a point becomes old, or the next that a float can tell."""
        name = self.choose.choice(self.names)
        timeout = self.model.timeouts[name]
        edge = math.inf if timeout is None else self.model.reference(name) + timeout
        if 0.0 < edge < 1e9:
            self.now = self.choose.choice([edge, math.nextafter(edge, 1e9), edge - 0.0005])

    def point(self, name: str) -> tuple[Any, Any]:
        timed = self.model.dated and self.model.timeouts[name] is not None
        near = [self.now + step for step in (0.0, -0.25, -1.5, -5.0, 0.5)]
        x = self.choose.choice(self.choose.choice([near, NUMBERS if timed else VALUES]))
        return x, self.choose.choice(VALUES)

    def set_a_point(self) -> None:
        name = self.choose.choice(self.names)
        x, y = self.point(name)
        how = self.choose.choice(["plain", "other", "now"])
        if self.model.dated and how == "other":
            self.socket.handle(name)((x, y))
        elif self.model.dated and how == "now":
            x = self.now
            self.socket.set_point_now(name, y)
        elif not self.model.dated and how == "other":
            stamp = self.now - 2.0
            self.socket.set_point(name, (x, y), timestamp=stamp)
            self.model.put(name, x, y, stamp)
            return
        else:
            self.socket.set_point(name, [x, y] if how == "now" else (x, y))
        self.model.put(name, x, y, self.now)

    def set_a_batch(self) -> None:
        names = self.choose.sample(self.names, self.choose.randint(0, len(self.names)))
        batch = {name: self.point(name) for name in names}
        self.socket.set_batch(batch)
        for name, (x, y) in batch.items():
            self.model.put(name, x, y, self.now)

    def ask(self, client: socket.socket) -> None:
        name = self.choose.choice(self.names)
        requests = ["raw", "json", "raw_wn", "json_wn", f"{name}#raw", f"{name}#json"]
        for request in self.choose.sample(requests, self.choose.randint(1, 6)):
            client.sendto(request.encode(), ("127.0.0.1", self.socket.port))
            answer, _ = client.recvfrom(65535)
            assert answer == self.model.answer(request, self.now), request
        if self.choose.random() < 0.2:
            shown = DATA[self.socket.port]["data"]
            expected = {name: point[:2] for name, point in self.model.points.items()}
            assert repr(shown) == repr(expected)

    def run(self, client: socket.socket, steps: int) -> None:
        doings: list[Callable[[], None]] = [
            self.set_a_point, self.set_a_point, self.set_a_point, self.set_a_batch,
            self.step_the_clock, self.step_to_an_expiry,
        ]  # fmt: skip
        with patch("time.time", self.clock), self.socket:
            for _ in range(steps):
                self.choose.choice(doings)()
                if self.choose.random() < 0.6:
                    self.ask(client)
            self.ask(client)


@pytest.mark.parametrize("kind", [DateDataPullSocket, DataPullSocket])
@settings(max_examples=40, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(choose=st.randoms(use_true_random=False), count=st.sampled_from([1, 2, 3, 9, 64, 65, 200]))
def test_prepared_answers_are_those_that_are_put_together_anew(
    kind: type[DateDataPullSocket | DataPullSocket],
    client: socket.socket,
    choose: random.Random,
    count: int,
) -> None:
    Trial(kind, count, choose).run(client, steps=12)


@pytest.mark.parametrize("kind", [DateDataPullSocket, DataPullSocket])
@pytest.mark.parametrize("count", [1, 5, 130])
def test_after_hundreds_of_steps_the_answers_are_still_right(
    kind: type[DateDataPullSocket | DataPullSocket], client: socket.socket, count: int
) -> None:
    Trial(kind, count, random.Random(count)).run(client, steps=250)


@pytest.mark.parametrize("request_", [b"a#raw", b"a#json", b"raw", b"raw_wn", b"json", b"json_wn"])
@pytest.mark.parametrize("kind", [DateDataPullSocket, DataPullSocket])
def test_a_point_is_fresh_up_to_its_timeout_and_old_right_after_it(
    kind: type[DateDataPullSocket | DataPullSocket], request_: bytes
) -> None:
    now = START
    with patch("time.time", lambda: now), kind("bench", ["a"], 0, timeouts=10) as pull:
        pull.set_point("a", (START, 5))
        for asked, old in [
            (START, False), (START + 9.9999, False), (START + 10, False),
            (math.nextafter(START + 10, math.inf), True), (START + 10.0005, True),
            (START + 10, False), (START + 1e9, True), (START - 1e9, False), (START + 10.01, True),
            (START + 9.99, False),
        ]:  # fmt: skip
            now = asked
            answer = ask_bytes(pull.port, request_)
            assert (OLD.encode() in answer) is old, now
            assert (b"5" in answer) is not old, now


class Pause:
    """Where the thread that reads ``DATA`` waits a little, for the test to do something."""

    def __init__(self) -> None:
        self.reached = threading.Event()
        self.over = threading.Event()

    def here(self) -> None:
        if threading.current_thread().name == "reader of DATA":
            self.reached.set()
            self.over.wait(0.2)

    def ask_meanwhile(self, pull: DateDataPullSocket, request: bytes) -> bytes:
        """Have another thread read ``DATA``, and ask when it has come to the pause."""
        reader = threading.Thread(target=lambda: DATA[pull.port], name="reader of DATA")
        reader.start()
        assert self.reached.wait(ANSWER_WAIT_S)
        answer = ask_bytes(pull.port, request)
        reader.join()
        return answer


class SlowToCompare(float):
    """A timeout that the age of a point is compared with slowly."""

    pause = Pause()

    def __lt__(self, age: float) -> bool:
        self.pause.here()
        return float(self) < age


class SlowToTakeIn(float):
    """A value that is looked at slowly."""

    pause = Pause()

    @property
    def shape(self) -> None:
        self.pause.here()


def test_while_another_thread_judges_the_age_no_answer_from_before_is_sent() -> None:
    now = START
    timeouts = [SlowToCompare(10.0)]
    with (
        patch("time.time", lambda: now),
        DateDataPullSocket("bench", ["a"], 0, timeouts=timeouts) as pull,
    ):
        pull.set_point("a", (START, 5.0))
        assert ask_bytes(pull.port, b"raw") == b"1000.0,5.0"
        now = START + 11
        assert SlowToCompare.pause.ask_meanwhile(pull, b"raw") == OLD.encode()


@pytest.mark.parametrize("request_", [b"a#raw", b"raw"])
def test_while_another_thread_takes_a_point_in_no_answer_from_before_is_sent(
    request_: bytes,
) -> None:
    SlowToTakeIn.pause = Pause()
    with DateDataPullSocket("bench", ["a"], 0) as pull:
        feed = pull.handle("a")
        feed((1.0, 1.0))
        assert ask_bytes(pull.port, request_) == b"1.0,1.0"
        feed((2.0, SlowToTakeIn(2.0)))
        assert SlowToTakeIn.pause.ask_meanwhile(pull, request_) == b"2.0,2.0"
