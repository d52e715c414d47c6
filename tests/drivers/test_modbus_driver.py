"""Modbus instruments that stand in a configuration alone: what they send, take and refuse."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from typing import Any

import labframe_drivers.modbus
import pytest
from labframe_drivers.modbus import ConfiguredModbusSimulator, Implausible, Modbus
from labhost import lab, until

from labframe import ArgumentError, ConfigurationError, IdentityError, NoValue
from labframe.modbus import IllegalAddress, IllegalValue
from labframe.plan import configured_driver
from labframe.simulation import SimulationError
from labframe.testing import SimHandle
from labframe.wires import ManualClock

PUMP = """
address = 7
counted_from = 40001
order = "CDAB"
identify = { register = 40101, type = "str", length = 3, value = "PX" }
[reading.pressure]
register = 40001
type = "float32"
unit = "mbar"
plausible = [-1, 1100]
example = 3.5
[reading.hours]
register = 40003
type = "uint32"
order = "ABCD"
factor = 0.01
unit = "h"
example = 12345.67
[reading.temperature]
register = 40005
type = "int16"
unit = "°C"
no_value = [-32768, 32767]
example = -5
[reading.mode]
register = 40006
words = { 0 = "off", 1 = "on", 0x10 = "fault" }
example = "on"
[reading.name_plate]
register = 40007
type = "str"
length = 3
order = "BADC"
example = "PUMP 9"
[reading.is_hot]
register = 40010
type = "bool"
bit = 3
[reading.valve]
register = 40021
type = "bool"
[reading.door]
register = 40021
type = "bool"
table = "discrete"
example = true
[reading.inlet]
register = 40001
type = "int16"
table = "input"
factor = 0.1
unit = "%"
example = 12.3
[command.set_pressure]
register = 40001
type = "float32"
unit = "mbar"
limits = [0, 1000]
read_back = "pressure"
safe_value = 0
[command.switch]
register = 40006
words = { 0 = "off", 1 = "on" }
read_back = "mode"
[command.set_valve]
register = 40021
type = "bool"
argument = "is_open"
read_back = "valve"
[command.set_temperature]
register = 40005
type = "int16"
unit = "°C"
limits = [-20, 100]
read_back = "temperature"
many = true
[command.reset]
register = 40031
value = 1
"""

Pump = Callable[..., tuple[Any, SimHandle]]


@pytest.fixture
def pump(sim_instrument: Callable[..., SimHandle], labframe_clock: ManualClock) -> Pump:
    """Return a driver of the section above, not opened, and its simulator."""

    def made(text: str = PUMP, **state: object) -> tuple[Any, SimHandle]:
        section = tomllib.loads(text)
        simulator = ConfiguredModbusSimulator.for_section(section)
        state.setdefault("address", section.get("address", 1))
        sim = sim_instrument(simulator, carrier="sim", clock=labframe_clock, **state)
        driver = configured_driver(Modbus, section, "pump")
        return driver(sim.url, name="pump", address=section.get("address"),
                      identity=section.get("identity")), sim  # fmt: skip

    return made


def test_everything_is_read_as_the_section_says(pump: Pump) -> None:
    driver, _ = pump()
    with driver:
        assert driver.check_identity() == "PX"
        assert driver.pressure() == 3.5
        assert driver.hours() == 12345.67
        assert driver.temperature() == -5
        assert driver.mode() == "on"
        assert driver.name_plate() == "PUMP 9"
        assert (driver.is_hot(), driver.valve(), driver.door()) == (False, False, True)
        assert driver.inlet() == 12.3


def test_the_frames_are_those_of_the_tables_and_orders(pump: Pump) -> None:
    driver, sim = pump()
    frames = {
        "pressure": ("07 03 00 00 00 02", "07 03 04 00 00 40 60"),
        "hours": ("07 03 00 02 00 02", "07 03 04 00 12 D6 87"),
        "temperature": ("07 03 00 04 00 01", "07 03 02 FF FB"),
        "name_plate": ("07 03 00 06 00 03", "07 03 06 55 50 50 4D 39 20"),
        "valve": ("07 01 00 14 00 01", "07 01 01 00"),
        "door": ("07 02 00 14 00 01", "07 02 01 01"),
        "inlet": ("07 04 00 00 00 01", "07 04 02 00 7B"),
    }
    other = ConfiguredModbusSimulator.for_section(tomllib.loads(PUMP))(address=7)
    with driver:
        for name, (request, answer) in frames.items():
            getattr(driver, name)()
            assert sim.seen[-1][:-2] == bytes.fromhex(request)
            (said,) = other.feed(sim.seen[-1], 0.0)
            assert said.data[:-2] == bytes.fromhex(answer)


def test_commands_write_what_the_section_says(pump: Pump) -> None:
    driver, sim = pump()
    sent: dict[str, Callable[[], None]] = {
        "07 10 00 00 00 02 04 00 00 41 48": lambda: driver.set_pressure(12.5),
        "07 06 00 05 00 00": lambda: driver.switch("off"),
        "07 05 00 14 FF 00": lambda: driver.set_valve(True),
        "07 10 00 04 00 01 02 FF F4": lambda: driver.set_temperature(-12.4),
        "07 06 00 1E 00 01": driver.reset,
    }
    with driver:
        for frame, order in sent.items():
            order()
            assert sim.seen[-1][:-2] == bytes.fromhex(frame)
        assert (driver.pressure(), driver.mode(), driver.valve()) == (12.5, "off", True)
        assert driver.temperature() == -12
        heard = len(sim.heard_at)
        for order in (
            lambda: driver.set_pressure(1000.1),
            lambda: driver.switch("fault"),
            lambda: driver.set_temperature(float("nan")),
            lambda: driver.set_valve(is_open="yes"),
        ):
            with pytest.raises(ArgumentError):
                order()
        assert len(sim.heard_at) == heard


def test_a_number_that_means_none_or_cannot_be_true_is_none(pump: Pump) -> None:
    driver, sim = pump()
    simulator: Any = sim.state
    with driver:
        simulator.temperature = 32767
        with pytest.raises(NoValue, match=r"pump\.temperature: the register holds 32767"):
            driver.temperature()
        simulator.pressure = 2000.0
        with pytest.raises(Implausible, match="2000 cannot be true: it is not -1 to 1100"):
            driver.pressure()
        simulator._cells["holding", 1] = 0x7FC0
        with pytest.raises(NoValue, match="nan in place of a number"):
            driver.pressure()
        simulator.mode = "fault"
        assert driver.mode() == "fault"
        simulator._cells["holding", 5] = 9
        with pytest.raises(NoValue, match="the register holds 9, which has no word"):
            driver.mode()
        simulator.is_hot = True
        assert driver.is_hot() is True


def test_the_simulated_instrument_refuses_what_the_section_does_not_have(pump: Pump) -> None:
    driver, _ = pump()
    with driver:
        with pytest.raises(IllegalAddress):
            driver.read_number(20)
        with pytest.raises(IllegalAddress):
            driver.write_number(2, 1)  # the hours, which no command sets
        with pytest.raises(IllegalAddress):
            driver.write_bit(3, True)
        with pytest.raises(IllegalValue):
            driver.write_number(0, 1001.0, "float32", order="CDAB")
        with pytest.raises(IllegalValue):
            driver.write_number(4, 200, "int16")


def test_another_instrument_is_told_apart(pump: Pump) -> None:
    driver, sim = pump()
    other = configured_driver(Modbus, tomllib.loads(PUMP.replace('"PX"', '"QX"')), "pump")
    with pytest.raises(IdentityError, match="expected 'QX', got 'PX' to 'holding register 0x0064'"):
        other(sim.url, address=7).open()
    number = PUMP.replace('type = "str", length = 3, value = "PX"', "value = 101")
    driver, sim = pump(number)
    with driver:
        assert driver.check_identity() == "101"
    with pytest.raises(IdentityError, match="expected '102', got '101'"):
        configured_driver(Modbus, tomllib.loads(number), "pump")(
            sim.url, address=7, identity="102"
        ).open()


def test_a_tenth_is_a_tenth(pump: Pump) -> None:
    """0.3, and not 0.30000000000000004."""
    driver, sim = pump()
    simulator: Any = sim.state
    with driver:
        for tenths in range(-50, 1000, 7):
            simulator.inlet = tenths / 10
            assert driver.inlet() == tenths / 10


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("reading.t.register", "70000", "not a register: 0 to 65535; set counted_from = 40001"),
        ("reading.t.register", "-1", "not a register"),
        ("reading.t.type", '"int17"', "int16"),
        ("reading.t.table", '"coil"', 'table "coil" has bits: type = "bool"'),
        ("reading.t.factor", "0", "what one count of a number is, and not 0"),
        ("reading.t.bit", "3", '0 to 15, with type = "bool"'),
        ("reading.t.plausible", "[5, 1]", "not [lowest, highest]"),
        ("reading.t.words", '{ 0 = "off" }', "is for numbers; this is none"),
        ("reading.t.words", '{ a = "off" }', "not a whole number"),
        ("reading.t.unti", '"K"', "did you mean 'unit'"),
        ("reading.t.unit", '"Kelvins"', "did you mean 'K'"),
        ("command.c.type", '"str"', "texts are not written"),
        ("command.c.argument", '"2"', "not a name for an argument"),
        ("command.c.value", "3", "there is no argument beside it"),
        ("command.c.read_back", '"s"', "not a reading of one value"),
        ("address", "300", "not a Modbus unit"),
        ("order", '"ACBD"', "ABCD"),
        ("identity", '"X"', "nothing is read to compare it with"),
        ("identify", '{ register = 0, value = "X" }', 'does not go with type = "uint16"'),
        ("identify", '{ register = 0, type = "bool" }', "a bit tells nobody apart"),
        ("reading.t.length", '200\ntype = "str"', "not 1 to 123"),
    ],
)
def test_what_is_wrong_in_a_section_is_told_with_its_key(
    key: str, value: str, message: str
) -> None:
    section: dict[str, Any] = {
        "reading": {"t": {"register": 0, "unit": "K"}},
        "command": {"c": {"register": 1, "unit": "K", "limits": [0, 5]}},
    }
    *places, last = key.split(".")
    table = section
    for place in places:
        table = table[place]
    table |= tomllib.loads(f"{last} = {value}")
    with pytest.raises(ConfigurationError) as caught:
        configured_driver(Modbus, section, "x")
    assert message in str(caught.value)
    assert ".".join(["instrument", "x", *places]) in str(caught.value)


def test_numbers_need_a_unit_and_bits_take_none() -> None:
    with pytest.raises(ConfigurationError, match=r"unit.*is missing"):
        configured_driver(Modbus, {"reading": {"t": {"register": 0}}}, "x")
    bit = {"register": 0, "type": "bool", "unit": "K"}
    with pytest.raises(ConfigurationError, match="is for numbers; this is none"):
        configured_driver(Modbus, {"reading": {"t": bit}}, "x")


def test_an_example_that_does_not_fit_is_an_error() -> None:
    section = {"reading": {"t": {"register": 0, "unit": "K", "example": -1}}}
    with pytest.raises(SimulationError, match=r"-1\.0 cannot stand in holding 0"):
        ConfiguredModbusSimulator.for_section(section)


def test_a_section_is_explained_with_its_frames() -> None:
    words = configured_driver(Modbus, Modbus.example(), "oven").in_words()
    assert words["temperature"].startswith(
        "sends 01 03 10 00 00 01 80 CA; holding register 0x1000 is int16, counted in 0.1 °C"
    )
    words = configured_driver(Modbus, tomllib.loads(PUMP), "pump").in_words()
    assert (
        'holding register 0x0064 and 2 more, a text of 6 characters at most, must begin with "PX"'
        in (words["identify"])
    )
    assert words["switch"] == (
        'writes to holding register 0x0005, uint16, with function 06, 0 is "off", 1 is "on"; the '
        "instrument must repeat that"
    )
    assert "and bit 3 of it the value" in words["is_hot"]
    assert words["mode"].endswith('is uint16, 0 is "off", 1 is "on", 16 is "fault"')
    assert words["reset"].startswith(
        "writes 1 to holding register 0x001E, uint16, with function 06"
    )
    assert "-32768 or 32767 means no value" in words["temperature"]


def test_a_host_plays_the_example() -> None:
    oven = {**Modbus.example()}
    oven["simulate"] = {"temperature": 99.5}
    with lab(labframe_drivers.modbus, {"oven": oven}) as host:
        assert host.wait_fresh("oven_temperature").y == 99.5
        assert host.wait_fresh("oven_temperature").unit == "°C"
        assert host.command("oven.set_temperature", target=150.04) == pytest.approx(150.0, abs=0.05)
        until(lambda: host.wait_fresh("oven_setpoint").y == 150)
