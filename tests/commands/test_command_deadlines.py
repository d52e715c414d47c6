"""Deadlines: what does not begin in time never begins; what does not end in time is unknown."""

import contextlib
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from commandlab import (
    FURNACE,
    ONE,
    CommandPlugin,
    Latch,
    code,
    furnaces,
    held_up,
    host_of,
    recorded,
    said,
    sent,
    simulated,
)
from labhost import until
from udp import ask

from labframe import Host
from labframe.commands.deadlines import Deadlines


@pytest.fixture
def latch() -> Iterator[Latch]:
    made = Latch()
    yield made
    made.release()


@contextlib.contextmanager
def _connected_host(state_dir: Path, latch: Latch) -> Iterator[Host]:
    """Give a running host with two instruments, x and y, that may be held up."""
    sections = {name: {"driver": "held_up"} for name in ("x", "y")}
    with host_of(state_dir, CommandPlugin([held_up(latch)]), sections, simulate=False) as host:
        until(lambda: all(member.connected for member in host.members))
        yield host
        latch.release()


def test_what_waits_too_long_for_its_turn_is_never_executed(tmp_path: Path, latch: Latch) -> None:
    with _connected_host(tmp_path, latch) as host:
        hanging = sent(host, "x.wait", _deadline=20)
        latch.entered()
        began = time.monotonic()
        answer = said(host, "x.wait", _deadline=0.1, _id="late")
        assert 0.09 < time.monotonic() - began < 1.0
        assert code(answer) == "ERROR#EXPIRED"
        assert "x.wait: not executed: its turn did not come within 0.1 s (x is ok)" in answer
        latch.release()
        assert hanging() == 'RET#"done"'
        assert said(host, "x.at_once") == 'RET#"done"'
        assert latch.passed == 1
        assert said(host, "x.wait", _deadline=0.1, _id="late") == answer
        assert latch.passed == 1
        assert recorded(host, "end")[0]["outcome"] == "refused"


def test_what_began_and_did_not_end_in_time_is_unknown_and_fetched_by_its_id(
    tmp_path: Path, latch: Latch
) -> None:
    with _connected_host(tmp_path, latch) as host:
        began = time.monotonic()
        answer = said(host, "x.wait", _deadline=0.1, _id="slow")
        assert 0.09 < time.monotonic() - began < 1.0
        assert code(answer) == "EXCEP#OUTCOME_UNKNOWN"
        assert "ask again with _id = 'slow' for its outcome" in answer
        assert code(said(host, "x.wait", _deadline=0.1, _id="slow")) == "EXCEP#OUTCOME_UNKNOWN"
        fetching = sent(host, "x.wait", _deadline=20, _id="slow")
        assert ask(host.commanding.port or 0, "name") == "RET#test lab"  # it was received
        latch.release()
        assert fetching() == 'RET#"done"'
        assert said(host, "x.wait", _id="slow") == 'RET#"done"'
        assert latch.passed == 1
        assert "without an _id" not in answer


def test_without_an_id_the_outcome_cannot_be_asked_for(tmp_path: Path, latch: Latch) -> None:
    with _connected_host(tmp_path, latch) as host:
        answer = said(host, "x.wait", _deadline=0.1)
        assert code(answer) == "EXCEP#OUTCOME_UNKNOWN"
        assert "without an _id its outcome cannot be asked for" in answer


def test_a_hung_driver_delays_no_other_instrument(tmp_path: Path, latch: Latch) -> None:
    with _connected_host(tmp_path, latch) as host:
        hanging = sent(host, "x.wait", _deadline=20)
        latch.entered()
        took = []
        for _ in range(200):
            began = time.monotonic()
            assert said(host, "y.at_once") == 'RET#"done"'
            took.append(time.monotonic() - began)
        assert sorted(took)[100] < 0.01
        assert max(took) < 0.5
        latch.release()
        assert hanging() == 'RET#"done"'


def test_a_silence_before_the_first_byte_counts_against_the_deadline(tmp_path: Path) -> None:
    rarely = {"oven": {**ONE["oven"], "reading": {"temperature": {"every": 3600.0}}}}
    with host_of(tmp_path, FURNACE, rarely) as host:
        host.wait_fresh("oven_temperature")
        simulated(host).is_mute = True
        assert code(said(host, "oven.setpoint_now")) == "EXCEP#OUTCOME_UNKNOWN"
        # Until its late answer cannot come any more, 0.1 s from now, the line waits for silence.
        answer = said(host, "oven.add", number=1, _deadline=0.05, _id="silent")
        assert code(answer) == "ERROR#EXPIRED"
        assert "was not sent: its deadline had passed" in answer
        assert said(host, "oven.add", number=1, _deadline=0.05, _id="silent") == answer
        assert recorded(host, "end")[-1]["outcome"] == "refused"
        assert said(host, "oven.add", number=2) == "RET#1002"
        assert simulated(host).numbers == [2]


def test_a_command_of_two_requests_is_not_cut_in_half_by_its_deadline(tmp_path: Path) -> None:
    with host_of(tmp_path) as host:
        host.wait_fresh("oven_temperature")
        simulated(host).latency_s = 0.15
        answer = said(host, "oven.setpoint", target=77, _deadline=0.1, _id="two")
        assert code(answer) in ("EXCEP#OUTCOME_UNKNOWN", "ERROR#EXPIRED")
        until(lambda: recorded(host, "end"))
        outcome = recorded(host, "end")[0]["outcome"]
        assert simulated(host).requests == (["SP 77"] if outcome == "done" else [])
        assert outcome in ("done", "refused")


def test_a_command_to_an_absent_instrument_is_refused_at_once(tmp_path: Path) -> None:
    with host_of(tmp_path, FURNACE, furnaces("oven"), simulate=False) as host:
        until(lambda: host.instruments[0].state == "disconnected")
        began = time.monotonic()
        answer = said(host, "oven.add", number=1)
        assert time.monotonic() - began < 0.5
        assert answer.startswith(
            "ERROR#NOT_CONNECTED: oven.add: not executed: oven is disconnected: /dev/oven: there "
            "is no such port"
        )
        assert code(said(host, "oven.add", number=1, _dry_run=True)) == "ERROR#NOT_CONNECTED"
        assert code(said(host, "oven.temperature")) == "ERROR#NOT_CONNECTED"


def test_too_many_that_wait_are_refused_at_once(tmp_path: Path, latch: Latch) -> None:
    with _connected_host(tmp_path, latch) as host:
        hanging = sent(host, "x.wait", _deadline=60)
        latch.entered()
        waiting = []
        for number in range(1000):
            waiting.append(sent(host, "x.at_once", _deadline=60))
            if number % 50 == 0:
                ask(host.commanding.port or 0, "name")  # so the others were received
        answer = said(host, "x.at_once")
        assert answer == "ERROR#BUSY: x.at_once: 1000 commands wait for its line already"
        assert said(host, "y.at_once") == 'RET#"done"'
        latch.release()
        assert {one() for one in (hanging, *waiting)} == {'RET#"done"'}


# The clock that calls back.


def test_whatever_comes_first_is_called_first() -> None:
    deadlines, called, done = Deadlines(), list[str](), threading.Event()
    now = time.monotonic()
    deadlines.at(now + 0.06, lambda: called.append("last"))
    deadlines.at(now + 0.06, done.set)
    deadlines.start()
    deadlines.at(now + 0.04, lambda: called.append("second"))
    deadlines.at(now + 0.02, lambda: called.append("first"))
    deadlines.at(now - 1.0, lambda: called.append("at once"))
    assert done.wait(5)
    deadlines.stop()
    assert called == ["at once", "first", "second", "last"]
    assert time.monotonic() >= now + 0.06


def test_what_raises_keeps_no_other_deadline_from_being_called() -> None:
    deadlines, done = Deadlines(), threading.Event()
    deadlines.start()
    deadlines.at(0.0, lambda: 1 / 0)
    deadlines.at(0.0, done.set)
    assert done.wait(5)
    deadlines.stop()
