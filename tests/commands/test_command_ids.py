"""Ids: a command that is sent again under its id is not executed again."""

import contextlib
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from commandlab import (
    CommandPlugin,
    Latch,
    code,
    held_up,
    host_of,
    json_of,
    recorded,
    said,
    simulated,
)
from labhost import until
from udp import ask

from labframe import Host
from labframe.commands.memory import Memory, Remembered
from labframe.errors import Refusal


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Host]:
    with host_of(tmp_path) as made:
        made.wait_fresh("oven_temperature")
        yield made


def test_the_same_id_and_content_is_executed_once_and_answered_the_same(host: Host) -> None:
    first = said(host, "oven.add", number=1, _id="a1")
    assert first == "RET#1001"
    for _ in range(3):
        assert said(host, "oven.add", number=1, _id="a1") == first
    assert said(host, "oven.add", number=1, _id="a1", _deadline=9) == first
    assert simulated(host).numbers == [1]


def test_without_an_id_each_request_is_a_command(host: Host) -> None:
    for _ in range(3):
        assert said(host, "oven.add", number=1) == "RET#1001"
    assert simulated(host).numbers == [1, 1, 1]


def test_a_command_that_was_refused_is_refused_again_under_its_id(host: Host) -> None:
    first = said(host, "oven.setpoint", target=9999, _id="a2")
    assert code(first) == "ERROR#OUT_OF_RANGE"
    assert said(host, "oven.setpoint", target=9999, _id="a2") == first
    unknown = said(host, "oven.nothing", _id="a3")
    assert code(unknown) == "ERROR#UNKNOWN_METHOD"
    assert said(host, "oven.nothing", _id="a3") == unknown
    assert len(recorded(host, "refused")) == 2


def test_an_id_is_not_taken_for_another_command(host: Host) -> None:
    first = said(host, "oven.add", number=1, _id="a4")
    for other in ({"number": 2}, {"number": 1, "_dry_run": True}, {}):
        answer = said(host, "oven.add", **other, _id="a4")
        assert code(answer) == "ERROR#ID_REUSED"
        assert "oven.add: _id = 'a4' was another command of this sender's" in answer
    assert code(said(host, "oven.stop", number=1, _id="a4")) == "ERROR#ID_REUSED"
    assert said(host, "oven.add", number=1, _id="a4") == first
    assert simulated(host).numbers == [1]
    assert len(recorded(host, "refused")) == 4


def test_a_number_is_an_id_too(host: Host) -> None:
    assert said(host, "oven.add", number=1, _id=7) == "RET#1001"
    assert said(host, "oven.add", number=1, _id="7") == "RET#1001"
    assert simulated(host).numbers == [1]


@pytest.mark.parametrize("wrong", [1.5, True, None, ["a"], "x" * 129, "a\nb", "\ud800"])
def test_what_cannot_be_an_id_is_refused(host: Host, wrong: object) -> None:
    answer = said(host, "oven.add", number=1, _id=wrong)
    assert code(answer) == "ERROR#BAD_REQUEST"
    assert "_id = " in answer
    assert simulated(host).numbers == []


def test_ids_of_different_senders_are_apart(tmp_path: Path) -> None:
    with host_of(tmp_path, network={"listen": "0.0.0.0"}) as host:
        host.wait_fresh("oven_temperature")
        port = host.commanding.port
        assert port is not None
        for sender in ("127.0.0.1", "127.0.0.2"):
            for _ in range(2):
                request = json_of("oven.add", number=1, _id="same")
                assert ask(port, request, sender=sender) == "RET#1001"
        assert simulated(host).numbers == [1, 1]
        senders = [one["sender"] for one in recorded(host, "end")]
        assert senders == ["127.0.0.1", "127.0.0.2"]


def test_a_retry_while_the_command_runs_gets_its_answer_and_does_not_run_it_again(
    tmp_path: Path,
) -> None:
    latch = Latch()
    with host_of(
        tmp_path, CommandPlugin([held_up(latch)]), {"x": {"driver": "held_up"}}, simulate=False
    ) as host:
        until(lambda: host.instruments[0].state == "ok")
        port = host.commanding.port
        assert port is not None
        request = json_of("x.wait", _id="a5", _deadline=20).encode()
        with contextlib.ExitStack() as stack:
            first, second, third = (
                stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
                for _ in range(3)
            )
            for client in (first, second, second, third):  # the second sends it twice
                client.settimeout(5)
                client.sendto(request, ("127.0.0.1", port))
            latch.entered()
            assert ask(port, "name") == "RET#test lab"  # so the others were received as well
            latch.release()
            for client in (first, second, third):
                assert client.recv(1000) == b'RET#"done"'
            second.sendto(b"name", ("127.0.0.1", port))
            assert second.recv(1000) == b"RET#test lab", "it was answered once"
        assert said(host, "x.wait", _id="a5", _deadline=20) == 'RET#"done"'
        assert latch.passed == 1


# The memory, by a clock that the test steps.


def _remembered(text: str) -> Remembered:
    return Remembered(b"digest", text.encode())


def test_an_answer_is_kept_for_ten_minutes_after_it_was_given() -> None:
    memory: Memory[str] = Memory()
    key = ("127.0.0.1", "a")
    assert memory.get(key, 0.0) is None
    memory.begin(key, "running")
    assert memory.get(key, 5000.0) == "running"
    memory.end(key, _remembered("RET#1"), 5000.0)
    assert memory.get(key, 5599.9) == _remembered("RET#1")
    assert memory.get(key, 5600.0) is None


def test_an_id_may_be_used_anew_after_ten_minutes_and_is_kept_again() -> None:
    memory: Memory[str] = Memory()
    key = ("127.0.0.1", "a")
    memory.end(key, _remembered("old"), 0.0)
    assert memory.get(key, 600.0) is None
    memory.begin(key, "running")
    memory.end(key, _remembered("new"), 601.0)
    assert memory.get(key, 1200.9) == _remembered("new")
    assert memory.get(key, 1201.0) is None


@pytest.mark.parametrize(
    "make", [lambda: Memory[str](most=3), lambda: Memory[str](most_bytes=9)], ids=["ids", "bytes"]
)
def test_a_full_memory_refuses_new_ids_and_forgets_none(make: Callable[[], Memory[str]]) -> None:
    memory = make()
    for number in range(3):
        memory.begin(("a", str(number)), "running")
        memory.end(("a", str(number)), _remembered("RET"), float(number))
    with pytest.raises(Refusal, match="has no room for more; it forgets each 600 s after") as error:
        memory.begin(("a", "4"), "running")
    assert error.value.code == "TOO_MANY_IDS"
    assert memory.get(("a", "0"), 599.0) == _remembered("RET")
    assert memory.get(("a", "4"), 600.0) is None
    memory.begin(("a", "4"), "running")


def test_a_host_whose_memory_is_full_refuses_new_ids_and_takes_commands_without(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert said(host, "oven.add", number=1, _id="a") == "RET#1001"
    memory = host.commanding._router._memory
    monkeypatch.setattr(memory, "_most", 1)  # 200,000 of them would take a minute
    answer = said(host, "oven.add", number=2, _id="b")
    assert code(answer) == "ERROR#TOO_MANY_IDS"
    assert recorded(host, "refused")[-1]["answer"] == answer
    assert said(host, "oven.add", number=1, _id="a") == "RET#1001"
    assert said(host, "oven.add", number=3) == "RET#1003"
    assert simulated(host).numbers == [1, 3]


def test_a_full_memory_is_refused_once_and_taken_when_there_is_room(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory = host.commanding._router._memory
    with monkeypatch.context() as patch:
        patch.setattr(memory, "_most", 0)
        assert code(said(host, "oven.add", number=2, _id="b")) == "ERROR#TOO_MANY_IDS"
    assert ask(host.commanding.port or 0, json_of("oven.add", number=2, _id="b")) == "RET#1002"
