"""The driver of the SPS30 against its simulator on a real pseudo-terminal, alone and in a host."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import labframe_drivers.sps30
import pytest
from labframe_drivers.sps30 import (
    ArgumentOutOfRange,
    Asleep,
    NotAllowedNow,
    Sps30,
    Sps30Refused,
    Sps30Simulator,
    UnknownCommand,
)
from labframe_drivers.sps30.octets import framed
from labframe_drivers.sps30.refusals import REFUSALS
from labframe_drivers.sps30.telegrams import PARTS
from labhost import lab, until

from labframe import ArgumentError, Host, IdentityError, NoValue, PullClient
from labframe.errors import BadReply, CommandFailed, CommandRefused, NoReply
from labframe.points import Quality
from labframe.simulation import Answer, PtyCarrier, available

pytestmark = pytest.mark.skipif(not available(), reason="no pseudo-terminals here")

Plug = Callable[[Sps30Simulator], PtyCarrier]


@pytest.fixture
def plug() -> Iterator[Plug]:
    carriers: list[PtyCarrier] = []

    def plugged(simulator: Sps30Simulator) -> PtyCarrier:
        carriers.append(PtyCarrier(simulator))
        return carriers[-1]

    yield plugged
    for carrier in carriers:
        carrier.close()


def still(**state: object) -> Sps30Simulator:
    """Return a quick sensor whose values stay as they were set."""
    return Sps30Simulator(**{"drift": 0, "awkward_every": 0, "period_s": 0.05, **state})


def as_sent(value: float) -> Any:
    return pytest.approx(value, rel=1e-6)


def test_ten_values_are_read_by_their_names(plug: Plug) -> None:
    carrier = plug(still(mass_pm1=15.8244628, number_pm0_5=20, typical_size=0.6))
    with Sps30(carrier.url) as sensor:
        values = sensor.air()
        assert list(values) == list(PARTS)
        assert values["mass_pm1"] == as_sent(15.8244628)
        assert (values["number_pm0_5"], values["typical_size"]) == (20, as_sent(0.6))
        assert sensor.status() == "ok"
        assert sensor.firmware() == "2.2"
        assert sensor.serial_number() == "5A1B7C2D9E3F4A60"
    assert bytes.fromhex("7E 00 00 02 01 03 F9 7E") in carrier.seen
    assert bytes.fromhex("7E 00 03 00 FC 7E") in carrier.seen


def test_values_that_need_stuffing_and_noise_before_the_frame_do_no_harm(plug: Plug) -> None:
    simulator = still(awkward_every=1, noise="FE 11 7D")
    with Sps30(plug(simulator).url) as sensor:
        for _ in range(12):
            assert sensor.air()["mass_pm1"] == pytest.approx(4.2, rel=0.008)


def test_a_sensor_that_is_measuring_already_goes_on(plug: Plug) -> None:
    simulator = still()
    url = plug(simulator).url
    with Sps30(url) as sensor:
        sensor.air()
    assert simulator.state == "measuring"
    with Sps30(url) as sensor:
        assert sensor.air()["mass_pm10"] == as_sent(7.4)


def test_a_sensor_that_measures_in_whole_numbers_is_started_again_in_floats(plug: Plug) -> None:
    simulator = still()
    simulator.feed(framed(b"\0\0\x02\x01\x05"), time.monotonic())
    with Sps30(plug(simulator).url) as sensor:
        assert sensor.air()["mass_pm1"] == as_sent(4.2)


def test_for_a_second_and_a_half_the_last_measurement_is_the_newest(plug: Plug) -> None:
    simulator = still()
    with Sps30(plug(simulator).url) as sensor:
        simulator.cleaning_s = 3600.0
        sensor.clean_fan()
        began = time.monotonic()
        values = sensor.air()
        assert sensor.air() == values

        said = ""
        while not said:
            try:
                sensor.air()
            except NoValue as error:
                said = str(error)
        assert "no new measurement" in said
        assert 1.3 < time.monotonic() - began < 3


def fresh(sensor: Sps30) -> dict[str, float]:
    """Return the first measurement that comes."""
    found: list[dict[str, float]] = []

    def is_there() -> bool:
        try:
            found.append(sensor.air())
        except NoValue:
            return False
        return True

    until(is_there)
    return found[0]


def test_a_sensor_that_lost_its_power_measures_again_by_itself(plug: Plug) -> None:
    simulator = still()
    with Sps30(plug(simulator).url) as sensor:
        sensor.air()
        simulator.power_cycle(time.monotonic() - 1)
        assert simulator.state == "idle"
        simulator.mass_pm1 = 77.0
        with pytest.raises(NoValue):
            sensor.air()
        assert fresh(sensor)["mass_pm1"] == 77


def test_a_stopped_measurement_has_no_value_until_it_is_started(plug: Plug) -> None:
    simulator = still()
    with Sps30(plug(simulator).url) as sensor:
        sensor.stop_measurement()
        assert simulator.state == "idle"
        with pytest.raises(NoValue, match="start it with start_measurement"):
            sensor.air()
        with pytest.raises(NotAllowedNow, match="to stop: 0x43, not allowed in the present"):
            sensor.stop_measurement()
        sensor.start_measurement()
        sensor.start_measurement()
        assert fresh(sensor)


def test_a_sensor_is_put_to_sleep_and_woken(plug: Plug) -> None:
    simulator = still()
    carrier = plug(simulator)
    with Sps30(carrier.url) as sensor:
        with pytest.raises(NotAllowedNow, match="to sleep: 0x43"):
            sensor.sleep()
        sensor.stop_measurement()
        sensor.sleep()
        assert simulator.state == "asleep"
        asked = len(carrier.seen)
        for ask in (sensor.air, sensor.status, sensor.firmware, sensor.reset):
            with pytest.raises(Asleep, match="it sleeps; wake it with wake"):
                ask()
        assert len(carrier.seen) == asked
        sensor.wake()
        assert carrier.seen[-1] == bytes.fromhex("FF 7E 00 7D 31 00 EE 7E")
        assert simulator.state == "idle"
        sensor.wake()
        sensor.start_measurement()
        assert fresh(sensor)


def test_a_sensor_that_sleeps_is_woken_to_be_identified(plug: Plug) -> None:
    simulator = still()
    simulator.feed(framed(b"\0\x10\0"), 0.0)
    assert simulator.state == "asleep"
    with Sps30(plug(simulator).url) as sensor:
        assert sensor.air()


def test_the_sensor_is_told_by_product_type_and_by_its_serial_number(plug: Plug) -> None:
    url = plug(still(serial_number="AB12")).url
    sensor = Sps30(url, identity="AB12")
    sensor.connect()
    assert sensor.check_identity() == "SPS30 AB12, firmware 2.2"
    sensor.close()
    with pytest.raises(IdentityError, match="expected 'AB13', got 'AB12' to 'serial number'"):
        Sps30(url, identity="AB13").open()
    with pytest.raises(IdentityError, match="expected '00080000', got '00090000'"):
        Sps30(plug(still(product_type="00090000")).url).open()


def test_the_interval_of_cleaning_is_set_and_read_and_never_out_of_range(plug: Plug) -> None:
    simulator = still()
    with Sps30(plug(simulator).url) as sensor:
        assert sensor.auto_clean_interval() == 604800
        sensor.set_auto_clean_interval(86400)
        assert (sensor.auto_clean_interval(), simulator.auto_clean_s) == (86400, 86400)
        with pytest.raises(ArgumentError, match="interval = -1: the limits are 0 to"):
            sensor.set_auto_clean_interval(-1)
        assert simulator.auto_clean_s == 86400


def test_what_is_wrong_with_fan_and_laser_is_told_and_forgotten(plug: Plug) -> None:
    simulator = still(fan_failed=True, laser_failed=True)
    with Sps30(plug(simulator).url) as sensor:
        assert sensor.air(), "the bit in the state byte is no error of a command"
        assert sensor.status() == "laser failure, fan failure"
        assert sensor.clear_status() == "laser failure, fan failure"
        assert sensor.status() == "ok"


def test_an_old_firmware_measures_and_has_no_status(plug: Plug) -> None:
    with Sps30(plug(still(firmware="1.0")).url) as sensor:
        assert sensor.air()
        with pytest.raises(NoValue, match=r"0x02, unknown command .* need firmware 2"):
            sensor.status()
        with pytest.raises(UnknownCommand):
            sensor.sleep()


def test_a_reset_sensor_measures_again(plug: Plug) -> None:
    simulator = still()
    with Sps30(plug(simulator).url) as sensor:
        sensor.reset()
        assert simulator.state == "measuring"
        assert fresh(sensor)


class Odd(Sps30Simulator):
    """Answers in place of what it should."""

    answer: bytes | None = None
    true_answer_late_s: float | None = None

    def feed(self, data: bytes, now: float) -> list[Answer]:
        answers = super().feed(data, now)
        if self.answer is None:
            return answers
        if self.true_answer_late_s is None:
            return [Answer(self.answer)]
        return [Answer(self.answer), *(Answer(a.data, self.true_answer_late_s) for a in answers)]


@pytest.mark.parametrize("code", [*REFUSALS, 0x55])
def test_each_error_of_the_state_byte_has_a_type_a_name_and_its_code(plug: Plug, code: int) -> None:
    simulator = Odd(period_s=0.05)
    with Sps30(plug(simulator).url) as sensor:
        simulator.answer = framed(bytes((0, 0x56, code, 0)))
        with pytest.raises(Sps30Refused, match=f"to clean the fan: 0x{code:02X}, ") as caught:
            sensor.clean_fan()
        assert type(caught.value) is REFUSALS.get(code, Sps30Refused)
        assert caught.value.code == code
        assert caught.value.meaning in str(caught.value)
    assert REFUSALS[0x28] is ArgumentOutOfRange


@pytest.mark.parametrize(
    "answer",
    [
        bytes.fromhex("7E 00 03 00 FC 7E"),  # the request itself: RX and TX are connected
        framed(b"\0\x01\0\0"),  # the answer to another command
        framed(b"\0\x03\0\x01\0"),  # one byte of data
        framed(b"\0\x03\0\x28\0"),  # a length that is not true
        bytes.fromhex("7E 00 03 00 00 FD 7E"),  # a wrong checksum
    ],
)
def test_what_is_no_measurement_is_never_a_number(plug: Plug, answer: bytes) -> None:
    simulator = Odd(drift=0, awkward_every=0, period_s=0.05)
    with Sps30(plug(simulator).url) as sensor:
        simulator.answer = answer
        with pytest.raises(BadReply):
            sensor.air()
        simulator.answer = None
        assert sensor.air()["mass_pm1"] == as_sent(4.2)


def test_after_an_answer_to_another_command_the_true_one_is_waited_for(plug: Plug) -> None:
    simulator = Odd(period_s=0.05)
    with Sps30(plug(simulator).url) as sensor:
        simulator.answer, simulator.true_answer_late_s = framed(b"\0\x01\0\0"), 0.1
        with pytest.raises(BadReply, match=r"sps30: .*to command 01, not of device 0 to D1"):
            sensor.firmware()
        simulator.answer, simulator.latency_s = None, 0.2
        assert sensor.serial_number() == "5A1B7C2D9E3F4A60"


def test_a_late_answer_is_not_taken_for_the_next_ones(plug: Plug) -> None:
    simulator = still()
    with Sps30(plug(simulator).url) as sensor:
        simulator.latency_s = 0.35
        with pytest.raises(NoReply):
            sensor.firmware()
        simulator.latency_s = 0.0
        assert sensor.serial_number() == "5A1B7C2D9E3F4A60"


# In a host.


def hosted(simulate: Mapping[str, object] | None = None, **instrument: Any) -> Host:
    values = {"drift": 0, "awkward_every": 0, **(simulate or {})}
    air = {"driver": "sps30", "port": "/dev/ttyUSB0", "simulate": values, **instrument}
    return lab(labframe_drivers.sps30, {"air": air})


def simulator_of(host: Host) -> Sps30Simulator:
    assert host.simulated is not None
    simulator = host.simulated.simulators["air"]
    assert isinstance(simulator, Sps30Simulator)
    return simulator


def test_a_host_serves_ten_values_and_the_status_with_their_units() -> None:
    with hosted({"mass_pm1": 15.8244628}) as host:
        assert host.wait_fresh("air_mass_pm1").y == as_sent(15.8244628)
        assert host.wait_fresh("air_number_pm2_5").unit == "1/cm³"
        assert host.wait_fresh("air_typical_size").unit == "µm"
        assert host.wait_fresh("air_status").y == "ok"
        assert host.read("air_serial_number").y == "5A1B7C2D9E3F4A60"
        with PullClient("127.0.0.1", host.port) as client:
            assert client.point("air_mass_pm1").y == as_sent(15.8244628)
        assert host.instruments[0].identity == "SPS30 5A1B7C2D9E3F4A60, firmware 2.2"


def test_a_poll_a_second_finds_a_measurement_a_second() -> None:
    with hosted() as host:
        first = host.wait_fresh("air_mass_pm1").sequence
        until(lambda: host.wait_fresh("air_mass_pm1").sequence >= first + 3, 8)
        assert host.instruments[0].failures == 0


def test_commands_through_the_host_are_checked_executed_and_read_back() -> None:
    with hosted() as host:
        host.wait_fresh("air_mass_pm1")
        simulator = simulator_of(host)
        assert host.command("air.set_auto_clean_interval", interval=86400) == 86400
        assert simulator.auto_clean_s == 86400
        with pytest.raises(CommandRefused, match=r"OUT_OF_RANGE: .*interval = 4294967296"):
            host.command("air.set_auto_clean_interval", interval=2**32)
        assert simulator.auto_clean_s == 86400
        with pytest.raises(CommandFailed, match="to sleep: 0x43, not allowed"):
            host.command("air.sleep")
        host.command("air.clean_fan")
        assert simulator.cleanings == 1
        host.command("air.stop_measurement")
        assert simulator.state == "idle"
        with pytest.raises(CommandFailed, match="to clean the fan: 0x43, not allowed"):
            host.command("air.clean_fan")
        assert host.instruments[0].state != "disconnected"


def quality(host: Host) -> Quality | None:
    """Return the quality of the newest reading."""
    reading = host.reading("air_mass_pm1")
    return None if reading is None else reading.quality


def test_a_sensor_that_sleeps_stays_connected_without_values_until_it_is_woken() -> None:
    with hosted({"period_s": 0.2}, reading={"air": {"every": 0.2}}) as host:
        host.wait_fresh("air_mass_pm1")
        simulator = simulator_of(host)
        host.command("air.stop_measurement")
        host.command("air.sleep")
        until(lambda: quality(host) is Quality.ERROR and "it sleeps" in host.instruments[0].error)
        assert (simulator.state, str(host.instruments[0].state)) == ("asleep", "error")
        host.command("air.wake")
        host.command("air.start_measurement")
        host.wait_fresh("air_mass_pm1")
        assert host.instruments[0].reconnects == 0


def test_a_cable_out_and_in_again() -> None:
    with hosted({"period_s": 0.2}, reading={"air": {"every": 0.2}}) as host:
        host.wait_fresh("air_mass_pm1")
        assert host.simulated is not None
        carrier = host.simulated.carriers["air"]
        carrier.unplug()
        until(lambda: str(host.instruments[0].state) == "disconnected")
        carrier.replug()
        until(lambda: host.instruments[0].reconnects == 1)
        host.wait_fresh("air_mass_pm1")
