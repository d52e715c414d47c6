"""Units: what is accepted, and what is said of a typing error."""

import re
from pathlib import Path

import pytest

from labframe.units import UNITS, UnitError, check_unit


@pytest.mark.parametrize("unit", sorted(UNITS))
def test_each_unit_of_the_table_is_accepted_and_has_a_name(unit: str) -> None:
    assert check_unit(unit) == unit
    assert UNITS[unit]


@pytest.mark.parametrize(
    "unit",
    [
        "mL/min", "mbar·L/s", "W/m²", "1/cm³", "µg/m³", "K/min", "V/s", "N·m", "m³/h", "m/s²",
        "nV/√Hz", "J/mol·K", "µS/cm", "1/min", "kg/m³", "mA/cm²",
    ],
)  # fmt: skip
def test_products_and_quotients_of_units_are_units(unit: str) -> None:
    assert check_unit(unit) == unit


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("torr", "Torr"), ("Mbar", "mbar"), ("degC", "°C"), ("celsius", "°C"), ("uA", "µA"),
        ("\u03bcA", "µA"), ("ohm", "Ω"), ("kohm", "kΩ"), ("\u2126", "Ω"), ("ml/min", "mL/min"),
        ("l/min", "L/min"), ("m/s2", "m/s²"), ("kelvin", "K"), ("hz", "Hz"), ("sccmm", "sccm"),
        ("1/cm^3", "1/cm³"), ("percent", "%"), ("mbar*l/s", "mbar·L/s"),
        ("Celcius", "°C"), ("°c", "°C"), ("l", "L"), ("ul/min", "µL/min"), ("Nm", "N·m"),
        ("s-1", "1/s"), ("cm^-3", "1/cm³"), ("kg m^-3", "kg/m³"), ("mbar l/s", "mbar·L/s"),
        ("L / min", "L/min"), ("/s", "1/s"), ("kPa/", "kPa"), ("MBAR", "mbar"), ("Mpa", "MPa"),
        ("SLPM", "slm"), ("megaohm", "MΩ"), ("Volt/second", "V/s"), ("RH", "%RH"), ("cc", "cm³"),
        ("\u00baC", "°C"), ("\u212b", "Å"), ("nV/sqrtHz", "nV/√Hz"), ("1²", "1"),
    ],
)  # fmt: skip
def test_a_typing_error_names_the_nearest_unit(typed: str, meant: str) -> None:
    with pytest.raises(UnitError) as caught:
        check_unit(typed)
    assert f"did you mean {meant!r}?" in str(caught.value)
    assert repr(typed) in str(caught.value)


@pytest.mark.parametrize("text", ["", " "])
def test_an_empty_unit_says_how_to_write_a_number_without_dimension(text: str) -> None:
    with pytest.raises(UnitError, match="write '1'"):
        check_unit(text)


@pytest.mark.parametrize(
    "text", ["xyzzy", "K/", "/s", "K//s", "K/1", "²", "K··m", "a/b/c", "1·K", "m/s/s", "K·1", " K"]
)
def test_nonsense_is_refused(text: str) -> None:
    with pytest.raises(UnitError):
        check_unit(text)


def test_the_coulomb_and_the_degree_are_two_units() -> None:
    assert check_unit("C") == "C"
    assert UNITS["C"] == "coulomb"
    assert UNITS["°C"] == "degree Celsius"


def test_there_is_one_micro_sign_and_no_lookalike() -> None:
    assert not [unit for unit in UNITS if set(unit) & set("\u03bc\u2126\u212b\u00ba")]


def test_what_is_suggested_is_a_unit() -> None:
    texts = [*(unit.upper() for unit in UNITS), *(unit.lower() for unit in UNITS), *UNITS.values()]
    for text in texts:
        try:
            check_unit(text)
        except UnitError as error:
            suggested = re.findall("did you mean '(.+)'", str(error))
            assert [check_unit(one) for one in suggested] == suggested


@pytest.mark.parametrize("unit", sorted(UNITS))
def test_the_name_of_a_unit_suggests_the_unit(unit: str) -> None:
    with pytest.raises(UnitError) as caught:
        check_unit(UNITS[unit].title() if UNITS[unit] in UNITS else UNITS[unit])
    near = re.findall("did you mean '(.+)'", str(caught.value))
    assert [UNITS[one] for one in near] == [UNITS[unit]]


def test_each_unit_is_in_the_page_and_no_other() -> None:
    text = (Path(__file__).parents[1] / "docs" / "reference" / "units.md").read_text("utf-8")
    rows = re.findall(r"^\| `(.+?)` \| (.+) \|$", text, re.MULTILINE)

    assert dict(rows) == UNITS
    assert len(rows) == len(UNITS)


def test_the_examples_of_the_page_are_units_and_its_error_is_the_real_one() -> None:
    text = (Path(__file__).parents[1] / "docs" / "reference" / "units.md").read_text("utf-8")
    listed = text.partition("thousands like them:")[2].partition("There is one")[0]

    examples = re.findall("`(.+?)`", listed)
    assert len(examples) > 10
    assert [check_unit(one) for one in examples] == examples
    with pytest.raises(UnitError) as caught:
        check_unit("torr")
    assert str(caught.value) in text
