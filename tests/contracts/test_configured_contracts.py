"""Instruments that stand in a configuration alone keep the contract of drivers."""

import pytest
from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test
from labframe_drivers.ascii import Ascii, AsciiSimulator
from labframe_drivers.modbus import ConfiguredModbusSimulator, Modbus
from labframe_drivers.scpi import Scpi, ScpiSimulator

from labframe.plan import configured_driver
from labframe.testing import DriverContract
from labframe.testing.chaos import CHAOS, machine_of


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


@pytest.mark.parametrize("contract", [TestAscii, TestModbus, TestScpi])
def test_whatever_happens_to_the_line_what_is_served_is_right_or_marked_old(
    contract: type[DriverContract],
) -> None:
    run_state_machine_as_test(machine_of(contract()), settings=settings(CHAOS, max_examples=15))
