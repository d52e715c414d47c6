"""Quirks of starting, stopping, importing and asking for status, by their numbers."""

import errno
import json
import os
import re
import socket
import socketserver
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from queue import Queue
from typing import Any

import pytest
from udp import ANSWER_WAIT_S, ask

from labframe import sockets
from labframe.sockets import CallBackThread, DataPullSocket, DataPushSocket, DateDataPullSocket

Make = Callable[[int], DateDataPullSocket | DataPullSocket | DataPushSocket]


def date_pull(port: int) -> DateDataPullSocket:
    return DateDataPullSocket("date pull", ["a"], port)


def data_pull(port: int) -> DataPullSocket:
    return DataPullSocket("data pull", ["a"], port)


def push(port: int) -> DataPushSocket:
    return DataPushSocket("push", port)


def direct_push(port: int) -> DataPushSocket:
    return DataPushSocket("direct push", port, "callback_direct", callback=len)


def async_push(port: int) -> DataPushSocket:
    return DataPushSocket("async push", port, "callback_async", callback=len)


each_socket = pytest.mark.parametrize("make", [date_pull, data_pull, push, direct_push, async_push])


def plain_socket(port: int = 0) -> socket.socket:
    """Return a bound socket of what could be another program."""
    bound = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        bound.bind(("", port))
    except OSError:
        bound.close()
        raise
    return bound


def run_python(script: str, home: Path) -> str:
    """Return what a script prints in an interpreter of its own, warnings being errors."""
    path = os.pathsep.join([str(Path(__file__).parents[1]), os.environ.get("PYTHONPATH", "")])
    environment = {**os.environ, "HOME": str(home), "USERPROFILE": str(home), "PYTHONPATH": path}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", script],
        cwd=home, env=environment, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_every_quirk_of_the_original_has_a_test() -> None:
    sources = [path.read_text("utf-8") for path in Path(__file__).parent.glob("test_quirks_*.py")]
    numbers = {int(found) for text in sources for found in re.findall(r"\ndef test_q(\d\d)_", text)}

    assert sorted(numbers) == list(range(1, 39))


@each_socket
def test_q17_a_stopped_socket_can_be_joined_and_says_that_it_is_not_alive(make: Make) -> None:
    made = make(0)
    assert not made.is_alive()
    made.start()
    assert made.is_alive()
    made.stop()
    made.join()

    assert not made.is_alive()


def test_q17_a_finished_callback_thread_can_be_joined() -> None:
    handled: Queue[dict[str, Any]] = Queue()
    items: Queue[dict[str, Any]] = Queue()
    thread = CallBackThread(items, handled.put)
    stopping = [thread._stop]  # scripts and tests for the original read it
    thread.start()
    items.put({"a": 1})
    thread.stop()
    thread.join()
    stopping.append(thread._stop)

    assert stopping == [False, True]
    assert not thread.is_alive()
    assert handled.get_nowait() == {"a": 1}


def test_q18_a_pull_socket_that_could_not_be_made_leaves_nothing_behind() -> None:
    with plain_socket() as other_program, date_pull(0) as witness:
        port = other_program.getsockname()[1]
        with pytest.raises(sockets.PortStillReserved):
            DateDataPullSocket("fails", ["a"], port)
        other_program.close()
        with pytest.raises(ValueError, match="'#' is not allowed"):
            DateDataPullSocket("fails", ["a#b"], port)
        with pytest.raises(ValueError, match="unique"):
            DataPullSocket("fails", ["a", "a"], port)
        with pytest.raises(ValueError, match="list of timeouts"):
            DataPullSocket("fails", ["a"], port, timeouts=[1.0, 2.0])
        with pytest.raises(TypeError):
            DateDataPullSocket("fails", 5, port)  # type: ignore[arg-type]  # a script may do that

        assert list(sockets.DATA) == [witness.port]
        status = json.loads(ask(witness.port, "status"))["socket_server_status"]
        assert list(status) == [str(witness.port)]
        with date_pull(port):
            assert ask(port, "name") == "date pull"


@each_socket
def test_q19_stopping_is_harmless_before_the_start_and_again(make: Make) -> None:
    never_started = make(0)
    never_started.stop()
    never_started.stop()
    started = make(0)
    started.start()
    started.stop()
    started.stop()

    assert len(sockets.DATA) == 0


@each_socket
def test_q20_the_port_is_free_as_soon_as_the_socket_is_stopped(make: Make) -> None:
    port = 0
    kept = []  # nothing is left to garbage collection
    for _ in range(10):
        made = make(port)
        kept.append(made)
        made.start()
        port = made.port
        assert ask(port, "name").endswith(made.name)
        made.stop()
        with pytest.raises(ConnectionRefusedError):
            ask(port, "name")
        plain_socket(port).close()


def test_q20_a_port_that_is_held_is_named_with_what_to_do() -> None:
    with plain_socket() as other_program:
        port = other_program.getsockname()[1]
        with pytest.raises(sockets.PortStillReserved) as caught:
            date_pull(port)

    assert f"UDP port {port}" in str(caught.value)
    assert "Stop the program" in str(caught.value)
    assert "SocketServer" not in str(caught.value)
    assert isinstance(sockets.PortStillReserved(), Exception)  # as scripts for the original may


@each_socket
@pytest.mark.parametrize("first", [date_pull, push])
def test_q21_two_sockets_never_share_a_port(
    make: Make, first: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socketserver.UDPServer, "allow_reuse_address", True)  # as scripts do
    with first(0) as one:
        with pytest.raises(ValueError, match=f"A UDP server already exists on port: {one.port}$"):
            make(one.port)
        assert list(sockets.DATA) == [one.port]
        assert ask(one.port, "name").endswith(one.name)


@each_socket
def test_q21_no_socket_shares_a_port_that_another_program_offers_to_share(make: Make) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other_program:
        other_program.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other_program.bind(("", 0))
        with pytest.raises(sockets.PortStillReserved):
            make(other_program.getsockname()[1])


WATCH_STATUS = """
import sys
from labframe.sockets import DataPushSocket, DateDataPullSocket
from udp import ANSWER_WAIT_S, ask

WATCHED = ("socket.getaddrinfo", "socket.gethostby", "socket.getnameinfo",
           "subprocess", "os.system", "os.exec", "os.posix_spawn", "os.fork", "pty.spawn")
seen = []
with DateDataPullSocket("a", ["a"], 0) as points, DataPushSocket("b", 0) as commands:
    sys.addaudithook(lambda event, _: seen.append(event) if event.startswith(WATCHED) else None)
    answers = [ask(port, "status") for port in (points.port, commands.port)]
    print(seen, all('"mac_address": ' in answer for answer in answers))
"""

WATCH_IMPORT = """
import logging, sys, threading
opened = []
def watch(event, arguments):
    if event == "open" and not str(arguments[0]).endswith((".py", ".pyc")):
        opened.append(arguments[0])
    if event.startswith(("socket.", "subprocess", "os.system", "os.mkdir", "os.putenv")):
        opened.append(event)
sys.addaudithook(watch)
import labframe.sockets
print(opened, threading.active_count(), logging.getLogger().handlers)
"""


def test_q27_status_asks_no_name_server_and_starts_no_program(tmp_path: Path) -> None:
    assert run_python(WATCH_STATUS, tmp_path) == "[] True\n"


def status_of_the_computer() -> dict[str, Any]:
    with date_pull(0) as points:
        status: dict[str, Any] = json.loads(ask(points.port, "status"))["system_status"]
    return status


@pytest.mark.skipif(sys.platform != "linux", reason="these items are read on Linux only")
def test_q28_status_tells_true_values_under_the_known_keys() -> None:
    import resource

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    status = status_of_the_computer()
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024

    assert before <= status["max_python_mem_usage_bytes"] <= after
    assert status["number_of_python_threads"] == threading.active_count() + 1  # that of the socket
    apt = Path("/var/cache/apt")
    changed = apt.stat().st_mtime if apt.exists() else None
    assert status["last_apt_cache_change_unixtime"] == changed
    assert {
        "filesystem_usage", "last_git_fetch_unixtime", "load_average", "mac_address",
        "machine_name", "os_version", "purpose", "python_version", "rpi_model", "rpi_temperature",
        "sd_card_serial", "uptime",
    } <= set(status)  # fmt: skip


@pytest.mark.skipif(sys.platform != "linux", reason="the purpose is read on Linux only")
def test_q29_an_item_that_cannot_be_read_is_null_and_the_others_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "PURPOSE").write_bytes(b"id:\xff\xfe is no UTF-8")
    broken = status_of_the_computer()
    (tmp_path / "PURPOSE").write_text("id:cryo\npurpose:cools\nIn the basement.\n")
    whole = status_of_the_computer()

    assert broken["purpose"] is None
    assert broken["machine_name"] == whole["machine_name"] == socket.gethostname()
    assert whole["purpose"] == {
        "id": "cryo", "purpose": "cools", "long_description": "In the basement.",
    }  # fmt: skip


def test_q30_importing_reads_no_settings_and_starts_nothing(tmp_path: Path) -> None:
    assert run_python(WATCH_IMPORT, tmp_path) == "[] 1 []\n"
    assert list(tmp_path.iterdir()) == []


def test_q35_a_port_in_use_is_recognised_whatever_number_the_system_gives_it() -> None:
    with plain_socket() as other_program:
        port = other_program.getsockname()[1]
        for make in (date_pull, data_pull, push):
            with pytest.raises(sockets.PortStillReserved) as caught:
                make(port)
            assert isinstance(caught.value.__cause__, OSError)
            assert caught.value.__cause__.errno == errno.EADDRINUSE


def test_q35_any_other_refusal_of_the_system_stays_what_it_is() -> None:
    with pytest.raises(OSError, match="assign") as caught:
        DateDataPullSocket("elsewhere", ["a"], 0, host="192.0.2.1")  # an address for documents

    assert caught.value.errno == errno.EADDRNOTAVAIL


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere 127.0.0.2 is not set up")
def test_q37_a_socket_listens_on_every_address_unless_it_is_told_one() -> None:
    with date_pull(0) as everywhere, push(0) as commands:
        for address in ("127.0.0.1", "127.0.0.2"):
            assert name_heard_at(address, everywhere.port) == b"date pull"
            assert name_heard_at(address, commands.port) == b"RET#push"
    here = "127.0.0.1"
    with (
        DateDataPullSocket("here", ["a"], 0, host=here) as date,
        DataPullSocket("here", ["a"], 0, host=here) as data,
        DataPushSocket("here", 0, host=here) as commands,
    ):
        for port in (date.port, data.port, commands.port):
            assert ask(port, "name").endswith("here")
            with pytest.raises(ConnectionRefusedError):
                ask(port, "name", "127.0.0.2")


def name_heard_at(address: str, port: int) -> bytes:
    """Ask as clients of the original do: the answer may come from another address."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(ANSWER_WAIT_S)
        client.sendto(b"name", (address, port))
        return client.recv(65535)
