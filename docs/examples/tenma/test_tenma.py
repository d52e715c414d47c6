from tenma import Tenma
from tenma_simulator import TenmaSimulator

from labframe.testing import DriverContract


class TestTenma(DriverContract):
    driver = Tenma
    simulator = TenmaSimulator
