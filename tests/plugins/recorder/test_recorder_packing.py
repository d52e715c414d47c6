"""Blocks hold what was put in, to the bit, and SQL reads the same from them."""

import sqlite3
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from labframe_plugins.recorder import HistoryWriter, open_history
from labframe_plugins.recorder.packing import pack, times_of, values_of
from labframe_plugins.recorder.resampling import unpacked

TIMES = st.integers(min_value=0, max_value=4_000_000_000_000_000)
DECIMALS = st.integers(-(10**9), 10**9).map(lambda one: one / 1000)
FLOATS = st.floats(allow_nan=False, allow_infinity=False)
INTEGERS = st.integers(-(2**63), 2**63 - 1)


@st.composite
def columns(draw: st.DrawFn) -> tuple[list[int], list[float]]:
    count = draw(st.integers(1, 40))
    kinds = [DECIMALS, FLOATS, INTEGERS, st.floats(1e-9, 1e3), st.integers(0, 3)]
    kind: st.SearchStrategy[float] = draw(st.sampled_from(kinds))
    values = st.lists(kind, min_size=count, max_size=count)
    return draw(st.lists(TIMES, min_size=count, max_size=count)), draw(values)


@given(columns())
def test_a_block_gives_back_what_was_packed(both: tuple[list[int], list[float]]) -> None:
    times, values = both

    packed = pack(times, values)

    if packed is not None:
        assert times_of(packed) == times
        assert values_of(packed) == values
        arrays = unpacked(packed)
        assert arrays[0].tolist() == times
        assert arrays[1].tolist() == [float(one) for one in values]


@pytest.mark.parametrize(
    ("values", "most_bytes"),
    [
        ([round(295.123 + index % 50 / 1000, 3) for index in range(1000)], 3),
        ([float(f"{1e-9 * 1.01**index:.3e}") for index in range(1000)], 8),
        ([0] * 1000, 1),
        ([index**0.5 for index in range(1000, 2000)], 9),
    ],
    ids=["a thermometer", "a gauge that is vented", "nothing happens", "computed"],
)
def test_usual_values_take_few_bytes(values: list[float], most_bytes: float) -> None:
    times = [1_795_000_000_000_000 + index * 1_000_000 + index % 97 for index in range(1000)]

    packed = pack(times, values)

    assert packed is not None
    assert (len(packed.times) + len(packed.values)) / 1000 <= most_bytes


def test_values_that_span_too_much_for_a_block_are_not_packed() -> None:
    assert pack([1, 2], [1e300, 1e-300]) is None
    assert pack([1, 2], [2**53 + 1, 0.5]) is None


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(both=columns())
def test_sql_reads_from_blocks_what_python_wrote(
    tmp_path_factory: pytest.TempPathFactory, both: tuple[list[int], list[float]]
) -> None:
    file = tmp_path_factory.mktemp("sql") / "lab.db"
    times, values = both
    with HistoryWriter(file) as writer:
        writer.points("oven", [time / 1e6 for time in times], values)

    with sqlite3.connect(file) as plain:
        rows = plain.execute("SELECT time, value FROM readings ORDER BY number").fetchall()
        fresh = plain.execute("SELECT count(*) FROM fresh").fetchone()[0]
    plain.close()

    assert fresh == 0
    assert [value for _, value in rows] == values
    assert [round(time * 1e6) for time, _ in rows] == pytest.approx(times, abs=1)


def test_what_is_no_number_is_read_as_text(tmp_path: Path) -> None:
    values = [
        "IDLE",
        True,
        None,
        [1, 2],
        {"a": 1},
        float("nan"),
        2**70,
        float("inf"),
        1.5,
        "\ud800",
    ]
    with HistoryWriter(tmp_path / "lab.db") as writer:
        writer.points("state", range(len(values)), values)
        writer.points("state", range(100, 100 + len(values)), values)

    with open_history(tmp_path / "lab.db") as history:
        assert history.verify() == []
        rows = list(history.rows(["state"]))

    rows.sort(key=lambda row: row.time)
    said = ["IDLE", "true", "null", "[1, 2]", '{"a": 1}', "NaN", str(2**70), None, None, "?"]
    assert [row.text for row in rows] == said * 2
    assert [row.value for row in rows] == [*[None] * 7, float("inf"), 1.5, None] * 2
