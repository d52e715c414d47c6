"""Fairness: neither do commands hold up polls, nor polls commands."""

import gc
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from commandlab import CommandPlugin, host_of, said, simulated
from labhost import until

from labframe import Host, Instrument, command, reading
from labframe.commands.pending import Pending
from labframe.host.turns import quick_turns

_CLIENTS = 20


@pytest.fixture(autouse=True)
def _turns() -> Iterator[None]:
    """Let threads take turns as `labframe run` does: the clients are threads of this program.

    And leave out of every collection what the tests before it left in memory.
    """
    gc.collect()
    gc.freeze()
    with quick_turns(1):
        yield
    gc.unfreeze()


_PAUSE = threading.Event()  # never set: waiting for it takes its time


class Busy(Instrument):
    """Two readings, one seldom, and a command that takes 5 ms."""

    driver = "busy"

    @reading(unit="1", every=2.0)
    def seldom(self) -> float:
        return 1.0

    @reading(unit="1", every=0.1)
    def often(self) -> float:
        return 1.0

    @command()
    def work(self) -> None:
        _PAUSE.wait(0.005)


class Overloaded(Instrument):
    """Two readings, and each takes longer than its interval."""

    driver = "overloaded"

    @reading(unit="1", every=0.01)
    def value(self) -> float:
        _PAUSE.wait(0.02)
        return 1.0

    @reading(unit="1", every=0.01)
    def other(self) -> float:
        _PAUSE.wait(0.02)
        return 1.0

    @command()
    def work(self) -> str:
        return "done"


@contextmanager
def _flood(host: Host, method: str, **arguments: Any) -> Iterator[list[str]]:
    """Have many clients send a command again and again; give what they were answered."""
    answers: list[str] = []
    stop = threading.Event()

    def send() -> None:
        while not stop.is_set():
            answers.append(said(host, method, **arguments))

    clients = [threading.Thread(target=send) for _ in range(_CLIENTS)]
    for client in clients:
        client.start()
    try:
        yield answers
    finally:
        stop.set()
        for client in clients:
            client.join()


def _polls(host: Host) -> int:
    return host.instruments[0].polls


def _usual_lateness(host: Host) -> float:
    """Return how late a poll was that is among the latest; a busy computer may delay a few more."""
    late = sorted(host.members[0].latenesses())
    return late[int(len(late) * 0.8)]


def test_20_clients_let_every_poll_in_within_its_interval(tmp_path: Path) -> None:
    with host_of(tmp_path) as host:
        host.wait_fresh("oven_temperature")
        before = _polls(host)
        with _flood(host, "oven.add", number=1) as answers:
            until(lambda: _polls(host) - before >= 25, 10.0)
        assert _usual_lateness(host) < 0.1
        assert set(answers) == {"RET#1001"}
        assert simulated(host).count == len(answers) > 100


def test_more_commands_than_the_line_can_carry_let_polls_in(tmp_path: Path) -> None:
    with host_of(tmp_path) as host:
        host.wait_fresh("oven_temperature")
        simulated(host).latency_s = 0.02  # fifty commands a second, and all clients wait for them
        before = _polls(host)
        with _flood(host, "oven.add", number=1, _deadline=10) as answers:
            until(lambda: _polls(host) - before >= 25, 10.0)
        assert _usual_lateness(host) < 0.1
        assert set(answers) == {"RET#1001"}


def test_a_poll_is_let_in_although_a_less_pressing_one_is_due_before_it(tmp_path: Path) -> None:
    sections = {"x": {"driver": "busy"}}
    with host_of(tmp_path, CommandPlugin([Busy]), sections, simulate=False) as host:
        host.wait_fresh("x_often")
        with _flood(host, "x.work"):
            first = host.wait_fresh("x_seldom").sequence
            until(lambda: host.reading("x_seldom").sequence >= first + 2, 10.0)  # type: ignore[union-attr]  # there was one
        assert len(host.members[0].latenesses()) > 20
        often = host.reading("x_often")
        assert often is not None
        assert often.sequence >= 15
        assert _usual_lateness(host) < 0.1


def test_polls_that_take_all_the_time_let_commands_in(tmp_path: Path) -> None:
    sections = {"x": {"driver": "overloaded"}}
    with host_of(tmp_path, CommandPlugin([Overloaded]), sections, simulate=False) as host:
        host.wait_fresh("x_value")
        before, took = _polls(host), []
        while _polls(host) - before < 40:
            began = time.monotonic()
            assert said(host, "x.work") == 'RET#"done"'
            took.append(time.monotonic() - began)
        assert len(took) >= 20
        assert sorted(took)[len(took) // 2] < 0.3


def _pending() -> int:
    return sum(isinstance(one, Pending) for one in gc.get_objects())


def test_commands_leave_no_garbage_whose_collection_would_hold_up_polls(tmp_path: Path) -> None:
    with host_of(tmp_path) as host:
        host.wait_fresh("oven_temperature")
        gc.collect()
        gc.disable()
        try:
            for number in range(50):
                assert said(host, "oven.add", number=number, _deadline=0.3).startswith("RET#")
                assert said(host, "oven.setpoint", target=999).startswith("ERROR#")
            until(lambda: _pending() == 0)
        finally:
            gc.enable()
