"""The bundled drivers against their simulators, on real pseudo-terminals and without the host."""

from collections.abc import Callable, Iterator

import pytest
from labframe_drivers.moon_laser import LaserRefused, MoonLaser, MoonLaserSimulator
from labframe_drivers.xgs600 import Xgs600, Xgs600Refused, Xgs600Simulator

from labframe import ArgumentError, NoValue
from labframe.simulation import PtyCarrier, SimulatedInstrument

Plug = Callable[[SimulatedInstrument], PtyCarrier]


@pytest.fixture
def plug() -> Iterator[Plug]:
    carriers: list[PtyCarrier] = []

    def plugged(simulator: SimulatedInstrument) -> PtyCarrier:
        carriers.append(PtyCarrier(simulator))
        return carriers[-1]

    yield plugged
    for carrier in carriers:
        carrier.close()


def gauges(**state: object) -> Xgs600Simulator:
    return Xgs600Simulator(late_every=0, pumpdown_s=0, **state)


def test_the_gauges_are_read_by_their_labels_in_mbar(plug: Plug) -> None:
    carrier = plug(gauges(pressures_mbar="2e-6,0.4,OPEN,3e-6"))
    with Xgs600(carrier.url) as controller:
        assert controller.channels == ("HFIG1", "CNV1", "CNV2", "IMG1")
        found = controller.pressures()

    assert (found["HFIG1"], found["CNV1"], found["IMG1"]) == (2e-6, 0.4, 3e-6)
    assert isinstance(found["CNV2"], NoValue)
    assert "OPEN" in str(found["CNV2"])
    assert b"#000F\r" in b"".join(carrier.seen)


@pytest.mark.parametrize("unit", ["Torr", "mBar", "Pa"])
def test_whatever_unit_is_shown_the_pressure_is_in_mbar(plug: Plug, unit: str) -> None:
    carrier = plug(gauges(unit=unit, pressures_mbar="1e-6,1,1,1"))
    with Xgs600(carrier.url) as controller:
        found = controller.pressures()
    assert found["HFIG1"] == pytest.approx(1e-6, rel=1e-3)


def test_a_unit_that_is_changed_at_the_front_panel_is_noticed(plug: Plug) -> None:
    simulator = gauges(pressures_mbar="1e-6,1,1,1")
    with Xgs600(plug(simulator).url) as controller:
        controller.pressures()
        simulator.unit = "Pa"  # as a hand at the panel would
        found = controller.pressures()
    assert found["HFIG1"] == pytest.approx(1e-6, rel=1e-3)


def test_a_gauge_without_emission_has_no_value(plug: Plug) -> None:
    with Xgs600(plug(gauges(emission="off")).url) as controller:
        found = controller.pressures()["HFIG1"]
    assert isinstance(found, NoValue)
    assert "no emission" in str(found)


def test_a_refused_command_is_an_error(plug: Plug) -> None:
    with (
        Xgs600(plug(gauges()).url) as controller,
        pytest.raises(Xgs600Refused, match="refuses '9A'"),
    ):
        controller._ask("9A")


def test_the_controller_is_asked_ten_times_a_second_at_most(plug: Plug) -> None:
    simulator = gauges()
    with Xgs600(plug(simulator).url) as controller:
        for _ in range(15):
            controller.relays()
    assert simulator.hurried == 0


def test_the_laser_is_measured_and_set(plug: Plug) -> None:
    simulator = MoonLaserSimulator(late_every=0, noise=0, rest_s=0)
    with MoonLaser(plug(simulator).url) as laser:
        assert (laser.power(), laser.state(), laser.focus()) == (0.0, "IDLE", 100.0)
        assert laser.temperature() == pytest.approx(255, abs=1)
        xs, ys = laser.spectrum()
        assert (len(xs), len(ys), xs[0], xs[-1]) == (64, 64, 516.0, 547.5)
        laser.set_power(900)
        assert simulator.power_kw == 900.0
        with pytest.raises(ArgumentError, match=r"power = 5000\.1: the limits are 0 to 5000 kW"):
            laser.set_power(5000.1)
        assert simulator.power_kw == 900.0
        with pytest.raises(ArgumentError, match=r"not one of the choices.* 'active', 'idle', None"):
            laser.state("asleep")  # type: ignore[arg-type]  # that is the point
        assert laser.state("active") == "CHARGING"
        with pytest.raises(LaserRefused, match="ERR 4 not while CHARGING"):
            laser.fire()
