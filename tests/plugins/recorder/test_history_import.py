"""Imports from CSV and from another history: all of it, and nothing twice."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from labframe_plugins.recorder import HistoryWriter, open_history
from recording import START, reading, recording

from labframe import Quality
from labframe.points import Sweep

Shown = Callable[..., Result]
Take = Callable[..., Result]

pytestmark = pytest.mark.usefixtures("copenhagen")


@pytest.fixture
def take(shown: Shown, tmp_path: Path) -> Take:
    """Return ``take("time,oven\\n1795000000,300\\n")``: what importing that CSV did."""

    def run(text: str, *more: object, encoding: str = "utf-8") -> Result:
        (tmp_path / "in.csv").write_text(text, encoding)
        return shown("import", "in.csv", "--file", "new.db", *more)

    return run


def points(file: Path, codename: str) -> list[tuple[float, Any]]:
    with open_history(file) as history:
        assert history.verify() == []
        return sorted(
            (row.time - START, row.text if row.value is None else row.value)
            for row in history.rows([codename])
        )


def test_csv_with_a_column_for_each_codename(take: Take, tmp_path: Path) -> None:
    found = take(
        "Time,oven [K],chiller (°C),state\n"
        "2026-11-18 12:06:40,300.5,,heating\n"  # local
        "2026-11-18T11:06:41.25Z,301,NULL,\n"
        "1795000002.5,302,-3,cold\n"
    )

    assert found.stdout == "in.csv: 6 points added to new.db.\n"
    assert points(tmp_path / "new.db", "oven") == [(0, 300.5), (1.25, 301), (2.5, 302)]
    assert points(tmp_path / "new.db", "chiller") == [(2.5, -3)]
    assert points(tmp_path / "new.db", "state") == [(0, "heating"), (2.5, "cold")]
    with open_history(tmp_path / "new.db") as history:
        units = {name: one.unit for name, one in history.codenames().items()}
    assert units == {"oven": "K", "chiller": "°C", "state": ""}


def test_csv_with_one_point_a_line(take: Take, tmp_path: Path) -> None:
    take("\ufefftime,codename,value,unit\n1795000000,oven,300,K\n\n1795000001,p,1e-7,mbar\n")

    assert points(tmp_path / "new.db", "p") == [(1, 1e-7)]
    with open_history(tmp_path / "new.db") as history:
        assert history.codenames()["p"].unit == "mbar"


def test_csv_of_a_spreadsheet_with_semicolons_and_decimal_commas(
    take: Take, tmp_path: Path
) -> None:
    take("time;oven\n1795000000,25;300,5\n", "--unit", "oven=K")

    assert points(tmp_path / "new.db", "oven") == [(0.25, 300.5)]
    with open_history(tmp_path / "new.db") as history:
        assert history.codenames()["oven"].unit == "K"


def test_what_was_exported_is_imported_as_it_was(shown: Shown, lab: Path) -> None:
    shown("*", "--csv", "out.csv", "--file", lab)

    shown("import", "out.csv", "--file", "new.db")

    for codename in ("oven", "chiller", "chamber_pressure", "state"):
        assert points(lab.parent / "new.db", codename) == points(lab, codename)


def test_what_is_there_is_not_added_again(take: Take, tmp_path: Path) -> None:
    text = "time,oven\n1795000000,300\n1795000001,300\n1795000001,300\n"
    take(text)

    again = take(text + "1795000000,301\n1795000002,300\n")

    assert again.stdout == "in.csv: 2 points added to new.db, 3 points were there already.\n"
    assert points(tmp_path / "new.db", "oven") == [(0, 300), (0, 301), (1, 300), (2, 300)]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "in.csv:1: no column 'time' in an empty line"),
        ("a,b\n1,2\n", "in.csv:1: no column 'time' in a, b; the first line names the columns"),
        ("time,oven temperature\n", "in.csv:1: column 2, 'oven temperature', is no codename"),
        ("time,oven,oven\n", "in.csv:1: two columns are named oven"),
        ("time,oven [Kelvin]\n", "in.csv:1: column 2: "),
        ("time,oven\n1795000000,1\n1795000001\n", "in.csv:3: 1 cells under 2 headings"),
        ("time,oven\n1795000000,1\n1795000001,l.5\n", "in.csv:3: oven: 'l.5' is no number, and"),
        ("time,oven\nnoon,1\n", "in.csv:2: 'noon' is no time: unix time in seconds, or 2026"),
        ("time,oven\n1795000000000,1\n", "in.csv:2: 1795000000000 is no unix time in seconds"),
        ("time,codename,value\n1795000000,a b,1\n", "in.csv:2: 'a b' is no codename"),
        ("time,codename,value,unit\n1795000000,a,1,x\n", "in.csv:2: "),
        ('time,oven\n1795000000,"1\n', "in.csv is no CSV in UTF-8: "),
    ],
)
def test_a_wrong_line_is_named_and_nothing_is_imported(
    take: Take, tmp_path: Path, text: str, message: str
) -> None:
    found = take(text)

    assert found.exit_code == 1
    assert message in found.stderr
    assert len(found.stderr.splitlines()) == 1
    assert not (tmp_path / "new.db").exists()


def test_other_encodings_and_wrong_units_are_named(take: Take) -> None:
    latin = take("time,temp [°C]\n", encoding="latin-1")
    assert "in.csv is no CSV in UTF-8" in latin.stderr
    assert "no codename ovn, named by --unit" in take("time,oven\n", "--unit", "ovn=K").stderr
    assert "write CODENAME=UNIT" in take("time,oven\n", "--unit", "oven").stderr


def test_older_points_go_before_those_that_are_there(take: Take, tmp_path: Path) -> None:
    """The newest value stays the newest, and a gap without an end stays open."""
    with recording(tmp_path / "new.db") as sink:
        sink.write([reading(310.0, 100)])
        sink.write([reading(310.0, 101, sequence=2, quality=Quality.DISCONNECTED)])
    with open_history(tmp_path / "new.db") as history:
        (gap,) = history.gaps("oven")
        assert gap.until is None

    take("time,oven\n1795000000,300\n1795000050,305\n")

    with open_history(tmp_path / "new.db") as history:
        assert history.verify() == []
        assert history.newest()["oven"].value == 310.0
        facts = history.codenames()["oven"]
        assert (facts.first_time, facts.last_time) == (START, START + 100)
        assert history.gaps("oven") == [gap]
    take("time,oven\n1795000200,320\n")
    with open_history(tmp_path / "new.db") as history:
        assert history.newest()["oven"].value == 320
        assert history.gaps("oven")[0].until == START + 200


def test_a_history_that_a_host_writes_is_left_alone(take: Take, tmp_path: Path) -> None:
    with HistoryWriter(tmp_path / "new.db"):
        found = take("time,oven\n1795000000,300\n")

    assert found.exit_code == 1
    assert "is written by another program" in found.stderr


# Another history.


def test_another_history_comes_with_all_that_happened(shown: Shown, lab: Path) -> None:
    with HistoryWriter(lab) as writer:
        writer.sweep(Sweep("scan", (1.0, 2.0), (5.0, 6.0), "nm", "V", Quality.OK, 1, START, 0.0))
        writer.points("xy", [START], [2.5], xs=[7.0])

    first = shown("import", lab, "--file", "new.db")
    again = shown("import", lab, "--file", "new.db")

    assert "106 points added to new.db; and 5 gaps, commands, events and sweeps." in first.stdout
    assert "0 points added to new.db, 106 points were there already." in again.stdout
    new = lab.parent / "new.db"
    with open_history(lab) as old, open_history(new) as copy:
        assert copy.verify() == []
        assert copy.codenames() == old.codenames()
        assert copy.counts() == old.counts()
        assert copy.commands() == old.commands()
        assert copy.events() == old.events()
        assert copy.gaps() == old.gaps()
        assert [list(one.ys) for one in copy.sweeps("scan")] == [[5.0, 6.0]]
        assert next(copy.rows(["xy"])).x == 7.0
    assert points(new, "chamber_pressure") == points(lab, "chamber_pressure")


def test_a_history_is_not_imported_into_itself(shown: Shown, lab: Path) -> None:
    assert "is the history itself" in shown("import", lab, "--file", "lab.db").stderr


def test_a_file_that_is_not_there_or_another_database(shown: Shown, tmp_path: Path) -> None:
    import sqlite3
    from contextlib import closing

    with closing(sqlite3.connect(tmp_path / "notes.db")) as notes, notes:
        notes.execute("CREATE TABLE note (text)")

    assert "nowhere.csv: there is no such file" in shown("import", "nowhere.csv").stderr
    found = shown("import", "notes.db", "--file", "new.db")
    assert "notes.db is no history of labframe" in found.stderr
    assert not (tmp_path / "new.db").exists()
