"""Drivers whose readings and commands stand in the configuration."""

from collections.abc import Mapping
from typing import Annotated, Any

import msgspec
import pytest

from labframe import Arg, Instrument, OwnKeys, Section, SerialLine, command, hookimpl, reading
from labframe.config import Config, ConfigurationError, parse
from labframe.host.draft import Draft
from labframe.plan import Plan, configured_driver, make_plan
from labframe.testing.hosts import explicit_plugins


class Where(msgspec.Struct, frozen=True):
    cell: int
    low: float = 0.0


class ReadingKeys(msgspec.Struct, frozen=True):
    cell: int
    unit: str | dict[str, str] | None = None
    kind: str = "float"


class CommandKeys(msgspec.Struct, frozen=True):
    cell: int
    places: dict[str, Where] = {}
    where: Where | None = None
    unit: str | None = None
    limits: tuple[float, float] | None = None
    read_back: str | None = None


class TopKeys(msgspec.Struct, frozen=True):
    width: int = 8


class Cells(Instrument):
    """Cells with numbers, each called what the configuration says."""

    driver = "cells"
    line = SerialLine()
    own_keys = OwnKeys(instrument=TopKeys, reading=ReadingKeys, command=CommandKeys)

    @classmethod
    def declare(cls, section: Section[TopKeys, ReadingKeys, CommandKeys]) -> Mapping[str, Any]:
        members: dict[str, Any] = {"width": section.keys.width}
        for name, one in section.readings.items():
            if one.cell >= section.keys.width:
                section.problem(
                    f"the last one is {section.keys.width - 1}", "reading", name, "cell"
                )
            members[name] = reading(unit=one.unit)(_reader(one.cell))
        for name, order in section.commands.items():
            mark = command(unit=order.unit, limits=order.limits, read_back=order.read_back)
            members[name] = mark(_writer(name, order.cell))
        return members


def _reader(cell: int) -> Any:
    def read(self: Cells) -> float:
        return float(self.ask(f"R{cell}"))

    return read


def _writer(name: str, cell: int) -> Any:
    def write(self: Cells, value: Annotated[float, Arg]) -> None:
        self.tell(f"W{cell}={value}")

    write.__name__ = name
    write.__annotations__ = {"value": float, "return": None}
    return write


class Fixed(Instrument):
    driver = "fixed"
    line = SerialLine()


class Plugin:
    @hookimpl
    def labframe_instruments(self) -> list[type[Instrument]]:
        return [Cells, Fixed]


HEAD = """
[instrument.rack]
driver = "cells"
port = "/dev/rack"
"""


def plan(text: str, **environment: str) -> Plan:
    config = parse(HEAD + text, environment=environment, fixed_drivers=lambda _: {"fixed"})
    return make_plan(config, {"cells": Cells, "fixed": Fixed}, lambda name: f"no {name}")


def problems(text: str, **environment: str) -> tuple[str, ...]:
    with pytest.raises(ConfigurationError) as caught:
        plan(text, **environment)
    return caught.value.problems


def test_a_reading_of_the_configuration_is_as_one_of_a_driver() -> None:
    (one,) = plan("""
        [instrument.rack.reading.heat]
        cell = 3
        unit = "K"
        every = 5
        codename = "oven_heat"
        scale = 0.1
    """).instruments
    (output,) = one.outputs

    assert (output.codename, output.unit, output.stale_after) == ("oven_heat", "K", 15)
    assert output.scale == 0.1
    assert issubclass(one.driver, Cells)
    assert one.driver.driver == "cells"
    assert not Cells.readings(), "the driver itself stays as it is"


def test_a_command_of_the_configuration_has_its_limits() -> None:
    (one,) = plan("""
        [instrument.rack.reading.heat]
        cell = 3
        unit = "K"
        [instrument.rack.command.set_heat]
        cell = 4
        unit = "K"
        limits = [0, 300]
        read_back = "heat"
        where = { cell = 1, low = 2.5 }
        places.a = { cell = 2 }
    """).instruments
    (order,) = one.commands

    assert order.name == "set_heat"
    assert list(order.arguments[0].limits or ()) == [0, 300]
    assert order.read_back == "heat"


def test_the_parts_of_a_reading_are_named_by_sections_without_keys_of_the_driver() -> None:
    (one,) = plan("""
        [instrument.rack.reading.both]
        cell = 3
        unit = { heat = "K", flow = "L/min" }
        [instrument.rack.reading.flow]
        codename = "water"
    """).instruments

    assert [output.codename for output in one.outputs] == ["rack_heat", "water"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[instrument.rack.reading.a]\ncell = 'x'\nunit = 'K'",
         "[instrument.rack.reading.a] cell = 'x': not a whole number, such as 1"),
        ("[instrument.rack.reading.a]\ncel = 1",
         "[instrument.rack.reading.a] cel = 1: not a key that is known here; did you mean 'cell'?"),
        ("[instrument.rack.reading.a]\nevery = 2",
         "[instrument.rack.reading.a] cell: is missing: it takes a whole number, such as 1"),
        ("[instrument.rack.reading.a]\ncell = 9\nunit = 'K'",
         "[instrument.rack.reading.a] cell = 9: the last one is 7"),
        ("[instrument.rack.reading.a]\ncell = 1", "[instrument.rack.reading.a]: a number needs"),
        ("[instrument.rack.reading.a]\ncell = 1\nunit = 'furlong'", "reading.a]: unit"),
        ("[instrument.rack.reading.ask]\ncell = 1\nunit = 'K'", "call it ask_reading, say"),
        ("[instrument.rack.reading.1a]\ncell = 1\nunit = 'K'", "not a name: letters, digits and _"),
        ("[instrument.rack.reading.if]\ncell = 1\nunit = 'K'", "not a name: letters, digits and _"),
        ("[instrument.rack.reading._a]\ncell = 1\nunit = 'K'", "not a name: it begins with _"),
        ("[instrument.rack.command.a]\ncell = 1\nread_back = 'b'", "= 'b': not a reading"),
        ("[instrument.rack.command.a]\ncell = 1\nwhere = { low = 1 }",
         "[instrument.rack.command.a.where] cell: is missing"),
        ("[instrument.rack.command.a]\ncell = 1\nplaces.x = { cell = 1, hi = 2 }",
         "[instrument.rack.command.a.places.x] hi = 2: not a key"),
        ("[instrument.rack.command.a]\ncell = 1\nplaces = 3", "places = 3: not a table"),
        ("width = 'wide'", "[instrument.rack] width = 'wide': not a whole number"),
        ("wide = 9", "wide = 9: not a key that is known here; did you mean 'width'?"),
    ],
)  # fmt: skip
def test_a_mistake_names_its_section_its_key_its_value_and_the_next_step(
    text: str, said: str
) -> None:
    found = problems(text)

    assert len(found) == 1, found
    assert said in found[0]
    assert found[0].startswith("lab.toml: [instrument.rack")


def test_a_command_and_a_reading_have_names_of_their_own() -> None:
    (said,) = problems("""
        [instrument.rack.reading.heat]
        cell = 1
        unit = "K"
        [instrument.rack.command.heat]
        cell = 1
    """)

    assert said.endswith("a reading has this name; call the command set_heat, say")


def test_all_that_is_wrong_in_a_section_is_said_at_once() -> None:
    found = problems("""
        [instrument.rack.reading.a]
        cell = 9
        unit = "K"
        [instrument.rack.reading.b]
        cel = 1
        [instrument.rack.command.c]
        cell = "x"
        [instrument.other]
        driver = "nothing"
    """)

    assert len(found) == 4, found


def test_a_variable_of_the_environment_is_never_shown() -> None:
    (said,) = problems("[instrument.rack.reading.a]\ncell = '${PIN}'\nunit = 'K'", PIN="4711")

    assert '"${PIN}"' in said
    assert "4711" not in said


def test_a_driver_of_fixed_readings_takes_no_further_key_and_all_is_said_at_once() -> None:
    text = (
        HEAD
        + """
        width = 4
        [instrument.oven]
        driver = "fixed"
        port = "/dev/oven"
        width = 4
        [network]
        date_port = "x"
    """
    )
    with pytest.raises(ConfigurationError) as caught:
        parse(text, fixed_drivers=lambda _: {"fixed"})
    first, second = caught.value.problems

    assert first.startswith("lab.toml: [network] date_port = 'x'")
    assert second.startswith("lab.toml: [instrument.oven] width = 4: not a key")


def test_a_misspelt_driver_is_the_problem_and_not_its_keys(tmp_path: Any) -> None:
    table = {"instrument": {"a": {"driver": "cels", "port": "x", "width": 4}}}
    with pytest.raises(ConfigurationError, match="did you mean 'cells'") as caught:
        Draft(table, explicit_plugins(Plugin()), tmp_path)
    assert len(caught.value.problems) == 1


def test_a_host_asks_its_drivers_which_keys_they_take(tmp_path: Any) -> None:
    table: dict[str, Any] = {
        "instrument": {
            "a": {"driver": "cells", "port": "x", "reading": {"t": {"cell": 1, "unit": "K"}}},
            "b": {"driver": "fixed", "port": "y"},
        }
    }
    draft = Draft(table, explicit_plugins(Plugin()), tmp_path)
    assert [one.codename for one in draft.sockets[0].channels] == ["a_t"]

    table["instrument"]["b"]["reading"] = {"t": {"cell": 1}}
    with pytest.raises(ConfigurationError, match=r"reading.t\] cell = 1: not a key"):
        Draft(table, explicit_plugins(Plugin()), tmp_path)


def test_a_configuration_that_was_read_without_drivers_is_judged_by_the_plan() -> None:
    config = Config.from_dict(
        {"instrument": {"b": {"driver": "fixed", "port": "y", "widht": 3}}},
        fixed_drivers=lambda _: (),
    )
    with pytest.raises(ConfigurationError, match="widht = 3: not a key"):
        make_plan(config, {"fixed": Fixed}, str)


def test_a_script_makes_the_driver_from_a_table() -> None:
    made = configured_driver(Cells, {"reading": {"t": {"cell": 1, "unit": "K"}}, "width": 4})

    assert list(made.readings()) == ["t"]
    assert made("/dev/x").width == 4  # type: ignore[attr-defined]
    assert configured_driver(made, {}) is made
