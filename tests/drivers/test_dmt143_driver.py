"""The DMT143's driver opposite its simulator, alone and in a host."""

from collections.abc import Callable, Iterator
from typing import Any

import labframe_drivers.dmt143
import pytest
from labframe_drivers.dmt143 import Dmt143, Dmt143Refused, Dmt143Simulator, lines
from labhost import lab, until

from labframe import IdentityError, NoValue
from labframe.errors import BadReply, NoReply
from labframe.points import Quality
from labframe.simulation import SimCarrier
from labframe.wires import ManualClock
from labframe.worker import State

Opened = Callable[..., tuple[Dmt143, Dmt143Simulator]]


@pytest.fixture
def opened() -> Iterator[Opened]:
    made: list[Any] = []

    def make(
        options: dict[str, Any] | None = None, identity: str | None = None, **state: object
    ) -> tuple[Dmt143, Dmt143Simulator]:
        simulator = Dmt143Simulator(**{"drift": 0, **state})
        carrier = SimCarrier(simulator, clock=ManualClock())
        driver = Dmt143(carrier.url, options=options, identity=identity)
        made.extend((driver, carrier))
        driver.open()
        return driver, simulator

    yield make
    for one in made:
        one.close()


def test_it_stops_it_sets_the_format_and_reads_what_comes(opened: Opened) -> None:
    driver, simulator = opened({"interval_s": 2}, dew_point=-40.0)
    air = driver.hear()
    assert (air["dew_point"], air["dew_point_atm"]) == (-40.0, -40.0)
    assert air["h2o"] == pytest.approx(126.8, rel=0.01)
    assert (air["status"], air["errors"]) == ("measuring", "none")
    assert (simulator.mode, simulator.interval_s, simulator.form) == ("RUN", 2, lines.FORM)


def test_the_format_fits_into_what_the_manual_allows() -> None:
    assert len(lines.FORM) <= 153


def test_a_transmitter_that_shows_fahrenheit_is_read_in_celsius(opened: Opened) -> None:
    driver, _ = opened(unit="non-metric", dew_point=-20.0)
    assert driver.hear()["dew_point"] == pytest.approx(-20.0, abs=0.002)


@pytest.mark.parametrize("echo", [False, True])
def test_the_echo_makes_no_difference(opened: Opened, echo: bool) -> None:
    driver, simulator = opened(echo=echo)
    driver.hear()
    assert driver.pressure() == 1.01325
    assert simulator.echo is False


def test_the_pressure_is_set_and_what_is_calculated_with_it_follows(opened: Opened) -> None:
    driver, simulator = opened()
    before = driver.hear()
    driver.set_pressure(7.0)
    assert driver.pressure() == 7.0
    assert simulator.pressure == 1.01325, "what is kept without power is not written to"
    after = driver.hear()
    assert after["dew_point_atm"] < before["dew_point_atm"] - 15
    assert after["dew_point"] == before["dew_point"]


def test_errors_take_the_values_away_and_are_named(opened: Opened) -> None:
    driver, simulator = opened(status="H")
    assert driver.hear()["status"] == "purge"
    assert driver.active_errors() == "none"
    simulator.errors = "1001"
    air = driver.hear()
    assert isinstance(air["dew_point"], NoValue)
    assert isinstance(air["h2o"], NoValue)
    assert air["errors"] == "temperature measurement, flash checksum"
    assert driver.active_errors() == "T MEAS error, Flash csum error"
    assert driver.serial_number() == "W2340432"


def test_another_serial_number_or_another_instrument_is_refused(opened: Opened) -> None:
    opened(identity="W2340432")
    with pytest.raises(IdentityError, match="X1"):
        opened(identity="X1")


def test_a_transmitter_that_is_told_to_poll_says_nothing(opened: Opened) -> None:
    with pytest.raises(NoReply):
        opened(smode="POLL")


@pytest.mark.parametrize("option", [{"format": "mine"}, {"interval_s": 256}, {"interval_s": True}])
def test_what_is_no_option_is_refused(option: dict[str, Any]) -> None:
    with pytest.raises(LookupError, match=next(iter(option))):
        Dmt143("sim://nobody", options=option)


@pytest.mark.parametrize("unit", ["metric", "non-metric"])
def test_one_that_is_left_as_it_is_is_only_listened_to(opened: Opened, unit: str) -> None:
    driver, simulator = opened({"format": "as it is"}, unit=unit, dew_point=-9.8)
    air = driver.hear()
    assert air["dew_point"] == pytest.approx(-9.8, abs=0.01)
    assert isinstance(air["status"], NoValue)
    assert simulator.form == "/"
    with pytest.raises(Dmt143Refused, match="as it is"):
        driver.pressure()


GOOD = "Tdf=   -9.800'C Tdfa=   -9.800'C H2O=   2618.12ppm STAT=  ERR=0000 *"
GOOD += f"{sum(GOOD.encode()) & 0xFFFF:04X}"


def test_no_single_changed_byte_is_ever_a_value() -> None:
    assert lines.checked(GOOD).dew_point == -9.8
    for place in range(len(GOOD)):
        for byte in range(0x20, 0x7F):
            spoiled = GOOD[:place] + chr(byte) + GOOD[place + 1 :]
            if spoiled != GOOD:
                with pytest.raises(BadReply):
                    lines.checked(spoiled)
        with pytest.raises(BadReply):
            lines.checked(GOOD[:place] + GOOD[place + 1 :])


@pytest.mark.parametrize(
    "line",
    ["", "Tdf=", "Tdf= -9.80 'C Tdfatm= -9.80 'C H2O= 26", "Tdf= -9.80 'K Tdfatm= 1 'C H2O= 2 ppm"],
)
def test_half_a_line_of_the_factorys_format_is_no_value(line: str) -> None:
    with pytest.raises(BadReply):
        lines.from_factory(line)


def test_the_published_line_in_fahrenheit() -> None:
    found = lines.from_factory("Tdf= 16.71 'F Tdfatm= -6.19 'F H2O= 907 ppm")
    assert [found.dew_point, found.h2o] == pytest.approx([-8.494, 907], abs=1e-3)


def test_in_a_host_it_is_served_set_and_set_up_again_when_its_power_was_off() -> None:
    simulate = {"cycle_s": 0.1, "drift": 0, "dew_point": -40}
    section = {
        "driver": "dmt143", "port": "/dev/ttyUSB0", "simulate": simulate,
        "options": {"interval_s": 0}, "reading": {"air": {"every": 0.3}},
    }  # fmt: skip
    host = lab(labframe_drivers.dmt143, {"gas": section})
    host.start()
    try:
        until(lambda: host.reading("gas_dew_point") is not None)
        assert host.reading("gas_dew_point").y == -40.0  # type: ignore[union-attr]
        assert host.reading("gas_h2o").unit == "ppm"  # type: ignore[union-attr]
        assert host.reading("gas_status").y == "measuring"  # type: ignore[union-attr]
        assert host.command("gas.set_pressure", pressure=2.0) == 2.0
        assert host.simulated is not None
        simulator = host.simulated.simulators["gas"]
        assert isinstance(simulator, Dmt143Simulator)
        (member,) = host.members
        simulator.form = "/"
        simulator.mode = "STOP"
        until(lambda: member.status().state is State.DISCONNECTED)
        until(lambda: host.reading("gas_dew_point").quality is Quality.OK)  # type: ignore[union-attr]
        assert simulator.form == lines.FORM
    finally:
        assert host.stop() == []
