"""Times as people write them, and how they are written for people."""

from datetime import UTC, datetime

import click
import pytest
from labframe_plugins.recorder.command_line.times import Clock, duration, moment, span_in_words

pytestmark = pytest.mark.usefixtures("copenhagen")

NOW = datetime(2026, 11, 24, 9, 30, tzinfo=UTC).timestamp()
"""10:30 in the morning in Copenhagen."""


def utc(year: int, month: int, day: int, hour: int = 0, minute: int = 0, second: int = 0) -> float:
    return datetime(year, month, day, hour, minute, second, tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2h", NOW - 7200),
        ("1h30min", NOW - 5400),
        ("90 s", NOW - 90),
        ("1.5d", NOW - 129_600),
        ("2w", NOW - 14 * 86400),
        ("now", NOW),
        ("today", utc(2026, 11, 23, 23)),
        ("yesterday", utc(2026, 11, 22, 23)),
        ("Yesterday 14:00", utc(2026, 11, 23, 13)),
        ("9:05", utc(2026, 11, 24, 8, 5)),
        ("2026-07-01", utc(2026, 6, 30, 22)),  # summer time
        ("2026-11-24T10:00", utc(2026, 11, 24, 9)),
        ("2026-11-24 10:00:30.5", utc(2026, 11, 24, 9, 0, 30) + 0.5),
        ("2026-11-24T10:00Z", utc(2026, 11, 24, 10)),
        ("2026-11-24T10:00-05:00", utc(2026, 11, 24, 15)),
        ("1795518314.25", 1795518314.25),
    ],
)
def test_a_time_may_be_written_in_many_ways(text: str, time: float) -> None:
    assert moment(text, NOW, NOW) == time


def test_a_duration_counts_back_from_the_end() -> None:
    assert moment("1h", NOW, NOW - 1000) == NOW - 4600


def test_a_day_as_an_end_includes_all_of_it() -> None:
    assert moment("yesterday", NOW, NOW, is_end=True) == utc(2026, 11, 23, 23) - 1e-6
    assert moment("2026-10-25", NOW, NOW, is_end=True) == utc(2026, 10, 25, 23) - 1e-6  # 25 h long


@pytest.mark.parametrize("text", ["tomorrowish", "2026-13-01", "25:00", "2x", "2h-3", "", "h"])
def test_what_is_no_time_gets_examples(text: str) -> None:
    with pytest.raises(click.BadParameter, match="yesterday 14:00, 14:00, 2026-11-24, 2026") as no:
        moment(text, NOW, NOW)
    assert repr(text) in no.value.message


def test_a_number_without_a_unit_is_no_time() -> None:
    with pytest.raises(click.BadParameter, match="'30' has no unit; write for example 30s"):
        moment("30", NOW, NOW)


@pytest.mark.parametrize(
    ("text", "seconds"), [("10s", 10), ("500ms", 0.5), ("5 min", 300), ("1h", 3600), ("0.1", 0.1)]
)
def test_how_long(text: str, seconds: float) -> None:
    assert duration(text) == seconds


@pytest.mark.parametrize("text", ["-1s", "0s", "ten", "10 parsec", "10s5"])
def test_what_is_no_duration_gets_examples(text: str) -> None:
    with pytest.raises(click.BadParameter, match="10s, 5min, 1h30min"):
        duration(text)


def test_the_zone_stands_once_and_with_each_time_where_it_changes() -> None:
    winter, summer = utc(2026, 11, 24, 9), utc(2026, 7, 1, 9)
    one, two = Clock([winter], 3), Clock([summer, winter])

    assert (one.zone, one(winter + 0.0005)) == ("CET = UTC+01:00", "2026-11-24 10:00:00.000")
    assert (two.zone, two(summer)) == ("local", "2026-07-01 11:00:00 CEST = UTC+02:00")


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.25, "250 ms"), (10, "10 s"), (300, "5 min"), (9000, "2 h 30 min"), (259_200, "3 d")],
)
def test_a_length_of_time_in_words(seconds: float, text: str) -> None:
    assert span_in_words(seconds) == text
