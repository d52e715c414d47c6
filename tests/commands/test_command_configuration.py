"""The section [instrument.NAME.command.COMMAND]: what a laboratory changes of a command."""

import json
from pathlib import Path
from typing import Any

import pytest
from commandlab import ONE, CommandPlugin, code, host_of, said, simulated
from labhost import until
from udp import ask

from labframe import ConfigurationError, Instrument, command


def _with(**commands: Any) -> dict[str, Any]:
    return {"oven": {**ONE["oven"], "command": commands}}


def test_a_configured_command_is_narrower_hidden_or_named_otherwise(tmp_path: Path) -> None:
    sections = _with(
        setpoint={"limits": [100, 300], "label": "heat to", "after_reconnect": "reapply"},
        stop={"enabled": False},
    )
    with host_of(tmp_path, instruments=sections) as host:
        host.wait_fresh("oven_temperature")
        answer = said(host, "oven.setpoint", target=99)
        assert answer == (
            "ERROR#OUT_OF_RANGE: oven.setpoint: target = 99: the limits are 100 to 300 K"
        )
        assert said(host, "oven.setpoint", target=300) == "RET#300.0"
        answer = said(host, "oven.stop")
        assert code(answer) == "ERROR#UNKNOWN_METHOD"
        assert "oven.stop," not in answer
        assert "STOP" not in simulated(host).requests
        described = json.loads(ask(host.port, "describe#oven.setpoint"))
        (method,) = described["instruments"][0]["methods"]
        assert method["label"] == "heat to"
        assert method["after_reconnect"] == "reapply"
        assert method["safe_value"] == 0
        target = method["arguments"]["properties"]["target"]
        assert (target["minimum"], target["maximum"], target["unit"]) == (100, 300, "K")


@pytest.mark.parametrize(
    ("section", "text"),
    [
        ({"setpiont": {}}, "no command 'setpiont'; did you mean 'setpoint'? It has: setpoint, add"),
        ({"setpoint": {"limits": [0, 471]}}, "wider than the driver's [0, 470]; they may only be"),
        ({"setpoint": {"limits": [-1, 300]}}, "wider than the driver's [0, 470]"),
        ({"setpoint": {"limits": [300, 100]}}, "not [lowest, highest]"),
        ({"setpoint": {"limits": [1]}}, "two numbers, such as [0, 300]"),
        ({"setpoint": {"limits": [0, float("nan")]}}, "not [lowest, highest]"),
        ({"mode": {"limits": [0, 1]}}, "is for commands with one number; this is none"),
        ({"ramp": {"limits": [0, 1]}}, "is for commands with one number; this is none"),
        ({"stop": {"limits": [0, 1]}}, "is for commands with one number; this is none"),
        ({"stop": {"after_reconnect": "reapply"}}, "is for settings, which have an argument"),
        ({"setpoint": {"after_reconnect": "reaply"}}, "did you mean 'reapply'?"),
        ({"setpoint": {"enabled": "no"}}, "true or false"),
        ({"setpoint": {"lable": "x"}}, "did you mean 'label'?"),
        ({"setpoint": 5}, "command.setpoint"),
    ],
)
def test_a_mistake_in_the_section_of_a_command_stops_the_start(
    tmp_path: Path, section: dict[str, Any], text: str
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        host_of(tmp_path, instruments=_with(**section))
    assert text in str(caught.value)
    assert "[instrument.oven" in str(caught.value)


def test_a_default_outside_of_narrower_limits_has_to_be_given(tmp_path: Path) -> None:
    class Fan(Instrument):
        driver = "fan"

        @command(unit="1/min", limits=(0, 5000))
        def spin(self, speed: float = 3000) -> float:
            return speed

    sections = {
        "fast": {"driver": "fan"},
        "slow": {"driver": "fan", "command": {"spin": {"limits": [0, 1000]}}},
    }
    with host_of(tmp_path, CommandPlugin([Fan]), sections, simulate=False) as host:
        until(lambda: all(member.connected for member in host.members))
        for name in ("fast", "slow"):
            assert host.command(f"{name}.spin", speed=1000) == 1000
        assert said(host, "fast.spin") == "RET#3000"
        answer = said(host, "slow.spin")
        assert code(answer) == "ERROR#MISSING_ARGUMENT"
        assert "speed (a number, 0 to 1000 1/min) is missing" in answer


@pytest.mark.parametrize(
    ("network", "text"),
    [
        ({"default_instrument": "ofen"}, "no [instrument.ofen]; did you mean 'oven'?"),
        ({"push_port": 70000}, "not a UDP port"),
        ({"push_port": True}, "a UDP port, such as 8500, or false"),
        ({"return_format": "xml"}, "'json' or 'raw' or 'string'"),
        ({"unsigned_commands": "alow"}, "did you mean 'allow'?"),
        ({"push_port": 9000, "date_port": 9000}, "is the same port"),
    ],
)
def test_a_mistake_about_the_push_socket_stops_the_start(
    tmp_path: Path, network: dict[str, Any], text: str
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        host_of(tmp_path, network=network)
    assert text in str(caught.value)


@pytest.mark.parametrize(
    ("audit", "text"),
    [
        ({"on_failure": "ignore"}, "'warn' or 'refuse'"),
        ({"max_bytes": 10}, "too short: 10000 or more"),
        ({"keep": -1}, "not a number of files: 0 to 1000"),
        ({"file": " "}, "is empty"),
    ],
)
def test_a_mistake_about_the_audit_stops_the_start(
    tmp_path: Path, audit: dict[str, Any], text: str
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        host_of(tmp_path, audit=audit)
    assert text in str(caught.value)


def test_a_host_that_takes_no_commands_has_no_push_socket(tmp_path: Path) -> None:
    with host_of(tmp_path, network={"push_port": False}) as host:
        host.wait_fresh("oven_temperature")
        assert host.commanding.port is None
        assert host.commanding.sockets == []
        assert host.command("oven.add", number=1) == 1001
