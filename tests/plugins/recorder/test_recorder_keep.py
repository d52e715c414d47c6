"""What is left out can be seen from what is kept: straight lines stay within the dead band."""

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from labframe_plugins.recorder.keep import Band, Interval

VALUES = st.one_of(
    st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=60),
    st.lists(st.floats(1e-9, 1e3), min_size=1, max_size=60),
    st.lists(st.sampled_from([0.0, 0.1, 0.2, 5.0]), min_size=1, max_size=60),
)
STEPS = st.lists(st.integers(1, 700_000_000), min_size=60, max_size=60)


def kept(keep: Any, points: list[tuple[int, Any]]) -> list[tuple[int, Any]]:
    stored = [one for time, y in points for one in keep.put(time, y)]
    return stored + list(keep.flush())


def on_the_line(stored: list[tuple[int, float]], time: int) -> float:
    before = max(one for one in stored if one[0] <= time)
    after = min(one for one in stored if one[0] >= time)
    if before[0] == after[0]:
        return before[1]
    return before[1] + (after[1] - before[1]) * (time - before[0]) / (after[0] - before[0])


@pytest.mark.parametrize(("lin", "log"), [(0.5, 0.0), (0.0, 0.02), (0.05, 0.001)])
@given(values=VALUES, steps=STEPS)
def test_straight_lines_between_kept_points_stay_within_the_band(
    lin: float, log: float, values: list[float], steps: list[int]
) -> None:
    times = [sum(steps[: index + 1]) for index in range(len(values))]
    points = list(zip(times, values, strict=True))

    stored = kept(Band(lin, log, 600.0), points)

    assert set(stored) <= set(points)
    assert stored == sorted(stored)
    size = max(map(abs, values))
    for time, y in points:
        assert abs(on_the_line(stored, time) - y) <= max(lin, log * abs(y)) + 1e-9 * size


@given(values=VALUES, steps=STEPS)
def test_no_silence_is_longer_than_was_allowed(values: list[float], steps: list[int]) -> None:
    times = [sum(steps[: index + 1]) for index in range(len(values))]
    points = list(zip(times, values, strict=True))

    stored = kept(Band(1e9, 0.0, 600.0), points)

    for before, after in pairwise(stored):
        between = [time for time in times if before[0] < time < after[0]]
        assert after[0] - before[0] <= 600e6 or not between


def test_a_step_keeps_the_last_point_before_it() -> None:
    points = [(second * 1_000_000, 1e-9) for second in range(100)] + [
        (second * 1_000_000, 1e-3) for second in range(100, 200)
    ]

    stored = kept(Band(0.0, 0.02, 600.0), points)

    assert stored == [points[0], points[99], points[100], points[199]]


def test_a_value_that_stays_is_kept_once_in_ten_minutes() -> None:
    stored = kept(Band(0.1, 0.0, 600.0), [(second * 1_000_000, 20.0) for second in range(3600)])

    assert 7 <= len(stored) <= 9


def test_each_point_after_the_clock_was_set_back_is_kept_in_its_order() -> None:
    points = [(5_000_000, 1.0), (6_000_000, 1.0), (2_000_000, 1.0), (3_000_000, 9.0)]

    assert kept(Band(0.1, 0.0, 600.0), points) == points


def test_texts_are_kept_when_they_change() -> None:
    states = ["IDLE"] * 5 + ["FIRING"] * 3 + ["IDLE"] * 2
    points = [(second * 1_000_000, state) for second, state in enumerate(states)]

    stored = kept(Band(0.1, 0.0, 600.0), points)

    assert [y for _, y in stored] == ["IDLE", "IDLE", "FIRING", "FIRING", "IDLE", "IDLE"]
    assert [time // 1_000_000 for time, _ in stored] == [0, 4, 5, 7, 8, 9]


def test_an_interval_keeps_every_tenth_reading_though_polls_are_not_exact() -> None:
    points = [(second * 1_000_000 - second % 3 * 2000, second) for second in range(100)]

    assert [y for _, y in kept(Interval(10.0), points)] == list(range(0, 100, 10))


def test_the_first_point_after_a_gap_is_kept() -> None:
    band, interval = Band(1.0, 0.0, 600.0), Interval(100.0)

    for keep in (band, interval):
        assert keep.put(1_000_000, 1.0) == ((1_000_000, 1.0),)
        assert keep.put(2_000_000, 1.0) == ()
        keep.flush()
        assert keep.put(3_000_000, 1.0) == ((3_000_000, 1.0),)
