"""What a host tells is in the file: points in order, gaps, commands, events, spectra."""

import sqlite3
import time
from pathlib import Path

import pytest
from labframe_plugins.recorder import HistoryWriter, open_history
from labframe_plugins.recorder.history import HistoryError
from recording import START, opened, reading, readings, recorded, recorder, recording, started

from labframe import Event, Quality, Sweep
from labframe.points import Value


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "lab.db"


def test_every_reading_is_there_in_its_order(file: Path) -> None:
    with recording(file) as sink:
        sink.event(started("oven"))
        sink.write(readings(100))

    assert recorded(file) == [(index, 20 + index % 7 / 10) for index in range(100)]
    with opened(file) as history:
        oven = history.codenames()["oven"]
        assert (oven.unit, oven.instrument, oven.description) == ("K", "furnace", "the oven")
        assert (oven.first_time, oven.last_time) == (START, START + 99)
        assert history.newest()["oven"].value == 20 + 99 % 7 / 10


def test_a_second_run_goes_on_after_a_gap(file: Path) -> None:
    with recording(file) as sink:
        sink.event(started("oven"))
        sink.write([reading(1.0, 0), reading(2.0, 1, sequence=2)])
    with recording(file) as sink:
        sink.event(started("oven"))
        sink.write([reading(3.0, 60)])

    assert [value for _, value in recorded(file)] == [1.0, 2.0, 3.0]
    with opened(file) as history:
        (gap,) = history.gaps("oven")
    assert (gap.since, gap.until, gap.cause) == (START + 1, START + 60, "host stopped")


def test_a_clock_that_was_set_back_overwrites_and_reorders_nothing(file: Path) -> None:
    with recording(file) as sink:
        sink.write([reading(1.0, 100), reading(2.0, 101, sequence=2)])
        sink.event(Event("clock", "host", START, "set back", {"step_s": -101.0}))
        sink.write([reading(3.0, 1, sequence=3), reading(4.0, 100, sequence=4)])

    with HistoryWriter(file):
        pass  # compacts
    with opened(file) as history:
        assert list(history.points("oven").values) == [1.0, 2.0, 3.0, 4.0]
        assert list(history.points("oven").times - START) == [100.0, 101.0, 1.0, 100.0]
        assert history.events(kind="clock")[0].fields["step_s"] == -101.0


def test_a_gap_is_open_until_values_come_again(file: Path) -> None:
    with recording(file) as sink:
        sink.write([reading(1.0, 10)])
        sink.write([reading(1.0, 10, quality=Quality.OLD)])
        sink.write([reading(1.0, 10, quality=Quality.DISCONNECTED)])
    with opened(file) as history:
        (gap,) = history.gaps()
        assert (gap.since, gap.until, gap.cause) == (START + 10, None, "disconnected")

    with recording(file) as sink:
        fields: dict[str, Value] = {
            "from": START + 10,
            "to": START + 90,
            "cause": "old",
            "why": "cable out",
        }
        sink.event(Event("gap", "oven", START + 90, "no values for 80 s", fields))
        sink.write([reading(2.0, 90, sequence=2)])
    with opened(file) as history:
        (gap,) = history.gaps("oven", since=START + 50)
        assert (gap.until, gap.cause, gap.why) == (START + 90, "stale", "cable out")
        assert history.gaps("oven", since=START + 91) == []


def test_a_gap_that_begins_and_ends_within_one_commit_is_one_gap(file: Path) -> None:
    with recording(file) as sink:
        sink.event(started("oven"))
        sink.write([reading(1.0, 1), reading(1.0, 1, quality=Quality.ERROR)])
        fields: dict[str, Value] = {
            "from": START + 1,
            "to": START + 3,
            "cause": "error",
            "why": "overrange",
        }
        sink.event(Event("gap", "oven", START + 3, "", fields))
        sink.write([reading(2.0, 3, sequence=2)])

    with opened(file) as history:
        (gap,) = history.gaps()
    assert (gap.since, gap.until, gap.cause, gap.why) == (
        START + 1,
        START + 3,
        "error",
        "overrange",
    )


@pytest.mark.parametrize("fields", [{}, {"from": "noon", "to": "night"}, {"from": 1.0}])
def test_a_gap_that_lacks_its_times_ends_nothing(file: Path, fields: dict[str, Value]) -> None:
    with recording(file) as sink:
        sink.event(started("oven"))
        sink.event(Event("gap", "oven", START + 1, "a plugin's own", fields))
        sink.write(readings(3))

    assert len(recorded(file)) == 3
    with opened(file) as history:
        assert "a plugin's own" in [one.text for one in history.events()]
        assert history.gaps() == []


def test_readings_that_a_full_queue_lost_are_a_gap(file: Path) -> None:
    with recording(file) as sink:
        sink.write([reading(1.0, 1), reading(5.0, 5, sequence=5)])

    with opened(file) as history:
        (gap,) = history.gaps()
    assert (gap.since, gap.until, gap.cause) == (START + 1, START + 5, "lost")
    assert gap.why.startswith("3 readings")


def test_commands_stand_beside_the_readings(file: Path) -> None:
    fields: dict[str, Value] = {
        "method": "furnace.setpoint", "arguments": {"target": 300.0}, "sender": "10.0.0.2",
        "id": "a1", "outcome": "done", "answer": "null", "received": START, "duration_s": 0.25,
    }  # fmt: skip
    with recording(file) as sink:
        sink.event(Event("command", "furnace", START + 1, "setpoint", fields))
        sink.event(Event("command", "host", START + 2, "x: refused", {"outcome": "refused"}))

    with opened(file) as history:
        done, refused = history.commands()
        assert history.commands(since=START + 1) == [refused]
    assert (done.time, done.method, done.arguments) == (START, "furnace.setpoint", {"target": 300})
    assert (done.sender, done.id, done.outcome, done.duration) == ("10.0.0.2", "a1", "done", 0.25)
    assert (refused.outcome, refused.duration) == ("refused", None)


def test_a_spectrum_keeps_all_its_points_and_units(file: Path) -> None:
    sweep = Sweep(
        "spectrum", (1.0, 2.0, 3.0), (0.1, float("nan"), 0.3), "nm", "1", Quality.OK, 1, START, 0.0
    )
    with recording(file) as sink:
        sink.write([sweep])

    with opened(file) as history:
        (found,) = history.sweeps("spectrum")
        assert history.codenames()["spectrum"].last_time == START
    assert (list(found.xs), found.x_unit, found.unit) == ([1.0, 2.0, 3.0], "nm", "1")
    assert found.ys[0] == 0.1
    assert found.ys[1] != found.ys[1]
    with sqlite3.connect(file) as plain:
        rows = plain.execute("SELECT x, y FROM sweep_points ORDER BY x").fetchall()
    plain.close()
    assert rows == [(1.0, 0.1), (2.0, None), (3.0, 0.3)]


def test_an_x_that_is_no_time_is_kept(file: Path) -> None:
    with recording(file) as sink:
        sink.write([reading(1.0, 1, x=632.8), reading(2.0, 2, sequence=2, x=633.0)])
    with HistoryWriter(file):
        pass
    with opened(file) as history:
        assert [(row.x, row.value) for row in history.rows()] == [(632.8, 1.0), (633.0, 2.0)]


def test_a_dead_band_leaves_out_what_a_line_shows(file: Path) -> None:
    rule = {"oven": {"lin": 0.5}}
    with recording(file, keep=rule) as sink:
        sink.write([reading(20.0, second, sequence=second + 1) for second in range(100)])
        sink.write([reading(80.0, second, sequence=second + 1) for second in range(100, 200)])

    assert recorded(file) == [(0, 20.0), (99, 20.0), (100, 80.0), (199, 80.0)]


def test_half_a_second_after_a_reading_it_is_in_the_file(file: Path) -> None:
    sink = recorder(file)
    try:
        sink.write([reading(1.0, 0)])
        began = time.monotonic()
        while not _has_one(file):
            assert time.monotonic() - began < 10
            time.sleep(0.01)
        seconds = []
        for number in range(2, 7):
            sink.write([reading(1.0, number, sequence=number)])
            began = time.monotonic()
            while len(_values(file)) < number:
                assert time.monotonic() - began < 10
                time.sleep(0.01)
            seconds.append(time.monotonic() - began)
    finally:
        sink.close()
    assert sorted(seconds)[2] < 0.5


def _has_one(file: Path) -> bool:
    try:
        return len(_values(file)) == 1
    except HistoryError:
        return False


def _values(file: Path) -> list[float]:
    with open_history(file) as history:
        return list(history.points("oven").values)


@pytest.mark.parametrize("content", [b"", b"hello, I am no database at all" * 100])
def test_a_file_that_is_no_history_is_not_read(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "photo.jpg").write_bytes(content)
    with pytest.raises(HistoryError, match=r"photo\.jpg"):
        open_history(tmp_path / "photo.jpg")
    with pytest.raises(HistoryError, match="there is no such file"):
        open_history(tmp_path / "lab.db")


def test_the_nearest_codename_is_named(file: Path) -> None:
    with recording(file) as sink:
        sink.write(readings(1))
    with opened(file) as history, pytest.raises(HistoryError, match="'oven'"):
        history.points("ovne")
