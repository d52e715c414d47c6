"""Points as tables of pandas and polars, with the libraries themselves."""

from pathlib import Path
from typing import Any

import pytest
from labframe_plugins.recorder import open_history
from recording import START

pytestmark = pytest.mark.once


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_points_are_a_table_with_times_in_utc(lab: Path, library: str) -> None:
    pytest.importorskip(library, reason=f"{library} is not installed")

    with open_history(lab) as history:
        table: Any = history.frame(["oven", "chiller"], since=START + 30, using=library)

    assert list(table.columns) == ["codename", "time", "value"]
    assert list(table["codename"]) == ["oven"] * 20 + ["chiller"]
    assert list(table["value"]) == [float(300 + second) for second in range(40, 60)] + [-3.25]
    times = [one.timestamp() for one in table["time"]]
    assert times == [START + second for second in range(40, 60)] + [START + 30]
    assert all(str(one.tzinfo) == "UTC" for one in table["time"])


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_spans_are_a_table_of_minimum_mean_and_maximum(lab: Path, library: str) -> None:
    pytest.importorskip(library, reason=f"{library} is not installed")

    with open_history(lab) as history:
        table: Any = history.frame("oven", every=30.0, using=library)

    assert list(table.columns) == ["codename", "time", "low", "mean", "high", "count"]
    assert list(table["low"]) == [300, 320, 350]
    assert list(table["high"]) == [319, 349, 359]
    assert list(table["count"]) == [20, 11, 10]
