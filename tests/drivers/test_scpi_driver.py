"""SCPI instruments, described in a configuration alone, opposite their simulators."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest
from labframe_drivers import scpi as scpi_driver
from labframe_drivers.scpi import Scpi, ScpiRefused, ScpiSimulator

from labframe import Host, LineError, NoValue
from labframe.client import PushClient
from labframe.errors import CommandFailed, IdentityError, NoReply
from labframe.plan import configured_driver
from labframe.testing import SimHandle
from labframe.wires import ManualClock

Make = Callable[..., SimHandle]
METER = {
    "reading": {"volts": {"request": "READ?", "unit": "V"}},
    "command": {
        "range": {"request": "RANG {to}", "unit": "V", "limits": [0, 1000], "format": ".1f"},
        "zero": {"request": "ZERO"},
    },
}


@pytest.fixture
def meter(sim_instrument: Make, labframe_clock: ManualClock) -> Callable[..., Any]:
    """Give an opened driver with its simulator."""

    @contextmanager
    def opened(
        table: Mapping[str, Any],
        kind: type[ScpiSimulator] = ScpiSimulator,
        played: Mapping[str, Any] | None = None,
    ) -> Iterator[tuple[Any, SimHandle]]:
        simulator = kind.for_section(table if played is None else played)()
        handle = sim_instrument(simulator, carrier="sim", clock=labframe_clock)
        with configured_driver(Scpi, table, "meter")(handle.url, name="meter") as driver:
            yield driver, handle

    return opened


def saying(*answers: bytes) -> type[ScpiSimulator]:
    """Return a simulator that says this to READ?, one after the other."""
    left = list(answers)

    class Says(ScpiSimulator):
        def respond(self, line: bytes, now: float) -> Any:
            return left.pop(0) if line == b"READ?" else super().respond(line, now)

    return Says


@pytest.mark.parametrize(
    ("answer", "number"),
    [(b"+12", 12), (b"-1.5", -1.5), (b"+1.23450000E+00", 1.2345), (b"1e-9", 1e-9), (b".5", 0.5)],
)
def test_numbers_are_those_of_the_standard(
    meter: Callable[..., Any], answer: bytes, number: float
) -> None:
    with meter(METER, saying(answer)) as (driver, _):
        assert driver.volts() == number


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (b"+9.9E37", "over its range"),
        (b"-9.90000000E+37", "over its range"),
        (b"9.91E+37", "no number"),
        (b"NAN", "no number"),
        (b"-INF", "no number"),
    ],
)
def test_an_overflow_is_no_value(meter: Callable[..., Any], answer: bytes, why: str) -> None:
    with meter(METER, saying(answer)) as (driver, _), pytest.raises(NoValue, match=why):
        driver.volts()


def test_a_quoted_text_is_what_stands_in_the_quotes(meter: Callable[..., Any]) -> None:
    table = {"reading": {"mode": {"request": "READ?", "type": "str"}}}
    with meter(table, saying(b'"VOLT:DC"', b"CURR")) as (driver, _):
        assert driver.mode() == "VOLT:DC"
        assert driver.mode() == "CURR"


def test_it_is_asked_who_it_is(meter: Callable[..., Any]) -> None:
    with meter({"identity": "ACME,9", **METER}) as (driver, sim):
        assert driver.check_identity().startswith("ACME,9")
    assert sim.seen[0] == b"*IDN?\n"
    driver.identity = "OTHER"
    with pytest.raises(IdentityError):
        driver.open()


def test_the_error_queue_is_read_after_each_setting(meter: Callable[..., Any]) -> None:
    with meter(METER) as (driver, sim):
        driver.range(10)
        driver.range(20)
    queue = b"SYST:ERR?\n"
    assert sim.seen == [b"*IDN?\n", queue, b"RANG 10.0\n", queue, b"RANG 20.0\n", queue]


def test_a_refusal_is_in_the_words_of_the_instrument(meter: Callable[..., Any]) -> None:
    with meter(METER, played={}) as (driver, _):
        with pytest.raises(ScpiRefused, match="refuses 'ZERO': -113, Undefined header") as caught:
            driver.zero()
        assert caught.value.codes == (-113,)
        with pytest.raises(ScpiRefused) as caught:
            driver.range(5)
        assert caught.value.codes == (-113,), "the queue was emptied before"


def test_an_error_of_a_reading_is_not_the_next_settings(meter: Callable[..., Any]) -> None:
    with meter(METER, played={"command": METER["command"]}) as (driver, _):
        driver.zero()
        with pytest.raises(NoReply):
            driver.volts()
        driver.zero()


def test_capital_letters_and_a_colon_make_no_difference_to_the_instrument() -> None:
    mode = {"request": ":Func {to}", "choices": ["volt", "curr"], "read_back": "mode"}
    table = {
        "reading": {"mode": {"request": "func?", "type": "str", "example": "volt"}},
        "command": {"set_mode": mode},
    }
    simulator = ScpiSimulator.for_section(table)(latency_s=0)

    def said(request: bytes) -> list[bytes]:
        return [one.data for one in simulator.feed(request, 0.0)]

    assert said(b"FUNC?\n") == said(b":func?\n") == [b"volt\n"]
    assert said(b"func curr\nFUNC?\n") == [b"curr\n"]
    assert said(b"FUNC OHM\nsyst:err?\n") == [b'-222,"Data out of range"\n']
    assert said(b"*CLS\nSYSTem:ERRor:NEXT?\n") == [b'0,"No error"\n']


def test_an_instrument_without_a_queue_is_not_asked(meter: Callable[..., Any]) -> None:
    with meter({"error_queue": "", **METER}) as (driver, sim):
        driver.zero()
    assert sim.seen == [b"*IDN?\n", b"ZERO\n"]


@pytest.mark.parametrize(
    ("says", "why"),
    [("-222,Data", "gives errors without end"), ("what?", "'what\\?' is no answer to 'SYST:ERR")],
)
def test_a_queue_that_is_none_is_an_error_with_the_next_step(
    meter: Callable[..., Any], says: str, why: str
) -> None:
    class Broken(ScpiSimulator):
        def answer(self, request: str) -> str | None:
            return says if request == "SYST:ERR?" else super().answer(request)

    with meter(METER, Broken) as (driver, _), pytest.raises(LineError, match=why):
        driver.zero()


def test_several_errors_are_told_together(meter: Callable[..., Any]) -> None:
    queue = ['-100,"Command error"', '+5,"Too warm"', '+0,"No error"']

    class Twice(ScpiSimulator):
        def answer(self, request: str) -> str | None:
            if request != "SYST:ERR?" or b"ZERO" not in b"".join(map(str.encode, sent)):
                sent.append(request)
                return super().answer(request)
            return queue.pop(0)

    sent: list[str] = []
    with meter(METER, Twice) as (driver, _), pytest.raises(ScpiRefused) as caught:
        driver.zero()
    assert str(caught.value).endswith("'ZERO': -100, Command error; 5, Too warm")
    assert caught.value.codes == (-100, 5)


def test_whoever_asks_the_host_hears_what_the_instrument_says(
    labframe_host: Callable[..., Host],
) -> None:
    table = {"driver": "scpi", "port": "here", **Scpi.example()}
    host = labframe_host({"instrument": {"supply": table}}, scpi_driver)
    assert host.commanding.port is not None
    push = PushClient("127.0.0.1", host.commanding.port)

    assert host.wait_fresh("supply_output", 5).y is False
    assert push.command("supply.switch", on=True) is True
    assert host.wait_fresh("supply_output", 5).y is True
    assert push.command("supply.set_voltage", volts=12.5) == 12.5
    assert host.simulated is not None
    simulator = host.simulated.simulators["supply"]
    assert isinstance(simulator, ScpiSimulator)
    type(simulator).orders = ()
    with pytest.raises(CommandFailed, match=r"supply: .*'VOLT 1.000': -113, Undefined header"):
        push.command("supply.set_voltage", volts=1)
    push.close()
