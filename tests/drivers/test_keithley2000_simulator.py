"""The simulated Keithley 2000 understands SCPI as its manual says (2000-900-01 Rev. J)."""

from __future__ import annotations

import pytest
from labframe_drivers.keithley2000 import Keithley2000Simulator

from labframe.simulation import Answer

OUT_OF_RANGE = '-222,"Parameter data out of range"'
UNDEFINED = '-113,"Undefined header"'


def still(**state: object) -> Keithley2000Simulator:
    return Keithley2000Simulator(**{"drift": 0, "volts_dc": 1.2345, **state})


def answers(meter: Keithley2000Simulator, message: str, now: float = 1000.0) -> list[Answer]:
    return meter.feed(message.encode() + b"\n", now)


def asked(meter: Keithley2000Simulator, message: str, now: float = 1000.0) -> str | None:
    found = [one.data.decode() for one in answers(meter, message, now)]
    assert len(found) <= 1
    assert all(one.endswith("\n") for one in found)
    return found[0].rstrip("\n") if found else None


# Headers, forms, paths.


@pytest.mark.parametrize(
    "message",
    [
        ":SENSE:VOLTAGE:DC:RANGE:UPPER?", ":sens:volt:dc:rang?", "VOLT:RANG?", ":volt:dc:RANGe?",
        ":SENS1:VOLT:RANG?", "SENSE1:VOLTAGE:RANGE:UPPER?", "  :SENS:VOLT:RANG?  ",
    ],
)  # fmt: skip
def test_short_and_long_forms_in_either_case_mean_the_same(message: str) -> None:
    assert asked(still(), message) == "1.000000E+03"


@pytest.mark.parametrize(
    "message",
    [":SENSE:VOLTA:DC:RANGE?", ":SENS2:VOLT:RANG?", ":VOL:RANG?", "VOLT:RANG:UPP:X?", "*abort",
     ":SENS:CURRVOLT:NPLC?", ":CONF", "READ", ":SYST:ERR", "*IDN"],
)  # fmt: skip
def test_an_unknown_command_gets_no_answer_and_queues_an_error(message: str) -> None:
    meter = still()
    assert asked(meter, message) is None
    assert asked(meter, ":SYST:ERR?") == UNDEFINED
    assert asked(meter, ":SYST:ERR?") == '0,"No error"'


@pytest.mark.parametrize(
    ("message", "answer"),
    [
        (":SENS:VOLT:NPLC 2;NPLC?", "2.000000E+00"),  # the path goes on
        (":SENS:VOLT:NPLC 2;:SENS:VOLT:NPLC?;DIG?", "2.000000E+00;7"),
        (":SENS:VOLT:NPLC 2;*CLS;NPLC?", "2.000000E+00"),  # a common command does not move it
        (":VOLT:AC:RANG:AUTO OFF;UPP 10;UPP?", "1.000000E+01"),
        ("*IDN?;*OPC?", "KEITHLEY INSTRUMENTS INC.,MODEL 2000,0712345,A19  /A02;1"),
        (":SENS:VOLT:NPLC 2;", None),
    ],
)
def test_a_chain_goes_on_where_the_last_command_was(message: str, answer: str | None) -> None:
    meter = still()
    assert asked(meter, message) == answer
    assert meter.error_queue == ()


def test_a_chain_without_the_root_does_not_climb() -> None:
    meter = still()
    assert asked(meter, ":SENS:VOLT:NPLC 2;:SENS:VOLT:DIG 5;SENS:VOLT:NPLC?") is None
    assert meter.error_queue == (-113,)


def test_an_invalid_command_ends_the_message_and_what_was_before_is_done() -> None:
    meter = still()
    assert asked(meter, ":VOLT:NPLC 2;XYZ;NPLC 3") is None
    assert asked(meter, ":VOLT:NPLC?") == "2.000000E+00"
    assert asked(meter, ":VOLT:NPLC 4;NPLC 99;NPLC?") == "4.000000E+00", "out of range ends nothing"
    assert meter.error_queue == (-113, -222)


@pytest.mark.parametrize("end", [b"\n", b"\r", b"\r\n"])
def test_each_terminator_that_can_be_selected_ends_a_message(end: bytes) -> None:
    assert [one.data for one in still().feed(b"*OPC?" + end, 0.0)] == [b"1\n"]


@pytest.mark.parametrize("byte", [b"\x03", b"\x18"])
def test_ctrl_c_and_ctrl_x_clear_what_came_before(byte: bytes) -> None:  # p. 4-6
    meter = still()
    assert [one.data for one in meter.feed(b"rubbish" + byte + b"*OPC?\n", 0.0)] == [b"1\n"]


# Errors.


@pytest.mark.parametrize(
    ("message", "error"),
    [
        (":VOLT:DC:RANG 1010.1", OUT_OF_RANGE), (":VOLT:AC:RANG 758", OUT_OF_RANGE),
        (":CURR:RANG 3.2", OUT_OF_RANGE), (":RES:RANG 121e6", OUT_OF_RANGE),
        (":VOLT:NPLC 0.009", OUT_OF_RANGE), (":VOLT:NPLC 10.1", OUT_OF_RANGE),
        (":VOLT:DIG 3", OUT_OF_RANGE), (":VOLT:NPLC", '-109,"Missing parameter"'),
        (":VOLT:NPLC 1,2", '-108,"Parameter not allowed"'),
        (":VOLT:NPLC warm", '-104,"Data type error"'),
        (":TRIG:SOUR LINE", '-224,"Illegal parameter value"'),
        (":FUNC 'WATT'", '-224,"Illegal parameter value"'), ("?", '-102,"Syntax error"'),
        (":INIT", '-213,"Init ignored"'),
    ],
)  # fmt: skip
def test_a_refused_setting_queues_its_error(message: str, error: str) -> None:
    meter = still()
    assert asked(meter, message) is None
    assert asked(meter, ":SYST:ERR?") == error
    assert asked(meter, ":VOLT:NPLC?") == "1.000000E+00"


def test_the_queue_holds_ten_and_the_last_place_tells_of_more() -> None:  # p. 5-63
    meter = still()
    for _ in range(12):
        asked(meter, "XYZ")
    found = [asked(meter, ":STAT:QUE?") for _ in range(11)]
    assert found == [UNDEFINED] * 9 + ['350,"Queue overflow"', '0,"No error"']


def test_cls_empties_queue_and_registers_and_esr_tells_the_kind() -> None:
    meter = still()
    asked(meter, "XYZ")
    asked(meter, ":VOLT:NPLC 99")
    assert asked(meter, "*ESR?") == str(128 + 32 + 16)
    assert asked(meter, "*ESR?") == "0"
    asked(meter, "*CLS")
    assert meter.error_queue == ()


# Measuring.


@pytest.mark.parametrize(
    ("function", "name", "answer"),
    [
        ("VOLT:DC", "VOLT:DC", "+1.23450000E+00"), ("VOLT", "VOLT:DC", "+1.23450000E+00"),
        ("VOLT:AC", "VOLT:AC", "+5.12345000E-01"), ("CURR:DC", "CURR:DC", "+4.23456000E-03"),
        ("CURR:AC", "CURR:AC", "+2.34567000E-01"), ("RES", "RES", "+1.23456700E+03"),
        ("FRES", "FRES", "+1.23321000E+03"), ("FREQ", "FREQ", "+5.00200000E+01"),
        ("PER", "PER", "+1.99920032E-02"), ("TEMP", "TEMP", "+2.34500000E+01"),
        ("DIOD", "DIOD", "+6.54300000E-01"), ("CONT", "CONT", "+1.23456700E+03"),
    ],
)  # fmt: skip
def test_each_function_is_measured_and_told(function: str, name: str, answer: str) -> None:
    meter = still()
    assert asked(meter, f":MEAS:{function}?") == answer
    assert asked(meter, ":CONF?") == f'"{name}"'
    assert asked(meter, ":FETC?") == answer
    asked(meter, "*RST")
    assert asked(meter, f":FUNC '{function}'") is None
    assert asked(meter, ":SENS:FUNC?") == f'"{name}"'
    assert asked(meter, ":READ?") == answer


@pytest.mark.parametrize(("nplc", "takes_s"), [(0.01, 0.0002), (1, 0.02), (10, 0.2)])
def test_the_integration_time_delays_the_answer(nplc: float, takes_s: float) -> None:
    meter = still(latency_s=0.003)
    asked(meter, f"*RST;:VOLT:NPLC {nplc}")
    (answer,) = answers(meter, ":READ?", 1001.0)
    assert answer.delay_s == pytest.approx(0.003 + takes_s)


def test_the_range_is_the_most_sensitive_one_for_the_expected_reading() -> None:  # p. 5-41
    meter = still()
    for expected, chosen in ((0.05, 0.1), (0.1, 0.1), (5, 10), (1010, 1000), (0, 0.1)):
        asked(meter, f":VOLT:RANG {expected}")
        assert float(asked(meter, ":VOLT:RANG?") or "") == chosen
        assert asked(meter, ":VOLT:RANG:AUTO?") == "0"
    for word, answer in (("DEF", 1000), ("MAX", 1000), ("MIN", 0)):
        assert float(asked(meter, f":VOLT:RANG? {word}") or "") == answer


def test_more_than_the_range_is_the_overflow_until_it_chooses_itself() -> None:  # p. 5-28
    meter = still(volts_dc=12.5)
    asked(meter, "*RST;:VOLT:RANG 10")
    assert asked(meter, ":READ?") == "+9.9E37"
    assert asked(meter, ":STAT:MEAS?") == str(32 + 1)  # p. 5-53: available, overflow
    asked(meter, ":VOLT:RANG:AUTO ON")
    assert asked(meter, ":READ?") == "+1.25000000E+01"
    assert asked(meter, ":VOLT:RANG?") == "1.000000E+02"


def test_units_and_channel_stand_behind_a_reading_if_they_are_wanted() -> None:  # p. 5-28
    meter = still()
    asked(meter, "*RST;:FORM:ELEM READ,UNIT,CHAN")
    assert asked(meter, ":READ?") == "+1.23450000E+00VDC,0"
    asked(meter, ":VOLT:RANG 0.1")
    assert asked(meter, ":READ?") == "+9.9E37,0", "no units behind the overflow"


def test_while_it_measures_by_itself_a_new_reading_is_told_once() -> None:
    meter = still()
    asked(meter, ":SYST:PRES")
    assert asked(meter, ":STAT:MEAS:EVEN?", 1000.01) == "0"
    assert asked(meter, ":STAT:MEAS:EVEN?", 1000.03) == "32"
    assert asked(meter, ":STAT:MEAS:EVEN?", 1000.031) == "0"
    assert asked(meter, ":DATA?", 1000.04) == "+1.23450000E+00"
    asked(meter, ":VOLT:NPLC 10", 1000.05)
    assert asked(meter, "*CLS;:STAT:MEAS?", 1000.1) == "0"
    assert asked(meter, ":STAT:MEAS?", 1000.3) == "32"
    (answer,) = answers(meter, ":DATA:FRES?", 1000.31)
    assert answer.data == b"+1.23450000E+00\n"


def test_idle_it_measures_when_it_is_initiated() -> None:
    meter = still()
    asked(meter, "*RST")
    assert asked(meter, ":FETC?") is None
    assert meter.error_queue == (-230,)
    asked(meter, "*CLS;:INIT", 1001.0)
    assert asked(meter, ":STAT:MEAS?", 1001.01) == "0"
    assert asked(meter, ":STAT:MEAS?", 1001.03) == "32"
    assert asked(meter, ":STAT:MEAS?", 1009.0) == "0", "once"
    assert asked(meter, ":FETC?", 1009.0) == "+1.23450000E+00"
    asked(meter, ":TRIG:COUN 3")
    assert (asked(meter, ":READ?") or "").split(",") == ["+1.23450000E+00"] * 3


def test_a_trigger_from_outside_is_waited_for() -> None:
    meter = still()
    asked(meter, "*RST;:TRIG:SOUR EXT")
    assert asked(meter, ":READ?") is None, "no trigger ever comes"
    meter.external_trigger_s = 0.5
    (answer,) = answers(meter, ":READ?", 1001.0)
    assert answer.delay_s == pytest.approx(0.505)
    asked(meter, ":TRIG:SOUR BUS;:INIT:CONT ON;*CLS", 1003.0)
    assert asked(meter, ":STAT:MEAS?", 1004.0) == "0"
    asked(meter, "*TRG", 1004.0)
    assert asked(meter, ":STAT:MEAS?", 1004.1) == "32"


def test_switched_off_and_on_it_measures_volts_by_itself() -> None:
    meter = still()
    asked(meter, "*RST;:CONF:RES;:TRIG:SOUR EXT;XYZ")
    meter.power_cycled(2000.0)
    assert asked(meter, ":CONF?;:TRIG:SOUR?;:INIT:CONT?", 2000.1) == '"VOLT:DC";IMM;1'
    assert asked(meter, ":STAT:MEAS?", 2001.0) == "32"
    assert meter.error_queue == ()


# What drivers that were written elsewhere send: PyExpLabSys, QCoDeS; pymeasure was run (README).


def test_what_the_driver_of_pyexplabsys_sends_is_answered() -> None:
    meter = still()
    for message in (
        ":SENSE:VOLT:DC:RANGE:AUTO ON", ":SENSE:VOLT:AC:RANGE:AUTO ON",
        ":SENSE:VOLT:DC:RANGE 10.00000", ":SENSE:VOLT:AC:RANGE 10.00000",
        "SENSE:voltage:ac:DETector:BANDwidth 300", "TRIGGER:SOURCE External",
        "TRIGGER:SOURCE Immediate", "SENSE:VOLTAGE:DC:NPLCYCLES 5",
    ):  # fmt: skip
        assert asked(meter, message) is None
    assert meter.error_queue == ()
    for message, answer in (
        (":SENSE:VOLTAGE:AC:RANGE?", 10), ("SENSE:voltage:ac:DETector:BANDwidth?", 300),
        ("SENSE:VOLTAGE:DC:NPLCYCLES?", 5), (":MEASURE:VOLTAGE:DC?", 1.2345),
        (":MEASURE:VOLTAGE:AC?", 0.512345), (":DATA?", 0.512345),
    ):  # fmt: skip
        assert float(asked(meter, message) or "") == answer, message
    assert int(asked(meter, "STATUS:MEASUREMENT:EVENT?") or "") & 32
    assert asked(meter, ":CONFIGURE:VOLT:DC") is None
    assert "AC" not in (asked(meter, ":CONFIGURE?") or "AC")


def test_what_the_driver_of_qcodes_sends_is_answered() -> None:
    meter = still()
    for message in ("FORM:DATA ASCII", "FORM:ELEM READ", 'SENS:FUNC "CURR:DC"', "INIT:CONT 1"):
        assert asked(meter, message) is None
    for parameter, value, answer in (
        ("NPLC", "0.1", "1.000000E-01"), ("RANG", "0.1", "1.000000E-01"), ("RANG:AUTO", "1", "1"),
        ("DIG", "6", "6"), ("AVER:TCON", "moving", "MOV"), ("AVER:COUN", "20", "20"),
        ("AVER:STAT", "1", "1"),
    ):  # fmt: skip
        assert asked(meter, f"curr:dc:{parameter} {value}") is None
        assert asked(meter, f"curr:dc:{parameter}?") == answer
    for message, answer in (
        ("SENS:FUNC?", '"CURR:DC"'), ("DISP:ENAB?", "1"), ("INIT:CONT?", "1"), ("TRIG:COUN?", "1"),
        ("TRIG:DEL?", "0.000000E+00"), ("TRIG:SOUR?", "IMM"), ("TRIG:TIM?", "1.000000E-01"),
        ("SENSE:DATA:FRESH?", "+4.23456000E-03"),
    ):  # fmt: skip
        assert asked(meter, message, 1001.0) == answer, message
    assert meter.error_queue == ()
