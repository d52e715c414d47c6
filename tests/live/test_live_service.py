"""The live server as a process: started by hosts, alone, killed, and left behind."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from labframe_plugins.live import command
from labframe_plugins.live.service import LiveService
from labframe_plugins.live.settings import (
    Settings,
    SettingsProblem,
    context_settings,
    read_settings,
)
from livelab import running, until

from labframe import ConfigurationError, Host, PluginContext
from labframe.host import supervisor

LABFRAME = [sys.executable, "-W", "error", "-m", "labframe"]
LOG = logging.getLogger("labframe.plugin.live")
_PAGE = re.compile(r"In a browser: (http://127\.0\.0\.1:(\d+)/)(?:#token=(\S+))?")


def free_port(kind: socket.SocketKind = socket.SOCK_STREAM) -> int:
    with socket.socket(socket.AF_INET, kind) as trial:
        trial.bind(("127.0.0.1", 0))
        return int(trial.getsockname()[1])


def pid_at(port: int) -> int | None:
    """Return the process of the live server on a port; None if there is none."""
    with contextlib.suppress(httpx.HTTPError):
        return int(httpx.get(f"http://127.0.0.1:{port}/healthz").json()["pid"])
    return None


@pytest.fixture
def started() -> Iterator[Callable[..., tuple[subprocess.Popen[str], re.Match[str]]]]:
    """Start a command that prints where the page is; live servers that outlive it are ended."""
    processes: list[subprocess.Popen[str]] = []
    ports: list[int] = []

    def start(*arguments: object) -> tuple[subprocess.Popen[str], re.Match[str]]:
        process = subprocess.Popen(
            [*LABFRAME, *map(str, arguments)],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        processes.append(process)
        assert process.stdout is not None
        lines = []
        for line in process.stdout:
            lines.append(line)
            found = _PAGE.search(line)
            if found:
                ports.append(int(found[2]))
                return process, found
        raise AssertionError("".join(lines))

    yield start
    for process in processes:
        process.kill()
        process.communicate()
    for port in ports:
        pid = pid_at(port)
        if pid is not None:
            os.kill(pid, signal.SIGKILL)


DEMO = ("demo", "--pull-port", 0, "--data-port", 0, "--push-port", 0, "--live-port", 0)


def test_the_demonstration_has_a_page_with_its_token_and_ends_with_it(started: Any) -> None:
    process, found = started(*DEMO)
    url, port, token = found[1], int(found[2]), found[3]

    def host() -> dict[str, Any]:
        (one,) = httpx.get(f"{url}api/v1/state").json()["hosts"].values()
        return dict(one)

    until(lambda: httpx.get(f"{url}api/v1/state").json()["hosts"])
    until(lambda: host()["kind"] == "labframe")
    until(lambda: host()["codenames"]["moon_laser_temperature"]["quality"] == "ok")
    (key,) = httpx.get(f"{url}api/v1/state").json()["hosts"]
    wish = {"host": key, "method": "moon_laser.set_power", "arguments": {"power": 900}}
    done = httpx.post(
        f"{url}api/v1/command", json=wish, headers={"authorization": f"Bearer {token}"}, timeout=10
    )
    assert done.json()["outcome"] == "done"
    past = {"codename": f"{key}:moon_laser_temperature", "since": "-60"}
    until(
        lambda: (
            httpx.get(f"{url}api/v1/history", params=past).json()["series"][0]["source"]
            == "recorder"
        )
    )
    process.send_signal(signal.SIGINT)
    said, _ = process.communicate(timeout=10)

    assert process.returncode == 0, said
    assert pid_at(port) is None


def test_a_killed_host_takes_no_page_with_it(started: Any) -> None:
    process, found = started(*DEMO)
    url = found[1]

    def qualities() -> set[str]:
        hosts = httpx.get(f"{url}api/v1/state").json()["hosts"].values()
        return {
            one["quality"]
            for host in hosts
            for one in host["codenames"].values()
            if one["stale_after"] < 5
        }

    until(lambda: "ok" in qualities())
    process.kill()
    process.wait(10)

    until(lambda: "ok" not in qualities())
    assert "old" in qualities()


def test_a_killed_server_is_started_again_by_its_host(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "_SERVICE_PAUSE_S", 0.5)
    port, udp_port = free_port(), free_port(socket.SOCK_DGRAM)
    network = {"date_port": 0, "data_port": 0, "live_server": f"127.0.0.1:{udp_port}"}
    configuration = {
        "network": network,
        "instrument": {"pc": {"driver": "computer"}},
        "plugin": {"live": {"port": port}},
    }
    defaults = {"live": {"enabled": True}}
    with Host(configuration, state_dir=tmp_path, plugin_defaults=defaults) as host:
        (runs,) = host.services
        assert list(runs.said()) == [f"In a browser: http://127.0.0.1:{port}/"]  # type: ignore[attr-defined]
        first = pid_at(port)
        assert first is not None
        os.kill(first, signal.SIGKILL)
        until(lambda: pid_at(port) not in (None, first))
        until(lambda: httpx.get(f"http://127.0.0.1:{port}/api/v1/state").json()["hosts"])

    assert pid_at(port) is None


@pytest.mark.skipif(sys.platform == "win32", reason="nothing halts a process there")
def test_a_server_that_hangs_is_killed_and_started_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    live = service(tmp_path, port=0, udp_port=0)
    live.start()
    try:
        (said,) = live.said()
        port = int(said.rstrip("/").rpartition(":")[2])
        pid = pid_at(port)
        assert pid is not None
        for _ in range(3):
            for _ in range(5):
                assert live.alive()
            until(lambda: live._silent_looks == 0)  # it has said that it is there
        os.kill(pid, signal.SIGSTOP)
        until(lambda: not live.alive())
        assert caplog.messages == ["the live server ended: it hangs, and is killed"]
        live.start()
        assert live.alive()
        (said,) = live.said()
        assert pid_at(int(said.rstrip("/").rpartition(":")[2])) not in (None, pid)
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
    finally:
        live.stop()


def service(tmp_path: Path, **settings: Any) -> LiveService:
    return LiveService(Settings(enabled=True, **settings), tmp_path, LOG)


def test_a_second_host_uses_the_server_that_is_there(tmp_path: Path) -> None:
    ports = {"port": free_port(), "udp_port": free_port(socket.SOCK_DGRAM)}
    first, second = service(tmp_path / "a", **ports), service(tmp_path / "b", **ports)
    first.start()
    try:
        assert list(first.said()) == [f"In a browser: http://127.0.0.1:{ports['port']}/"]
        second.start()
        assert second.alive()
        assert "ran already" in list(second.said())[1]
        second.stop()
        assert first.alive()
        first.stop()
        assert not second.alive()
        second.start()
        assert second.alive()
        assert len(list(second.said())) == 1
    finally:
        first.stop()
        second.stop()


def test_a_server_that_takes_other_datagrams_is_not_this_hosts(tmp_path: Path) -> None:
    with running() as live:
        same = service(tmp_path, port=live.ports.http, udp_port=live.ports.udp)
        other = service(tmp_path, port=live.ports.http, udp_port=free_port(socket.SOCK_DGRAM))
        try:
            same.start()
            other.start()
            assert same.alive()
            until(lambda: not other.alive())
        finally:
            same.stop()
            other.stop()


def test_a_port_of_somebody_else_is_said_in_the_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        taken = service(tmp_path, port=port, udp_port=0)
        taken.start()
        try:
            until(lambda: not taken.alive())
        finally:
            taken.stop()

    assert f"TCP port {port} of 127.0.0.1 cannot be used" in caplog.text


def test_it_runs_alone_with_the_settings_of_a_configuration(tmp_path: Path, started: Any) -> None:
    (tmp_path / "live.toml").write_text("[plugin.live]\nport = 0\nudp_port = 0\nlegacy_port = 0\n")
    process, found = started("live", tmp_path / "live.toml")
    assert pid_at(int(found[2])) == process.pid
    process.send_signal(signal.SIGTERM)
    assert process.stdout is not None
    said = process.stdout.read()  # the rest of what is read line by line

    assert process.wait(timeout=10) == 0
    assert "Live datagrams: UDP " in said
    assert "The original's protocol: TCP " in said


def test_what_cannot_be_is_one_line(tmp_path: Path) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 0))
        port = other.getsockname()[1]
        command = [*LABFRAME, "live", "--port", "0", "--udp-port", str(port), "--seconds", "0"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=30)

    assert done.returncode == 1
    assert done.stderr.startswith(f"Error: UDP port {port} of 127.0.0.1 cannot be used")
    assert "udp_port in [plugin.live]" in done.stderr


@pytest.mark.parametrize(
    ("section", "said"),
    [
        ({"prot": 3}, "prot: not a key that is known here; did you mean 'port'?"),
        ({"port": "8765"}, "port = '8765': a port"),
        ({"port": True}, "port = True: a port"),
        ({"udp_port": 70000}, "udp_port = 70000: a port"),
        ({"listen": "lab"}, "listen = 'lab': no IP address"),
        ({"accept": ["10.0.0.0/33"]}, "accept = '10.0.0.0/33': no network"),
        ({"accept": "10.0.0.0/8"}, "accept = '10.0.0.0/8': a list"),
        ({"udp_listen": "0.0.0.0"}, "udp_listen = '0.0.0.0': needs accept"),
        ({"token": "secret"}, "token: too easy to guess"),
        ({"token": "with blanks in it, many"}, "token: too easy to guess"),
        ({"enabled": "yes"}, "enabled = 'yes': true or false"),
        ({"certificate": 3}, "certificate = 3: a text"),
    ],
)
def test_a_wrong_key_is_named_with_what_to_do(section: dict[str, Any], said: str) -> None:
    with pytest.raises(SettingsProblem, match=re.escape(f"[plugin.live] {said}")):
        read_settings(section)
    with pytest.raises(ConfigurationError, match=re.escape(said)):
        context_settings(PluginContext("live", section, live_server="127.0.0.1:9767"))


def test_a_token_is_never_shown() -> None:
    with pytest.raises(SettingsProblem) as refused:
        read_settings({"token": "hunter2"})
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize(
    ("live_server", "section", "starts"),
    [
        ("127.0.0.1:9767", {"enabled": True}, True),
        ("localhost:9800", {"enabled": True}, True),
        ("127.0.0.1:9767", {}, False),
        ("127.0.0.1:9767", {"enabled": False}, False),
        ("192.0.2.7:9767", {"enabled": True}, False),
        ("", {"enabled": True}, False),
        ("", {"enabled": True, "udp_listen": "127.0.0.1"}, True),
    ],
)
def test_a_host_starts_one_where_its_datagrams_go(
    live_server: str, section: dict[str, Any], starts: bool
) -> None:
    settings = context_settings(PluginContext("live", section, live_server=live_server))

    assert settings.enabled is starts
    if live_server == "localhost:9800":
        assert settings.udp_port == 9800


def test_a_server_whose_host_died_ends_when_nobody_sends_any_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(command, "_ORPHAN_S", 0.3)
    monkeypatch.setattr(command, "_LOOK_S", 0.01)
    reading, writing = os.pipe()
    os.close(writing)  # as it is when the host has died
    monkeypatch.setattr(command, "_STDIN", reading)
    heard = threading.Event()

    class Loop:
        def call_soon_threadsafe(self, call: Callable[[], None]) -> None:
            call()

    with running() as live:
        began = time.monotonic()
        live.send(json.dumps({"host": "h", "data": {}}).encode())
        until(lambda: live.server.health.received == 1)
        command._follow(Loop(), heard, live.server)  # type: ignore[arg-type]

    os.close(reading)
    assert heard.is_set()
    assert time.monotonic() - began >= 0.3
