"""The clients of the documentation against the demonstration: in plain sockets, and with nc."""

import json
import re
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import Popen

import pytest
from console import sessions
from udp import ask_bytes

from labframe import Host
from labframe.demo import demo_host
from labframe.simulation import available

pytestmark = pytest.mark.skipif(not available(), reason="the simulation needs pseudo-terminals")

_WAIT_S = 30.0


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Host]:
    """The demonstration on free ports, with a laser that fires only when it is told."""
    with demo_host(tmp_path, 0, 0, 0) as host:
        set_laser(host, rest_s=0.0)
        host.wait_fresh("moon_laser_temperature")
        host.wait_fresh("chamber_pressure")
        yield host


def set_laser(host: Host, **values: float) -> None:
    """Set what is Settable of the simulated laser."""
    assert host.simulated is not None
    for name, value in values.items():
        setattr(host.simulated.simulators["moon_laser"], name, value)


def client(docs: Path, port: int, *words: str) -> "subprocess.CompletedProcess[str]":
    """Run the program for a host on this computer."""
    program = docs / "examples" / "push_client.py"
    return subprocess.run(
        [sys.executable, "-W", "error", program, *words, "--port", str(port)],
        capture_output=True, text=True, timeout=_WAIT_S, check=False,
    )  # fmt: skip


def port_of(host: Host) -> int:
    port = host.commanding.port
    assert port is not None
    return port


def begun(host: Host) -> list[dict[str, object]]:
    """Return what the audit tells of commands that were handed to an instrument."""
    text = host.commanding.audit_file.read_text("utf-8")
    return [one for one in map(json.loads, text.splitlines()) if one["event"] == "begin"]


class Lossy:
    """A way to a port on which the first datagrams of either direction get lost."""

    def __init__(self, port: int, requests: int, answers: int) -> None:
        self._port, self._lost = port, {"there": requests, "back": answers}
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        while True:
            try:
                request, sender = self._socket.recvfrom(65507)
            except OSError:
                return
            if self._is_lost("there"):
                continue
            answer = ask_bytes(self._port, request)
            if not self._is_lost("back"):
                self._socket.sendto(answer, sender)

    def _is_lost(self, way: str) -> bool:
        self._lost[way] -= 1
        return self._lost[way] >= 0

    def close(self) -> None:
        """Let the thread end."""
        ask_bytes(self._port, b"name")  # it is still there
        self._socket.close()


def test_the_client_prints_what_the_page_shows(docs: Path, demo: Host) -> None:
    page = (docs / "how-to" / "push-client.md").read_text("utf-8")
    shown = page.partition("$ python push_client.py")[2].partition("```")[0]
    set_power = client(docs, port_of(demo), "moon_laser.set_power", "power=900")
    too_much = client(docs, port_of(demo), "moon_laser.set_power", "power=9000")

    assert (set_power.returncode, set_power.stderr) == (0, "")
    assert f" moon_laser.set_power power=900\n{set_power.stdout}$" in shown
    assert too_much.returncode == 1
    assert f" moon_laser.set_power power=9000\n{too_much.stderr}" in shown


def test_the_client_says_what_a_command_failed_of(docs: Path, demo: Host) -> None:
    assert client(docs, port_of(demo), "moon_laser.fire").stdout == "None\n"
    failed = client(docs, port_of(demo), "moon_laser.fire")

    assert failed.stderr.startswith("failed: FAILED: moon_laser.fire: FIRE: the laser answers 'ERR")


def test_what_gets_lost_is_sent_again_and_executed_once(docs: Path, demo: Host) -> None:
    way = Lossy(port_of(demo), requests=1, answers=1)
    try:
        done = client(docs, way.port, "moon_laser.set_power", "power=800")
    finally:
        way.close()

    assert (done.stdout, done.stderr) == ("800.0\n", "")
    assert [record["arguments"] for record in begun(demo)] == [{"power": 800.0}]


def test_a_slow_command_is_asked_for_again_and_executed_once(docs: Path, demo: Host) -> None:
    set_laser(demo, latency_s=0.45)
    done = client(docs, port_of(demo), "moon_laser.set_power", "power=700", "--id", "slow")
    set_laser(demo, latency_s=0.005)
    again = client(docs, port_of(demo), "moon_laser.set_power", "power=700", "--id", "slow")

    assert done.stdout == again.stdout == "700.0\n"
    assert len(begun(demo)) == 1


def test_the_laser_client_drives_the_demonstration(
    docs: Path,
    demo: Host,
    run: Callable[..., "Popen[str]"],
    finish: Callable[["Popen[str]"], str],
) -> None:
    page = (docs / "how-to" / "push-client.md").read_text("utf-8")
    shown = page.partition("$ python laser_client.py\n")[2].partition("```")[0].splitlines()
    printed = finish(run("laser_client.py", port_of(demo))).splitlines()

    assert printed[:3] == shown[:3]
    assert all(re.fullmatch(r"\d\d:\d\d:\d\d  25\d\.\d K", line) for line in printed[3:-3])
    assert len(printed) > 6
    assert re.fullmatch(r"the last temperature: 25\d\.\d+ K", printed[-3])
    assert printed[-2:] == shown[-2:] == ["IDLE", "None"]
    assert demo.command("state") == "IDLE"


def test_the_session_with_nc_is_what_goes_over_the_network(
    docs: Path,
    run: Callable[..., "Popen[str]"],
    first_line: Callable[["Popen[str]"], str],
    interrupt: Callable[["Popen[str]"], str],
) -> None:
    host = run("push_session_host.py", 0)
    found = re.search(r"UDP port (\d+)", first_line(host))
    assert found is not None
    shown = list(sessions(docs / "how-to" / "push-client.md", "push session"))

    assert len(shown) >= 12
    for words, answer in shown:
        if words[0] == "ask":
            assert ask_bytes(int(found[1]), words[1].encode()) == answer, words
    assert interrupt(host) == ""


def test_the_table_of_the_page_names_every_kind_of_answer(docs: Path) -> None:
    page = (docs / "how-to" / "push-client.md").read_text("utf-8")

    for kind in ("RET#", "ERROR#CODE", "EXCEP#OUTCOME_UNKNOWN", "EXCEP#CODE"):
        assert f"| `{kind}" in page
