"""Reading a history: ranges, buckets that keep peaks, frames, and without NumPy."""

import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest
from labframe_plugins.recorder import History, HistoryWriter
from labframe_plugins.recorder.frames import MissingLibrary
from labframe_plugins.recorder.history import HistoryError
from labhost import until
from recording import START, opened, reading, recording

COUNT = 5000


def value(second: int) -> float:
    return 1000.0 if second == 1234 else second % 10 / 10


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """5000 s of an oven: blocks, and the last 500 s fresh."""
    path = tmp_path / "lab.db"
    with HistoryWriter(path) as writer:
        writer.describe("oven", unit="K")
        seconds = range(COUNT - 500)
        writer.points("oven", [START + one for one in seconds], [value(one) for one in seconds])
    with recording(path) as sink:
        seconds = range(COUNT - 500, COUNT)
        sink.write([reading(value(one), one, sequence=one + 1) for one in seconds])
    return path


@pytest.fixture
def history(file: Path) -> Iterator[History]:
    with opened(file) as history:
        yield history


def test_points_of_a_time_are_those_of_blocks_and_of_fresh_rows(history: History) -> None:
    found = history.points("oven", since=START + 4000, until=START + 4600)

    assert [round(one - START) for one in found.times] == list(range(4000, 4601))
    assert list(found.values) == [value(second) for second in range(4000, 4601)]
    assert found.unit == "K"


def test_a_time_may_be_a_date(history: History) -> None:
    since = datetime.fromtimestamp(START + 4990, UTC)

    assert len(history.points("oven", since=since).times) == 10


@pytest.mark.parametrize("count", [1, 7, 500])
def test_buckets_are_what_one_would_compute_from_the_points(history: History, count: int) -> None:
    found = history.buckets("oven", count=count)

    assert found.counts.sum() == COUNT
    assert found.highs.max() == 1000.0, "a peak of one second is seen"
    expected: dict[int, list[float]] = {}
    for second in range(COUNT):
        expected.setdefault(int(second / found.every), []).append(value(second))
    assert list(found.lows) == [min(some) for some in expected.values()]
    assert list(found.highs) == [max(some) for some in expected.values()]
    assert list(found.counts) == [len(some) for some in expected.values()]
    means = [sum(some) / len(some) for some in expected.values()]
    assert list(found.means) == pytest.approx(means)


def test_buckets_of_so_many_seconds_begin_at_multiples_of_it(history: History) -> None:
    found = history.buckets("oven", since=START + 4, until=START + 95, every=10.0)

    assert list(found.times - START) == [5.0 + 10 * index for index in range(10)]
    assert list(found.counts) == [6, *[10] * 8, 6]


def test_the_count_of_rows_is_known_before_they_are_read(history: History) -> None:
    assert history.count() == len(list(history.rows())) == COUNT
    rows = list(history.rows(["oven"], since=START + 10, until=START + 19))
    assert [row.value for row in rows] == [value(second) for second in range(10, 20)]


def test_a_frame_is_a_table_of_pandas(history: History, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[object] = []

    def data_frame(columns: dict[str, list[object]]) -> dict[str, list[object]]:
        made.append(columns)
        return dict(columns)

    pandas = SimpleNamespace(DataFrame=data_frame, to_datetime=lambda times, **_: times)
    monkeypatch.setitem(sys.modules, "pandas", pandas)

    table = history.frame("oven", since=START + 4997)
    by_ten = history.frame(["oven"], since=START, until=START + 29, every=10.0)

    assert table["codename"] == ["oven"] * 3
    assert table["value"] == [0.7, 0.8, 0.9]
    assert by_ten["high"] == [0.9] * 3
    assert len(made) == 2


def test_a_library_that_is_not_installed_is_named(
    history: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "polars", None)
    with pytest.raises(MissingLibrary, match="pip install polars"):
        history.frame("oven", using="polars")
    with pytest.raises(HistoryError, match="no codename 'kiln'"):
        history.frame("kiln")


def test_a_host_that_only_records_loads_no_numpy() -> None:
    program = "import sys, labframe_plugins.recorder; print('numpy' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout == "False\n"


def test_without_numpy_there_are_lists(file: Path, history: History) -> None:
    program = (
        "import sys; sys.modules['numpy'] = None\n"
        "from labframe_plugins.recorder import open_history\n"
        f"with open_history({str(file)!r}) as history:\n"
        "    points, buckets = history.points('oven'), history.buckets('oven', count=7)\n"
        "assert type(points.times) is list\n"
        "print(points.values == "
        f"[1000.0 if s == 1234 else s % 10 / 10 for s in range({COUNT})])\n"
        "print(repr([buckets.lows, buckets.highs, buckets.counts]))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    same = history.buckets("oven", count=7)
    expected = [one.tolist() for one in (same.lows, same.highs, same.counts)]
    assert done.stdout.splitlines() == ["True", repr(expected)]


def test_a_history_is_read_while_it_is_written(file: Path, history: History) -> None:
    before = history.newest()["oven"].time
    with recording(file) as sink:
        sink.write([reading(5.0, COUNT, sequence=COUNT + 1)])
        until(lambda: history.newest()["oven"].time == before + 1)


def test_an_import_that_fails_adds_nothing(file: Path) -> None:
    def fail() -> None:
        with HistoryWriter(file) as writer:
            writer.points("kiln", [START], [1.0])
            raise ValueError("row 17 is no number")

    with pytest.raises(ValueError, match="row 17"):
        fail()
    with opened(file) as history:
        assert "kiln" not in history.codenames()


def test_what_is_imported_later_may_be_earlier(file: Path) -> None:
    with HistoryWriter(file) as writer:
        writer.points("oven", [START - 1000.0], [-5.0])
    with opened(file) as history:
        assert history.buckets("oven", count=2).lows.min() == -5.0
        assert history.points("oven").values[-1] == -5.0
