"""The driver of the iSeries against its simulator, on ``sim://`` and a clock of its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from labframe_drivers.omega_cni import (
    AddressRefused,
    CommandRefused,
    FormatRefused,
    OmegaCni,
    OmegaCniSimulator,
    OmegaRefused,
    ParityRefused,
)

from labframe import ArgumentError, IdentityError, LabframeError, NoValue, SerialLine
from labframe.errors import BadReply, LineError, NoReply
from labframe.line import Line
from labframe.simulation import Reply, SimCarrier

Plug = Callable[..., SimCarrier]


def controller(**state: Any) -> OmegaCniSimulator:
    return OmegaCniSimulator(**{"time_constant_s": 0, **state})


class Says(OmegaCniSimulator):
    """Answers one request with what a test likes."""

    said: dict[bytes, bytes] = {}

    def respond(self, line: bytes, now: float) -> Reply:
        return self.said.get(line) or super().respond(line, now)


def test_a_controller_is_read(plug: Plug) -> None:
    simulator = controller(alarms=2)
    carrier = plug(simulator)
    with OmegaCni(carrier.url) as oven:
        simulator.temperature = 90
        simulator.temperature = 80.4
        assert (oven.temperature(), oven.peak(), oven.valley()) == (80.4, 90.0, 23.5)
        assert (oven.alarms(), oven.setpoint(), oven.setpoint_2()) == ("2", 0.0, 0.0)
        assert oven.check_identity() == "iSeries with thermocouple, shows °C with 1 decimals"
    assert carrier.seen[:3] == [b"*R07\r", b"*R08\r", b"*R08\r"]
    settings = carrier.settings
    assert settings is not None
    assert (settings.baudrate, settings.bytesize, settings.parity) == (9600, 7, "O")


@pytest.mark.parametrize("echo", [True, False])
@pytest.mark.parametrize("memory", ["eeprom", "ram"])
@pytest.mark.parametrize("address", [None, 1, "C7"])
def test_it_is_set_with_and_without_echo_and_address(
    plug: Plug, echo: bool, memory: str, address: int | str | None
) -> None:
    simulator = controller(echo=echo, address="" if address is None else address)
    carrier = plug(simulator)
    options = {"echo": echo, "memory": memory}
    with OmegaCni(carrier.url, address=address, options=options) as oven:
        for setpoint in (100.0, -100.0, 999.9, 0.0):
            oven.set_setpoint(setpoint)
            oven.set_setpoint_2(setpoint / 2)
            assert oven.setpoint() == setpoint
            assert oven.setpoint_2() == pytest.approx(setpoint / 2, abs=0.051)
        for on in (True, False):
            oven.set_standby(on)
            assert simulator.in_standby is on
        oven.set_alarm(2, True)
        oven.set_alarm(number=1, on=False)
        assert oven.temperature() == 23.5
    letter = b"W" if memory == "eeprom" else b"P"
    prefix = {None: b"*", 1: b"*01", "C7": b"*C7"}[address]
    assert prefix + letter + b"012003E8\r" in carrier.seen
    assert carrier.seen[-3:-1] == [prefix + b"E02\r", prefix + b"D01\r"]


@pytest.mark.parametrize("decimals", [0, 1, 2])
def test_whatever_unit_is_shown_temperatures_are_in_celsius(plug: Plug, decimals: int) -> None:
    simulator = controller(fahrenheit=True, decimals=decimals, temperature=30, setpoint=10)
    with OmegaCni(plug(simulator).url) as oven:
        assert oven.temperature() == pytest.approx(30, abs=0.3)
        assert oven.setpoint() == pytest.approx(10, abs=0.3)
        oven.set_setpoint(37)
        assert oven.setpoint() == pytest.approx(37, abs=0.3)


def test_a_unit_that_was_changed_at_the_instrument_is_noticed(plug: Plug) -> None:
    simulator = controller(setpoint=50)
    with OmegaCni(plug(simulator).url) as oven:
        simulator.decimals = 0
        assert oven.temperature() == 24.0
        simulator.decimals = 1
        assert oven.temperature() == 23.5
        simulator.fahrenheit = True
        simulator.setpoint = 50
        assert oven.setpoint() == pytest.approx(50)
        assert oven.temperature() == pytest.approx(23.5, abs=0.06)


def test_a_setpoint_that_cannot_be_shown_is_refused_before_it_is_sent(plug: Plug) -> None:
    carrier = plug(controller())
    with OmegaCni(carrier.url) as oven:
        with pytest.raises(ArgumentError, match=r"can show -199\.9 to 999\.9"):
            oven.set_setpoint(1000)
        for wrong in (-201, 1373, float("nan")):
            with pytest.raises(ArgumentError):
                oven.set_setpoint(wrong)
    assert not any(b"W" in chunk for chunk in carrier.seen)


def test_a_reset_is_waited_for_and_peak_and_valley_begin_anew(plug: Plug) -> None:
    simulator = controller()
    with OmegaCni(plug(simulator).url) as oven:
        simulator.temperature = 90
        simulator.temperature = 80
        assert oven.peak() == 90
        oven.reset()
        assert (oven.temperature(), oven.peak(), oven.valley()) == (80, 80, 80)


def test_a_reset_after_which_it_is_silent_is_an_error(plug: Plug) -> None:
    class Gone(OmegaCniSimulator):
        boot_s = 1e9

    with OmegaCni(plug(Gone()).url) as oven, pytest.raises(NoReply):
        oven.reset()


@pytest.mark.parametrize(
    ("code", "error", "meaning"),
    [
        ("?43", CommandRefused, "letter or index"), ("?46", FormatRefused, "too short"),
        ("?50", ParityRefused, "parity"), ("?56", AddressRefused, "199"),
        ("?99", OmegaRefused, "does not name"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("address", [None, 1])
def test_an_error_is_told_with_its_meaning(
    plug: Plug, code: str, error: type[OmegaRefused], meaning: str, address: int | None
) -> None:
    simulator = Says(address="" if address is None else address)
    with OmegaCni(plug(simulator).url, address=address) as oven:
        request = b"*X01" if address is None else b"*01X01"
        for answer in (code, code if address is None else f"01{code}"):
            simulator.said = {request: answer.encode()}
            with pytest.raises(error, match=meaning) as caught:
                oven.temperature()
            assert caught.value.code == code


@pytest.mark.parametrize("echo", [True, False])
def test_a_broken_sensor_has_no_value(plug: Plug, echo: bool) -> None:
    simulator = controller(echo=echo, broken_sensor=True)
    with OmegaCni(plug(simulator).url, options={"echo": echo}) as oven:
        with pytest.raises(NoValue, match="sensor is broken"):
            oven.temperature()
        simulator.broken_sensor = False
        assert oven.temperature() == 23.5


@pytest.mark.parametrize(
    "answer", [b"X01 23.5", b"X01", b"X0123.45", b"X02023.5", b"023.5", b"X01-", b"02X01023.5"]
)
def test_what_is_no_value_is_an_error(plug: Plug, answer: bytes) -> None:
    simulator = Says()
    with OmegaCni(plug(simulator).url) as oven:
        simulator.said = {b"*X01": answer}
        with pytest.raises(BadReply):
            oven.temperature()


@pytest.mark.parametrize(
    ("request_", "answer", "read"),
    [
        (b"*R01", b"R0120003", "setpoint"), (b"*R01", b"R01600000", "setpoint"),
        (b"*U01", b"U01D", "alarms"), (b"*R08", b"R0840", "setpoint"),
    ],
)  # fmt: skip
def test_a_word_that_the_manual_does_not_allow_is_an_error(
    plug: Plug, request_: bytes, answer: bytes, read: str
) -> None:
    simulator = Says()
    with OmegaCni(plug(simulator).url) as oven:
        simulator.said = {request_: answer}
        with pytest.raises(BadReply):
            getattr(oven, read)()


def test_a_setting_that_is_acknowledged_with_more_than_its_echo_is_doubted(plug: Plug) -> None:
    simulator = Says()
    with OmegaCni(plug(simulator).url) as oven:
        simulator.said = {b"*E02": b"E0200"}
        with pytest.raises(BadReply, match="behind the echo"):
            oven.set_alarm(2, True)


def test_an_echo_that_is_set_otherwise_is_told(plug: Plug) -> None:
    with pytest.raises(BadReply, match=r"options\.echo = false"):
        OmegaCni(plug(controller(echo=False)).url).open()
    with pytest.raises(BadReply, match=r"options\.echo = true"):
        OmegaCni(plug(controller()).url, options={"echo": False}).open()


def test_another_recognition_character_is_not_heard(plug: Plug) -> None:
    carrier = plug(controller(recognition="#"))
    with pytest.raises(NoReply):
        OmegaCni(carrier.url).open()
    with OmegaCni(carrier.url, options={"recognition": "#"}) as oven:
        assert oven.temperature() == 23.5


@pytest.mark.parametrize(("bytesize", "parity"), [(7, "E"), (7, "N"), (8, "N"), (8, "O")])
def test_another_parity_gives_no_value(plug: Plug, bytesize: int, parity: str) -> None:
    line = SerialLine(bytesize=bytesize, parity=parity, terminator=b"\r", first_byte_s=0.2)
    with pytest.raises(LineError):
        OmegaCni(plug(controller()).url, line=line).open()


def test_two_on_one_bus_are_told_apart(plug: Plug) -> None:
    members = [controller(address=1), controller(address="0A", temperature=75.4)]
    carrier = plug(*members)
    assert OmegaCni.line is not None
    with Line(carrier.url, OmegaCni.line) as line:
        first, second = OmegaCni(line, address=1), OmegaCni(line, address=10)
        first.open()
        second.open()
        for _ in range(3):
            assert (first.temperature(), second.temperature()) == (23.5, 75.4)


def test_a_process_input_is_no_temperature(plug: Plug) -> None:
    with pytest.raises(IdentityError, match="process input"):
        OmegaCni(plug(controller(sensor="process")).url).open()
    with OmegaCni(plug(controller(sensor="RTD")).url) as oven:
        assert "RTD" in oven.check_identity()
    simulator = Says()
    simulator.said = {b"*R07": b"R07zz"}
    with pytest.raises(IdentityError, match="hexadecimal"):
        OmegaCni(plug(simulator).url).open()


@pytest.mark.parametrize("address", [-1, 200, "C8", "1", "GG", "001"])
def test_an_address_that_no_controller_can_have_is_refused(address: int | str) -> None:
    with pytest.raises(LabframeError, match="address"):
        OmegaCni("sim://nobody", address=address)


@pytest.mark.parametrize(
    "options", [{"recognition": "^"}, {"recognition": ""}, {"recognition": "ab"}, {"memory": "x"}]
)
def test_options_that_cannot_be_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(LabframeError, match="options"):
        OmegaCni("sim://nobody", options=options)
