"""The command line, run as its users run it: in a process of its own."""

import json
import subprocess
import sys

import pytest

from labframe.sockets import DateDataPullSocket

LABFRAME = [sys.executable, "-m", "labframe"]


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*LABFRAME, *arguments], capture_output=True, text=True, timeout=30)


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
    with DateDataPullSocket("n", ["x"], 0) as served:
        shown = run("demo", "--pull-port", str(served.port), "--data-port", "0", "--push-port", "0")

    assert shown.returncode == 1
    assert f"UDP port {served.port}" in shown.stderr
    assert "--pull-port 0" in shown.stderr
    assert "Traceback" not in shown.stderr


def test_the_version_is_that_of_the_package() -> None:
    import importlib.metadata

    assert (
        run("--version").stdout == f"labframe, version {importlib.metadata.version('labframe')}\n"
    )
