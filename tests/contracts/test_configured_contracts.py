"""Instruments that stand in a configuration alone keep the contract of drivers."""

from labframe_drivers.ascii import Ascii, AsciiSimulator
from labframe_drivers.modbus import ConfiguredModbusSimulator, Modbus
from labframe_drivers.scpi import Scpi, ScpiSimulator

from labframe.plan import configured_driver
from labframe.testing import DriverContract


class TestAscii(DriverContract):
    driver = configured_driver(Ascii, Ascii.example(), "bath")
    simulator = AsciiSimulator.for_section(Ascii.example())


class TestScpi(DriverContract):
    driver = configured_driver(Scpi, Scpi.example(), "supply")
    simulator = ScpiSimulator.for_section(Scpi.example())


class TestModbus(DriverContract):
    driver = configured_driver(Modbus, Modbus.example(), "oven")
    simulator = ConfiguredModbusSimulator.for_section(Modbus.example())
    address = 1
    other_state = {"temperature": 300}
