"""The driver of the red-y smart against its simulator, alone, on a bus and in a host."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import labframe_drivers.vogtlin
import pytest
from labframe_drivers.vogtlin import Vogtlin, VogtlinSimulator
from labframe_drivers.vogtlin.flows import litres, litres_per_minute
from labhost import lab, until

from labframe import ArgumentError, IdentityError, NoValue
from labframe.errors import CommandRefused
from labframe.line import Line
from labframe.modbus import IllegalAddress, IllegalFunction, IllegalValue
from labframe.simulation import SimulatedBus
from labframe.testing import SimHandle
from labframe.wires import ManualClock

Meter = Callable[..., tuple[Vogtlin, SimHandle]]


@pytest.fixture
def meter(sim_instrument: Callable[..., SimHandle], labframe_clock: ManualClock) -> Meter:
    """Return a driver that is not opened, and its simulator."""

    def made(identity: str | None = None, **state: object) -> tuple[Vogtlin, SimHandle]:
        values = {"time_constant_s": 0, **state}
        sim = sim_instrument(VogtlinSimulator, carrier="sim", clock=labframe_clock, **values)
        return Vogtlin(sim.url, address=state.get("address"), identity=identity), sim  # type: ignore[arg-type]  # a number

    return made


def test_the_worked_frames_are_what_is_sent(meter: Meter) -> None:
    driver, sim = meter(address=1)
    with driver:
        assert driver.flow() == 12.5
        assert driver.temperature() == 22.5
        driver.set_flow(5.0)
    sent = b"".join(sim.seen)
    for frame in (
        "01 03 00 00 00 02 C4 0B",
        "01 03 00 02 00 02 65 CB",
        "01 10 00 06 00 02 04 40 A0 00 00 66 67",
    ):
        assert bytes.fromhex(frame) in sent


def test_everything_is_read(meter: Meter) -> None:
    driver, _ = meter(total=1234.5, alarm=0x0005, hardware_error=0x8000, mode="closed", gas="Ar")
    with driver:
        assert driver.address == 247
        assert driver.flow() == 0
        assert driver.total() == pytest.approx(1234.5)
        assert (driver.setpoint(), driver.valve(), driver.mode()) == (12.5, 0, "closed")
        assert (driver.alarm(), driver.hardware_error()) == ("bit 0, 2", "bit 15")
        assert (driver.range(), driver.shown_unit(), driver.gas()) == (600, "ln/min", "Ar")
        driver.reset_hardware_error()
        driver.reset_total()
        assert driver.hardware_error() == "ok"
        assert driver.total() == 0


@pytest.mark.parametrize("old", [False, True])
@pytest.mark.parametrize(
    ("unit", "total_unit", "flow", "total"),
    [
        ("ln/min", "ln", 6.0, 50),
        ("mln/min", "mln", 0.006, 0.05),
        ("ln/h", "ln", 0.1, 50),
        ("m3n/h", "m3n", 100.0, 50000),
        ("m³n/h", "l", 100.0, 50),
        ("ls/min", "ls", 6.0, 50),
    ],
)
def test_whatever_volume_it_shows_the_flow_is_in_litres_per_minute(
    meter: Meter, unit: str, total_unit: str, flow: float, total: float, old: bool
) -> None:
    if not unit.isascii():
        assert litres_per_minute(unit) == pytest.approx(1000 / 60)
        return
    driver, _ = meter(unit=unit, total_unit=total_unit, setpoint=6, total=50, old_firmware=old)
    with driver:
        assert driver.flow() == pytest.approx(flow)
        assert driver.setpoint() == pytest.approx(flow)
        assert driver.total() == pytest.approx(total, rel=0.02)
        assert driver.range() == pytest.approx(flow * 100)
        driver.set_flow(flow / 2)
        assert driver.flow() == pytest.approx(flow / 2)


@pytest.mark.parametrize("unit", ["g/h", "%", "", "bar", "ln", "/min", "xln/min"])
def test_what_is_no_volume_flow_has_no_value(meter: Meter, unit: str) -> None:
    driver, _ = meter(unit=unit, total_unit="g")
    with driver:
        for read in (driver.flow, driver.setpoint, driver.range):
            with pytest.raises(NoValue, match=f"shows '{unit}', which is no volume per time"):
                read()
        with pytest.raises(NoValue, match="counts in 'g'"):
            driver.total()
        with pytest.raises(NoValue):
            driver.set_flow(1)
        assert driver.temperature() == 22.5
    assert litres(unit) is None or unit == "ln"


def test_a_setpoint_beyond_the_range_is_not_sent(meter: Meter) -> None:
    driver, sim = meter(range=50)
    with driver:
        heard = len(sim.heard_at)
        with pytest.raises(ArgumentError, match=r"target = 50\.1: the range .* is 0 to 50 L/min"):
            driver.set_flow(50.1)
        with pytest.raises(ArgumentError, match="the limits are 0 to 600"):
            driver.set_flow(601)
        assert len(sim.heard_at) == heard
        driver.set_flow(50)
        assert driver.setpoint() == 50


def test_the_valve_follows_the_mode(meter: Meter) -> None:
    driver, _ = meter()
    with driver:
        flows: dict[Any, float] = {
            "zero": 0,
            "open": 600,
            "full": 600,
            "closed": 0,
            "analog": 0,
            "digital": 12.5,
        }
        for mode, flow in flows.items():
            driver.set_mode(mode)
            assert (driver.mode(), driver.flow()) == (mode, flow)
        driver.set_valve(25)
        assert (driver.mode(), driver.valve(), driver.flow()) == ("valve", 25, 150)


def test_a_control_function_without_a_name_is_no_value(meter: Meter) -> None:
    driver, sim = meter()
    simulator: Any = sim.state
    with driver:
        simulator.control = 30
        assert driver.mode() == "test analog"
        simulator.control = 77
        with pytest.raises(NoValue, match="control function 77"):
            driver.mode()


def test_a_float_that_is_no_number_is_no_value(meter: Meter) -> None:
    driver, sim = meter()
    simulator: Any = sim.state
    with driver:
        simulator.flow = float("nan")
        with pytest.raises(NoValue, match="vogtlin: register 0x0000: the instrument has nan"):
            driver.flow()


def test_it_is_told_by_type_code_and_by_its_serial_number(meter: Meter) -> None:
    driver, _ = meter()
    with driver:
        assert driver.check_identity() == "red-y smart GSC-D9TS, serial number 151234"
    driver, _ = meter(identity="151234", type_code="SPECIAL")
    with driver:
        assert driver.flow() == 12.5
    driver, _ = meter(identity="7")
    with pytest.raises(IdentityError, match="expected '7', got '151234' to 'serial number'"):
        driver.open()
    driver, _ = meter(type_code="MFC-1")
    with pytest.raises(IdentityError, match="expected 'GS', got 'MFC-1' to 'type code'"):
        driver.open()


def test_what_it_refuses_is_an_error_with_its_reason(meter: Meter) -> None:
    driver, sim = meter(range=50)
    with driver:
        with pytest.raises(IllegalAddress, match="to read holding register 0x7000: exception 02"):
            driver.read_number(0x7000)
        with pytest.raises(IllegalValue, match="to write 2 holding registers from 0x0006"):
            driver.write_number(0x0006, 51.0, "float32")
        with pytest.raises(IllegalValue):
            driver.read_registers(0x0000, 8)  # 21 bytes
        with pytest.raises(IllegalFunction):
            driver.read_number(0, table="input")
        driver.check_connection()
        with sim.fault("busy"), pytest.raises(Exception, match="exception 06, device busy"):
            driver.flow()


def test_several_on_one_bus_and_a_broadcast_for_all(
    sim_bus: Callable[..., Any], labframe_clock: ManualClock
) -> None:
    members = [
        VogtlinSimulator(address=number, setpoint=10 * number, time_constant_s=0)
        for number in (1, 2, 247)
    ]
    bus = sim_bus(SimulatedBus(*members), carrier="sim", clock=labframe_clock)
    assert Vogtlin.line is not None
    with Line(bus.url, Vogtlin.line) as line:
        drivers = [Vogtlin(line, address=number) for number in (1, 2)]
        for driver in drivers:
            driver.open()
        for _ in range(5):
            assert [driver.flow() for driver in drivers] == [10, 20]
        drivers[0].write_number(0x000E, 22, broadcast=True)
        assert [driver.mode() for driver in drivers] == ["closed", "closed"]
    assert [member.broadcasts for member in members] == [1, 1, 1]


def test_a_host_serves_and_sets_a_flow() -> None:
    mfc = {"driver": "vogtlin", "port": "/dev/ttyUSB0", "simulate": {"time_constant_s": 0}}
    with lab(labframe_drivers.vogtlin, {"mfc": mfc}) as host:
        assert host.wait_fresh("mfc_flow").y == 12.5
        assert host.wait_fresh("mfc_flow").unit == "L/min"
        assert host.command("mfc.set_flow", target=30) == 30
        until(lambda: host.wait_fresh("mfc_flow").y == 30)
        assert host.command("mfc.set_mode", mode="closed") == "closed"
        with pytest.raises(CommandRefused, match="OUT_OF_RANGE"):
            host.command("mfc.set_flow", target=601)
        assert host.read("mfc_range").y == 600
        assert host.instruments[0].identity == "red-y smart GSC-D9TS, serial number 151234"
