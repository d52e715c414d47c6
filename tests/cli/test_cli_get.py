"""``labframe get``: every newest value of a host, from whichever of its sockets."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import click
import pytest
from click.shell_completion import ShellComplete
from click.testing import Result
from udp import default_ports

from labframe.cli.hosts import Target, target_of
from labframe.cli.main import main
from labframe.sockets import CommonDataPullSocket

Cli = Callable[..., Result]
Serve = Callable[..., CommonDataPullSocket]


def test_a_value_measured_now_is_shown_with_its_age(cli: Cli, serve: Serve) -> None:
    now = time.time()
    socket = serve({"cryo_temperature": (now - 65.0, 77.25), "count": (now - 7200.0, 3)})

    shown = cli("get", f"127.0.0.1:{socket.port}")

    assert shown.stdout == (
        "cryo_temperature  77.25  1 min 5 s ago\ncount             3      2 h 0 min ago\n"
    )
    assert shown.exit_code == 0


def test_units_are_those_that_the_host_tells(cli: Cli, serve: Serve, cryostat: Any) -> None:
    socket = serve({"cryo_temperature": (time.time(), 77.25)}, cryostat)

    assert "77.25 K  0." in cli("get", "127.0.0.1", "--port", socket.port).stdout


def test_the_x_of_xy_data_is_no_time(cli: Cli, serve: Serve, cryostat: Any) -> None:
    cryostat["sockets"] = [{"kind": "data", "name": "spectra"}]
    x = time.time()
    socket = serve({"spectrum": (x, 0.5)}, cryostat)

    assert cli("get", f"127.0.0.1:{socket.port}").stdout == f"spectrum  0.5  at x = {x}\n"


def test_an_old_value_ends_with_exit_code_3(cli: Cli, serve: Serve) -> None:
    socket = serve({"fresh": (1.0, 1.0), "stale": None})
    where = ["get", f"127.0.0.1:{socket.port}"]

    assert cli(*where).exit_code == 3
    assert cli(*where, "fresh").exit_code == 0
    assert cli(*where, "stale").stdout == "stale  OLD_DATA\n"
    as_json = cli(*where, "--json")
    assert as_json.exit_code == 3
    assert json.loads(as_json.stdout) == {"fresh": [1.0, 1.0], "stale": "OLD_DATA"}


def test_without_a_port_every_socket_of_the_host_is_asked(
    cli: Cli, serve: Serve, cryostat: Any
) -> None:
    second = serve({"furnace_temperature": (2.0, 900.0)})
    cryostat["sockets"].append({"kind": "date", "port": second.port, "name": "furnace"})
    cryostat["sockets"].append({"kind": "push", "port": 1, "name": "cryostat sockets"})
    with default_ports(9000):
        first = serve({"cryo_temperature": (1.0, 77.0)}, cryostat, port=9000)
        everything = cli("get", "127.0.0.1", "--json")
        only_first = cli("get", "127.0.0.1:9000", "--json")
        first.stop()

    assert json.loads(everything.stdout) == {
        "cryo_temperature": [1.0, 77.0],
        "furnace_temperature": [2.0, 900.0],
    }
    assert json.loads(only_first.stdout) == {"cryo_temperature": [1.0, 77.0]}


def test_a_host_with_xy_data_alone_is_found_on_its_port(cli: Cli, serve: Serve) -> None:
    with default_ports(9000, 9010):
        socket = serve({"spectrum": (532.0, 0.5)}, port=9010)
        shown = cli("get", "127.0.0.1")
        socket.stop()
        nobody = cli("get", "127.0.0.1")

    assert shown.stdout == "spectrum  0.5  at x = 532.0\n"
    assert "nobody listens on UDP port 9000 of 127.0.0.1" in nobody.stderr


def test_a_text_of_the_network_cannot_write_to_the_terminal(cli: Cli, serve: Serve) -> None:
    socket = serve({"note": (1.0, "\x1b[2Jgone\nnext")})

    assert cli("get", f"127.0.0.1:{socket.port}").stdout == (
        "note  \\x1b[2Jgone\\nnext  at x = 1.0\n"
    )


def test_two_different_ports_are_refused(cli: Cli) -> None:
    shown = cli("get", "127.0.0.1:9001", "--port", 9002)

    assert shown.exit_code == 2
    assert "127.0.0.1:9001 and --port 9002 are two ports: write one of them" in shown.stderr


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("cryostat.lab", Target("cryostat.lab")),
        ("cryostat.lab:9001", Target("cryostat.lab", 9001)),
        ("::1", Target("::1")),
        ("[::1]:9001", Target("::1", 9001)),
        ("[::1]", Target("::1")),
    ],
)
def test_a_host_may_carry_its_port(text: str, target: Target) -> None:
    assert target_of(text) == target
    assert target_of(str(target)) == target


@pytest.mark.parametrize("text", ["", ":9000", "host:port", "host:-1", "[::1", "[::1]9000"])
def test_what_is_no_host_is_refused(text: str) -> None:
    with pytest.raises(click.BadParameter, match="write HOST or HOST:PORT"):
        target_of(text)


def completed(*words: str) -> list[str]:
    found = ShellComplete(main, {}, "labframe", "_LABFRAME_COMPLETE")
    return [item.value for item in found.get_completions([*words[:-1]], words[-1])]


def test_codenames_are_completed_by_asking_the_host(serve: Serve) -> None:
    socket = serve({"cryo_temperature": (1.0, 77.0), "cryo_power": None, "pressure": None})
    where = f"127.0.0.1:{socket.port}"

    assert completed("get", where, "cryo") == ["cryo_temperature", "cryo_power"]
    assert completed("get", where, "cryo_power", "p") == ["pressure"]
    socket.stop()
    assert completed("get", where, "cryo") == []
