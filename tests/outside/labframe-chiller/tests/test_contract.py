"""The driver chiller keeps the contract of drivers."""

from labframe_chiller import Chiller, ChillerSimulator

from labframe.testing import DriverContract


class TestChiller(DriverContract):
    driver = Chiller
    simulator = ChillerSimulator
