"""``labframe watch`` without HOST: all that a live server hears, in one subscription."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from commandlab import carrier
from livelab import Live, running
from pagelab import HERE, LiveProcess, furnace_host

Process = subprocess.Popen[str]
Started = Callable[..., Process]
WAIT_S = 20.0


@pytest.fixture
def live() -> Iterator[Live]:
    with running() as server:
        yield server


def rounds(process: Process) -> Iterator[dict[str, Any]]:
    assert process.stdout is not None
    for line in process.stdout:
        yield json.loads(line)["hosts"]


def soon(process: Process, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """Return the first round that is as wanted."""
    until = time.monotonic() + WAIT_S
    hosts: dict[str, Any] = {}
    for hosts in rounds(process):
        if wanted(hosts):
            return hosts
        assert time.monotonic() < until, hosts
    raise AssertionError(hosts)


def test_hosts_of_both_kinds_are_shown_with_what_their_values_are_worth(
    started: Started, live: Live, tmp_path: Path
) -> None:
    live.points("rasppi71", sine=[time.time(), 0.5])
    with furnace_host(tmp_path, live.ports.udp) as host:
        process = started(
            "watch", "--live", f"127.0.0.1:{live.ports.http}", "--json", "--interval", 0.05
        )
        hosts = soon(process, lambda hosts: HERE in hosts and bool(hosts[HERE]["points"]))
        assert hosts["rasppi71"]["points"]["sine"] == {
            "x": pytest.approx(time.time(), abs=20), "y": 0.5, "old": False, "quality": "ok",
            "unit": "", "socket": None,
        }  # fmt: skip
        hosts = soon(process, lambda hosts: warm(hosts) is not None)
        first = warm(hosts)
        assert first is not None
        hosts = soon(process, lambda hosts: (warm(hosts) or 0) > first)
        assert hosts[HERE]["points"]["oven_temperature"]["unit"] == "K"

        carrier(host).unplug()
        hosts = soon(process, lambda hosts: quality(hosts) == "disconnected")
        assert hosts[HERE]["points"]["oven_temperature"]["old"] is True
        carrier(host).replug()
        soon(process, lambda hosts: quality(hosts) == "ok")
    gone = soon(process, lambda hosts: bool(hosts[HERE]["error"]))
    assert re.fullmatch(r"last heard \d+\.?\d* s ago", gone[HERE]["error"])
    assert gone[HERE]["points"] == {}
    assert gone["rasppi71"]["error"] is None


def quality(hosts: dict[str, Any]) -> str:
    return str(points(hosts).get("oven_temperature", {}).get("quality"))


def warm(hosts: dict[str, Any]) -> float | None:
    found: float | None = points(hosts).get("oven_temperature", {}).get("y")
    return found


def points(hosts: dict[str, Any]) -> dict[str, Any]:
    return dict(hosts.get(HERE, {}).get("points", {}))  # it may not be heard yet


def test_lines_have_the_host_in_front_where_there_are_several(
    cli: Callable[..., Any], live: Live
) -> None:
    live.points("rasppi71", sine=[time.time(), 0.5])
    live.points("rasppi72", cosine=[time.time(), 0.25])

    where = f"127.0.0.1:{live.ports.http}"
    shown = cli("watch", "--live", where, "--count", 2, "--interval", 0.1)

    assert shown.exit_code == 0
    rows = [line.split()[1:4] for line in shown.stdout.splitlines()]
    assert rows == [["rasppi71", "sine", "0.5"], ["rasppi72", "cosine", "0.25"]] * 2


def test_what_nobody_has_asked_for_is_told_from_what_is_missing(
    cli: Callable[..., Any], live: Live
) -> None:
    codenames = {"asked": {"quality": "never", "on_demand": True}, "polled": {"quality": "never"}}
    told = {"name": "cryo", "state": "ok", "codenames": codenames}
    news = {"instance": "1", "name": "lab", "whole": True, "instruments": [told]}
    live.send({"host": "lab-pc-7", "data": {}, "labframe": 1, **news})

    shown = cli("watch", "--live", f"127.0.0.1:{live.ports.http}", "--count", 1)

    found = [" ".join(line.split()[1:]) for line in shown.stdout.splitlines()]
    assert found == ["asked on demand", "polled no value yet"]


def test_a_live_server_that_is_killed_comes_back(started: Started, tmp_path: Path) -> None:
    server = LiveProcess(tmp_path)
    server.start()
    where = f"127.0.0.1:{server.port}"
    try:
        with furnace_host(tmp_path / "state", server.udp_port):
            process = started("watch", "--live", where, "--json", "--interval", 0.05)
            soon(process, lambda hosts: warm(hosts) is not None)
            server.kill()
            hosts = soon(process, lambda hosts: bool(hosts[HERE]["error"]))
            assert where in hosts[HERE]["error"]
            server.start()
            soon(process, lambda hosts: warm(hosts) is not None)
    finally:
        server.kill()


def test_where_nobody_listens_it_says_what_is_missing(cli: Callable[..., Any]) -> None:
    shown = cli("watch", "--live", "127.0.0.1:9", "--count", 1)

    assert shown.exit_code == 0
    assert "no live server listens on TCP 127.0.0.1:9" in shown.stdout


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C is no signal to a process there")
def test_ctrl_c_ends_it_at_once_also_while_a_live_server_does_not_answer(started: Started) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        process = started("watch", "--live", f"127.0.0.1:{silent.getsockname()[1]}")
        connection, _ = silent.accept()
        with connection:
            process.send_signal(signal.SIGINT)
            assert process.wait(timeout=1) == 0


def test_another_server_is_told_from_a_live_server(cli: Callable[..., Any], tmp_path: Path) -> None:
    import http.server
    import threading

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with http.server.HTTPServer(("127.0.0.1", 0), Quiet) as other:
        threading.Thread(target=other.serve_forever).start()
        shown = cli("watch", "--live", f"127.0.0.1:{other.server_port}", "--count", 1)
        other.shutdown()

    assert "is no live server" in shown.stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["127.0.0.1", "--live", "127.0.0.1"], "two ways to the points"),
        (["--port", "9000"], "--port is for a HOST"),
    ],
)
def test_what_does_not_go_together_is_refused(
    cli: Callable[..., Any], words: list[str], said: str
) -> None:
    shown = cli("watch", *words)

    assert shown.exit_code == 2
    assert said in shown.output
