"""A script that a laboratory wrote for the original runs when its import lines are replaced."""

import ast
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from udp import Receiver, ask

SCRIPT = Path(__file__).parent / "scripts" / "gas_cabinet.py.txt"
REPLACED = {
    "\nfrom PyExpLabSys.common import sockets\n": "\nfrom labframe import sockets\n",
    "\nfrom PyExpLabSys.common.sockets import ": "\nfrom labframe.sockets import ",
}
RUN_TIME_S = 30.0
CODENAMES = ["gas_cabinet_temperature", "gas_cabinet_humidity", "gas_cabinet_door"]


@dataclass(frozen=True)
class Ports:
    pull: int
    push: int
    live_pull: int


@dataclass(frozen=True)
class Running:
    """The script in a process of its own."""

    process: "subprocess.Popen[str]"
    ports: Ports

    def next_line(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().rstrip("\n")

    def quit(self) -> list[str]:
        """Tell it to quit as a client would; return what else it printed."""
        assert ask(self.ports.push, 'json_wn#{"cmd": "quit"}') == "ACK#{'cmd': 'quit'}"
        output, complaints = self.process.communicate(timeout=20)
        assert (complaints, self.process.returncode) == ("", 0)
        return output.splitlines()


@pytest.fixture
def live_server() -> Iterator[Receiver]:
    with Receiver() as server:
        yield server


@pytest.fixture
def ports() -> Ports:
    with ExitStack() as stack:
        found = []
        for _ in range(3):
            probe = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
            probe.bind(("", 0))
            found.append(probe.getsockname()[1])
    return Ports(*found)


def with_imports_replaced() -> str:
    source = SCRIPT.read_text("utf-8")
    for original, ours in REPLACED.items():
        assert source.count(original) == 1
        source = source.replace(original, ours)
    assert "PyExpLabSys" not in source
    return source


@contextmanager
def started(folder: Path, ports: Ports, live_server: Receiver) -> Iterator[Running]:
    (folder / "gas_cabinet.py").write_text(with_imports_replaced(), "utf-8")
    (folder / "settings.py").write_text(
        f"pull_port = {ports.pull}\npush_port = {ports.push}\nlive_pull_port = {ports.live_pull}\n"
        f"live_server_port = {live_server.address[1]}\nrun_time = {RUN_TIME_S}\n"
    )
    with subprocess.Popen(
        [sys.executable, "-W", "error", "gas_cabinet.py"],
        cwd=folder, env={**os.environ, "HOME": str(folder)}, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as process:  # fmt: skip
        try:
            yield Running(process, ports)
        finally:
            process.kill()


@pytest.fixture
def script(tmp_path: Path, ports: Ports, live_server: Receiver) -> Iterator[Running]:
    with started(tmp_path, ports, live_server) as running:
        assert running.next_line() == "Refused: UnknownCodename"
        assert running.next_line() == "Running"
        assert wait_for(ports.pull, f"{CODENAMES[1]}#json", " 38.25]")
        yield running


def wait_for(port: int, request: str, ending: str) -> bool:
    """Ask until the answer ends so; False if it never does."""
    deadline = time.monotonic() + 10.0
    while time.monotonic() < deadline:
        if ask(port, request).endswith(ending):
            return True
    return False


def points(port: int) -> dict[str, list[float]]:
    answer: dict[str, list[float]] = json.loads(ask(port, "json_wn"))
    return answer


def test_its_points_are_read_over_the_network(script: Running) -> None:
    pull = script.ports.pull
    assert ask(pull, "name") == "Gas cabinet"
    assert ask(pull, "codenames_json") == json.dumps(CODENAMES)
    moment, temperature = points(pull)[CODENAMES[0]]
    assert abs(time.time() - moment) < 3.0
    assert 22.0 < temperature < 23.0
    x, y = ask(pull, f"{CODENAMES[1]}#raw").split(",")
    assert (float(x) > moment - 3.0, y) == (True, "38.25")
    assert ask(pull, "gas_cabinet_tempreature#raw") == "UNKNOWN_COMMMAND"


def test_what_it_no_longer_measures_becomes_old_and_the_rest_stays(script: Running) -> None:
    door = f"{CODENAMES[2]}#json"
    assert wait_for(script.ports.pull, door, '"OLD_DATA"')
    assert len(points(script.ports.pull)[CODENAMES[0]]) == 2
    ask(script.ports.push, 'json_wn#{"cmd": "door", "state": "open"}')
    assert wait_for(script.ports.pull, door, '"open"]')
    assert wait_for(script.ports.pull, door, '"OLD_DATA"')


def test_commands_reach_its_main_loop_through_the_queue(script: Running) -> None:
    push = script.ports.push
    assert ask(push, "name") == "RET#Gas cabinet control"
    assert ask(push, "raw_wn#heater:bool:True") == "ACK#{'heater': True}"
    deadline = time.monotonic() + 10.0
    while points(script.ports.pull)[CODENAMES[0]][1] < 27.0:
        assert time.monotonic() < deadline


def test_its_live_points_arrive_and_are_served_as_well(
    script: Running, live_server: Receiver
) -> None:
    message = json.loads(live_server.wait())
    assert message["host"] == socket.gethostname()
    assert list(message["data"]) == CODENAMES[:2]
    assert message["data"][CODENAMES[1]][1] == 38.25
    assert points(script.ports.live_pull)[CODENAMES[1]][1] == 38.25

    ask(script.ports.push, 'json_wn#{"cmd": "reset"}')
    deadline = time.monotonic() + 10.0
    while json.loads(live_server.wait())["data"] != {CODENAMES[0]: "RESET"}:
        assert time.monotonic() < deadline


def test_it_ends_with_what_it_looked_at_in_the_module(script: Running) -> None:
    ask(script.ports.push, 'json_wn#{"heater": false, "note": "from room #104"}')
    status = json.loads(ask(script.ports.pull, "status"))["socket_server_status"]
    names = {int(port): server["name"] for port, server in status.items()}
    assert names == {
        script.ports.pull: "Gas cabinet",
        script.ports.push: "Gas cabinet control",
        script.ports.live_pull: "Gas cabinet live",
    }

    told = script.quit()
    servers = sorted(line for line in told if line.startswith("Server"))
    assert servers == [
        "Server Gas cabinet control push DISABLED",
        "Server Gas cabinet date OK",
        "Server Gas cabinet live data OK",
    ]
    assert [line for line in told if not line.startswith("Server")] == [
        f"Type date codenames {CODENAMES} timeouts "
        f"{dict(zip(CODENAMES, [3.0, 3.0, 0.2], strict=True))}",
        "Humidity 38.25",
        "Last command {'cmd': 'quit'}",
        "Updated [('cmd', 'quit'), ('heater', False), ('note', 'from room #104')]",
        "Unknown is True",
        "Push error is True",
        "Last (None, None)",
        "Left 0",
    ]
    with pytest.raises(ConnectionRefusedError):
        ask(script.ports.pull, "name")


def test_it_waits_for_the_program_that_still_has_its_port(
    tmp_path: Path, ports: Ports, live_server: Receiver
) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as old_program:
        old_program.bind(("", ports.pull))
        with started(tmp_path, ports, live_server) as script:
            assert script.next_line() == "Port is still reserved, trying again"
            old_program.close()
            lines = iter(script.next_line, "Running")
            assert set(lines) <= {
                "Port is still reserved, trying again", "Refused: UnknownCodename", "",
            }  # fmt: skip
            assert ask(ports.pull, "name") == "Gas cabinet"
            assert ast.literal_eval(ask(ports.push, "json_wn#{}").partition("#")[2]) == {}
            script.quit()
