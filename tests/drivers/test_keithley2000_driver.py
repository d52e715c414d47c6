"""The driver of the Keithley 2000 against its simulator, within the program and in a host."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import labframe_drivers.keithley2000
import pytest
from labframe_drivers.keithley2000 import (
    CommandError,
    DeviceError,
    ExecutionError,
    Keithley2000,
    Keithley2000Amperes,
    Keithley2000Ohms,
    Keithley2000Refused,
    Keithley2000Simulator,
)
from labframe_drivers.keithley2000.functions import FUNCTIONS, reading
from labframe_drivers.keithley2000.refusals import entry, refusal
from labhost import lab, until

from labframe import ArgumentError, ConfigurationError, IdentityError, NoValue
from labframe.errors import BadReply, CommandFailed, NoReply
from labframe.simulation import SimCarrier
from labframe.wires import ManualClock

Plug = Callable[..., SimCarrier]


def still(**state: object) -> Keithley2000Simulator:
    return Keithley2000Simulator(**{"drift": 0, **state})


# What the answers mean.


def test_a_reading_of_the_manual_is_a_number() -> None:
    assert reading("+1.23456789E-03VDC", "VOLT:DC") == 1.23456789e-3  # p. 5-28
    assert reading("-1.23450000E+00OHM4W", "FRES") == -1.2345


@pytest.mark.parametrize(
    "overflow", ["+9.9E37", "+9.90000000E+37", "9.9E37", "-9.9E37", "+9.90000000E+37VDC"]
)
def test_the_overflow_is_never_a_number(overflow: str) -> None:
    with pytest.raises(NoValue, match="overflow"):
        reading(overflow, "VOLT:DC")


@pytest.mark.parametrize(
    "answer", ["", "+1.2345678E-03VDC", "1.23456789E-03VDC", "+1.23456789E-03VDC,0", "nan", "+1.2"]
)
def test_what_has_another_form_is_no_reading(answer: str) -> None:
    with pytest.raises(BadReply, match="is no reading of a Keithley 2000"):
        reading(answer, "VOLT:DC")


def test_a_reading_of_another_quantity_is_never_a_number() -> None:
    with pytest.raises(NoValue, match="the meter measures ADC, not VDC: somebody chose another"):
        reading("+1.23456789E-03ADC", "VOLT:DC")
    with pytest.raises(BadReply, match="without its unit"):
        reading("+1.23456789E-03", "VOLT:DC")


@pytest.mark.parametrize(
    ("answer", "code", "kind"),
    [
        ('-113,"Undefined header"', -113, CommandError),
        ('-222,"Parameter data out of range"', -222, ExecutionError),
        ('-350,"Queue overflow"', -350, DeviceError),
        ('+802,"RS-232 overrun"', 802, Keithley2000Refused),
        ("350, Queue Overflow", 350, Keithley2000Refused),
    ],
)
def test_an_entry_of_the_queue_becomes_an_error_in_its_words(
    answer: str, code: int, kind: type[Exception]
) -> None:
    found = entry(answer)
    assert found[0] == code
    error = refusal("dmm", ":VOLT:NPLC 11", [found])
    assert type(error) is kind
    assert str(error) == f"dmm: the meter refuses ':VOLT:NPLC 11': {code}, {found[1]}"


@pytest.mark.parametrize("answer", ["", "0", "+1.23450000E+00", '"No error"'])
def test_what_is_no_entry_of_the_queue_is_an_error(answer: str) -> None:
    with pytest.raises(BadReply):
        entry(answer)


# With the meter.


@pytest.mark.parametrize(
    ("function", "method", "value"),
    [
        ("dc_voltage", "voltage", 0.823456), ("ac_voltage", "voltage", 0.512345),
        ("dc_current", "current", 4.23456e-3), ("ac_current", "current", 0.234567),
        ("resistance", "resistance", 1234.567), ("resistance_4w", "resistance", 1233.21),
    ],
)  # fmt: skip
def test_each_function_measures_its_quantity(
    plug: Plug, function: str, method: str, value: float
) -> None:
    simulator = still()
    kind = Keithley2000.with_options({"function": function})
    with kind(plug(simulator).url, options={"function": function}) as meter:
        assert getattr(meter, method)() == value
        assert simulator.function == FUNCTIONS[function]
        assert meter.nplc() == 1  # type: ignore[attr-defined]  # all three have it


def test_another_function_chosen_at_the_meter_is_noticed_and_can_be_taken_back(
    plug: Plug,
) -> None:
    simulator = still()
    with Keithley2000(plug(simulator).url) as meter:
        simulator.feed(b":FUNC 'CURR:AC'\n", 0.0)
        with pytest.raises(NoValue, match="the meter measures AAC, not VDC"):
            meter.voltage()
        meter.choose_function()
        assert meter.voltage() == 0.823456


def test_a_meter_that_was_switched_off_and_on_has_to_be_connected_again(
    plug: Plug, clock: ManualClock
) -> None:
    simulator = still()
    with Keithley2000(plug(simulator).url, options={"function": "ac_voltage"}) as meter:
        simulator.power_cycled(clock.monotonic())
        clock.advance(1)
        with pytest.raises(BadReply, match="a reading without its unit"):
            meter.voltage()
        meter.open()
        assert meter.voltage() == 0.512345


def test_range_and_speed_stay_as_they_are_when_it_is_connected(plug: Plug) -> None:
    simulator = still()
    simulator.feed(b":CONF:VOLT:DC;:VOLT:NPLC 4;RANG 10\n", 0.0)
    with Keithley2000(plug(simulator).url) as meter:
        assert (meter.nplc(), meter.range(), meter.auto_range()) == (4, 10, False)


def test_settings_are_sent_as_the_meter_wants_them_and_read_back(plug: Plug) -> None:
    carrier = plug(still())
    with Keithley2000(carrier.url) as meter:
        meter.set_nplc(0.1)
        assert b":SENS:VOLT:DC:NPLC 0.1\n" in carrier.seen
        assert meter.nplc() == 0.1
        meter.set_range(100)
        assert b":SENS:VOLT:DC:RANG 100\n" in carrier.seen
        assert (meter.range(), meter.auto_range()) == (100, False)
        meter.set_auto_range(True)
        assert meter.auto_range()
        heard = len(carrier.seen)
        for wrong in (0.009, 10.1):
            with pytest.raises(ArgumentError, match=r"the limits are 0.01 to 10"):
                meter.set_nplc(wrong)
        with pytest.raises(ArgumentError, match="not one of the choices"):
            meter.set_range(50)
        assert len(carrier.seen) == heard


@pytest.mark.parametrize(
    ("kind", "function", "ranges"),
    [
        (Keithley2000, "dc_voltage", (0.1, 1, 10, 100, 1000)),
        (Keithley2000, "ac_voltage", (0.1, 1, 10, 100, 757.5)),
        (Keithley2000Amperes, "dc_current", (0.01, 0.1, 1, 3)),
        (Keithley2000Amperes, "ac_current", (1, 3)),
        (Keithley2000Ohms, "resistance_4w", (100, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8)),
    ],
)
def test_each_range_is_read_back_as_it_was_set(
    plug: Plug, kind: Any, function: str, ranges: tuple[float, ...]
) -> None:
    with kind(plug(still()).url, options={"function": function}) as meter:
        for one in ranges:
            meter.set_range(one)
            assert meter.range() == one


def test_what_the_meter_refuses_is_an_error_in_its_own_words(plug: Plug) -> None:
    simulator = still()
    with Keithley2000(plug(simulator).url, options={"function": "ac_voltage"}) as meter:
        with pytest.raises(ExecutionError, match="RANG 1000': -222, Parameter data out of range"):
            meter.set_range(1000)
        with pytest.raises(CommandError, match="refuses ':XYZ': -113, Undefined header") as caught:
            meter._set(":XYZ")
        assert caught.value.code == -113
        assert simulator.error_queue == ()
        assert meter.voltage() == 0.512345


def test_an_old_error_is_logged_and_not_taken_for_that_of_a_setting(
    plug: Plug, caplog: pytest.LogCaptureFixture
) -> None:
    simulator = still()
    with Keithley2000(plug(simulator).url) as meter, caplog.at_level(logging.WARNING):
        simulator.feed(b"RUBBISH\n", 0.0)
        meter.set_nplc(2)
    assert "in the error queue from before: -113, Undefined header" in caplog.text


def test_the_error_queue_is_read_whole(plug: Plug) -> None:
    simulator = still()
    with Keithley2000(plug(simulator).url) as meter:
        assert meter.errors() == "none"
        simulator.feed(b"RUBBISH\n" * 12, 0.0)
        words = meter.errors().split("; ")
        assert words == ["-113, Undefined header"] * 9 + ["350, Queue overflow"]
        simulator.feed(b"RUBBISH\n", 0.0)
        meter.clear_errors()
        assert meter.errors() == "none"


def test_an_unknown_query_has_no_answer_and_leaves_its_error(plug: Plug) -> None:
    with Keithley2000(plug(still()).url) as meter:
        with pytest.raises(NoReply):
            meter.ask(":SENS:VOLT:DC:HUMIDITY?")
        assert meter.errors() == "-113, Undefined header"


def test_more_than_the_range_is_no_value(plug: Plug) -> None:
    simulator = still(volts_dc=12.5)
    with Keithley2000(plug(simulator).url) as meter:
        meter.set_range(10)
        with pytest.raises(NoValue, match="overflow"):
            meter.voltage()
        meter.set_auto_range(True)
        assert meter.voltage() == 12.5


def test_the_slowest_speed_is_waited_for(plug: Plug, clock: ManualClock) -> None:
    with Keithley2000(plug(still()).url) as meter:
        meter.set_nplc(10)
        began = clock.monotonic()
        assert meter.voltage() == 0.823456
        assert clock.monotonic() - began >= 0.2


def test_with_triggers_from_outside_a_poll_takes_what_is_there(
    plug: Plug, clock: ManualClock
) -> None:
    simulator = still()
    url = plug(simulator).url
    with Keithley2000(url) as meter:
        meter.voltage()
        meter.set_trigger("external")
        assert meter.trigger() == "external"
        meter.clear_errors()
        with pytest.raises(NoValue, match=r"no trigger came since the last poll \(EXT\)"):
            meter.voltage()
        simulator.external_trigger_s = 0.5
        clock.advance(0.6)
        assert meter.voltage() == 0.823456
        with pytest.raises(NoValue, match="no trigger came"):
            meter.voltage()
    clock.advance(5)
    with Keithley2000(url) as meter:  # connected again, it is found as it was left
        with pytest.raises(NoValue, match="no trigger came"):
            meter.voltage()  # what was triggered meanwhile is old
        clock.advance(0.6)
        assert meter.voltage() == 0.823456
        meter.set_trigger("immediate")
        assert meter.voltage() == 0.823456


def test_a_terminator_of_carriage_return_and_line_feed_does_no_harm(plug: Plug) -> None:
    class CrLf(Keithley2000Simulator):
        terminator = b"\r\n"
        request_terminator = b"\n"

    with Keithley2000(plug(CrLf(drift=0)).url) as meter:
        assert meter.voltage() == 0.823456
        assert meter.errors() == "none"


def test_another_model_is_another_instrument(plug: Plug) -> None:
    with pytest.raises(IdentityError, match=r"expected 'KEITHLEY INSTRUMENTS INC\.,MODEL 2400"):
        Keithley2000(plug(still()).url, identity="KEITHLEY INSTRUMENTS INC.,MODEL 2400").open()


def test_a_class_refuses_the_function_of_another() -> None:
    with pytest.raises(ValueError, match=r"Keithley2000 measures dc_voltage or ac_voltage; "):
        Keithley2000("sim://nobody", options={"function": "resistance"})


# In a host.


def dmm(**more: Any) -> dict[str, Any]:
    return {"dmm": {"driver": "keithley2000", "port": "/dev/ttyUSB0", **more}}


@pytest.mark.parametrize(
    ("function", "codename", "unit", "value"),
    [
        ("dc_voltage", "dmm_voltage", "V", 0.823456),
        ("ac_current", "dmm_current", "A", 0.234567),
        ("resistance", "dmm_resistance", "Ω", 1234.567),
    ],
)
def test_a_host_serves_what_the_option_chooses(
    function: str, codename: str, unit: str, value: float
) -> None:
    section = dmm(options={"function": function}, simulate={"drift": 0})
    with lab(labframe_drivers.keithley2000, section) as host:
        found = host.wait_fresh(codename)
        assert (found.y, found.unit) == (value, unit)
        assert host.command("dmm.set_nplc", periods=2) == 2


def test_a_refused_range_is_a_failed_command_and_the_meter_goes_on() -> None:
    section = dmm(options={"function": "ac_voltage"}, simulate={"drift": 0})
    with lab(labframe_drivers.keithley2000, section) as host:
        host.wait_fresh("dmm_voltage")
        with pytest.raises(CommandFailed, match="-222, Parameter data out of range"):
            host.command("dmm.set_range", value=1000)
        assert host.command("dmm.set_range", value=10) == 10
        before = host.wait_fresh("dmm_voltage").sequence
        until(lambda: host.wait_fresh("dmm_voltage").sequence > before)
        assert str(host.instruments[0].state) != "disconnected"


def test_a_function_that_there_is_not_is_a_problem_of_the_configuration() -> None:
    with pytest.raises(ConfigurationError, match=r"function = 'watts': must be one of dc_voltage,"):
        lab(labframe_drivers.keithley2000, dmm(options={"function": "watts"}))
