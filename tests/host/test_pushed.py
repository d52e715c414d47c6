"""Readings that instruments send by themselves, in a host: served, late, wrong, gone and back."""

import time
from collections.abc import Iterator
from typing import Any

import pushed_gauge
import pytest
from labhost import lab, until
from pushed_gauge import PushedGauge, PushedGaugeSimulator

from labframe import ConfigurationError, Host, Reading
from labframe.points import Quality
from labframe.simulation import SimCarrier, SocketCarrier
from labframe.worker import State

GAUGE = {"driver": "pushed_gauge", "port": "/dev/ttyUSB0"}


@pytest.fixture
def host() -> Iterator[Host]:
    host = lab(pushed_gauge, {"gauge": GAUGE})
    host.start()
    until(lambda: pressure(host) is not None)
    yield host
    assert host.stop() == []


def pressure(host: Host) -> Reading | None:
    return host.reading("gauge_pressure")


def simulator_of(host: Host) -> PushedGaugeSimulator:
    assert host.simulated is not None
    found = host.simulated.simulators["gauge"]
    assert isinstance(found, PushedGaugeSimulator)
    return found


def is_ok(host: Host) -> bool:
    found = pressure(host)
    return found is not None and found.quality is Quality.OK


def status_of(host: Host) -> Any:
    (member,) = host.members
    return member.status()


def test_its_values_are_served_with_the_time_at_which_they_came(host: Host) -> None:
    first = pressure(host)
    assert first is not None
    assert (first.y, first.unit, first.quality) == (1.5, "Pa", Quality.OK)
    assert abs(first.x - time.time()) < 1.0
    assert abs(first.arrival - time.monotonic()) < 1.0
    until(lambda: pressure(host).sequence >= first.sequence + 20)  # type: ignore[union-attr]
    status = status_of(host)
    assert (status.state, status.failures, status.reconnects) == (State.OK, 0, 0)
    assert host.reading("gauge_ratio").y == 0.5  # type: ignore[union-attr]
    assert host.read("gauge_pressure").y == 1.5


def test_commands_and_polls_in_between_lose_no_line(host: Host) -> None:
    simulator, seen = simulator_of(host), []
    until(lambda: host.reading("gauge_setpoint_now") is not None)
    before = status_of(host)
    sent = simulator.sent
    for number in range(40):
        host.command("gauge.setpoint", target=number / 10)
        seen.append(simulator.set_to)
        time.sleep(0.002)
    assert seen == [number / 10 for number in range(40)]
    until(lambda: simulator.sent > sent + 20)
    until(lambda: pressure(host).sequence >= simulator.sent - 3)  # type: ignore[union-attr]
    assert status_of(host).failures == before.failures


def test_a_command_does_not_wait_for_the_next_line() -> None:
    slow = {"reading": {"air": {"every": 20.0}, "setpoint_now": {"enabled": False}}}
    host = lab(pushed_gauge, {"gauge": {**GAUGE, **slow}})
    host.start()
    try:
        until(lambda: is_ok(host))
        simulator_of(host).runs = False
        began = time.monotonic()
        for _ in range(20):
            host.command("gauge.setpoint", target=1.0)
        assert time.monotonic() - began < 2.5, "each waited until the port was looked at"
    finally:
        assert host.stop() == []


@pytest.mark.parametrize("carrier_of", [SimCarrier, SocketCarrier])
def test_over_a_socket_and_within_a_program_it_is_the_same(
    carrier_of: type[SimCarrier] | type[SocketCarrier],
) -> None:
    simulator = PushedGaugeSimulator()
    with carrier_of(simulator) as carrier:
        gauge = {**GAUGE, "port": carrier.url}
        host = lab(pushed_gauge, {"gauge": gauge}, simulate=False)
        host.start()
        try:
            until(lambda: is_ok(host))
            for number in range(10):
                host.command("gauge.setpoint", target=number / 10)
                assert simulator.set_to == number / 10
            sequence = pressure(host).sequence  # type: ignore[union-attr]
            until(lambda: pressure(host).sequence > sequence + 5)  # type: ignore[union-attr]
            carrier.unplug()
            until(lambda: status_of(host).state is State.DISCONNECTED)
            carrier.replug()
            until(lambda: is_ok(host))
        finally:
            assert host.stop() == []


def test_a_wrong_line_is_an_error_and_counted_and_the_next_one_is_good(host: Host) -> None:
    simulator = simulator_of(host)
    failures = status_of(host).failures
    simulator.line_to_send = "rubbish"
    until(lambda: pressure(host).quality is Quality.ERROR)  # type: ignore[union-attr]
    assert status_of(host).state is State.ERROR
    assert "is no measurement" in status_of(host).error
    simulator.line_to_send = ""
    until(lambda: is_ok(host))
    until(lambda: status_of(host).state is State.OK)
    assert status_of(host).failures > failures
    assert status_of(host).reconnects == 0


def test_lines_without_a_measurement_are_passed_over(host: Host) -> None:
    simulator = simulator_of(host)
    failures = status_of(host).failures
    sequence = pressure(host).sequence  # type: ignore[union-attr]
    simulator.line_to_send = "P=# warming up"
    sent = simulator.sent
    until(lambda: simulator.sent > sent + 2)
    simulator.line_to_send = ""
    until(lambda: pressure(host).sequence > sequence + 3)  # type: ignore[union-attr]
    assert status_of(host).failures == failures


def test_one_part_without_a_value_is_an_error_of_that_part(host: Host) -> None:
    simulator_of(host).line_to_send = "P=2.5"
    until(lambda: host.reading("gauge_ratio").quality is Quality.ERROR)  # type: ignore[union-attr]
    until(lambda: pressure(host).y == 2.5)  # type: ignore[union-attr]
    assert is_ok(host)


def test_one_that_falls_silent_is_old_and_then_told_to_start_again(host: Host) -> None:
    simulator = simulator_of(host)
    simulator.runs = False
    until(lambda: not is_ok(host))
    until(lambda: simulator.runs, within_s=5.0)
    until(lambda: is_ok(host))
    until(lambda: status_of(host).reconnects == 1)


def test_one_that_does_not_answer_either_is_disconnected(host: Host) -> None:
    simulator = simulator_of(host)
    simulator.obeys = simulator.runs = False
    until(lambda: status_of(host).state is State.DISCONNECTED)
    simulator.obeys = True
    until(lambda: is_ok(host), within_s=10.0)


def test_one_that_answers_but_sends_nothing_stays_disconnected(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(PushedGauge, "on_connect", lambda self: None)
    simulator = simulator_of(host)
    simulator.runs = False
    until(lambda: "nothing came by itself" in status_of(host).error)
    heard = len(host.simulated.carriers["gauge"].seen)  # type: ignore[union-attr]
    until(lambda: len(host.simulated.carriers["gauge"].seen) >= heard + 2)  # type: ignore[union-attr]
    assert status_of(host).reconnects == 0, "who only answers is not there"


def test_a_pulled_cable_is_noticed_at_once_and_a_new_one_is_used(host: Host) -> None:
    assert host.simulated is not None
    carrier = host.simulated.carriers["gauge"]
    began = time.monotonic()
    carrier.unplug()
    until(lambda: status_of(host).state is State.DISCONNECTED)
    assert time.monotonic() - began < 1.0
    assert pressure(host).quality is Quality.DISCONNECTED  # type: ignore[union-attr]
    carrier.replug()
    until(lambda: is_ok(host))


def test_stopping_does_not_wait_for_the_next_line() -> None:
    host = lab(pushed_gauge, {"gauge": {**GAUGE, "simulate": {"obeys": True}}})
    host.start()
    until(lambda: is_ok(host))
    simulator_of(host).runs = False
    began = time.monotonic()
    assert host.stop() == []
    assert time.monotonic() - began < 2.0


def test_what_it_sends_is_in_the_flight_recorder(host: Host) -> None:
    (member,) = host.members
    assert member.line is not None
    flight = b"".join(what for _, sent, what in member.line.flight.noted() if sent is False)  # type: ignore[misc]
    assert b"P=1.5 0.5\r\n" in flight


def test_two_that_talk_cannot_share_a_line() -> None:
    with pytest.raises(ConfigurationError, match="both send without being asked"):
        lab(pushed_gauge, {"gauge": {**GAUGE, "address": 1}, "other": {**GAUGE, "address": 2}})
