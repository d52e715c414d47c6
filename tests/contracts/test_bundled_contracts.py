"""Every bundled driver keeps the contract of drivers, and is not disturbed by chaos."""

import pytest
from hypothesis.stateful import run_state_machine_as_test
from labframe_drivers.dmt143 import Dmt143, Dmt143Simulator
from labframe_drivers.keithley2000 import Keithley2000, Keithley2000Simulator
from labframe_drivers.moon_laser import MoonLaser, MoonLaserSimulator
from labframe_drivers.omega_cni import OmegaCni, OmegaCniSimulator
from labframe_drivers.sps30 import Sps30, Sps30Simulator
from labframe_drivers.tc400 import Tc400, Tc400Simulator
from labframe_drivers.tpg26x import Tpg26x, Tpg26xSimulator
from labframe_drivers.tpg26x.streaming import Tpg26xStream
from labframe_drivers.vogtlin import Vogtlin, VogtlinSimulator
from labframe_drivers.xgs600 import Xgs600, Xgs600Simulator

from labframe.testing import DriverContract
from labframe.testing.chaos import CHAOS, machine_of


class TestXgs600(DriverContract):
    driver = Xgs600
    simulator = Xgs600Simulator
    channels = ("HFIG1", "CNV1", "IMG1")


class TestMoonLaser(DriverContract):
    driver = MoonLaser
    simulator = MoonLaserSimulator


class TestSps30(DriverContract):
    driver = Sps30
    simulator = Sps30Simulator


class TestTc400(DriverContract):
    driver = Tc400
    simulator = Tc400Simulator
    address = 1
    state = {"on": True, "speed_hz": 1500, "latency_s": 0}
    other_state = {"speed_hz": 900, "nominal_hz": 900}


class TestOmegaCni(DriverContract):
    driver = OmegaCni
    simulator = OmegaCniSimulator
    address = 1
    state = {"address": 1, "latency_s": 0}
    other_state = {"temperature": 75.4}


class TestTpg26x(DriverContract):
    driver = Tpg26x
    simulator = Tpg26xSimulator
    channels = ("gauge1", "gauge2")


class TestTpg26xStream(DriverContract):
    driver = Tpg26xStream
    simulator = Tpg26xSimulator
    channels = ("gauge1", "gauge2")
    options = {"stream": True}
    frame_s = 1.5


class TestKeithley2000(DriverContract):
    driver = Keithley2000
    simulator = Keithley2000Simulator


class TestDmt143(DriverContract):
    driver = Dmt143
    simulator = Dmt143Simulator
    state = {"cycle_s": 0.08}
    options = {"interval_s": 0}
    frame_s = 0.5


class TestVogtlin(DriverContract):
    driver = Vogtlin
    simulator = VogtlinSimulator
    address = 1
    state = {"address": 1}
    other_state = {"setpoint": 300}


CONTRACTS = [one for name, one in sorted(vars().items()) if name.startswith("Test")]


@pytest.mark.once
@pytest.mark.parametrize("contract", CONTRACTS)
def test_chaos_does_not_disturb_it(contract: type[DriverContract]) -> None:
    run_state_machine_as_test(machine_of(contract()), settings=CHAOS)
