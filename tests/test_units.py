"""Units: what is accepted, and what is said of a typing error."""

import pytest

from labframe.units import UNITS, UnitError, check_unit


@pytest.mark.parametrize("unit", sorted(UNITS))
def test_each_unit_of_the_table_is_accepted_and_has_a_name(unit: str) -> None:
    assert check_unit(unit) == unit
    assert UNITS[unit]


@pytest.mark.parametrize(
    "unit", ["mL/min", "mbar·L/s", "W/m²", "1/cm³", "µg/m³", "K/min", "V/s", "N·m", "m³/h", "m/s²"]
)
def test_products_and_quotients_of_units_are_units(unit: str) -> None:
    assert check_unit(unit) == unit


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("torr", "Torr"), ("Mbar", "mbar"), ("degC", "°C"), ("celsius", "°C"), ("uA", "µA"),
        ("\u03bcA", "µA"), ("ohm", "Ω"), ("kohm", "kΩ"), ("\u2126", "Ω"), ("ml/min", "mL/min"),
        ("l/min", "L/min"), ("m/s2", "m/s²"), ("kelvin", "K"), ("hz", "Hz"), ("sccmm", "sccm"),
        ("1/cm^3", "1/cm³"), ("percent", "%"), ("mbar*l/s", "mbar·L/s"),
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


@pytest.mark.parametrize("text", ["xyzzy", "K/", "/s", "K//s", "K/1", "²", "K··m", "a/b/c"])
def test_nonsense_is_refused(text: str) -> None:
    with pytest.raises(UnitError):
        check_unit(text)
