"""Consumers that are no instruments: a push socket each, in all four of its ways."""

import queue
import threading
from pathlib import Path
from typing import Any

import pytest
from commandlab import CommandPlugin, host_of, said
from labhost import until
from udp import ask

from labframe import Host
from labframe.hookspecs import CommandConsumer
from labframe.host import PortTaken
from labframe.sockets import DataPushSocket

VALUES = 'json_wn#{"power": 5}'


def _four(calls: list[Any], items: Any) -> list[CommandConsumer]:
    return [
        CommandConsumer(name="store", port=0),
        CommandConsumer(name="queue", port=0, action="enqueue", queue=items),
        CommandConsumer(name="later", port=0, action="callback_async", callback=calls.append),
        CommandConsumer(
            name="at once", port=0, action="callback_direct", return_format="string",
            callback=lambda values: f"{values['power']} W",
        ),
    ]  # fmt: skip


def _ports(host: Host) -> list[int]:
    return [one.port for one in host.commanding.sockets]


def test_each_of_the_four_ways_works_on_a_port_of_its_own(tmp_path: Path) -> None:
    calls: list[Any] = []
    items: queue.Queue[Any] = queue.Queue()
    with host_of(tmp_path, CommandPlugin(consumers=_four(calls, items))) as host:
        host.wait_fresh("oven_temperature")
        own, store, enqueue, later, direct = _ports(host)
        assert len({own, store, enqueue, later, direct}) == 5
        for port, name in ((store, "store"), (enqueue, "queue"), (later, "later")):
            assert ask(port, "name") == f"RET#{name}"
            assert ask(port, VALUES) == "ACK#{'power': 5}"
        assert ask(direct, VALUES) == "RET#5 W"
        stored = host.commanding.sockets[1]
        assert isinstance(stored, DataPushSocket)
        assert stored.last[1] == {"power": 5}
        assert items.get(timeout=5) == {"power": 5}
        until(lambda: calls == [{"power": 5}])
        assert said(host, "oven.add", number=1) == "RET#1001"
        listed = {one["port"]: one["name"] for one in host.status()["sockets"]}
        assert [listed[port] for port in _ports(host)[1:]] == ["store", "queue", "later", "at once"]


def test_a_plugin_gets_its_socket_before_it_answers(tmp_path: Path) -> None:
    given: list[DataPushSocket] = []

    def attach(socket: DataPushSocket) -> None:
        assert not socket.is_alive()
        given.append(socket)

    consumer = CommandConsumer(name="queue", port=0, action="enqueue", attach=attach)
    with host_of(tmp_path, CommandPlugin(consumers=[consumer])):
        (socket,) = given
        assert ask(socket.port, VALUES).startswith("ACK#")
        assert socket.queue.get(timeout=5) == {"power": 5}


def test_consumers_without_a_port_follow_the_push_port_in_order(tmp_path: Path) -> None:
    consumers = [CommandConsumer(name=name) for name in ("a", "b", "c")]
    with host_of(tmp_path) as host:  # four ports in a row that are free, most likely
        first = host.commanding.port or 0
    for _ in range(20):
        try:
            host = host_of(
                tmp_path, CommandPlugin(consumers=consumers), network={"push_port": first}
            )
        except PortTaken:
            first = 20_000 + (first + 7) % 10_000
            continue
        with host:
            assert _ports(host) == [first, first + 1, first + 2, first + 3]
            assert [ask(port, "name") for port in _ports(host)[1:]] == ["RET#a", "RET#b", "RET#c"]
        return
    pytest.fail("no four free ports in a row")


def test_beside_a_free_push_port_consumers_take_free_ports_too(tmp_path: Path) -> None:
    consumers = [CommandConsumer(name=name) for name in ("a", "b")]
    plugin = CommandPlugin(consumers=consumers)
    with host_of(tmp_path, plugin) as one, host_of(tmp_path / "other", plugin) as other:
        assert len({*_ports(one), *_ports(other)}) == 6


def test_a_port_that_is_taken_names_its_plugin_and_the_setting(tmp_path: Path) -> None:
    with host_of(tmp_path, CommandPlugin(consumers=[CommandConsumer(name="a", port=0)])) as host:
        own, port = _ports(host)
        taken = CommandPlugin(consumers=[CommandConsumer(name="b", port=port)])
        with pytest.raises(PortTaken) as caught:
            host_of(tmp_path, taken)
        text = str(caught.value)
        assert f"UDP port {port} on 127.0.0.1 for the push socket 'b' of plugin test" in text
        assert "set its port in [plugin.test], or [network] push_port, in the conf" in text
        with pytest.raises(PortTaken, match=r"set \[network\] push_port in the configuration"):
            host_of(tmp_path, network={"push_port": own})


def _attach_fails(socket: DataPushSocket) -> None:
    raise RuntimeError("not today")


@pytest.mark.parametrize(
    ("wrong", "text"),
    [
        (CommandConsumer(name="bad", port=0, action="callback_direct"), "callback"),
        (CommandConsumer(name="bad", port=0, action="nothing"), "nothing"),  # type: ignore[arg-type]  # it is the mistake
        (CommandConsumer(name="bad", port=70_000), "70000"),
        (CommandConsumer(name="bad", port=0, attach=_attach_fails), "not today"),
    ],
    ids=["no callback", "no action", "no port", "attach"],
)
def test_a_consumer_that_cannot_be_used_is_left_out_and_named(
    tmp_path: Path, wrong: CommandConsumer, text: str
) -> None:
    good = CommandConsumer(name="good", port=0)
    with host_of(tmp_path, CommandPlugin(consumers=[wrong, good])) as host:
        host.wait_fresh("oven_temperature")
        assert [one.name for one in host.commanding.sockets] == ["test lab", "good"]
        assert any(text in problem and "plugin test" in problem for problem in host.problems)
        assert said(host, "oven.add", number=1) == "RET#1001"


def test_a_direct_callback_that_is_slow_holds_up_no_instrument(tmp_path: Path) -> None:
    entered, released = threading.Event(), threading.Event()

    def slow(values: Any) -> str:
        entered.set()
        assert released.wait(10)
        return "done"

    consumer = CommandConsumer(name="slow", port=0, action="callback_direct", callback=slow)
    with host_of(tmp_path, CommandPlugin(consumers=[consumer])) as host:
        host.wait_fresh("oven_temperature")
        answers: list[str] = []
        port = _ports(host)[1]
        asking = threading.Thread(target=lambda: answers.append(ask(port, VALUES)))
        asking.start()
        assert entered.wait(5)
        assert said(host, "oven.add", number=1) == "RET#1001"
        released.set()
        asking.join()
        assert answers == ['RET#"done"']
