"""From a request to a method: what is declared is reached, and nothing else."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from commandlab import (
    FURNACE,
    CommandPlugin,
    Latch,
    code,
    furnaces,
    held_up,
    host_of,
    recorded,
    said,
    simulated,
)
from labhost import until
from udp import answer_if_any, ask

from labframe import Host, Instrument, NoValue, command, reading
from labframe.errors import CommandFailed, CommandRefused


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    state_dir = tmp_path_factory.mktemp("state")
    with host_of(state_dir, FURNACE, furnaces("oven", "kiln")) as made:
        made.wait_fresh("oven_temperature")
        made.wait_fresh("kiln_temperature")
        yield made


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    with host_of(
        tmp_path_factory.mktemp("state"),
        FURNACE,
        furnaces("oven", "kiln"),
        network={"default_instrument": "oven"},
    ) as made:
        made.wait_fresh("oven_temperature")
        yield made


HOSTILE = [
    "__class__",
    "close",
    "ask",
    "tell",
    "_line",
    "on_connect",
    "oven.ask",
    "oven.close",
    "oven.__init__",
    "oven.__class__.__init__",
    "oven._line",
    "oven.setpoint.__wrapped__",
    "oven.setpoint ",
    "Oven.setpoint",
    "oven..setpoint",
    ".setpoint",
    "oven.",
    "oven",
    ".",
    "*",
    "oven.*",
    "oven.temperature\0",
    "öfen.sétpoint",
    "оven.setpoint",  # noqa: RUF001  # its first letter is Cyrillic
    "\ud800",
    "x" * 10_000,
    "oven." + "x" * 10_000,
    "." * 10_000,
]


@pytest.mark.parametrize("name", HOSTILE, ids=lambda name: ascii(name)[:30])
def test_a_name_that_is_not_declared_reaches_nothing(host: Host, own: Host, name: str) -> None:
    for one in (host, own):
        before = list(simulated(one).requests)
        answer = said(one, name)
        assert code(answer) == "ERROR#UNKNOWN_METHOD"
        assert len(answer) <= 1000
        assert simulated(one).requests == before
        assert [member.connected for member in one.members] == [True, True]


@pytest.mark.parametrize("name", ["", 0, 1.5, True, None, [], ["oven.stop"], {"a": 1}])
def test_a_method_that_is_no_text_is_refused(own: Host, name: Any) -> None:
    before = list(simulated(own).requests)
    answer = said(own, name)
    assert code(answer) == "ERROR#BAD_REQUEST"
    assert 'send {"method": "INSTRUMENT.COMMAND", "ARGUMENT": VALUE}' in answer
    assert simulated(own).requests == before


@pytest.mark.parametrize(
    ("request_", "text"),
    [
        ('json_wn#{"target": 77}', "there is no method in it: send"),
        ('json_wn#{"method": "oven.stop", "_ids": 1}', "no '_ids'; did you mean '_id'?"),
        ('json_wn#{"method": "oven.stop", "_dry_run": 1}', "_dry_run = 1: not true or false"),
        ('json_wn#{"method": "oven.stop", "_deadline": 0}', "_deadline = 0: not a number of sec"),
        ('json_wn#{"method": "oven.stop", "_deadline": 601}', "0.001 to 600"),
        ('json_wn#{"method": "oven.stop", "_deadline": "2"}', "_deadline = '2': not a number"),
        ('json_wn#{"method": "oven.stop", "_deadline": true}', "_deadline = True: not a number"),
        ('json_wn#{"method": "oven.stop", "_deadline": NaN}', "_deadline = nan: not a number"),
    ],
)
def test_a_request_that_is_no_command_is_told_what_is_wrong(
    host: Host, request_: str, text: str
) -> None:
    before = list(simulated(host).requests)
    answer = ask(host.commanding.port or 0, request_)
    assert code(answer) == "ERROR#BAD_REQUEST"
    assert text in answer
    assert simulated(host).requests == before
    assert recorded(host)[-1]["event"] == "refused"


def test_an_unknown_method_is_told_the_nearest_ones(host: Host) -> None:
    answer = said(host, "oven.setpiont", target=77)
    assert answer.startswith(
        "ERROR#UNKNOWN_METHOD: there is no 'oven.setpiont'; did you mean 'oven.setpoint'? There "
        "are: oven.setpoint, oven.add, "
    )
    assert "kiln" not in answer
    assert "oven.setpoint" in said(host, "ofen.setpoint", target=77)


def test_a_bare_name_needs_a_default_instrument(host: Host, own: Host) -> None:
    answer = said(host, "setpoint", target=77)
    assert answer == (
        "ERROR#UNKNOWN_METHOD: 'setpoint': of which instrument? Say 'oven.setpoint' or "
        "'kiln.setpoint'"
    )
    assert said(own, "setpoint", target=78) == "RET#78.0"
    assert simulated(own, "oven").setpoint == 78.0
    assert simulated(own, "kiln").setpoint == 300.0
    assert said(own, "kiln.setpoint", target=79) == "RET#79.0"
    assert simulated(own, "oven").setpoint == 78.0


def test_a_reading_is_taken_when_it_is_called(host: Host) -> None:
    simulated(host).setpoint = 123.0
    assert said(host, "oven.temperature") == "RET#295.5"
    assert said(host, "oven.setpoint_now") == "RET#123.0"
    assert host.reading("oven_setpoint_now").y == 123.0  # type: ignore[union-attr]  # it was taken


def test_the_raw_format_carries_commands_too(host: Host) -> None:
    port = host.commanding.port or 0
    assert ask(port, "raw_wn#method:str:oven.add;number:int:5") == "RET#1005"
    assert ask(port, "raw_wn#method:str:oven.ramp;target:int:5;rate:float:1.5").endswith('1.5 OK"')
    assert ask(port, "raw_wn#method:str:oven.profile;steps:float:1,2").startswith("RET#")
    assert code(ask(port, "raw_wn#method:str:oven.add;number:float:5")) == "ERROR#WRONG_TYPE"
    assert code(ask(port, "raw_wn#number:int:5")) == "ERROR#BAD_REQUEST"
    assert ask(port, "raw_wn#method:str:oven.add;number").startswith("ERROR#The data part")


def test_name_commands_and_status_answer_as_the_originals_push_socket_does(host: Host) -> None:
    port = host.commanding.port or 0
    assert ask(port, "name") == "RET#test lab"
    assert ask(port, "commands") == 'RET#["json_wn#", "raw_wn#", "name", "status", "commands"]'
    status = json.loads(ask(port, "status"))
    assert status["socket_server_status"][str(port)]["type"] == "push"
    assert ask(port, "nonsense") == "ERROR#UNKNOWN_COMMMAND"
    assert ask(port, "json_wn#nonsense").startswith("ERROR#The string 'nonsense' could not")
    assert ask(port, "json_wn#[1]").startswith("ERROR#The object '[1]' returned")
    assert ask(port, "") == "ERROR#UNKNOWN_COMMMAND"
    assert answer_if_any(port, b"RET#1") is None


class Returns(Instrument):
    driver = "returns"

    @reading(unit="1", every=1.0)
    def value(self) -> float:
        return 1.5

    @command()
    def given(self, what: str) -> Any:
        found = {
            "none": None,
            "text": "a;b",
            "number": 1.5,
            "true": True,
            "list": [[1, 2], [3, 4]],
            "dict": {"a": 1, "b": [2.5, 3.5]},
            "array": np.array([[1, 2], [3, 4]]),
            "scalar": np.float64(2.5),
            "object": object(),
            "long": "x" * 70_000,
            "nothing": NoValue("the sensor is off"),
            "broken": Unspeakable(),
        }[what]
        if isinstance(found, Exception):
            raise found
        return found


class Unspeakable(Exception):
    def __str__(self) -> str:
        raise RuntimeError("not even its text")


RETURNED = {
    "json": {
        "none": "RET#null",
        "text": 'RET#"a;b"',
        "number": "RET#1.5",
        "true": "RET#true",
        "list": "RET#[[1, 2], [3, 4]]",
        "dict": 'RET#{"a": 1, "b": [2.5, 3.5]}',
        "array": "RET#[[1, 2], [3, 4]]",
        "scalar": "RET#2.5",
    },
    "raw": {
        "none": "RET#None",
        "text": "RET#value:str:a;b",
        "number": "RET#value:float:1.5",
        "true": "RET#value:bool:True",
        "list": "RET#int:1,2&3,4",
        "dict": "RET#a:int:1;b:float:2.5,3.5",
        "array": "RET#int:1,2&3,4",
        "scalar": "RET#value:float:2.5",
    },
    "string": {
        "none": "RET#None",
        "text": "RET#a;b",
        "number": "RET#1.5",
        "true": "RET#True",
        "list": "RET#[[1, 2], [3, 4]]",
        "dict": "RET#{'a': 1, 'b': [2.5, 3.5]}",
        "array": "RET#[[1, 2], [3, 4]]",
        "scalar": "RET#2.5",
    },
}


@pytest.fixture
def returns(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Host]:
    with host_of(
        tmp_path,
        CommandPlugin([Returns]),
        {"x": {"driver": "returns"}},
        network={"return_format": request.param},
        simulate=False,
    ) as made:
        made.wait_fresh("x_value")
        yield made


@pytest.mark.parametrize("returns", ["json", "raw", "string"], indirect=True)
def test_what_a_command_returns_goes_out_in_the_return_format(returns: Host) -> None:
    form = returns.config.network.return_format
    for what, answer in RETURNED[form].items():
        assert said(returns, "x.given", what=what) == answer
    dry = said(returns, "x.given", what="none", _dry_run=True)
    assert "x.given(what = 'none')" in dry
    assert returns.command("x.given", what="none", _dry_run=True)


@pytest.mark.parametrize("returns", ["json", "raw", "string"], indirect=True)
def test_what_a_command_raises_is_told_and_the_socket_goes_on(returns: Host) -> None:
    assert said(returns, "x.given", what="nothing") == ("EXCEP#FAILED: x.given: the sensor is off")
    assert said(returns, "x.given", what="other") == "EXCEP#FAILED: x.given: KeyError: 'other'"
    broken = said(returns, "x.given", what="broken", _id="b")
    assert broken == "EXCEP#FAILED: x.given: Unspeakable: Unspeakable"
    assert said(returns, "x.given", what="broken", _id="b") == broken
    assert "executed, but what it returned is 700" in said(returns, "x.given", what="long")
    if returns.config.network.return_format == "json":
        assert "executed, but what it returned cannot be sent: a object is nothing" in said(
            returns, "x.given", what="object"
        )


def test_a_program_calls_commands_of_its_own_host(host: Host) -> None:
    assert host.command("oven.setpoint", target=77) == 77.0
    with pytest.raises(CommandRefused, match=r"OUT_OF_RANGE: oven\.setpoint") as refused:
        host.command("oven.setpoint", target=9999)
    assert refused.value.code == "OUT_OF_RANGE"
    with pytest.raises(CommandRefused, match="_deadline = 'soon': not a number"):
        host.command("oven.setpoint", target=77, _deadline="soon")
    assert host.command("oven.setpoint", target=np.float64(78.5)) == 78.5
    with pytest.raises(CommandRefused, match=r"oven\.mode: .*ValueError"):
        host.command("oven.mode", name=np.array([1, 2]), _id="array")
    with pytest.raises(CommandRefused, match="ValueError"):  # it is not for ever under way
        host.command("oven.mode", name=np.array([1, 2]), _id="array")
    assert recorded(host)[-1]["sender"] == "this program"


def test_a_program_is_told_when_it_waited_long_enough(tmp_path: Path) -> None:
    latch = Latch()
    with host_of(
        tmp_path, CommandPlugin([held_up(latch)]), {"x": {"driver": "held_up"}}, simulate=False
    ) as host:
        until(lambda: host.instruments[0].state == "ok")
        with pytest.raises(CommandFailed) as unknown:
            host.command("x.wait", _id="1", _deadline=0.05)
        assert unknown.value.code == "OUTCOME_UNKNOWN"
        latch.release()
        until(lambda: latch.passed)
        assert host.command("x.wait", _id="1") == "done"
        assert latch.passed == 1
