"""Settings: read back after they were set, and kept, set again or forgotten after a reconnect."""

import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from commandlab import (
    ONE,
    CommandPlugin,
    Furnace,
    carrier,
    code,
    host_of,
    recorded,
    said,
    simulated,
)
from labhost import until

from labframe import Event, Host, Instrument, command, reading


class Refusing:
    """An interlock that refuses when it is told to."""

    name = "door"
    guards = ("oven.*",)
    needs = ()

    def __init__(self) -> None:
        self.is_open = False
        self.asked: list[Any] = []

    def check(self, command: Any, look: Any) -> None:
        self.asked.append(command)
        if self.is_open:
            raise RuntimeError("the door is open")


class Events:
    """A sink that keeps the events."""

    name = "events"

    def __init__(self) -> None:
        self.events: list[Event] = []

    def write(self, readings: Any) -> None: ...

    def event(self, event: Event) -> None:
        self.events.append(event)

    def close(self) -> None: ...


def _settings(after: str) -> dict[str, Any]:
    return {"oven": {**ONE["oven"], "command": {"setpoint": {"after_reconnect": after}}}}


def _power_cycle(host: Host) -> None:
    """Unplug the furnace, have it forget its setpoint, plug it in and wait for a value."""
    reconnects = host.instruments[0].reconnects
    carrier(host).unplug()
    until(lambda: not host.members[0].connected)
    simulated(host).setpoint = 300.0
    carrier(host).replug()
    until(lambda: host.instruments[0].reconnects > reconnects)
    host.wait_fresh("oven_temperature")


def test_a_setting_is_read_back_and_the_command_returns_what_the_instrument_tells(
    tmp_path: Path,
) -> None:
    with host_of(tmp_path) as host:
        host.wait_fresh("oven_temperature")
        assert said(host, "oven.setpoint", target=77) == "RET#77.0"
        assert host.reading("oven_setpoint_now").y == 77.0  # type: ignore[union-attr]  # it was read
        simulated(host).is_stuck = True
        answer = said(host, "oven.setpoint", target=80)
        assert answer == (
            "EXCEP#READ_BACK: oven.setpoint: set to 80.0, but the instrument tells 77.0"
        )
        assert recorded(host)[-1]["outcome"] == "failed"
        assert recorded(host, "begin")[-1]["old"] == 77.0
        assert said(host, "oven.setpoint", target=77.05) == "RET#77.0", "within a thousandth"


def test_a_setting_is_read_back_where_the_reading_is_switched_off(tmp_path: Path) -> None:
    sections = {"oven": {**ONE["oven"], "reading": {"setpoint_now": {"enabled": False}}}}
    with host_of(tmp_path, instruments=sections) as host:
        host.wait_fresh("oven_temperature")
        assert said(host, "oven.setpoint", target=77) == "RET#77.0"
        simulated(host).is_stuck = True
        assert code(said(host, "oven.setpoint", target=80)) == "EXCEP#READ_BACK"


class Single(Instrument):
    driver = "single"
    _speed = np.float32(0.0)

    @reading(unit="1/min", every=1.0)
    def speed_now(self) -> Any:
        return self._speed

    @command(unit="1/min", read_back="speed_now")
    def speed(self, target: float) -> None:
        self._speed = np.float32(target)

    @command(unit="1/min", read_back="speed_now", tolerance=5.0)
    def about(self, target: float) -> None:
        self._speed = np.float32(target + 4.9)

    @command(unit="1/min", read_back="speed_now", tolerance=5.0)
    def badly(self, target: float) -> None:
        self._speed = np.float32(target + 5.1)


def test_what_is_read_back_may_be_a_number_of_numpy(tmp_path: Path) -> None:
    sections = {"fan": {"driver": "single"}}
    with host_of(tmp_path, CommandPlugin([Single]), sections, simulate=False) as host:
        host.wait_fresh("fan_speed_now")
        assert said(host, "fan.speed", target=0.1).startswith("RET#0.1")
        assert said(host, "fan.about", target=10).startswith("RET#14.89")
        assert code(said(host, "fan.badly", target=10)) == "EXCEP#READ_BACK"


def test_a_kept_setting_is_left_to_the_instrument(tmp_path: Path) -> None:
    with host_of(tmp_path, instruments=_settings("keep")) as host:
        host.wait_fresh("oven_temperature")
        assert said(host, "oven.setpoint", target=77) == "RET#77.0"
        _power_cycle(host)
        assert simulated(host).setpoint == 300.0
        assert simulated(host).requests == ["SP 77"]


def test_a_reapplied_setting_is_set_again_before_the_first_poll_and_written_down(
    tmp_path: Path,
) -> None:
    door, events = Refusing(), Events()
    plugin = CommandPlugin(interlocks=[door], sinks=[events])
    with host_of(tmp_path, plugin, _settings("reapply")) as host:
        host.wait_fresh("oven_temperature")
        _power_cycle(host)
        assert simulated(host).requests == [], "what nobody set is not set again"
        assert said(host, "oven.setpoint", target=77) == "RET#77.0"
        _power_cycle(host)
        assert simulated(host).setpoint == 77.0
        assert simulated(host).requests == ["SP 77", "SP 77"]
        again = recorded(host, "end")[-1]
        assert again["sender"] == "labframe, after a reconnect"
        assert (again["method"], again["outcome"]) == ("oven.setpoint", "done")
        assert [one.sender for one in door.asked] == ["127.0.0.1", "labframe, after a reconnect"]
        until(lambda: sum(one.kind == "command" for one in events.events) == 2)

        door.is_open = True
        _power_cycle(host)
        assert simulated(host).setpoint == 300.0
        refused = recorded(host, "end")[-1]
        assert refused["outcome"] == "refused"
        assert refused["answer"] == (
            "ERROR#INTERLOCKED: oven.setpoint: interlock door refuses: the door is open"
        )
        door.is_open = False
        _power_cycle(host)
        assert simulated(host).setpoint == 77.0, "the next time it is allowed"


def test_a_setting_is_set_again_when_the_cable_goes_while_it_is_set_again(tmp_path: Path) -> None:
    with host_of(tmp_path, instruments=_settings("reapply")) as host:
        host.wait_fresh("oven_temperature")
        assert said(host, "oven.setpoint", target=77) == "RET#77.0"
        simulated(host).setpoint = 300.0
        carrier(host).unplug()
        until(lambda: not host.members[0].connected)
        simulated(host).is_mute = True
        carrier(host).replug()
        until(lambda: len(recorded(host, "end")) == 2)
        assert recorded(host, "end")[-1]["outcome"] == "unknown"
        simulated(host).setpoint, simulated(host).is_mute = 300.0, False
        host.wait_fresh("oven_temperature")
        assert simulated(host).setpoint == 77.0


def test_a_forgotten_setting_is_not_known_any_more(tmp_path: Path) -> None:
    class Plain(Furnace):
        driver = "furnace"

        @command(unit="K", limits=(0, 470), after_reconnect="forget")
        def setpoint(self, target: float) -> None:
            self.tell(f"SP {target:g}")

    with host_of(tmp_path, CommandPlugin([Plain]), ONE) as host:
        host.wait_fresh("oven_temperature")
        for target in (77, 78):
            assert said(host, "oven.setpoint", target=target) == "RET#null"
        assert [one["old"] for one in recorded(host, "begin")] == [None, {"target": 77.0}]
        until(lambda: simulated(host).requests == ["SP 77", "SP 78"])  # it has no answer
        _power_cycle(host)
        assert simulated(host).requests == ["SP 77", "SP 78"]
        assert said(host, "oven.setpoint", target=79) == "RET#null"
        assert recorded(host, "begin")[-1]["old"] is None


@pytest.mark.parametrize("is_stuck", [False, True])
def test_a_setting_of_unknown_outcome_takes_the_one_before_it_out_of_what_is_set_again(
    tmp_path: Path, is_stuck: bool
) -> None:
    with host_of(tmp_path, instruments=_settings("reapply")) as host:
        host.wait_fresh("oven_temperature")
        assert said(host, "oven.setpoint", target=77) == "RET#77.0"
        if is_stuck:
            simulated(host).is_stuck = True
            assert code(said(host, "oven.setpoint", target=98)) == "EXCEP#READ_BACK"
        else:
            simulated(host).is_mute = True
            assert code(said(host, "oven.setpoint", target=99)) == "EXCEP#OUTCOME_UNKNOWN"
            simulated(host).is_mute = False
        before = list(simulated(host).requests)
        _power_cycle(host)
        assert simulated(host).requests == before, "nobody wanted 77 any more"
        simulated(host).is_stuck = False
        assert said(host, "oven.setpoint", target=80) == "RET#80.0"
        _power_cycle(host)
        assert simulated(host).setpoint == 80.0


def test_what_was_refused_before_a_byte_was_sent_changes_nothing_that_is_set_again(
    tmp_path: Path,
) -> None:
    door = Refusing()
    with host_of(tmp_path, CommandPlugin(interlocks=[door]), _settings("reapply")) as host:
        host.wait_fresh("oven_temperature")
        assert said(host, "oven.setpoint", target=77) == "RET#77.0"
        assert code(said(host, "oven.setpoint", target=9999)) == "ERROR#OUT_OF_RANGE"
        door.is_open = True
        assert code(said(host, "oven.setpoint", target=78)) == "ERROR#INTERLOCKED"
        door.is_open = False
        _power_cycle(host)
        assert simulated(host).setpoint == 77.0
        assert time.monotonic() - host.reading("oven_temperature").arrival < 1.0  # type: ignore[union-attr]  # it is fresh
