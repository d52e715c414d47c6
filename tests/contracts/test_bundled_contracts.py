"""Every bundled driver keeps the contract of drivers."""

from labframe_drivers.moon_laser import MoonLaser, MoonLaserSimulator
from labframe_drivers.sps30 import Sps30, Sps30Simulator
from labframe_drivers.vogtlin import Vogtlin, VogtlinSimulator
from labframe_drivers.xgs600 import Xgs600, Xgs600Simulator

from labframe.testing import DriverContract


class TestXgs600(DriverContract):
    driver = Xgs600
    simulator = Xgs600Simulator
    channels = ("HFIG1", "CNV1", "IMG1")


class TestMoonLaser(DriverContract):
    driver = MoonLaser
    simulator = MoonLaserSimulator
    state = {"rest_s": 0}


class TestSps30(DriverContract):
    driver = Sps30
    simulator = Sps30Simulator
    state = {"awkward_every": 0, "period_s": 0.01, "auto_clean_s": 0}


class TestVogtlin(DriverContract):
    driver = Vogtlin
    simulator = VogtlinSimulator
    address = 1
    state = {"address": 1}
    other_state = {"setpoint": 300}
