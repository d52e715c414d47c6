"""``labframe watch``: the points of hosts as they change."""

from __future__ import annotations

import json
import os
import re
import select
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from click.testing import Result
from udp import default_ports

from labframe.sockets import CommonDataPullSocket, DateDataPullSocket

Cli = Callable[..., Result]
Process = subprocess.Popen[str]
Started = Callable[..., Process]
Serve = Callable[..., CommonDataPullSocket]
WAIT_S = 20.0


def test_each_round_is_plain_lines_where_there_is_no_terminal(
    cli: Cli, serve: Serve, cryostat: Any
) -> None:
    points = {"cryo_temperature": (time.time(), 77.123456789), "cryo_power": None}
    socket = serve(points, cryostat)

    shown = cli("watch", f"127.0.0.1:{socket.port}", "--count", 2, "--interval", 0.05)

    assert shown.exit_code == 0
    rounds = shown.stdout.splitlines()
    assert len(rounds) == 4
    assert re.fullmatch(r"\d\d:\d\d:\d\d  cryo_temperature  77.1235 K  0\.\d s", rounds[0])
    assert re.fullmatch(r"\d\d:\d\d:\d\d  cryo_power        old", rounds[1])


def test_programs_get_one_line_of_json_a_round(cli: Cli, serve: Serve, cryostat: Any) -> None:
    x = time.time()
    socket = serve({"cryo_temperature": (x, 77.25), "cryo_power": None}, cryostat)
    where = f"127.0.0.1:{socket.port}"

    shown = cli("watch", where, "--count", 3, "--interval", 0.05, "--json")

    rounds = [json.loads(line) for line in shown.stdout.splitlines()]
    assert len(rounds) == 3
    assert rounds[0]["time"] >= x
    assert rounds[2]["hosts"][where] == {
        "error": None,
        "points": {
            "cryo_temperature": {
                "x": x, "y": 77.25, "old": False, "quality": "ok", "unit": "K",
                "socket": socket.port,
            },
            "cryo_power": {
                "x": None, "y": None, "old": True, "quality": "old", "unit": "",
                "socket": socket.port,
            },
        },
    }  # fmt: skip


def test_every_socket_of_every_host_is_asked(cli: Cli, serve: Serve, cryostat: Any) -> None:
    second = serve({"furnace_temperature": (2.0, 900.0)})
    other = serve({"pressure": (3.0, 1e-6)})
    cryostat["sockets"].append({"kind": "date", "port": second.port, "name": "furnace"})
    with default_ports(9000):
        first = serve({"cryo_temperature": (1.0, 77.0)}, cryostat, port=9000)
        shown = cli("watch", "127.0.0.1", f"127.0.0.1:{other.port}", "--count", 1)
        first.stop()

    assert [line.split()[1:4] for line in shown.stdout.splitlines()] == [
        ["127.0.0.1", "cryo_temperature", "77"],
        ["127.0.0.1", "furnace_temperature", "900"],
        [f"127.0.0.1:{other.port}", "pressure", "1e-06"],
    ]


def next_round(process: Process) -> dict[str, Any]:
    assert process.stdout is not None
    hosts: dict[str, Any] = json.loads(process.stdout.readline())["hosts"]
    return hosts


def soon(process: Process, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """Return the first round that is as wanted."""
    until = time.monotonic() + WAIT_S
    while not wanted(hosts := next_round(process)):
        assert time.monotonic() < until, hosts
    return hosts


def test_a_host_that_is_away_comes_back_by_itself_and_holds_nobody_up(
    started: Started, serve: Serve, cryostat: Any
) -> None:
    there = serve({"cryo_temperature": (1.0, 77.0)})
    away = serve({"pressure": (1.0, 3.0)})
    here, gone = f"127.0.0.1:{there.port}", f"127.0.0.1:{away.port}"
    process = started("watch", here, gone, "--json", "--interval", 0.05)

    hosts = soon(process, lambda hosts: not hosts[gone]["error"])
    assert hosts[gone]["points"]["pressure"]["y"] == 3.0
    away.stop()
    hosts = soon(process, lambda hosts: bool(hosts[gone]["error"]))
    assert "nobody listens on" in hosts[gone]["error"]
    assert hosts[gone]["points"] == {}
    assert hosts[here]["points"]["cryo_temperature"]["y"] == 77.0
    cryostat["instruments"][0]["codenames"] = {"pressure": {"unit": "mbar"}}
    serve({"pressure": (2.0, 4.0)}, cryostat, port=away.port)
    hosts = soon(process, lambda hosts: not hosts[gone]["error"])
    point = hosts[gone]["points"]["pressure"]
    assert (point["y"], point["unit"]) == (4.0, "mbar")


def test_a_silent_host_holds_the_others_up_for_a_moment_only(
    started: Started, serve: Serve
) -> None:
    import socket

    there = serve({"cryo_temperature": (1.0, 77.0)})
    here = f"127.0.0.1:{there.port}"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        mute = f"127.0.0.1:{silent.getsockname()[1]}"
        process = started("watch", here, mute, "--json", "--interval", 0.2, "--count", 6)
        first = next_round(process)
        began = time.monotonic()
        rest, said = process.communicate(timeout=WAIT_S)
        taken_s = time.monotonic() - began

    assert "77.0" in json.dumps(first[here])
    assert "did not answer 'instruments' within 0.5 s, asked 3 times" in first[mute]["error"]
    assert len(rest.splitlines()) == 5
    assert taken_s < 4.0, "each round waited for the silent host"
    assert said == ""


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_leaves_cleanly(started: Started, serve: Serve, ending: signal.Signals) -> None:
    socket = serve({"cryo_temperature": (1.0, 77.0)})
    process = started("watch", f"127.0.0.1:{socket.port}", "--interval", 30)
    assert process.stdout is not None
    process.stdout.readline()

    process.send_signal(ending)
    rest, said = process.communicate(timeout=10)
    assert (process.returncode, rest, said) == (0, "", "")


class Terminal:
    """A terminal of 100 columns, and what is on it."""

    def __init__(self) -> None:
        self.fd, self.inside = os.openpty()
        self.text = ""

    def wait_for(self, wanted: str) -> str:
        until = time.monotonic() + WAIT_S
        while not re.search(wanted, self.text):
            assert time.monotonic() < until, self.text
            if select.select([self.fd], [], [], 0.1)[0]:
                self.text += os.read(self.fd, 65536).decode()
        return self.text

    def fresh(self) -> None:
        self.text = ""


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    made = Terminal()
    yield made
    os.close(made.fd)
    os.close(made.inside)


def test_a_terminal_shows_a_table_that_tells_old_values_in_words(
    started: Started, terminal: Terminal, cryostat: Any, serve: Serve
) -> None:
    host = serve({"cryo_temperature": (time.time(), 77.0)}, cryostat)
    with DateDataPullSocket("aged", ["pressure"], 0, timeouts=0.5, host="127.0.0.1") as aged:
        aged.set_point_now("pressure", 3.5)
        process = started(
            "watch", f"127.0.0.1:{host.port}", f"127.0.0.1:{aged.port}", "--interval", 0.1,
            stdout=terminal.inside,
            env={**os.environ, "TERM": "xterm", "COLUMNS": "100", "LINES": "30"},
        )  # fmt: skip
        shown = terminal.wait_for("pressure +.*3.5")
        for word in ("host", "codename", "value", "unit", "age", "last 30", "cryo_temperature"):
            assert word in shown
        assert re.search(r"77.* K ", shown)
        terminal.wait_for(r"pressure .*\bold\b")
        host.stop()
        terminal.wait_for(r"cryo_temperature .*no answer")
        terminal.wait_for(f"127.0.0.1:{host.port}: no answer: nobody listens")
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 0
    terminal.wait_for(re.escape("\x1b[?25h"))  # the cursor is back
