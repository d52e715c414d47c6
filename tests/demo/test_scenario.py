"""What happens in the demonstration laboratory while somebody looks at it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from labframe.client import PushClient
from labframe.demo import Chamber, Scenario, demo_host
from labframe.errors import CommandRefused
from labframe.host import Host
from labframe.simulation import available
from labframe.worker import State

WAIT_S = 20.0
pytestmark = pytest.mark.skipif(not available(), reason="no pseudo-terminals here")


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT_S
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.fixture
def moon(tmp_path: Path) -> Iterator[Host]:
    with demo_host(tmp_path, 0, 0, 0) as host:
        yield host


def state_of(host: Host, name: str) -> State:
    return next(member.status().state for member in host.members if member.name == name)


def pressure(host: Host) -> float:
    value = host.wait_fresh("chamber_pressure").y
    assert isinstance(value, float)
    return value


def test_the_turbo_pump_empties_the_chamber_and_argon_fills_it() -> None:
    chamber = Chamber(pressure_mbar=4e-4)

    chamber.let_pass(60, speed_share=1.0, argon_l_per_min=0)
    assert chamber.pressure_mbar == pytest.approx(1e-6, rel=0.01)
    chamber.let_pass(60, speed_share=1.0, argon_l_per_min=0.05)
    assert chamber.pressure_mbar == pytest.approx(0.05 * 1013.25 / 60 / 60, rel=0.01)
    chamber.let_pass(3600, speed_share=0.0, argon_l_per_min=0)
    assert chamber.pressure_mbar > 1e-3, "nobody pumps it"


def test_many_short_steps_are_one_long_one() -> None:
    one, many = Chamber(), Chamber()

    one.let_pass(10, 0.5, 0.01)
    for _ in range(1000):
        many.let_pass(0.01, 0.5, 0.01)

    assert many.pressure_mbar == pytest.approx(one.pressure_mbar)


def test_gas_that_is_let_in_keeps_the_laser_from_firing(moon: Host) -> None:
    moon.wait_fresh("chamber_pressure")
    port = moon.commanding.port
    assert port is not None
    with Scenario(moon), PushClient("127.0.0.1", port) as push:
        until(lambda: state_of(moon, "argon") is State.OK)
        push.command("argon.set_flow", target=0.1)
        until(lambda: pressure(moon) > 1e-3)
        with pytest.raises(CommandRefused, match=r"chamber_pressure is .* mbar, not below 0\.001"):
            push.command("moon_laser.fire")


def test_a_cable_falls_out_and_heals(moon: Host) -> None:
    until(lambda: state_of(moon, "argon") is State.OK)
    with Scenario(moon, first_fault_s=0.0):
        until(lambda: state_of(moon, "argon") is State.DISCONNECTED)
        assert state_of(moon, "turbo") is State.OK, "it is on another line"
        until(lambda: state_of(moon, "argon") is State.OK)


def test_the_cable_is_put_back_when_the_demonstration_ends(moon: Host) -> None:
    with Scenario(moon, first_fault_s=0.0):
        until(lambda: state_of(moon, "argon") is State.DISCONNECTED)
    until(lambda: state_of(moon, "argon") is State.OK)
