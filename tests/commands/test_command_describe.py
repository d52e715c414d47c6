"""Describe: what a host has, for programs that ask, in pages below 8 kB."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from commandlab import FURNACE, CommandPlugin, furnaces, host_of, json_of
from labhost import until
from udp import ask

from labframe import Host, Instrument, command, reading


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    state_dir = tmp_path_factory.mktemp("state")
    with host_of(state_dir, FURNACE, furnaces("oven", "kiln")) as made:
        made.wait_fresh("oven_temperature")
        made.wait_fresh("kiln_temperature")
        yield made


def _described(host: Host, request: str) -> dict[str, Any]:
    """Return a description, the same from a pull and the push socket."""
    answers = [ask(port, request) for port in (host.port, host.commanding.port or 0)]
    found = [json.loads(answer) for answer in answers]
    for one in found:
        for instrument in one["instruments"]:
            for codename in instrument["codenames"].values():
                codename.pop("age")
    assert found[0] == found[1]
    first: dict[str, Any] = found[0]
    return first


def test_a_whole_host_is_described(host: Host) -> None:
    found = _described(host, "describe")
    assert found["host"] == "test lab"
    assert found["push_port"] == host.commanding.port
    assert (found["page"], found["default_instrument"]) == (1, None)
    names = {
        instrument["name"]
        for page in range(1, found["pages"] + 1)
        for instrument in _described(host, f"describe/{page}")["instruments"]
    }
    assert names == {"oven", "kiln"}


def test_an_instrument_is_described_with_its_codenames_and_commands(host: Host) -> None:
    (oven,) = _described(host, "describe#oven")["instruments"]
    assert (oven["name"], oven["driver"], oven["state"]) == ("oven", "furnace", "ok")
    assert oven["doc"] == "A furnace that counts what it is told."
    temperature = oven["codenames"]["oven_temperature"]
    assert temperature["unit"] == "K"
    assert temperature["quality"] == "ok"
    assert temperature["socket"] == host.port
    methods = {one["method"]: one for one in oven["methods"]}
    assert {"oven.setpoint", "oven.add", "oven.temperature"} <= set(methods)
    assert methods["oven.temperature"]["kind"] == "reading"


def test_a_command_is_described_with_the_schema_of_its_arguments(host: Host) -> None:
    (oven,) = _described(host, "describe#oven.setpoint")["instruments"]
    assert oven["codenames"] == {}
    (method,) = oven["methods"]
    assert method == {
        "method": "oven.setpoint",
        "kind": "command",
        "label": "setpoint",
        "doc": "Set what it heats to.",
        "arguments": {
            "type": "object",
            "properties": {"target": {"type": "number", "unit": "K", "minimum": 0, "maximum": 470}},
            "required": ["target"],
            "additionalProperties": False,
        },
        "returns": {"type": "null"},
        "safe_value": 0,
        "after_reconnect": "keep",
        "read_back": "oven_setpoint_now",
    }
    (mode,) = _described(host, "describe#oven.mode")["instruments"][0]["methods"]
    assert mode["label"] == "operating mode"
    name = mode["arguments"]["properties"]["name"]
    assert (sorted(name["enum"]), name["default"]) == (["local", "remote"], "local")


def test_a_codename_is_described_with_its_instrument(host: Host) -> None:
    (oven,) = _described(host, "describe#oven_temperature")["instruments"]
    assert (oven["name"], list(oven["codenames"])) == ("oven", ["oven_temperature"])
    assert oven["methods"] == []


@pytest.mark.parametrize(
    ("request_", "text"),
    [
        ("describe#ofen", "describe#ofen: there is no such instrument, command or codename; did"),
        ("describe#oven.setpiont", "did you mean 'oven.setpoint'?"),
        ("describe#__class__", "there is no such instrument, command or codename"),
        ("describe#" + "x" * 20_000, "there is no such instrument"),
        ("describe#oven/9", "describe#oven/9: there "),
        ("describe#oven/x", "describe#oven/N: N is the number of a page, 1 for the first"),
        ("describe/0", "describe/0: there "),
        ("describe/-1", "N is the number of a page"),
        ("describe/" + "9" * 5000, "N is the number of a page"),
    ],
    ids=lambda text: text[:30],
)
def test_what_there_is_not_is_told(host: Host, request_: str, text: str) -> None:
    for port in (host.port, host.commanding.port or 0):
        answer = ask(port, request_)
        assert answer.startswith("ERROR#")
        assert text in answer
        assert len(answer) < 400


def test_other_words_that_begin_so_are_none(host: Host) -> None:
    for request in ("describes", "described#oven", "describe_all"):
        assert ask(host.commanding.port or 0, request) == "ERROR#UNKNOWN_COMMMAND"


class Wide(Instrument):
    driver = "wide"
    channels = tuple(f"channel_number_{number}" for number in range(300))

    @reading(unit="V", every=1.0, channels=True)
    def voltages(self) -> dict[str, float]:
        return dict.fromkeys(self.channels, 1.5)

    @command(unit="V", limits=(0, 10))
    def output(self, volts: float) -> float:
        """Set all of them."""
        return volts


def test_300_codenames_of_one_instrument_come_in_pages_below_8_kilobytes(tmp_path: Path) -> None:
    sections = {"w": {"driver": "wide"}}
    with host_of(tmp_path, CommandPlugin([Wide]), sections, simulate=False) as host:
        host.wait_fresh("w_channel_number_299")
        until(lambda: host.instruments[0].state == "ok")
        port = host.commanding.port or 0
        for asked, mark in (("describe", "/"), ("describe#w", "/"), ("instruments", "#")):
            first = ask(port, asked)
            pages = json.loads(first)["pages"]
            assert pages > 3
            codenames: list[str] = []
            methods: list[str] = []
            for number in range(1, pages + 1):
                answer = ask(port, f"{asked}{mark}{number}")
                assert len(answer) < 8000
                for instrument in json.loads(answer)["instruments"]:
                    assert instrument["name"] == "w"
                    codenames += instrument["codenames"]
                    methods += [one["method"] for one in instrument.get("methods", ())]
            assert codenames == [f"w_channel_number_{number}" for number in range(300)]
            if asked != "instruments":
                assert methods == ["w.output", "w.voltages"]
        assert ask(port, json_of("w.output", volts=5)) == "RET#5.0"
