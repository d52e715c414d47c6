"""The command line, run as its users run it: in a process of its own."""

import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

import labframe
from labframe.sockets import DateDataPullSocket

LABFRAME = [sys.executable, "-m", "labframe"]


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*LABFRAME, *arguments], capture_output=True, text=True, timeout=30)


@contextmanager
def demo() -> Iterator[tuple[subprocess.Popen[str], int, int]]:
    """The demonstration on free ports: its process, pull port and push port."""
    process = subprocess.Popen(
        [*LABFRAME, "demo", "--pull-port", "0", "--push-port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    try:
        ports = re.findall(r"UDP (\d+)", process.stdout.readline())
        yield process, int(ports[0]), int(ports[1])
    finally:
        process.kill()
        process.communicate()


def test_the_demonstration_serves_a_laser_that_obeys_and_stops_on_ctrl_c() -> None:
    with demo() as (process, pull_port, push_port):
        with labframe.PushClient("127.0.0.1", push_port) as commands:
            assert commands.call("set_power", power=80) == "power is 80 kW"
            with pytest.raises(labframe.LabframeError, match="0 to 100 kW"):
                commands.call("set_power", power=800)
            with pytest.raises(labframe.LabframeError, match="known are"):
                commands.call("fire")
        with labframe.PullClient("127.0.0.1", pull_port) as client:
            until = time.monotonic() + 10
            while client.point("moon_laser_power").y != 80.0:
                assert time.monotonic() < until
        assert process.stdout is not None
        shown = process.stdout.readline()
        while "moon_laser_temperature" not in shown:
            shown = process.stdout.readline()
        process.send_signal(signal.SIGINT)
        rest, _ = process.communicate(timeout=10)

    assert process.returncode == 0
    assert rest.endswith("Stopped; both ports are free again.\n")


def test_every_line_that_the_demonstration_says_to_try_begins_a_real_command() -> None:
    with demo() as (process, pull_port, push_port):
        assert process.stdout is not None
        lines: list[str] = []
        while "Read back" not in (line := process.stdout.readline()):
            lines.append(line)

    tries = [line.strip() for line in lines if line.startswith("  ")]
    assert tries[0] == f"labframe get 127.0.0.1 --port {pull_port}"
    assert tries[1] == f"echo -n json_wn | nc -u -w1 127.0.0.1 {pull_port}"
    assert tries[2].endswith(f"| nc -u -w1 127.0.0.1 {push_port}")


def test_get_prints_points_for_people_and_for_programs() -> None:
    with DateDataPullSocket("n", ["cryo_temperature", "old"], 0, timeouts=[None, 1.0]) as served:
        served.set_point("cryo_temperature", (1.5, 77.25))
        port = str(served.port)
        people = run("get", "127.0.0.1", "--port", port)
        programs = run("get", "127.0.0.1", "--port", port, "--json", "cryo_temperature")

    assert people.stdout == "cryo_temperature  77.25  at x = 1.5\nold               OLD_DATA\n"
    assert json.loads(programs.stdout) == {"cryo_temperature": [1.5, 77.25]}
    assert (people.returncode, programs.returncode) == (3, 0)  # 3: some value is OLD_DATA


def test_get_names_the_codenames_that_there_are() -> None:
    with DateDataPullSocket("n", ["cryo_temperature"], 0) as served:
        shown = run("get", "127.0.0.1", "cryo", "--port", str(served.port))

    assert shown.returncode == 1
    assert shown.stderr.strip() == (
        f"Error: 127.0.0.1:{served.port} has no codename cryo; it has cryo_temperature"
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["get", "127.0.0.1", "--port", "1"], "nobody listens on UDP port 1 of 127.0.0.1"),
        (["get", "no.such.computer.invalid"], "'no.such.computer.invalid' has no known address"),
        (["get", "127.0.0.1", "--port", "70000"], "port = 70000"),
    ],
)
def test_what_cannot_be_done_is_one_line_that_says_why(arguments: list[str], message: str) -> None:
    shown = run(*arguments)

    assert shown.returncode == 1
    assert message in shown.stderr
    assert "Traceback" not in shown.stderr
    assert shown.stdout == ""


def test_a_port_that_is_taken_is_named_with_the_remedy() -> None:
    with DateDataPullSocket("n", ["a"], 0) as served:
        shown = run("demo", "--pull-port", str(served.port), "--push-port", "0")

    assert shown.returncode == 1
    assert f"UDP port {served.port} on 127.0.0.1 is in use" in shown.stderr
    assert "Traceback" not in shown.stderr


def test_the_version_is_that_of_the_package() -> None:
    import importlib.metadata

    assert (
        run("--version").stdout == f"labframe, version {importlib.metadata.version('labframe')}\n"
    )
