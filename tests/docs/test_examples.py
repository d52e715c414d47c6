"""The programs in docs/examples: each runs as a process, is talked to over UDP, ends cleanly."""

import ast
import json
import re
import time
from collections.abc import Callable
from pathlib import Path
from subprocess import Popen

import pytest
from udp import ask

Run = Callable[..., "Popen[str]"]
Talk = Callable[["Popen[str]"], str]

TESTED = {
    "first_point.py",
    "laser_client.py",
    "laser_server.py",
    "network_variable_now.py",
    "network_variable_own_times.py",
    "push_callback_async.py",
    "push_client.py",
    "push_enqueue.py",
    "push_session_host.py",
    "push_store_last.py",
    "session_server.py",
}


def port_in(line: str) -> int:
    found = re.search(r"UDP port (\d+)", line)
    assert found is not None, line
    return int(found[1])


def push(port: int, **values: object) -> str:
    return ask(port, f"json_wn#{json.dumps(values)}")


def test_every_example_is_tested_here(docs: Path) -> None:
    assert {path.name for path in (docs / "examples").glob("*.py")} == TESTED


@pytest.mark.parametrize("name", sorted(TESTED - {"laser_client.py", "session_server.py"}))
def test_the_default_port_is_that_of_the_protocol(docs: Path, name: str) -> None:
    defaults = {"push": "8500", "lase": "8500", "netw": "9000", "firs": "9000"}

    assert defaults[name[:4]] in (docs / "examples" / name).read_text("utf-8")


@pytest.mark.parametrize("name", ["network_variable_now.py", "network_variable_own_times.py"])
def test_a_network_variable_has_new_points(
    name: str, run: Run, first_line: Talk, interrupt: Talk
) -> None:
    program = run(name, 0)
    port = port_in(first_line(program))
    deadline = time.monotonic() + 10.0
    while "OLD_DATA" in ask(port, "raw") and time.monotonic() < deadline:
        time.sleep(0.02)  # until the first shot
    points = json.loads(ask(port, "json_wn"))

    assert list(points) == ["moon_laser_power", "moon_laser_duration"]
    assert ask(port, "name") == "moon laser, last shot"
    for x, y in points.values():
        assert abs(time.time() - x) < 5.0
        assert 35.0 < y < 55.0
    assert interrupt(program) == "stopped\n"


def test_the_first_point_is_a_temperature(run: Run, first_line: Talk, interrupt: Talk) -> None:
    program = run("first_point.py", 0)
    port = port_in(first_line(program))

    assert 77.0 < float(ask(port, "cryo_temperature#raw").split(",")[1]) < 77.6
    assert interrupt(program) == ""


def test_store_last_shows_the_last_set_and_every_name(
    run: Run, first_line: Talk, interrupt: Talk
) -> None:
    program = run("push_store_last.py", 0)
    port = port_in(first_line(program))
    assert program.stdout is not None

    assert push(port, greeting="good morning", number=47) == (
        "ACK#{'greeting': 'good morning', 'number': 47}"
    )
    first = program.stdout.readline()
    assert ask(port, "raw_wn#number:int:42") == "ACK#{'number': 42}"
    second = program.stdout.readline()

    assert first == (
        "last {'greeting': 'good morning', 'number': 47}, "
        "updated {'greeting': 'good morning', 'number': 47}\n"
    )
    assert second == "last {'number': 42}, updated {'greeting': 'good morning', 'number': 42}\n"
    assert interrupt(program) == "stopped\n"


def test_enqueue_handles_every_set_in_order(run: Run, first_line: Talk, finish: Talk) -> None:
    program = run("push_enqueue.py", 0)
    port = port_in(first_line(program))
    for number in range(5):
        assert push(port, shot=number) == f"ACK#{{'shot': {number}}}"
    push(port, stop=True)
    printed = finish(program).splitlines()

    assert [line.partition(",")[0] for line in printed[:-1]] == [
        f"handled {{'shot': {number}}}" for number in range(5)
    ]
    assert printed[-1] == "stopped"


def test_callback_async_answers_before_the_shot_is_over(
    run: Run, first_line: Talk, finish: Talk
) -> None:
    program = run("push_callback_async.py", 0)
    port = port_in(first_line(program))
    for intensity in (300, 400):
        answer = push(port, method="fire", duration=0.2, intensity=intensity)
        assert ast.literal_eval(answer.removeprefix("ACK#"))["intensity"] == intensity
    push(port, method="sing")
    push(port, method="stop")
    printed = finish(program)

    first, second = "0.2 s with intensity 300", "0.2 s with intensity 400"
    assert printed.index(first) < printed.index(second) < printed.index("not understood")
    assert printed.endswith("stopped\n")


@pytest.mark.parametrize("name", ["push_enqueue.py", "push_callback_async.py", "laser_server.py"])
def test_a_push_example_also_ends_with_ctrl_c(
    name: str, run: Run, first_line: Talk, interrupt: Talk
) -> None:
    program = run(name, 0)
    assert ask(port_in(first_line(program)), "name").startswith("RET#moon laser, ")

    assert interrupt(program) == "stopped\n"


def test_the_laser_answers_each_command_with_its_value(
    run: Run, first_line: Talk, finish: Talk
) -> None:
    program = run("laser_server.py", 0)
    port = port_in(first_line(program))

    assert push(port, method="temperature") == "RET#null"
    answer = push(port, method="update_settings", power=300, focus=10)
    assert answer == "RET#\"settings updated: {'power': 300, 'focus': 10}\""
    assert push(port, method="state", state="active") == 'RET#"the state is active"'
    temperatures: list[tuple[float, float]] = []
    deadline = time.monotonic() + 10.0
    while len(temperatures) < 2 and time.monotonic() < deadline:
        temperatures += json.loads(push(port, method="get_temperature").removeprefix("RET#"))
    newest = json.loads(push(port, method="temperature").removeprefix("RET#"))
    assert [30.0 <= kelvin <= 300.0 for _, kelvin in temperatures] == [True] * len(temperatures)
    assert 30.0 <= newest <= 300.0
    assert ask(port, "raw_wn#method:str:state") == 'RET#"the state is active"'
    assert push(port, method="stop") == 'RET#"stopping"'
    assert finish(program) == "stopped\n"


def test_the_laser_says_what_is_wrong_with_a_command(run: Run, first_line: Talk) -> None:
    port = port_in(first_line(run("laser_server.py", 0)))

    assert push(port, method="update_settings", colour="red") == (
        "EXCEP#no such setting: colour; there are power, focus, target"
    )
    assert push(port, method="state", state="asleep").startswith("EXCEP#state 'asleep' is unknown")
    assert push(port, method="__init__").startswith("EXCEP#method '__init__' is unknown")
    assert push(port, method="watch").startswith("EXCEP#method 'watch' is unknown")
    assert push(port, power=300).startswith("EXCEP#method None is unknown")
    assert "unexpected keyword argument 'now'" in push(port, method="stop", now=True)


def test_the_laser_client_drives_the_laser_server(run: Run, first_line: Talk, finish: Talk) -> None:
    server = run("laser_server.py", 0)
    client = run("laser_client.py", port_in(first_line(server)))
    printed = finish(client).splitlines()

    assert printed[:3] == [
        "settings updated: {'power': 300, 'focus': 10}",
        "refused: no such setting: colour; there are power, focus, target",
        "the state is active",
    ]
    assert re.fullmatch(r"\d\d:\d\d:\d\d  \d+\.\d K", printed[3])
    assert re.fullmatch(r"the last temperature: \d+\.\d+ K", printed[-3])
    assert printed[-2:] == ["the state is idle", "stopping"]
    assert finish(server) == "stopped\n"
