"""``labframe status``: one look at a host."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable
from typing import Any

import pytest
from click.testing import Result

from labframe.sockets import CommonDataPullSocket, DataPushSocket, DateDataPullSocket

Cli = Callable[..., Result]
Serve = Callable[..., CommonDataPullSocket]


def test_a_host_that_is_well_is_shown_in_one_table(cli: Cli, serve: Serve, cryostat: Any) -> None:
    port = serve({}, cryostat).port

    shown = cli("status", f"127.0.0.1:{port}")

    assert shown.exit_code == 0
    first, _, headers, cryo, temperature, _, _, live = shown.stdout.splitlines()
    assert first == f"cryostat, basement: labframe 0.1.0; cryostat sockets (UDP {port}, date)"
    assert headers.split("  ")[0] == "INSTRUMENT"
    words = cryo.split()
    assert words[:3] == ["cryo", "lakeshore", "ok"]
    assert words[-3:] == ["2", "0.3", "ms"]
    assert temperature.split() == ["cryo_temperature", "[K]", "UDP", "9000", "ok", "0.4", "s"]
    assert live.split() == ["live", "3", "0"]


def test_what_is_wrong_is_shown_and_ends_with_exit_code_3(
    cli: Cli, serve: Serve, cryostat: Any
) -> None:
    cryo = cryostat["instruments"][0]
    cryo |= {"state": "disconnected", "error": "/dev/ttyUSB0: the cable is out\x07"}
    cryo["codenames"]["cryo_temperature"]["quality"] = "old"
    cryostat["sinks"][0] |= {"dropped": 7, "error": "the disk is full"}
    cryostat["plugins"] = ["furnace.py: there is no such file"]
    port = serve({}, cryostat).port

    shown = cli("status", "127.0.0.1", "--port", port)

    assert shown.exit_code == 3
    assert "disconnected" in shown.stdout
    assert "/dev/ttyUSB0: the cable is out\\x07" in shown.stdout
    assert "UDP 9000        old " in shown.stdout
    assert "live  3       7        the disk is full" in shown.stdout
    assert shown.stdout.endswith("plugin: furnace.py: there is no such file\n")
    as_json = cli("status", "127.0.0.1", "--port", port, "--json")
    assert as_json.exit_code == 3
    assert json.loads(as_json.stdout)["instruments"][0]["state"] == "disconnected"


def test_a_program_gets_all_of_it(cli: Cli, serve: Serve, cryostat: Any) -> None:
    port = serve({}, cryostat).port

    found = json.loads(cli("status", f"127.0.0.1:{port}", "--json").stdout)

    assert found["labframe"] is True
    del found["labframe"], cryostat["page"], cryostat["pages"]
    cryostat["sockets"] = [{"kind": "date", "port": port, "name": "cryostat sockets"}]
    assert found == cryostat | {"instruments": found["instruments"]}
    for instrument in cryostat["instruments"]:
        for codename in instrument["codenames"].values():
            codename.setdefault("on_demand", False)
    assert found["instruments"] == cryostat["instruments"]


def test_an_original_server_shows_what_it_says_of_itself(cli: Cli) -> None:
    with (
        DateDataPullSocket("old friend", ["pressure"], 0, host="127.0.0.1") as pull,
        DataPushSocket("orders", 0, host="127.0.0.1"),
    ):
        shown = cli("status", f"127.0.0.1:{pull.port}")
        as_json = cli("status", f"127.0.0.1:{pull.port}", "--json")

    assert shown.exit_code == as_json.exit_code == 0
    assert "is not a labframe host: another pull socket answers there" in shown.stdout
    assert "name: old friend\n" in shown.stdout
    assert "orders" in shown.stdout
    assert "\npython_version: " in shown.stdout
    found = json.loads(as_json.stdout)
    assert (found["labframe"], found["name"]) == (False, "old friend")
    assert found["status"]["socket_server_status"][str(pull.port)]["status"] == "OK"


def test_an_original_server_without_activity_is_not_well(cli: Cli) -> None:
    with DateDataPullSocket(
        "asleep", ["pressure"], 0, activity_timeout=0.0, host="127.0.0.1"
    ) as pull:
        shown = cli("status", f"127.0.0.1:{pull.port}")

    assert shown.exit_code == 3
    assert "INACTIVE" in shown.stdout


def test_an_answer_that_is_no_status_is_an_error(cli: Cli, serve: Serve) -> None:
    shown = cli("status", f"127.0.0.1:{serve({}, b'[1]').port}")

    assert shown.exit_code == 1
    assert "Error: the answer to 'instruments' is no JSON object: [1]" in shown.stderr


def test_a_push_socket_is_no_host(cli: Cli) -> None:
    with DataPushSocket("orders", 0, host="127.0.0.1") as push:
        shown = cli("status", f"127.0.0.1:{push.port}")

    assert shown.exit_code == 1
    assert "a push socket answered" in shown.stderr


@pytest.mark.parametrize("json_too", [[], ["--json"]])
def test_a_host_that_is_not_there_is_an_error(cli: Cli, json_too: list[str]) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

    shown = cli("status", f"127.0.0.1:{port}", *json_too)

    assert (shown.exit_code, shown.stdout) == (1, "")
    assert f"nobody listens on UDP port {port} of 127.0.0.1" in shown.stderr


def test_what_is_read_on_demand_is_not_missed(cli: Cli, serve: Serve, cryostat: Any) -> None:
    temperature = cryostat["instruments"][0]["codenames"]["cryo_temperature"]
    temperature |= {"quality": "never", "age": None, "on_demand": True}
    port = serve({}, cryostat).port

    shown = cli("status", f"127.0.0.1:{port}").stdout

    assert "on demand" in shown
    assert "never" not in shown
