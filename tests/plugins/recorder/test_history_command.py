"""``labframe history``: what is there, values side by side, what happened, and what is wrong."""

import json
import math
import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import Result
from labframe_plugins.recorder import HistoryWriter, open_history
from recording import START

from labframe import Quality, Sweep
from labframe.cli.main import main

Shown = Callable[..., Result]

pytestmark = pytest.mark.usefixtures("copenhagen")


def lines(result: Result) -> list[str]:
    assert result.exit_code == 0, result.output
    return [" ".join(line.split()) for line in result.stdout.splitlines()]


def test_without_a_codename_it_tells_what_there_is(shown: Shown, lab: Path) -> None:
    found = lines(shown("--file", lab))

    assert found[0] == "CODENAME UNIT INSTRUMENT FIRST (CET = UTC+01:00) LAST POINTS"
    assert found[1] == "oven K furnace 2026-11-18 12:06:40 2026-11-18 12:07:39 41"
    assert found[4] == "state furnace 2026-11-18 12:06:40 2026-11-18 12:07:10 2"

    told = json.loads(shown("--file", lab, "--json").stdout)
    assert list(told) == ["oven", "chiller", "chamber_pressure", "state"]
    assert told["chiller"] == {
        "name": "chiller", "unit": "°C", "instrument": "cold", "description": "", "kind": "date",
        "first_time": START, "last_time": START + 30, "points": 2,
    }  # fmt: skip


def test_points_stand_side_by_side_with_their_units_and_gaps(shown: Shown, lab: Path) -> None:
    found = lines(shown("oven", "chiller", "state", "--file", lab, "--since", START + 19,
                        "--until", START + 40))  # fmt: skip

    assert found == [
        "TIME (CET = UTC+01:00) oven [K] chiller [°C] state",
        "2026-11-18 12:06:59.000 319",
        "2026-11-18 12:07:00.000 320",
        "2026-11-18 12:07:00.000 disconnected",
        "2026-11-18 12:07:10.000 -3.25 cold",
        "2026-11-18 12:07:20.000 340",
    ]


def test_resampled_it_is_minimum_mean_and_maximum_and_why_there_is_nothing(
    shown: Shown, lab: Path
) -> None:
    found = lines(shown("oven", "state", "--file", lab, "--every", "10s"))

    assert found == [
        "TIME (CET = UTC+01:00) oven [K] min mean max state",
        "2026-11-18 12:06:40 300 304.5 309 heating",
        "2026-11-18 12:06:50 310 314.5 319 -",
        "2026-11-18 12:07:00 320 320 320 -",
        "2026-11-18 12:07:10 disconnected cold",
        "2026-11-18 12:07:20 340 344.5 349 -",
        "2026-11-18 12:07:30 350 354.5 359 -",
    ]


def test_patterns_choose_codenames_and_come_in_their_order(shown: Shown, lab: Path) -> None:
    heading = lines(shown("ch*", "oven", "chiller", "--file", lab, "--until", "2027-01-01"))[0]

    assert heading.endswith("chiller [°C] chamber_pressure [mbar] oven [K]")


def test_many_points_are_shown_in_about_forty_lines(shown: Shown, tmp_path: Path) -> None:
    with HistoryWriter(tmp_path / "lab.db") as writer:
        writer.points("oven", [START + 0.1 * one for one in range(20_000)], range(20_000))

    found = shown("oven", "--file", "lab.db")
    each = shown("oven", "--file", "lab.db", "--every", "0")

    assert "20,000 points, so each line is of 1 min; --every 0 shows each point" in found.stderr
    assert len(lines(found)) == 1 + 34  # 33 min 20 s
    assert lines(each)[1:3] == ["2026-11-18 12:06:40.000 0", "2026-11-18 12:06:40.100 1"]
    assert len(lines(each)) == 20_001
    assert lines(each)[-1].endswith(" 19999")


def test_a_span_without_points_says_when_the_newest_is(shown: Shown, lab: Path) -> None:
    found = shown("oven", "--file", lab, "--since", "2027-01-01")

    assert (found.exit_code, found.stdout) == (0, "")
    assert "Nothing was recorded then; the newest is of 2026-11-18 12:07:39." in found.stderr


def test_what_was_changed_in_the_hour_before_the_pressure_rose(shown: Shown, lab: Path) -> None:
    found = lines(
        shown("--commands", "--since", "1h", "--until", "chamber_pressure > 1e-5", "--file", lab)
    )

    assert found == [
        "TIME (CET = UTC+01:00) COMMAND OUTCOME ANSWER SENDER",
        "2026-11-18 12:07:05 furnace.setpoint(target = 500) done RET#null 10.0.0.7",
    ]


def test_commands_gaps_and_events_for_people_and_programs(shown: Shown, lab: Path) -> None:
    commands = json.loads(shown("--commands", "--json", "--file", lab).stdout)
    gaps = lines(shown("--gaps", "oven", "--file", lab))
    events = lines(shown("--events", "--file", lab))

    assert [one["outcome"] for one in commands] == ["done", "refused"]
    assert commands[0]["arguments"] == {"target": 500}
    assert gaps[1] == (
        "2026-11-18 12:07:00 2026-11-18 12:07:20 20 s oven disconnected no such port"
    )
    assert events[1] == "2026-11-18 12:06:40 host host lab: start"
    assert "Nothing of that kind" in shown("--gaps", "chiller", "--file", lab).stderr


def test_sweeps_are_listed_and_written_with_all_their_points(
    shown: Shown, lab: Path, tmp_path: Path
) -> None:
    with HistoryWriter(lab) as writer:
        for second, ys in ((10, (1e-9, math.nan, 3e-9)), (20, (2e-9, 5e-9))):
            xs = (1.0, 2.0, 3.0)[: len(ys)]
            writer.sweep(
                Sweep("masses", xs, ys, "u", "A", Quality.OK, 1, START + second, float(second))
            )

    table = lines(shown("--sweeps", "--file", lab))
    told = json.loads(shown("--sweeps", "masses", "--json", "--file", lab).stdout)
    shown("--sweeps", "masses", "--csv", "out.csv", "--until", "2026-11-18 12:06:55", "--file", lab)

    assert table[0] == "TIME (CET = UTC+01:00) CODENAME POINTS X Y"
    assert table[1] == "2026-11-18 12:06:50 masses 3 1 to 3 u 1e-09 to 3e-09 A"
    assert len(table) == 3
    assert [one["ys"] for one in told] == [[1e-9, None, 3e-9], [2e-9, 5e-9]]
    assert (told[0]["x_unit"], told[0]["xs"], told[0]["time"]) == ("u", [1, 2, 3], START + 10)
    assert (tmp_path / "out.csv").read_text().splitlines() == [
        "time,local,codename,x,x_unit,y,unit",
        "1795000010.0,2026-11-18 12:06:50.000,masses,1.0,u,1e-09,A",
        "1795000010.0,2026-11-18 12:06:50.000,masses,2.0,u,,A",
        "1795000010.0,2026-11-18 12:06:50.000,masses,3.0,u,3e-09,A",
    ]
    assert "No sweep was recorded" in shown("--sweeps", "oven", "--file", lab).stderr
    assert "--sweeps goes with --csv too" in shown("--sweeps", "--plot", "--file", lab).stderr


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["ovn"], 1, "has no codename 'ovn'; did you mean 'oven'? There are: oven, chiller, "),
        (["x*"], 1, "has no codename 'x*'."),
        (["oven", "--since", "soon"], 2, "'soon' is no time; write for example 2h"),
        (["oven", "--since", "now", "--until", "1h"], 2, "--until 1h is before --since now"),
        (["oven", "--until", "oven > 1000"], 1, "oven never went to > 1000"),
        (["oven", "--every", "often"], 2, "'often' is no duration"),
        (["--csv"], 2, "name codenames; '*' in quotes is all of them"),
        (["oven", "--csv", "--plot"], 2, "at a time"),
        (["oven", "--plot", "out.gif"], 2, "a picture ends with .png, .svg, .pdf"),
        (["state", "--plot"], 1, "no numbers of state to draw then"),
        (["oven", "--parquet"], 2, "--parquet needs a file"),
        (["oven", "--commands"], 2, "--commands are those of the whole host"),
        (["verify"], 1, "options stand behind it"),
    ],
)
def test_what_cannot_be_done_is_one_line(
    shown: Shown, lab: Path, arguments: list[str], code: int, message: str
) -> None:
    found = shown("--file", lab, *arguments)

    assert found.exit_code == code
    assert message in found.stderr
    assert found.stdout == ""


def test_a_damaged_file_is_one_line_and_verify_says_more(shown: Shown, lab: Path) -> None:
    with closing(sqlite3.connect(lab)) as connection:
        (page,) = connection.execute(
            "SELECT rootpage FROM sqlite_schema WHERE name = 'packed'"
        ).fetchone()
        (size,) = connection.execute("PRAGMA page_size").fetchone()
    with lab.open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\xff" * size)

    values = shown("oven", "--file", lab)
    verified = shown("verify", lab)

    assert values.exit_code == 1
    assert f"`labframe history verify {lab}` says more" in values.stderr
    assert verified.exit_code == 3
    assert "the file is damaged" in verified.stdout


def test_verify_tells_that_a_history_is_whole_or_what_is_missing(shown: Shown, lab: Path) -> None:
    assert lines(shown("verify", lab)) == [f"{lab} is whole: 105 points of 4 codenames."]

    with closing(sqlite3.connect(lab)) as connection, connection:
        connection.execute("DELETE FROM block WHERE number > 45")
    found = shown("verify", "--file", lab)
    assert found.exit_code == 3
    assert f"{lab}: chamber_pressure: 15 points are not there" in found.stdout


def test_a_photograph_is_no_history(shown: Shown, tmp_path: Path) -> None:
    (tmp_path / "photo.jpg").write_bytes(b"photograph" * 1000)

    for words in (["--file", "photo.jpg"], ["verify", "photo.jpg"]):
        found = shown(*words)
        assert found.exit_code == 1
        assert found.stderr.startswith("Error: photo.jpg")
        assert len(found.stderr.splitlines()) == 1


# Which history.


def test_the_history_is_that_of_the_configuration_that_is_here(shown: Shown, lab: Path) -> None:
    (lab.parent / "lab.toml").write_text('[plugin.recorder]\nfile = "lab.db"\n')

    assert len(lines(shown())) == 5
    assert len(lines(shown("--config", "lab.toml"))) == 5


def test_a_state_directory_has_the_history_of_its_host(shown: Shown, lab: Path) -> None:
    (lab.parent / "lab.toml").write_text('[host]\nstate_dir = "here"\n')
    place = lab.parent / "here" / "recorder" / "history.db"
    place.parent.mkdir(parents=True)
    lab.rename(place)

    assert len(lines(shown())) == 5
    assert len(lines(shown("--state-dir", "here"))) == 5


def test_without_a_configuration_it_is_the_one_that_was_written_last(
    shown: Shown, lab: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = lab.parent / "state" / "labframe"
    monkeypatch.setenv("XDG_STATE_HOME", str(root.parent))
    assert "there is no history in" in shown().stderr

    (root / "old" / "recorder").mkdir(parents=True)
    (root / "demo").mkdir()
    with HistoryWriter(root / "old" / "recorder" / "history.db") as writer:
        writer.points("old", [START], [1])
    os.utime(root / "old" / "recorder" / "history.db", (START, START))
    lab.rename(root / "demo" / "history.db")

    found = shown()
    assert len(lines(found)) == 5
    assert f"This is {root / 'demo' / 'history.db'}, written last" in found.stderr
    assert f"--file takes another: {root / 'old' / 'recorder' / 'history.db'}" in found.stderr


def test_codenames_are_completed_from_the_history(lab: Path) -> None:
    from click.shell_completion import ShellComplete

    completion = ShellComplete(main, {}, "labframe", "_LABFRAME_COMPLETE")

    found = completion.get_completions(["history", "--file", str(lab)], "ch")

    assert [(one.value, one.help) for one in found] == [
        ("chiller", "°C"),
        ("chamber_pressure", "mbar"),
    ]


# Conditions.


@pytest.mark.parametrize("count", [3000, 60_000])
def test_a_condition_is_found_where_it_last_came_true(
    shown: Shown, tmp_path: Path, count: int
) -> None:
    """It rises twice, the second time for one point."""
    values = [0.0] * count
    values[count // 3 : count // 3 + 500] = [5.0] * 500
    values[count - 700] = 9.0
    with HistoryWriter(tmp_path / "lab.db") as writer:
        writer.points("p", [START + one for one in range(count)], values)

    def newest(condition: str) -> float:
        found = shown("p", "--file", "lab.db", "--until", condition, "--since", "0.5s", "--json")
        assert found.exit_code == 0, found.stderr
        return float(json.loads(found.stdout)[-1]["time"]) - START

    assert newest("p > 4") == count - 700
    assert newest("p<4") == count - 699
    values[count - 700] = 0.0
    assert newest("p > 6") == count - 700
    with open_history(tmp_path / "lab.db") as history:
        assert history.count(["p"]) == count


def test_a_condition_that_comes_true_during_a_gap_is_found_after_it(
    shown: Shown, tmp_path: Path
) -> None:
    with HistoryWriter(tmp_path / "lab.db") as writer:
        writer.points("p", [START + one for one in range(6000)], [0.0] * 6000)
        writer.points("p", [START + 1e6 + one for one in range(6000)], [5.0] * 6000)

    words = ("p", "--file", "lab.db", "--until", "p > 4", "--since", "0.5s", "--json")

    (found,) = json.loads(shown(*words).stdout)
    assert found["time"] == START + 1e6
