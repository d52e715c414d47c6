"""The driver of the TPG 26x against its simulator, within the program and in a host."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import labframe_drivers.tpg26x
import pytest
from labframe_drivers.tpg26x import (
    ControllerError,
    NoHardware,
    ParameterRefused,
    SyntaxRefused,
    Tpg26x,
    Tpg26xRefused,
    Tpg26xSimulator,
)
from labframe_drivers.tpg26x.driver import GaugeNotSwitched
from labframe_drivers.tpg26x.gauges import errors, pressures
from labframe_drivers.tpg26x.refusals import refusal
from labhost import lab, until

from labframe import IdentityError, NoValue, SerialLine
from labframe.errors import BadReply, CommandFailed, CommandRefused, NoReply
from labframe.line import Line
from labframe.simulation import Answer, FaultySimulator, SimCarrier
from labframe.wires import ManualClock

Plug = Callable[..., SimCarrier]


def still(**state: object) -> Tpg26xSimulator:
    return Tpg26xSimulator(**{"drift": 0, **state})


# What the answers mean.


def test_the_worked_answer_is_a_pressure_and_a_gauge_that_is_not_there() -> None:
    first, second = pressures("0,+1.2340E-03,5,+2.0000E-02", 1.0)
    assert first == 1.234e-3
    assert isinstance(second, NoValue), "status 5 always comes with 2.0000E-2"
    assert str(second) == "no sensor is connected"


@pytest.mark.parametrize(
    ("status", "why"),
    [
        (1, "under-range"), (2, "over-range"), (3, "sensor error"), (4, "is off"),
        (5, "no sensor"), (6, "identification error"), (7, "unknown status 7"),
    ],
)  # fmt: skip
def test_a_status_that_is_not_0_is_never_a_number(status: int, why: str) -> None:
    (value,) = pressures(f"{status},+1.2340E-03", 1.0)
    assert isinstance(value, NoValue)
    assert why in str(value)


@pytest.mark.parametrize(
    "line",
    [
        "", "0", "0,1.2340E-03", "0,+1.2340E-0", "0,+1.234E-03", "0,+1.2340E-03,", "x,+1.2340E-03",
        "0,+1.2340E-03,5", "0,+1.2340E-03,5,+2.0000E-02,0,+1.0000E-02", "0 ,+1.2340E-03",
    ],
)  # fmt: skip
def test_what_is_cut_or_of_another_form_is_no_pressure(line: str) -> None:
    with pytest.raises(BadReply, match="are no pressures of a TPG 26x"):
        pressures(line, 1.0)


def test_errors_are_told_in_words() -> None:
    assert errors("0") == "none"
    assert errors("9,12") == "gauge 1 error, gauge 2 identification error"
    assert errors("8") == "error 8"
    with pytest.raises(BadReply):
        errors("0,x")


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("0001", SyntaxRefused), ("0010", ParameterRefused), ("0100", NoHardware),
        ("1000", ControllerError), ("0011", ParameterRefused), ("0000", Tpg26xRefused),
        ("", Tpg26xRefused),
    ],
)  # fmt: skip
def test_each_digit_of_the_error_word_has_an_error(word: str, kind: type[Exception]) -> None:
    error = refusal("vacuum", "UNI,7", word)
    assert type(error) is kind
    assert error.word == word
    assert str(error).startswith("vacuum: the controller refuses 'UNI,7' (NAK): ")


# With the instrument.


@pytest.mark.parametrize("unit", ["mbar", "Torr", "Pa"])
def test_pressures_are_in_mbar_whatever_unit_is_shown(plug: Plug, unit: str) -> None:
    simulator = still(unit=unit, pressures_mbar=["1.23e-6", "4.5e-2"], gauges=["CMR", "CMR"])
    with Tpg26x(plug(simulator).url) as controller:
        found = controller.pressure()
        assert controller.shown_unit() == unit
    assert found == {
        "gauge1": pytest.approx(1.23e-6, rel=1e-4), "gauge2": pytest.approx(4.5e-2, rel=1e-4),
    }  # fmt: skip


def test_a_unit_that_is_changed_at_the_controller_makes_no_wrong_pressure(plug: Plug) -> None:
    simulator = still(pressures_mbar=["1e-3", "none"])
    with Tpg26x(plug(simulator).url) as controller:
        for unit in ("Pa", "mbar", "Torr"):
            simulator.unit = unit
            assert controller.pressure()["gauge1"] == pytest.approx(1e-3, rel=1e-2)


class Restless(Tpg26xSimulator):
    """Somebody presses the key for the unit after each answer with pressures."""

    presses = 0

    def feed(self, data: bytes, now: float) -> list[Answer]:
        answers = super().feed(data, now)
        if self.presses and any(b"E-" in answer.data for answer in answers):
            self.presses -= 1
            self.unit = "Pa" if self.unit == "mbar" else "mbar"
        return answers


def test_a_unit_that_changes_between_pressure_and_unit_is_noticed(plug: Plug) -> None:
    simulator = Restless(drift=0, pressures_mbar=["1e-3", "none"])
    with Tpg26x(plug(simulator).url) as controller:
        for presses in (1, 2):
            simulator.presses = presses
            assert controller.pressure()["gauge1"] == pytest.approx(1e-3)
        simulator.presses = 9
        with pytest.raises(NoValue, match="the unit that is shown changes all the time"):
            controller.pressure()


def test_gauges_have_a_status_a_kind_and_perhaps_a_switch(plug: Plug) -> None:
    simulator = still(pressures_mbar=["over", "none"])
    with Tpg26x(plug(simulator).url) as controller:
        assert controller.status() == {
            "gauge1": "over-range: more than the gauge can measure",
            "gauge2": "no sensor is connected",
        }
        assert controller.kind() == {"gauge1": "PKR", "gauge2": "noSEn"}
        assert controller.switched() == {"gauge1": "on", "gauge2": "cannot be switched"}
        simulator.pressures_mbar = ["1e-3", "unknown"]
        assert controller.kind() == {"gauge1": "PKR", "gauge2": "noid"}
        assert controller.status()["gauge1"] == "ok"


def test_a_gauge_is_switched_and_the_other_one_left_alone(plug: Plug) -> None:
    carrier = plug(still(gauges=["PKR", "PBR"]))
    with Tpg26x(carrier.url) as controller:
        controller.switch_off("gauge2")
        assert carrier.seen[-2:] == [b"SEN,0,1\r\n", b"\x05"]
        assert controller.switched() == {"gauge1": "on", "gauge2": "off"}
        assert isinstance(controller.pressure()["gauge2"], NoValue)
        controller.switch_on("gauge2")
        assert controller.switched() == {"gauge1": "on", "gauge2": "on"}


def test_a_gauge_without_a_switch_is_an_error(plug: Plug) -> None:
    with (
        Tpg26x(plug(still()).url) as controller,
        pytest.raises(
            GaugeNotSwitched, match=r"gauge2 should be off, .* tells: cannot be switched"
        ),
    ):
        controller.switch_off("gauge2")


def test_a_nak_is_an_error_with_the_controllers_reason(plug: Plug) -> None:
    with Tpg26x(plug(still()).url) as controller:
        with pytest.raises(SyntaxRefused, match=r"refuses 'XYZ' \(NAK\): 0001, syntax error"):
            controller._ask("XYZ")
        with pytest.raises(ParameterRefused, match="0010, inadmissible parameter"):
            controller._ask("UNI,7")
        assert controller.pressure(), "and the next request is well"


@pytest.mark.parametrize("code", ["1000", "0100", "0010", "0001"])
def test_each_reason_has_its_type(plug: Plug, code: str) -> None:
    faulty = FaultySimulator(still())
    with Tpg26x(plug(faulty).url) as controller:
        with faulty.fault("device_error", code), pytest.raises(Tpg26xRefused) as caught:
            controller.shown_unit()
        assert caught.value.word == code


def test_a_nak_to_everything_is_an_error_without_a_reason(plug: Plug) -> None:
    faulty = FaultySimulator(still())
    with Tpg26x(plug(faulty).url) as controller:
        with faulty.fault("device_error", times=None), pytest.raises(Tpg26xRefused) as caught:
            controller.shown_unit()
        assert caught.value.word == ""
        assert "gave no error word" in str(caught.value)


def left_behind(url: str, request: bytes) -> None:
    """Send something as another program does, and close the port."""
    with Line(url, SerialLine(terminator=b"")) as line:
        line.send(request)


@pytest.mark.parametrize("mode", ["0", "1", "2"])
@pytest.mark.parametrize("later_s", [0.0, 0.12, 0.97, 1.005, 7.0])
def test_a_stream_that_another_program_left_is_ended(
    plug: Plug, clock: ManualClock, mode: str, later_s: float
) -> None:
    simulator = still()
    carrier = plug(simulator)
    left_behind(carrier.url, f"COM,{mode}\r".encode())
    was_streaming = simulator.is_streaming
    clock.advance(later_s)
    with Tpg26x(carrier.url) as controller:
        assert (was_streaming, simulator.is_streaming) == (True, False)
        assert controller.pressure()["gauge2"] == 3.6e-2
        assert controller.kind()["gauge1"] == "PKR"


def test_half_a_request_of_another_program_is_cleared(plug: Plug) -> None:
    carrier = plug(still())
    left_behind(carrier.url, b"FIL,1")
    with Tpg26x(carrier.url) as controller:
        assert controller.errors() == "none"
    assert carrier.seen[1] == b"\x03"


def test_a_late_answer_to_an_enquiry_is_waited_for_as_long_as_that_may_take(plug: Plug) -> None:
    faulty = FaultySimulator(still(latency_s=0.05))
    with Tpg26x(plug(faulty).url) as controller:
        # later than total_s after the mnemonic, sooner than total_s after the ENQ
        with faulty.fault("late", 0.52, when=b"\x05"), pytest.raises(NoReply):
            controller.errors()
        assert controller.errors() == "none"


def test_errors_of_the_controller_are_read_and_reset(plug: Plug) -> None:
    simulator = still(errors=["9"])
    with Tpg26x(plug(simulator).url) as controller:
        assert controller.errors() == "gauge 1 error"
        assert controller.reset_errors() == "none"
        assert controller.errors() == "none"


def test_it_is_known_by_its_program_number(plug: Plug) -> None:
    url = plug(still(program="302-520-B")).url
    with Tpg26x(url, identity="302-520") as controller:
        assert controller.check_identity() == "TPG 26x, program 302-520-B"
    with pytest.raises(IdentityError, match="expected '302-510', got '302-520-B'"):
        Tpg26x(url, identity="302-510").open()
    with pytest.raises(IdentityError, match="a program number such as"):
        Tpg26x(plug(still(program="1.08")).url).open()


@pytest.mark.parametrize(
    ("reading", "answer"),
    [
        ("kind", "WARNING"), ("kind", "PKR,TPR,TPR"), ("switched", "3,0"), ("switched", "2,"),
        ("shown_unit", "3"), ("errors", "?"),
    ],
)  # fmt: skip
def test_what_the_manual_does_not_allow_is_an_error(plug: Plug, reading: str, answer: str) -> None:
    class Odd(Tpg26xSimulator):
        wrong = False

        def feed(self, data: bytes, now: float) -> list[Answer]:
            answers = super().feed(data, now)
            if self.wrong and data == b"\x05":
                return [Answer(answer.encode() + b"\r\n", one.delay_s) for one in answers]
            return answers

    simulator = Odd(drift=0)
    with Tpg26x(plug(simulator).url) as controller:
        simulator.wrong = True
        with pytest.raises(BadReply, match=r"tpg26x: .* is no answer of a TPG 26x to"):
            getattr(controller, reading)()


# In a host.


def test_a_host_serves_both_gauges_under_their_names() -> None:
    vacuum: dict[str, Any] = {
        "driver": "tpg26x", "port": "/dev/ttyUSB0",
        "channels": {"gauge1": "chamber", "gauge2": "fore"},
        "simulate": {"drift": 0, "pressures_mbar": "2.4e-7,none"},
        "reading": {"pressure": {"every": 0.2}, "switched": {"every": 0.2}},
    }  # fmt: skip
    with lab(labframe_drivers.tpg26x, {"vacuum": vacuum}) as host:
        assert host.wait_fresh("chamber_pressure").y == 2.4e-7
        assert host.wait_fresh("chamber_pressure").unit == "mbar"
        assert host.wait_fresh("fore_status").y == "no sensor is connected"
        assert host.wait_fresh("chamber_kind").y == "PKR"
        assert host.wait_fresh("vacuum_errors").y == "none"
        assert host.command("vacuum.show_in", unit="Torr") == "Torr"
        with pytest.raises(CommandRefused, match="OUT_OF_RANGE"):
            host.command("vacuum.show_in", unit="psi")
        with pytest.raises(CommandFailed, match="cannot be switched"):
            host.command("vacuum.switch_off", gauge="gauge2")
        host.command("vacuum.switch_off", gauge="gauge1")
        until(lambda: host.wait_fresh("chamber_switched").y == "off")
        assert host.instruments[0].identity == "TPG 26x, program 302-510-A"


def test_a_stream_goes_on_after_each_question_and_each_command() -> None:
    vacuum: dict[str, Any] = {
        "driver": "tpg26x", "port": "/dev/ttyUSB0",
        "options": {"stream": True},
        "channels": {"gauge1": "chamber", "gauge2": "fore"},
        "simulate": {"drift": 0, "pressures_mbar": "2.4e-7,none"},
    }  # fmt: skip
    with lab(labframe_drivers.tpg26x, {"vacuum": vacuum}) as host:
        first = host.wait_fresh("chamber_pressure")
        assert (first.y, first.unit) == (2.4e-7, "mbar")
        assert host.command("vacuum.show_in", unit="Pa") == "Pa"
        until(lambda: host.wait_fresh("chamber_pressure").sequence >= first.sequence + 2)
        assert host.wait_fresh("chamber_pressure").y == pytest.approx(2.4e-7, rel=1e-3)
        assert host.wait_fresh("vacuum_errors").y == "none"
        assert "fore_status" not in host.codenames


def test_whether_it_streams_is_true_or_false() -> None:
    assert Tpg26x.with_options({}) is Tpg26x
    assert Tpg26x.with_options({"stream": True}).pushed_reading() is not None
    with pytest.raises(ValueError, match="stream = 'yes': true or false"):
        Tpg26x.with_options({"stream": "yes"})
