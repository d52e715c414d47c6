"""An iSeries controller's words and values: published ones, and there and back."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from labframe_drivers.omega_cni.words import (
    ReadingConfiguration,
    from_word,
    to_word,
    value_of,
)

unhurried = settings(max_examples=200, deadline=None)

WORDS = [
    ("100.0: manual, page 22", "2003E8", 100.0, 1),
    ("-100.0: manual, page 22", "A003E8", -100.0, 1),
    ("0.0, from the factory: manual, page 18", "200000", 0.0, 1),
    ("10.0: by the rule of page 22", "200064", 10.0, 1),
    ("no decimals: by the rule of page 22", "100064", 100.0, 0),
    ("two decimals: by the rule of page 22", "300064", 1.0, 2),
    ("three decimals: by the table of index 08, page 27", "400064", 0.1, 3),
]


@pytest.mark.parametrize(
    ("word", "value", "decimals"), [w[1:] for w in WORDS], ids=[w[0] for w in WORDS]
)
def test_a_setpoint_is_read_and_written_as_published(
    word: str, value: float, decimals: int
) -> None:
    assert from_word(word) == value
    assert to_word(value, decimals) == word


@unhurried
@given(st.integers(0, 3), st.integers(-1999, 9999))
def test_every_setpoint_that_can_be_shown_comes_back(decimals: int, counts: int) -> None:
    assert from_word(to_word(counts / 10**decimals, decimals)) == counts / 10**decimals


@unhurried
@given(st.integers(0, 2**24 - 1))
def test_a_word_gives_a_number_or_a_value_error(bits: int) -> None:
    word = f"{bits:06X}"
    if 1 <= bits >> 20 & 7 <= 4:
        assert abs(from_word(word)) <= 0xFFFFF
    else:
        with pytest.raises(ValueError, match="decimal point"):
            from_word(word)


@pytest.mark.parametrize("word", ["", "2003E", "2003E80", "2003e8", " 2003E", "?43", "٢٠٠٣٣٣"])
def test_what_is_no_word_is_refused(word: str) -> None:
    with pytest.raises(ValueError, match="six hexadecimal digits"):
        from_word(word)


@pytest.mark.parametrize(
    ("value", "decimals", "shows"),
    [(1000.0, 1, "-199.9 to 999.9"), (-200.0, 1, "-199.9 to 999.9"), (10000.0, 0, "-1999 to 9999")],
)
def test_what_four_digits_cannot_show_is_refused(value: float, decimals: int, shows: str) -> None:
    with pytest.raises(ValueError, match=shows):
        to_word(value, decimals)


@pytest.mark.parametrize(
    ("data", "decimals", "is_fahrenheit"),
    [("4A", 1, True), ("81", 0, False), ("42", 1, False), ("43", 2, False), ("4C", 3, True)],
    ids=["the factory's: page 18", "the example of page 27", "one", "two", "three"],
)
def test_the_reading_configuration_is_understood(
    data: str, decimals: int, is_fahrenheit: bool
) -> None:
    assert ReadingConfiguration.read(data) == ReadingConfiguration(decimals, is_fahrenheit)


@pytest.mark.parametrize("data", ["40", "45", "4", "4G", "4a", "04A", ""])
def test_what_is_no_reading_configuration_is_refused(data: str) -> None:
    with pytest.raises(ValueError, match=r"not (1 to 4|two hexadecimal digits)"):
        ReadingConfiguration.read(data)


@unhurried
@given(st.floats(-200, 2320))
def test_fahrenheit_goes_there_and_back(celsius: float) -> None:
    configuration = ReadingConfiguration(1, is_fahrenheit=True)
    assert configuration.celsius(configuration.shown(celsius)) == pytest.approx(celsius, abs=1e-3)


@pytest.mark.parametrize(
    ("text", "value", "decimals"),
    [
        ("075.4", 75.4, 1),
        ("023.5", 23.5, 1),
        ("-012.3", -12.3, 1),
        ("0075", 75, 0),
        ("0075.", 75, 0),
    ],
    ids=["manual, page 23", "as published", "negative", "no decimals", "a point and no decimals"],
)
def test_a_value_is_read_with_its_decimals(text: str, value: float, decimals: int) -> None:
    assert value_of(text) == (value, decimals)


@pytest.mark.parametrize(
    "text", ["", " 075.4", "7_5.4", "nan", "inf", "1e3", "X01075.4", "\u0667\u0665.\u0664", "75,4"]
)
def test_what_is_no_value_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no decimal number"):
        value_of(text)
