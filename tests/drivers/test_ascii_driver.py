"""Instruments with text requests, described in a configuration alone, opposite their simulators."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest
from labframe_drivers import ascii as ascii_driver
from labframe_drivers.ascii import Ascii, AsciiSimulator, Refused
from labframe_drivers.ascii.answers import Implausible

from labframe import ArgumentError, Host, IdentityError, LineError, NoValue
from labframe.client import PushClient
from labframe.errors import CommandFailed, NoReply
from labframe.plan import configured_driver
from labframe.testing import SimHandle
from labframe.wires import ManualClock

Make = Callable[..., SimHandle]


@pytest.fixture
def bath(sim_instrument: Make, labframe_clock: ManualClock) -> Callable[..., Any]:
    """Give an opened driver with its simulator: ``bath({"reading": {...}}, temperature=3)``."""

    @contextmanager
    def opened(
        table: Mapping[str, Any], played: Mapping[str, Any] | None = None, **state: object
    ) -> Iterator[tuple[Any, SimHandle]]:
        simulator = AsciiSimulator.for_section(played or table)(**state)
        handle = sim_instrument(simulator, carrier="sim", clock=labframe_clock)
        with configured_driver(Ascii, table, "bath")(handle.url, name="bath") as driver:
            yield driver, handle

    return opened


def reading(**keys: object) -> dict[str, Any]:
    return {"reading": {"t": {"request": "T?", "unit": "K", **keys}}}


def command(keys: Mapping[str, object], **top: object) -> dict[str, Any]:
    return {
        **top,
        "reading": {"set": {"request": "S?", "unit": "K"}},
        "command": {"go": keys},
    }


def test_the_example_is_read_and_set(bath: Callable[..., Any]) -> None:
    with bath(Ascii.example(), temperature=24.85) as (driver, sim):
        assert driver.temperature() == 24.85
        assert driver.running() is False
        assert driver.status() == "03 REMOTE START"
        driver.set_temperature(21.5)
        assert driver.setpoint() == 21.5
        driver.run(True)
        assert driver.running() is True

    sent = b"".join(sim.seen)
    assert b"out_sp_00 21.50\r" in sent
    assert b"out_mode_05 1\r" in sent


def test_the_group_of_a_pattern_is_the_value(bath: Callable[..., Any]) -> None:
    table = reading(pattern=r"TEMP (\S+) K", example="TEMP 4.20 K")
    with bath(table, t=77.36) as (driver, _):
        assert driver.t() == 77.36


def test_several_groups_are_several_values(bath: Callable[..., Any]) -> None:
    parts = {"heat": {"unit": "K"}, "on": {"type": "bool"}, "mode": {"type": "str"}}
    table = {"reading": {"all": {"request": "A?", "parts": parts}}}
    with bath(table, heat=4.5, on=True, mode="RAMP") as (driver, _):
        assert driver.all() == {"heat": 4.5, "on": True, "mode": "RAMP"}


def test_a_part_without_a_value_does_not_take_the_others_with_it(
    bath: Callable[..., Any],
) -> None:
    parts = {"a": {"unit": "K"}, "b": {"unit": "K", "plausible": [0, 400]}, "c": {"unit": "K"}}
    keys = {"request": "A?", "parts": parts, "no_value": ["OPEN"],
            "pattern": "([^,]+),([^,]+),([^,]+)", "example": "1.0,2.0,3.0"}  # fmt: skip
    with bath({"reading": {"all": keys}}, a="OPEN", b=999, c=3) as (driver, _):
        found = driver.all()

    assert isinstance(found["a"], NoValue)
    assert "'OPEN'" in str(found["a"])
    assert isinstance(found["b"], Implausible)
    assert found["c"] == 3.0


@pytest.mark.parametrize(
    ("keys", "answer", "error", "said"),
    [
        ({}, b"12,5", LineError, "'12,5' is no number"),
        ({}, b"", LineError, "'' is no number"),
        ({"pattern": "T=(.*)K"}, b"T=5", LineError, "'T=5' does not look like 'T=(.*)K'"),
        ({"pattern": "T=(.*)K", "no_value": ["-"]}, b"-", NoValue, "it has no value now"),
        ({}, b"1e999", LineError, "larger than a number can be"),
        ({}, b"nan", LineError, "'nan' is no number"),
        ({}, b"0x10", LineError, "no number"),
        ({"pattern": ".*"}, b"1_0", LineError, "'1_0' is no number"),
        ({"pattern": ".*"}, "é".encode(), LineError, "is no ascii text"),
        ({"type": "int", "pattern": ".*"}, b"1.0", LineError, "no whole number"),
        ({"type": "bool", "unit": None}, b"maybe", LineError, "neither true nor false"),
        ({"plausible": [0, 300]}, b"301", Implausible, "'301' cannot be true: it is not 0 to 300"),
        ({"no_value": ["----"]}, b" ---- ", NoValue, "answers '----': it has no value now"),
    ],
)  # fmt: skip
def test_an_answer_that_is_none_is_never_a_number(
    sim_instrument: Make, labframe_clock: ManualClock,
    keys: dict[str, object], answer: bytes, error: type[Exception], said: str,
) -> None:  # fmt: skip
    class Says(AsciiSimulator):
        def respond(self, line: bytes, now: float) -> bytes:
            return answer

    whole = {key: one for key, one in reading(**keys)["reading"]["t"].items() if one is not None}
    handle = sim_instrument(Says(), carrier="sim", clock=labframe_clock)
    driver: Any = configured_driver(Ascii, {"reading": {"t": whole}})(handle.url, name="bath")
    with driver, pytest.raises(error) as caught:
        driver.t()
    assert said in str(caught.value)
    assert str(caught.value).startswith("bath")


def test_another_instrument_is_noticed(bath: Callable[..., Any]) -> None:
    identify = {"request": "ID?", "pattern": "BATH \\d+", "example": "BATH 12"}
    with bath({"identify": identify, **reading()}) as (driver, _):
        assert driver.check_identity() == "BATH 12"

    other = {**identify, "example": "BATH"}
    with pytest.raises(IdentityError, match=r"bath: .* expected .*BATH .* got 'BATH'"):
        bath({"identify": identify, **reading()}, {"identify": other}).__enter__()


def test_another_identity_than_that_of_the_section_is_noticed(bath: Callable[..., Any]) -> None:
    with bath({"identify": "ID?", "identity": "BATH", **reading()}) as (driver, _):
        driver.identity = "PUMP"
        with pytest.raises(IdentityError, match="expected 'PUMP', got 'BATH"):
            driver.check_identity()


def test_a_digit_of_another_script_is_no_digit(
    sim_instrument: Make, labframe_clock: ManualClock
) -> None:
    class Says(AsciiSimulator):
        def respond(self, line: bytes, now: float) -> bytes:
            return "\u0661".encode()

    table = {"line": {"encoding": "utf-8"}, **reading(pattern=".*")}
    handle = sim_instrument(Says(), carrier="sim", clock=labframe_clock)
    driver: Any = configured_driver(Ascii, table)(handle.url)
    with driver, pytest.raises(LineError, match="is no number"):
        driver.t()


def test_what_sets_it_up_is_sent_before_the_first_reading(bath: Callable[..., Any]) -> None:
    table = {"setup": ["REM", "FAST"], "identify": "ID?", **reading()}
    with bath(table) as (driver, sim):
        driver.t()
    assert sim.seen == [b"ID?\r\n", b"REM\r\n", b"FAST\r\n", b"T?\r\n"]


def test_what_the_instrument_refuses_is_an_error_with_its_words(bath: Callable[..., Any]) -> None:
    table = command(
        {"request": "SET {k}", "unit": "K", "read_back": "set"},
        errors=["ERR (.+)"], acknowledge="OK",
    )  # fmt: skip
    with bath(table) as (driver, sim):
        driver.go(3)
        assert driver.set() == 3
        with sim.fault("device_error"), pytest.raises(Refused, match=r"bath: .*'SET 4.0': refused"):
            driver.go(4)
        with sim.fault("device_error"), pytest.raises(Refused, match=r"refuses 'S\?': refused"):
            driver.set()


def test_an_acknowledgement_that_does_not_come_or_is_another_is_an_error(
    bath: Callable[..., Any],
) -> None:
    keys = {"request": "GO", "acknowledge": "OK"}
    with bath(command(keys)) as (driver, sim):
        driver.go()
        with sim.fault("no_answer"), pytest.raises(NoReply):
            driver.go()
        driver.go()
    other = command({"request": "GO", "acknowledge": "NO"})
    with bath(command(keys), other) as (driver, _), pytest.raises(LineError) as caught:
        driver.go()
    assert str(caught.value) == "bath: the answer 'NO' to 'GO' does not look like 'OK'"


@pytest.mark.parametrize(
    ("keys", "value", "sent"),
    [
        ({"unit": "K"}, 12.5, b"X 12.5"),
        ({"unit": "K"}, 1e-7, b"X 1e-07"),
        ({"unit": "K", "format": ".2f"}, 1, b"X 1.00"),
        ({"unit": "K", "format": "+07.2f"}, 1, b"X +001.00"),
        ({"unit": "1", "type": "int", "format": "04d"}, 7, b"X 0007"),
        ({"type": "bool"}, True, b"X 1"),
        ({"type": "bool", "true": ["ON"], "false": ["OFF"]}, False, b"X OFF"),
        ({"type": "str"}, "RAMP-1", b"X RAMP-1"),
        ({"choices": ["LOW", "HIGH"]}, "LOW", b"X LOW"),
        ({"unit": "V", "choices": [1, 10]}, 10, b"X 10.0"),
        ({"unit": "V", "type": "int", "choices": [1, 10]}, 10, b"X 10"),
    ],
)  # fmt: skip
def test_an_argument_is_written_as_the_section_says(
    bath: Callable[..., Any], keys: dict[str, object], value: object, sent: bytes
) -> None:
    with bath(command({"request": "X {value}", **keys})) as (driver, sim):
        driver.go(value)
    assert sim.seen == [sent + b"\r\n"]


@pytest.mark.parametrize(
    ("keys", "value", "code"),
    [
        ({"unit": "K", "limits": [0, 10]}, 11, "OUT_OF_RANGE"),
        ({"unit": "K"}, float("nan"), "WRONG_TYPE"),
        ({"unit": "K"}, "5; OFF", "WRONG_TYPE"),
        ({"type": "str"}, "A\r\nOFF", "WRONG_TYPE"),
        ({"type": "str"}, "A;B", "WRONG_TYPE"),
        ({"type": "str"}, "A\n", "WRONG_TYPE"),
        ({"type": "str"}, "é", "WRONG_TYPE"),
        ({"choices": ["LOW", "HIGH"]}, "LO", "OUT_OF_RANGE"),
    ],
)  # fmt: skip
def test_an_argument_that_would_be_something_else_on_the_line_is_never_sent(
    bath: Callable[..., Any], keys: dict[str, object], value: object, code: str
) -> None:
    with bath(command({"request": "X {value}", **keys})) as (driver, sim):
        with pytest.raises(ArgumentError) as caught:
            driver.go(value)
        assert caught.value.code == code
        assert sim.seen == []


def test_several_arguments_have_limits_of_their_own(bath: Callable[..., Any]) -> None:
    arguments = {"to": {"unit": "K", "limits": [0, 9]}, "rate": {"unit": "K/s", "format": ".1f"}}
    table = command({"request": "RAMP {rate} {{to}} {to}", "arguments": arguments})
    with bath(table) as (driver, sim):
        driver.go(rate=2, to=3)
        with pytest.raises(ArgumentError, match="to = 10: the limits are 0 to 9 K"):
            driver.go(2, 10)
    assert sim.seen == [b"RAMP 2.0 {to} 3.0\r\n"]


def test_the_host_serves_it_and_a_refusal_reaches_whoever_asked(
    labframe_host: Callable[..., Host],
) -> None:
    table = command(
        {"request": "SET {k}", "unit": "K", "limits": [0, 500], "read_back": "set"},
        errors=["ERR .+"], acknowledge="OK", driver="ascii", port="here",
    )  # fmt: skip
    table["command"]["odd"] = {"request": "ODD"}
    host = labframe_host({"instrument": {"bath": table}}, ascii_driver)
    assert host.commanding.port is not None
    push = PushClient("127.0.0.1", host.commanding.port)

    assert host.wait_fresh("bath_set", 5).unit == "K"
    assert push.command("bath.go", k=300) == 300
    assert host.wait_fresh("bath_set", 5).y == 300

    simulator = host.simulated.simulators["bath"] if host.simulated else None
    assert isinstance(simulator, AsciiSimulator)
    type(simulator).orders = ()  # the instrument has forgotten how
    with pytest.raises(CommandFailed, match=r"bath: the instrument refuses 'SET 4.0': ERR"):
        push.command("bath.go", k=4)
    assert "sends" in str(push.describe())
    push.close()
