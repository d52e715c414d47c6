"""``labframe push``: commands from the command line, to a real host and to other sockets."""

from __future__ import annotations

import json
import os
import re
import select
import shlex
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import Result
from commandhost import FurnaceSimulator, command_host, lossy

from labframe import Host
from labframe.sockets import DataPushSocket

Cli = Callable[..., Result]
Started = Callable[..., "subprocess.Popen[str]"]
LABFRAME = [sys.executable, "-W", "error", "-m", "labframe"]


@pytest.fixture
def original() -> Iterator[DataPushSocket]:
    with DataPushSocket(
        "old friend", 0, "callback_direct", callback=lambda values: values, host="127.0.0.1"
    ) as server:
        yield server


# What is executed.


def test_a_command_prints_what_it_returned_with_its_unit(cli: Cli, where: str) -> None:
    for arguments, printed in (
        (["cryo.setpoint", "target=77"], "77.0 K\n"),
        (["setpoint", "target=78.5"], "78.5 K\n"),
        (["cryo.target"], "78.5 K\n"),
        (["cryo.ramp", "rate=3", "steps=[1, 2.5]", "soak=on", "gas=argon"], "6.0 K\n"),
        (["cryo.vent"], "vent\n"),
        (["cryo.label", "text=77", "number=null"], "77 None\n"),
    ):
        shown = cli("push", where, *arguments)
        assert (shown.stdout, shown.stderr, shown.exit_code) == (printed, "", 0)


def test_a_dry_run_tells_what_would_be_sent_and_sends_nothing(cli: Cli, where: str) -> None:
    shown = cli("push", where, "cryo.setpoint", "target=77", "--dry-run")

    assert shown.exit_code == 0
    assert shown.stdout.startswith("would send  cryo.setpoint(target = 77.0 K)\nto ")
    assert shown.stdout.endswith("interlocks  none\n")
    assert cli("push", where, "cryo.target").stdout == "300.0 K\n"


def test_programs_get_json_with_the_id(cli: Cli, where: str) -> None:
    shown = cli("push", where, "cryo.setpoint", "target=77", "--json", "--id", "a1")

    assert json.loads(shown.stdout) == {
        "method": "cryo.setpoint", "id": "a1", "returned": 77.0, "unit": "K",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["cryo.setpoint", "target=900"],
         "OUT_OF_RANGE: cryo.setpoint: target = 900.0: the limits are 0 to 470 K"),
        (["cryo.setpoint", "target=warm"],
         "WRONG_TYPE: cryo.setpoint: target = 'warm': not a number, 0 to 470 K"),
        (["cryo.setpoint", "targt=7"],
         "UNKNOWN_ARGUMENT: cryo.setpoint: there is no argument 'targt'; did you mean 'target'? "
         "It takes: target"),
        (["cryo.setpoint"],
         "MISSING_ARGUMENT: cryo.setpoint: target (a number, 0 to 470 K) is missing"),
        (["cryo.label", "text=broken"], "FAILED: cryo.label: the display is broken"),
    ],
)  # fmt: skip
def test_a_refusal_is_one_line_in_the_words_of_the_host(
    cli: Cli, where: str, arguments: list[str], said: str
) -> None:
    shown = cli("push", where, *arguments)

    assert (shown.stdout, shown.stderr, shown.exit_code) == ("", f"Error: {said}\n", 1)


def test_an_unknown_method_gets_the_nearest_one(cli: Cli, where: str) -> None:
    shown = cli("push", where, "cryo.setpont", "target=7")

    assert shown.exit_code == 1
    assert "there is no 'cryo.setpont'; did you mean 'cryo.setpoint'?" in shown.stderr
    assert "did you mean 'cryo.setpoint'?" in cli("push", where, "cryo.setpont", "--help").stderr


def test_an_unknown_outcome_gives_the_line_that_asks_again(cli: Cli, where: str) -> None:
    shown = cli("push", where, "cryo.anneal", "--deadline", 0.1)
    FurnaceSimulator.released.set()

    assert (shown.exit_code, shown.stdout) == (3, "")
    assert shown.stderr.startswith("Error: OUTCOME_UNKNOWN: cryo.anneal: begun, and not finished")
    found = re.search(r"^  labframe (push .* --id [0-9a-f]{32})$", shown.stderr, re.MULTILINE)
    assert found is not None
    again = cli(*shlex.split(found[1]))
    assert (again.stdout, again.exit_code) == ("annealed\n", 0)


def test_a_line_to_paste_keeps_what_a_shell_would_take_apart(cli: Cli, where: str) -> None:
    with lossy(int(where.partition(":")[2]), 0.0) as proxy:
        shown = cli("push", f"127.0.0.1:{proxy}", "cryo.anneal", "--deadline", "0.1", "--yes")
    assert f"push 127.0.0.1:{proxy} cryo.anneal --yes --id " in shown.stderr


def test_lost_datagrams_do_no_harm(cli: Cli, furnaces: Host) -> None:
    assert furnaces.commanding.port is not None
    with lossy(furnaces.commanding.port, 0.1) as proxy:
        shown = [cli("push", f"127.0.0.1:{proxy}", "cryo.count", "--yes") for _ in range(10)]

    assert [one.stdout for one in shown] == [f"{number}\n" for number in range(1, 11)]
    assert FurnaceSimulator.counted == 10


def test_the_return_format_of_the_host_is_followed(cli: Cli, tmp_path: Path) -> None:
    with command_host(tmp_path, return_format="string") as host:
        where = f"127.0.0.1:{host.commanding.port}"
        assert cli("push", where, "cryo.setpoint", "target=77").stdout == "77.0 K\n"
        assert cli("push", where, "cryo.vent").stdout == "vent\n"  # which is no JSON


def test_a_host_that_is_not_there_surely_executed_nothing(cli: Cli) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    shown = cli("push", "127.0.0.1", "cryo.vent", "--port", port)

    assert (shown.exit_code, shown.stdout) == (1, "")
    assert f"nobody listens on UDP port {port} of 127.0.0.1" in shown.stderr


# What is asked before.


class Terminal:
    """A command of labframe at a terminal of its own."""

    def __init__(self, *arguments: str) -> None:
        self._fd, inside = os.openpty()
        self._process = subprocess.Popen(
            [*LABFRAME, *arguments], stdin=inside, stdout=inside, stderr=inside,
            env={**os.environ, "COLUMNS": "200", "TERM": "dumb"},
        )  # fmt: skip
        os.close(inside)
        self.text = ""

    def wait_for(self, wanted: str) -> None:
        until = time.monotonic() + 20
        while wanted not in self.text:
            assert time.monotonic() < until, self.text
            if select.select([self._fd], [], [], 0.1)[0]:
                self.text += os.read(self._fd, 65536).decode()

    def type(self, text: str) -> None:
        os.write(self._fd, text.encode())

    def end(self) -> int:
        code = self._process.wait(20)
        while select.select([self._fd], [], [], 0)[0]:
            try:
                self.text += os.read(self._fd, 65536).decode()
            except OSError:  # Linux: it was closed on the other side, and all is read
                break
        os.close(self._fd)
        return code


def test_a_dangerous_command_is_confirmed_at_a_terminal(where: str) -> None:
    terminal = Terminal("push", where, "cryo.vent")
    terminal.wait_for("cryo.vent(). It is dangerous: a person should confirm it. Send it? [y/N]")
    terminal.type("n\n")
    assert terminal.end() == 1
    assert "Aborted!" in terminal.text

    terminal = Terminal("push", where, "cryo.vent")
    terminal.wait_for("[y/N]")
    terminal.type("y\n")
    assert terminal.end() == 0
    assert terminal.text.endswith("vent\r\n")


def test_one_with_a_safe_value_too_unless_somebody_said_yes(where: str) -> None:
    terminal = Terminal("push", where, "cryo.setpoint", "target=77")
    terminal.wait_for("cryo.setpoint(target = 77). Its safe value is 0 K")
    terminal.type("\n")
    assert terminal.end() == 1

    for arguments in (
        ["cryo.setpoint", "target=77", "--yes"],
        ["cryo.setpoint", "target=77", "--dry-run"],
        ["cryo.count"],
    ):
        terminal = Terminal("push", where, *arguments)
        assert terminal.end() == 0
        assert "[y/N]" not in terminal.text


# What is shown.


def test_without_a_method_the_commands_are_listed(cli: Cli, where: str) -> None:
    shown = cli("push", where)

    assert shown.exit_code == 0
    lines = [re.split(r"  +", line) for line in shown.stdout.splitlines()]
    assert lines[0] == ["test lab: labframe 0.1.0"]
    assert lines[2] == ["COMMAND", "ARGUMENTS", "WHAT"]
    assert lines[3] == [
        "cryo.setpoint", "target: 0 to 470 K",
        "Set the temperature to hold; safe value 0 K; read back as cryo_target",
    ]  # fmt: skip
    assert lines[4][:2] == [
        "cryo.ramp",
        "rate: 0.1 to 60 K/min, gas = none: none or argon, steps = null: list (number each), "
        "soak = false: true or false",
    ]
    assert lines[5] == ["cryo.vent", "Open the valve to the air; dangerous"]
    assert lines[-1] == ["To have a reading taken now: cryo.target, oven.target."]
    methods = json.loads(cli("push", where, "--json").stdout)
    assert methods[0]["arguments"][0]["schema"]["maximum"] == 470


def test_the_help_of_a_method_is_made_from_its_schema(cli: Cli, where: str) -> None:
    assert cli("push", where, "cryo.ramp", "--help").stdout == (
        f"Usage: labframe push {where} cryo.ramp rate=VALUE [gas=VALUE]\n"
        f"{'':{len('Usage: labframe push  ') + len(where)}}[steps=VALUE] [soak=VALUE]\n"
        "\n"
        "  Go to the target slowly.\n"
        "\n"
        "Arguments:\n"
        "  rate   number, 0.1 to 60 K/min  [required]\n"
        "  gas    none or argon  [default: none]\n"
        "  steps  list (number each)  [default: null]\n"
        "  soak   true or false  [default: false]\n"
        "\n"
        "Returns:\n"
        "  number in K\n"
    )
    setpoint = cli("push", where, "-h", "setpoint").stdout
    assert "what is read back as cryo_target, in K" in setpoint
    assert "Its safe value is 0 K" in setpoint
    assert "It is dangerous" in cli("push", where, "cryo.vent", "--help").stdout


def test_without_a_host_the_help_is_that_of_the_command(cli: Cli) -> None:
    assert cli("push", "--help").stdout == cli("push", "127.0.0.1", "-h").stdout
    assert "--dry-run" in cli("push", "--help").stdout
    missing = cli("push")
    assert missing.exit_code == 2
    assert "HOST is missing" in missing.stderr


# Other push sockets.


def test_another_push_socket_gets_json_and_texts_once(cli: Cli, original: DataPushSocket) -> None:
    where = f"127.0.0.1:{original.port}"

    shown = cli("push", where, "set_power", "power=50", "mode=slow", "on=true", "x=[1, 2]")

    assert json.loads(shown.stdout) == original.last[1]
    assert original.last[1] == {
        "method": "set_power", "power": 50, "mode": "slow", "on": True, "x": [1, 2],
    }  # fmt: skip


@pytest.mark.parametrize("option", [["--dry-run"], ["--id", "a1"], ["--deadline", "2"]])
def test_what_only_a_host_understands_is_not_sent_to_another(
    cli: Cli, original: DataPushSocket, option: list[str]
) -> None:
    shown = cli("push", f"127.0.0.1:{original.port}", "fire", *option)

    assert shown.exit_code == 1
    assert f"knows no {option[0]}: nothing was sent" in shown.stderr
    assert original.last == (None, None)


def test_another_push_socket_has_nothing_to_list(cli: Cli, original: DataPushSocket) -> None:
    for arguments in ([], ["fire", "--help"]):
        shown = cli("push", f"127.0.0.1:{original.port}", *arguments)
        assert shown.exit_code == 1
        assert "is not a labframe host" in shown.stderr


def test_a_slow_callback_of_another_socket_leaves_it_unknown(cli: Cli) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        server.settimeout(10)
        command = [*LABFRAME, "push", f"127.0.0.1:{server.getsockname()[1]}", "fire"]
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
            _, sender = server.recvfrom(100)
            server.sendto(b"ERROR#UNKNOWN_COMMMAND", sender)
            assert server.recvfrom(100)[0] == b'json_wn#{"method": "fire"}'
            _, said = process.communicate(timeout=20)

    assert process.returncode == 3
    assert "it is unknown whether the command was executed" in said
