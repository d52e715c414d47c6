"""Sockets start and stop: at any time, from anywhere, and nothing stays behind."""

import contextlib
import logging
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from udp import ask, ask_bytes

from labframe.errors import PortStillReserved
from labframe.sockets import DATA, DataPullSocket, DataPushSocket, DateDataPullSocket, LiveSocket

Connect = Callable[..., socket.socket]
Make = Callable[[int], Any]

LONG_S = 10.0
AT_ONCE_S = 1.0
"""Much longer than a stop takes, and shorter than any wait that one could run into."""

MAKERS: dict[str, Make] = {
    "date": lambda port: DateDataPullSocket("bench", ["a"], port, timeouts=3.0),
    "data": lambda port: DataPullSocket("bench", ["a"], port, check_activity=False),
    "store_last": lambda port: DataPushSocket("bench", port),
    "enqueue": lambda port: DataPushSocket("bench", port, "enqueue"),
    "callback_async": lambda port: DataPushSocket("bench", port, "callback_async", None, print),
    "callback_direct": lambda port: DataPushSocket("bench", port, "callback_direct", None, len),
}
every_kind = pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)


def took(call: Callable[[], object]) -> float:
    begin = time.monotonic()
    call()
    return time.monotonic() - begin


@every_kind
def test_the_same_port_opens_again_at_once_a_hundred_times_in_a_row(make: Make) -> None:
    port = 0
    begin = time.monotonic()
    for number in range(100):
        made = make(port)
        port = made.port
        if number % 3:
            made.start()
            assert ask(port, "name").endswith("bench")
        made.stop()

    assert time.monotonic() - begin < LONG_S
    assert port not in DATA


@every_kind
def test_after_stop_a_client_is_refused_at_once(make: Make, connect: Connect) -> None:
    made = make(0)
    made.start()
    client = connect(made.port)
    client.send(b"name")
    assert client.recv(65535).endswith(b"bench")
    made.stop()
    client.send(b"name")

    with pytest.raises(ConnectionError):
        client.recv(65535)


@every_kind
def test_stop_may_come_before_start_and_again_and_is_silent(
    make: Make, caplog: pytest.LogCaptureFixture
) -> None:
    made = make(0)
    with caplog.at_level(logging.WARNING):
        assert took(made.stop) < AT_ONCE_S
        made.stop()
        with pytest.raises(RuntimeError, match="was stopped"):
            made.start()
        make(made.port).stop()

    assert caplog.records == []


@every_kind
def test_an_idle_socket_stops_at_once_and_leaves_no_thread(
    make: Make, caplog: pytest.LogCaptureFixture
) -> None:
    before = set(threading.enumerate())
    with caplog.at_level(logging.WARNING), make(0) as made:
        assert ask(made.port, "name").endswith("bench")
        assert took(made.stop) < AT_ONCE_S
        assert not made.is_alive()
    for thread in set(threading.enumerate()) - before:
        thread.join(AT_ONCE_S)

    assert set(threading.enumerate()) <= before
    assert caplog.records == []


@every_kind
def test_many_threads_may_stop_a_socket_while_clients_ask_it(make: Make, connect: Connect) -> None:
    with make(0) as made:
        clients = [connect(made.port) for _ in range(20)]
        stoppers = [threading.Thread(target=made.stop) for _ in range(10)]
        for client in clients:
            client.send(b"name")
        for stopper in stoppers:
            stopper.start()
        for stopper in stoppers:
            stopper.join(LONG_S)
            assert not stopper.is_alive()
        make(made.port).stop()


@every_kind
def test_a_socket_starts_once(make: Make) -> None:
    with make(0) as made:
        with pytest.raises(RuntimeError, match="threads can only be started once"):
            made.start()
        assert ask(made.port, "name").endswith("bench")
        with made:
            assert made.is_alive()
        assert not made.is_alive()


@every_kind
def test_run_serves_on_the_calling_thread_until_another_one_stops_it(make: Make) -> None:
    made = make(0)
    runner = threading.Thread(target=made.run)
    runner.start()
    assert ask(made.port, "name").endswith("bench")
    made.stop()
    runner.join(LONG_S)

    assert not runner.is_alive()
    make(made.port).stop()


def test_a_live_socket_gives_both_ports_back_and_stops_at_any_time() -> None:
    port = 0
    for number in range(20):
        others = set(DATA)
        live = LiveSocket(
            "bench", ["a"], ("127.0.0.1", 9), internal_data_pull_socket_port=port, host="127.0.0.1"
        )
        port = (set(DATA) - others).pop()
        if number % 2:
            live.start()
            live.set_point_now("a", number)
            assert ask(port, "a#raw").endswith(f",{number}")
        live.stop()
        live.stop()

    assert port not in DATA
    with pytest.raises((KeyError, OSError)):
        live.set_point_now("a", 1)


@every_kind
def test_a_port_that_is_taken_leaves_nothing_behind(make: Make) -> None:
    known = set(DATA)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("", 0))
        port = other.getsockname()[1]
        for _ in range(3):
            with pytest.raises(PortStillReserved, match=f"UDP port {port} is in use"):
                make(port)
    assert set(DATA) == known
    make(port).stop()


@every_kind
def test_a_second_socket_of_this_process_does_not_get_the_port(make: Make) -> None:
    with make(0) as made:
        with pytest.raises(ValueError, match="A UDP server already exists on port"):
            make(made.port)
        assert ask(made.port, "name").endswith("bench")
        assert made.port in DATA


# callbacks


def test_stop_is_quick_also_after_a_callback_was_slow_long_ago() -> None:
    pause = threading.Event()
    push = DataPushSocket(
        "bench", 0, "callback_direct", callback=lambda values: pause.wait(values["s"])
    )
    with push:
        assert ask(push.port, "raw_wn#s:float:0.2") == "RET#false"
        pause.wait(1.3)  # long enough for whoever watches slow callbacks to go to sleep
        assert ask(push.port, "name") == "RET#bench"

        assert took(push.stop) < AT_ONCE_S


@pytest.mark.parametrize("slow", [False, True])
@pytest.mark.parametrize("action", ["callback_direct", "callback_async"])
def test_a_callback_may_stop_its_own_socket(
    action: Any, slow: bool, caplog: pytest.LogCaptureFixture, connect: Connect
) -> None:
    stopped = threading.Event()

    def callback(values: dict[str, Any]) -> str:
        if slow:
            threading.Event().wait(0.15)
        push.stop()
        stopped.set()
        return "stopped"

    push = DataPushSocket("bench", 0, action, callback=callback)
    push.start()
    with caplog.at_level(logging.WARNING):
        connect(push.port).send(b"raw_wn#a:int:1")
        assert stopped.wait(LONG_S)
    push.join(LONG_S)

    assert not push.is_alive()
    assert "still in the queue" not in caplog.text
    DataPushSocket("bench", push.port).stop()


def test_what_is_queued_for_a_callback_is_handled_before_stop_returns() -> None:
    handled = []
    go_on = threading.Event()

    def callback(values: dict[str, Any]) -> None:
        assert go_on.wait(LONG_S)
        handled.append(values["n"])

    with DataPushSocket("bench", 0, "callback_async", callback=callback) as push:
        for number in range(50):
            assert ask(push.port, f"raw_wn#n:int:{number}").startswith("ACK#")
        go_on.set()
        push.stop()
        assert handled == list(range(50))


def test_a_full_queue_is_handled_before_stop_returns_as_well() -> None:
    handled = []
    inside, go_on = threading.Event(), threading.Event()

    def callback(values: dict[str, Any]) -> None:
        inside.set()
        assert go_on.wait(LONG_S)
        handled.append(values["n"])

    with DataPushSocket("bench", 0, "callback_async", callback=callback, max_queue=2) as push:
        ask(push.port, "raw_wn#n:int:0")
        assert inside.wait(LONG_S)
        for number in (1, 2):
            ask(push.port, f"raw_wn#n:int:{number}")
        threading.Timer(0.1, go_on.set).start()
    assert handled == [0, 1, 2]


@pytest.mark.parametrize(("count", "text"), [(0, None), (3, "stopped with 3 items still in")])
def test_what_is_left_in_a_queue_is_reported(
    count: int, text: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    with (
        caplog.at_level(logging.WARNING),
        DataPushSocket("bench", 0, "enqueue") as push,
    ):
        for number in range(count):
            ask(push.port, f"raw_wn#n:int:{number}")

    assert (text in caplog.text) if text else (caplog.records == [])


def test_a_callback_that_hangs_delays_stop_by_seconds_at_most_and_is_reported(
    caplog: pytest.LogCaptureFixture, connect: Connect
) -> None:
    inside, go_on = threading.Event(), threading.Event()

    def callback(values: dict[str, Any]) -> None:
        inside.set()
        assert go_on.wait(LONG_S)

    push = DataPushSocket("bench", 0, "callback_direct", callback=callback)
    push.start()
    client = connect(push.port)
    client.send(b"raw_wn#n:int:1")
    assert inside.wait(LONG_S)
    client.send(b"raw_wn#n:int:2")
    client.send(b"name")
    assert client.recv(65535) == b"RET#bench"
    with caplog.at_level(logging.WARNING):
        assert took(push.stop) < 5
    DataPushSocket("bench", push.port).stop()
    go_on.set()
    push.join(LONG_S)

    assert "stopped while the callback was still busy with {'n': 1}" in caplog.text
    assert "nothing was done with {'n': 2}" in caplog.text
    assert not push.is_alive()


# the end of the interpreter

SCRIPT = """
import sys, threading, time
from labframe.sockets import *
made = []
def handle(values):
    time.sleep(0.05)
    print("handled", values["n"], flush=True)
made.append(DateDataPullSocket("a", ["a"], 0, timeouts=3.0))
made.append(DataPullSocket("b", ["a"], 0))
made.append(DataPushSocket("c", 0, "callback_direct", callback=len))
made.append(DataPushSocket("d", 0, "callback_async", callback=handle))
made.append(DataPushSocket("e", 0, "enqueue"))
made.append(LiveSocket("f", ["a"], internal_data_pull_socket_port=0))
made.append(DateDataPullSocket("never started", ["a"], 0))
for each in made[:-1]:
    each.start()
print(*[each.port for each in made[:5]], flush=True)
sys.stdin.readline()
"""
ENDINGS = {
    "at its end": "",
    "by sys.exit": "sys.exit(0)",
    "by an exception": "raise ValueError('the end')",
    "in with": "with made[-1]: pass",
    "with a setter still at work": (
        "threading.Thread(target=lambda: [made[0].set_point_now('a', 1.0) for _ in iter(int, 1)],"
        " daemon=True).start()"
    ),
}


@contextlib.contextmanager
def running(script: str) -> "Iterator[subprocess.Popen[str]]":
    with subprocess.Popen(
        [sys.executable, "-P", "-W", "error", "-c", script],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        try:
            yield process
        finally:
            process.kill()  # in case that it did not end by itself


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_script_that_never_stops_its_sockets_ends_by_itself_and_drains_them(ending: str) -> None:
    with running(SCRIPT + ENDINGS[ending]) as script:
        assert script.stdout is not None
        ports = [int(port) for port in script.stdout.readline().split()]
        for port in ports:
            assert ask_bytes(port, b"name")[-1:] in b"abcde"
        for number in range(3):
            assert ask(ports[3], f"raw_wn#n:int:{number}").startswith("ACK#")
        shown, errors = script.communicate("\n", timeout=LONG_S)

    assert shown == "handled 0\nhandled 1\nhandled 2\n"
    if ending == "by an exception":
        assert errors.endswith("ValueError: the end\n")
        assert errors.count("Traceback") == 1
    elif ending == "with a setter still at work":
        assert errors == "" or "KeyError" in errors
    else:
        assert (script.returncode, errors) == (0, "")
    for port in ports:
        DataPushSocket("again", port).stop()


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C is no signal to a process there")
@pytest.mark.parametrize("busy", ["waiting", "in a callback"])
def test_ctrl_c_ends_a_script_with_one_traceback_and_gives_the_ports_back(
    busy: str, connect: Connect
) -> None:
    with running(SCRIPT) as script:
        assert script.stdout is not None
        ports = [int(port) for port in script.stdout.readline().split()]
        if busy == "in a callback":
            for number in range(3):
                assert ask(ports[3], f"raw_wn#n:int:{number}").startswith("ACK#")
        else:
            assert ask(ports[0], "name") == "a"
        script.send_signal(signal.SIGINT)
        shown, errors = script.communicate(timeout=LONG_S)

    assert errors.count("Traceback") == 1
    assert errors.endswith("KeyboardInterrupt\n")
    assert shown == ("handled 0\nhandled 1\nhandled 2\n" if busy == "in a callback" else "")
    for port in ports:
        DataPushSocket("again", port).stop()
