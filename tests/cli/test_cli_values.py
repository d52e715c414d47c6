"""How values, ages and their course are written."""

from __future__ import annotations

import math

import pytest

from labframe.cli.tables import aligned
from labframe.cli.values import age_in_words, printable, short_value, sparkline, unit_in_words


@pytest.mark.parametrize(
    ("age_s", "words"),
    [
        (0.0, "0.0 s"),
        (0.44, "0.4 s"),
        (9.96, "10 s"),
        (59.4, "59 s"),
        (60, "1 min 0 s"),
        (3599.6, "1 h 0 min"),
        (90000, "1 d 1 h"),
        (-0.3, "0.0 s"),
        (-75, "-1 min 15 s"),
        (None, ""),
        (math.nan, ""),
    ],
)
def test_an_age_is_written_in_two_units_at_most(age_s: float | None, words: str) -> None:
    assert age_in_words(age_s) == words


@pytest.mark.parametrize(
    ("values", "bars"),
    [
        ([0.0, 1.0, 2.0, 7.0], "▁▂▃█"),
        ([1.0, None, 2.0], "▁·█"),
        ([5, 5], "▅▅"),
        (["on", math.nan, True], "··▅"),
        ([math.inf, 1e301, -1.0, 1.0], "··▁█"),
        ([None, "off"], ""),
        ([], ""),
    ],
)
def test_a_course_is_drawn_from_its_lowest_to_its_highest_value(
    values: list[float | None], bars: str
) -> None:
    assert sparkline(values) == bars


def test_values_fit_a_narrow_column() -> None:
    assert short_value(77.34567891) == "77.3457"
    assert short_value(1234567) == "1234567"
    assert short_value("on\x07") == "on\\x07"
    assert printable("grün µ") == "grün µ"
    assert (unit_in_words("K"), unit_in_words("1")) == ("K", "")


def test_a_last_cell_makes_no_column_wider() -> None:
    assert aligned([["a", "a very long last text"], ["bb", "1", "x"]]) == [
        "a   a very long last text",
        "bb  1  x",
    ]
