"""Stopping a host while commands wait and run: everybody is answered, and it ends in time."""

import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from commandlab import CommandPlugin, Latch, code, held_up, host_of, recorded, sent, simulated
from labhost import until
from udp import ask

from labframe.errors import CommandRefused
from labframe.hookspecs import CommandConsumer


@pytest.fixture
def latch() -> Iterator[Latch]:
    made = Latch()
    yield made
    made.release()


def test_who_waits_for_an_instrument_is_told_that_the_host_stops(tmp_path: Path) -> None:
    with host_of(tmp_path) as host:
        host.wait_fresh("oven_temperature")
        simulated(host).latency_s = 0.15
        answers = [sent(host, "oven.add", number=n, _deadline=60) for n in range(20)]
        assert ask(host.commanding.port or 0, "name") == "RET#test lab"  # they were received
        until(lambda: simulated(host).count)
        began = time.monotonic()
        assert host.stop() == []
        assert time.monotonic() - began < 2.0
        words = [code(answer()) for answer in answers]
        assert words.count("ERROR#STOPPING") >= 15
        known = ("ERROR#STOPPING", "EXCEP#OUTCOME_UNKNOWN")
        assert all(word in known or word.startswith("RET#") for word in words)
        executed = simulated(host).count
        ends = [one["outcome"] for one in recorded(host, "end")]
        assert len(ends) == 20
        assert ends.count("refused") == 20 - executed
        assert ends.count("refused") == words.count("ERROR#STOPPING")


def test_who_waits_behind_a_hung_driver_is_told_that_the_host_stops(
    tmp_path: Path, latch: Latch
) -> None:
    plugin, section = CommandPlugin([held_up(latch)]), {"x": {"driver": "held_up"}}
    host = host_of(tmp_path, plugin, section, simulate=False)
    with host:
        until(lambda: host.members[0].connected)
        running = sent(host, "x.wait", _deadline=60, _id="run")
        latch.entered()
        waiting = [sent(host, "x.wait", _deadline=60, _id=f"w{n}") for n in range(5)]
        assert ask(host.commanding.port or 0, "name") == "RET#test lab"  # they were received
        began = time.monotonic()
        assert host.stop() == ["x"]
        assert time.monotonic() - began < 2.2
        for answer in waiting:
            assert answer() == ("ERROR#STOPPING: x.wait: not executed: the host is being stopped")
        unknown = running()
        assert code(unknown) == "EXCEP#OUTCOME_UNKNOWN"
        assert "x.wait: begun, and not finished when the host was stopped" in unknown
        assert "ask again with _id = 'run'" in unknown
    latch.release()
    until(lambda: latch.passed == 1)
    until(lambda: not any(one.name == "labframe x" for one in threading.enumerate()))
    assert latch.passed == 1, "none of those that waited was executed"
    until(lambda: len(recorded(host, "end")) == 6)
    assert [one["outcome"] for one in recorded(host, "end")] == ["refused"] * 5 + ["done"]


def test_a_command_that_comes_while_the_host_stops_is_refused(tmp_path: Path, latch: Latch) -> None:
    plugin, section = CommandPlugin([held_up(latch)]), {"x": {"driver": "held_up"}}
    with host_of(tmp_path, plugin, section, simulate=False) as host:
        until(lambda: host.members[0].connected)
        running = sent(host, "x.wait", _deadline=60)
        latch.entered()
        stopping = threading.Thread(target=host.stop)
        stopping.start()
        until(lambda: host.commanding._router._is_stopping)
        with pytest.raises(CommandRefused, match=r"x\.at_once: the host is being") as refused:
            host.command("x.at_once")
        assert refused.value.code == "STOPPING"
        stopping.join()
        assert code(running()) == "EXCEP#OUTCOME_UNKNOWN"


def test_a_driver_without_a_line_begins_nothing_more_once_the_host_stops(
    tmp_path: Path, latch: Latch
) -> None:
    plugin, section = CommandPlugin([held_up(latch)]), {"x": {"driver": "held_up"}}
    host = host_of(tmp_path, plugin, section, simulate=False)
    with host:
        until(lambda: host.members[0].connected)
        first = sent(host, "x.wait", _deadline=60)
        latch.entered()
        others = [sent(host, "x.at_once", _deadline=60) for _ in range(50)]
        assert ask(host.commanding.port or 0, "name") == "RET#test lab"  # they were received
        stopping = threading.Thread(target=host.stop)
        stopping.start()
        until(lambda: host.commanding._router._is_stopping)
        latch.release()
        stopping.join()
        assert first() == 'RET#"done"'
        assert {code(answer()) for answer in others} == {"ERROR#STOPPING"}


@pytest.mark.parametrize("action", ["callback_async", "callback_direct"])
def test_a_consumer_that_hangs_keeps_no_host_from_stopping(
    tmp_path: Path, latch: Latch, action: Any
) -> None:
    consumer = CommandConsumer(
        name="slow", port=0, action=action, callback=lambda values: latch.hold()
    )
    with host_of(tmp_path, CommandPlugin(consumers=[consumer])) as host:
        port = host.commanding.sockets[1].port
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.sendto(b'json_wn#{"a": 1}', ("127.0.0.1", port))
            latch.entered()
            began = time.monotonic()
            assert host.stop() == ["push socket slow"]
            assert time.monotonic() - began < 2.5
        latch.release()
        until(lambda: latch.passed)


def test_the_ports_are_free_again(tmp_path: Path) -> None:
    consumer = CommandConsumer(name="store", port=0)
    with host_of(tmp_path, CommandPlugin(consumers=[consumer])) as host:
        ports = [one.port for one in host.commanding.sockets]
    with host_of(tmp_path, network={"push_port": ports[0]}) as again:
        assert again.commanding.port == ports[0]
