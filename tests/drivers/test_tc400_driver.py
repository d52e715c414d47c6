"""The driver of the TC 400 against its simulator, on ``sim://`` and a clock of its own."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import labframe_drivers.tc400
import pytest
from labframe_drivers.tc400 import (
    AccessViolation,
    NoParameter,
    OutOfRange,
    Tc400,
    Tc400Refused,
    Tc400Simulator,
)
from labhost import lab

from labframe import ArgumentError, IdentityError, LabframeError, NoValue, PullClient
from labframe.errors import BadReply, NoReply
from labframe.line import Line
from labframe.simulation import Answer, SimCarrier, available
from labframe.wires import ManualClock

Plug = Callable[..., SimCarrier]


def running(**state: Any) -> Tc400Simulator:
    return Tc400Simulator(**{"on": True, "speed_hz": 1500, **state})


class Garbled(Tc400Simulator):
    """Answers everything with the same data, in a telegram that is in order."""

    data = "000000"

    def respond(self, line: bytes, now: float) -> bytes | None:
        del now
        content = f"{line[:3].decode()}10{line[5:8].decode()}{len(self.data):02d}{self.data}"
        return f"{content}{sum(content.encode()) % 256:03d}".encode()


def test_a_pump_at_speed_is_read(plug: Plug) -> None:
    carrier = plug(running(error="Wrn007"))
    with Tc400(carrier.url) as pump:
        assert (pump.speed(), pump.set_speed(), pump.nominal_speed()) == (1500, 1500, 1500)
        assert pump.speeds_rpm() == {
            "speed_rpm": 90000, "set_speed_rpm": 90000, "nominal_speed_rpm": 90000,
        }  # fmt: skip
        assert (pump.is_on(), pump.is_accelerating(), pump.is_at_speed()) == (True, False, True)
        assert (pump.current(), pump.voltage(), pump.power()) == (0.6, 24.0, 14)
        assert pump.temperatures() == {
            "temperature_electronics": 38, "temperature_pump_bottom": 33,
            "temperature_bearing": 36, "temperature_motor": 45,
        }  # fmt: skip
        assert pump.error() == "Wrn007: mains power failed or low"
        assert (pump.operating_hours(), pump.pressure()) == (1234, 1.2e-6)
        assert pump.check_identity() == "TC_400, firmware 010300"
    assert carrier.seen[2] == b"0010030902=?107\r"


def test_it_runs_up_when_it_is_switched_on(plug: Plug) -> None:
    clock = ManualClock()
    simulator = Tc400Simulator(run_up_s=100)
    with SimCarrier(simulator, clock=clock) as carrier, Tc400(carrier.url) as pump:
        assert (pump.speed(), pump.is_on()) == (0, False)
        pump.set_on(True)
        clock.advance(50)
        assert pump.speed() == pytest.approx(750, abs=5)
        assert (pump.is_accelerating(), pump.current()) == (True, 4.2)
        pump.set_on(False)
        assert not pump.is_accelerating()


SETTINGS: list[tuple[str, str, list[Any]]] = [
    ("set_on", "is_on", [True, False]),
    ("set_motor", "motor_is_on", [False, True]),
    ("set_standby", "is_on_standby", [True, False]),
    ("set_heating", "is_heating", [True, False]),
    ("set_sealing_gas", "sealing_gas_is_on", [True, False]),
    ("enable_venting", "venting_is_enabled", [True, False]),
    ("set_vent_mode", "vent_mode", ["direct", "none", "delayed"]),
    ("set_gas_mode", "gas_mode", ["light", "helium", "heavy"]),
    ("set_speed_setting", "sets_speed", [True, False]),
    ("set_vent_speed", "vent_speed", [40, 98]),
    ("set_vent_time", "vent_time", [6, 3600]),
    ("set_speed_setpoint", "speed_setpoint", [20, 66.67, 100]),
    ("set_standby_speed", "standby_speed", [20, 66.7, 100]),
]


@pytest.mark.parametrize(("setting", "read_back", "values"), SETTINGS)
def test_every_setting_is_read_back(
    plug: Plug, setting: str, read_back: str, values: list[Any]
) -> None:
    assert Tc400.commands()[setting].read_back == read_back
    with Tc400(plug(running()).url) as pump:
        for value in values:
            getattr(pump, setting)(value)
            assert getattr(pump, read_back)() == value


def test_every_command_is_tried_here() -> None:
    others = {"acknowledge_error", "switch_all_off"}
    assert set(Tc400.commands()) == {one[0] for one in SETTINGS} | others


def test_an_error_is_acknowledged(plug: Plug) -> None:
    with Tc400(plug(running(error="Err006")).url) as pump:
        assert pump.error() == "Err006: run-up took too long"
        pump.acknowledge_error()
        assert pump.error() == "ok"


def test_what_is_out_of_range_is_never_sent(plug: Plug) -> None:
    carrier = plug(running())
    with Tc400(carrier.url) as pump:
        before = len(carrier.seen)
        for speed in (19.9, 100.1, float("nan")):
            with pytest.raises(ArgumentError):
                pump.set_speed_setpoint(speed)
        with pytest.raises(ArgumentError):
            pump.set_vent_mode("sometimes")  # type: ignore[arg-type]  # what a client may send
        assert len(carrier.seen) == before


@pytest.mark.parametrize(
    ("code", "error"),
    [("NO_DEF", NoParameter), ("_RANGE", OutOfRange), ("_LOGIC", AccessViolation)],
)
def test_a_refusal_is_an_error_with_the_units_reason(
    plug: Plug, code: str, error: type[Tc400Refused]
) -> None:
    simulator = Garbled()
    with Tc400(plug(simulator).url, identity="000000") as pump:
        simulator.data = code
        with pytest.raises(error, match=f"the speed .parameter 309.: {code}"):
            pump.speed()
        with pytest.raises(error, match="standby") as caught:
            pump.set_standby(True)
        assert caught.value.parameter == 2


def test_remote_control_that_has_priority_is_told(plug: Plug) -> None:
    with (
        Tc400(plug(running(remote_priority=True)).url) as pump,
        pytest.raises(AccessViolation, match="another interface"),
    ):
        pump.set_on(False)


def test_what_a_unit_lacks_has_no_value_and_the_rest_is_read(plug: Plug) -> None:
    with Tc400(plug(running(unit="HiScroll", speed_hz=50)).url, identity="HiScrl") as pump:
        assert (pump.speed(), pump.current()) == (50, 0.6)
        found = pump.temperatures()
        assert isinstance(found["temperature_bearing"], NoValue)
        assert (found["temperature_electronics"], found["temperature_motor"]) == (38, 45)
        with pytest.raises(NoValue, match="NO_DEF"):
            pump.is_accelerating()


def test_a_gauge_on_the_bus_is_read(plug: Plug) -> None:
    with Tc400(plug(Tc400Simulator(unit="PPT 100")).url, identity="A3") as gauge:
        assert gauge.pressure() == 1.2e-6
        with pytest.raises(NoParameter):
            gauge.speed()


def test_another_unit_than_a_turbo_drive_has_to_be_named(plug: Plug) -> None:
    carrier = plug(Tc400Simulator(unit="MVP 015"))
    with pytest.raises(IdentityError, match="MVP015"):
        Tc400(carrier.url).open()
    with Tc400(carrier.url, identity="MVP015") as pump:
        assert pump.speed() == 0
    with pytest.raises(IdentityError, match="expected 'TC 110', got 'TC_400'"):
        Tc400(plug(running()).url, identity="TC 110").open()


@pytest.mark.parametrize("data", ["00063", " 00633", "NO_DEX", "-00633", "6.3300"])
def test_what_is_no_number_is_an_error(plug: Plug, data: str) -> None:
    simulator = Garbled()
    with Tc400(plug(simulator).url, identity="000000") as pump:
        simulator.data = data
        with pytest.raises(BadReply):
            pump.speed()
        with pytest.raises(BadReply, match="acknowledged"):
            pump.set_standby(True)


def test_an_unknown_choice_is_no_value(plug: Plug) -> None:
    simulator = Garbled()
    with Tc400(plug(simulator).url, identity="000000") as pump:
        simulator.data = "007"
        with pytest.raises(NoValue, match="vent mode is 7"):
            pump.vent_mode()
        simulator.data = "E00001"
        with pytest.raises(BadReply, match="no error code"):
            pump.error()


def test_a_neighbours_answer_is_not_taken(plug: Plug) -> None:
    class Neighbour(Tc400Simulator):
        def feed(self, data: bytes, now: float) -> list[Answer]:
            return super().feed(data, now) if b"30902=?" not in data else [
                Answer(b"0021030906000633033\r")
            ]  # fmt: skip

    with (
        Tc400(plug(Neighbour()).url) as pump,
        pytest.raises(BadReply, match="not an answer of unit 001"),
    ):
        pump.speed()


def test_all_units_are_switched_off_with_one_telegram_that_nobody_answers(plug: Plug) -> None:
    members = [running(address=1), running(address=2, nominal_hz=900, speed_hz=900)]
    carrier = plug(*members)
    assert Tc400.line is not None
    with Line(carrier.url, Tc400.line) as line:
        first, second = (Tc400(line, address=address) for address in ("001", 2))
        first.open()
        second.open()
        assert (first.is_on(), second.is_on()) == (True, True)
        first.switch_all_off()
        assert carrier.seen[-1] == b"0001001006000000008\r"
        assert (first.is_on(), second.is_on()) == (False, False)


@pytest.mark.parametrize("address", [0, 256, 901, "x", "²"])
def test_an_address_that_no_unit_can_have_is_refused(address: int | str) -> None:
    with pytest.raises(LabframeError, match="not 1 to 255"):
        Tc400("sim://nobody", address=address)


def test_a_unit_that_is_not_there_does_not_answer(plug: Plug) -> None:
    with pytest.raises(NoReply):
        Tc400(plug(running()).url, address=9).open()


@pytest.mark.skipif(not available(), reason="no pseudo-terminals here")
def test_several_units_on_one_port_are_served_by_a_host() -> None:
    simulate = {"on": True, "speed_hz": 1500, "latency_s": 0}
    units = {
        f"pump_{address}": {
            "driver": "tc400", "port": "simulated", "address": address,
            "simulate": {**simulate, "nominal_hz": 1500, "temperature_motor": 40 + address},
        }
        for address in (1, 2, 3)
    }  # fmt: skip
    with (
        lab(labframe_drivers.tc400, units) as host,
        PullClient("127.0.0.1", host.port) as client,
    ):
        for number, name in itertools.product((1, 2, 3), ("temperature_motor", "speed")):
            codename = f"pump_{number}_{name}"
            host.wait_fresh(codename)
            expected = 1500 if name == "speed" else 40 + number
            assert client.point(codename).y == expected
