"""The page about the history: its queries run, its configuration is one, its columns are there."""

import re
import shlex
import sqlite3
import time
import tomllib
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner
from labframe_plugins.recorder import HistoryWriter
from labframe_plugins.recorder.settings import settings_of

from labframe import Event, PluginContext, Quality, Sweep
from labframe.cli.main import main
from labframe.points import Value

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "how-to" / "history.md").read_text("utf-8")
QUERIES = re.findall(r"^```sql\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
COMMANDS = re.findall(r"^\$ (labframe history.*?)(?: {2,}#.*)?$", PAGE, re.MULTILINE)
SECTIONS = re.findall(r"^```toml\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sqlite3.Connection]:
    """An hour in which a valve was opened, and the pressure rose."""
    file, now = tmp_path_factory.mktemp("history") / "lab.db", time.time()
    fields: dict[str, Value] = {"method": "valve.open", "arguments": {}, "received": now - 700}
    with HistoryWriter(file) as writer:
        times = [now - 3000 + second for second in range(3000)]
        values = [1e-6 if second < 2400 else 0.5 for second in range(3000)]
        writer.points("chamber_pressure", times, values)
        writer.event(Event("command", "valve", now - 699, "valve.open()", fields))
        writer.gap("chamber_pressure", now - 100, now - 90, "stale", "no answer")
    with closing(sqlite3.connect(file)) as connection:
        yield connection


@pytest.mark.parametrize("query", QUERIES)
def test_each_query_of_the_page_finds_something(database: sqlite3.Connection, query: str) -> None:
    if sqlite3.sqlite_version_info < (3, 38):
        query = query.replace("unixepoch()", "strftime('%s', 'now')")
    assert database.execute(query).fetchall()


def test_what_was_changed_before_the_rise_is_found(database: sqlite3.Connection) -> None:
    (query,) = [one for one in QUERIES if "rise" in one]
    ((_, _, method, _, _),) = database.execute(query).fetchall()
    assert method == "valve.open"


@pytest.mark.parametrize("section", SECTIONS)
def test_each_section_of_the_page_is_understood(section: str) -> None:
    table = tomllib.loads(section)["plugin"]["recorder"]
    assert settings_of(PluginContext(name="recorder", section=table)).enabled


def test_the_reference_names_each_column_of_each_view(database: sqlite3.Connection) -> None:
    page = (ROOT / "docs" / "reference" / "history.md").read_text("utf-8")
    views = database.execute("SELECT name FROM sqlite_schema WHERE type = 'view'").fetchall()
    for (view,) in views:
        (line,) = [one for one in page.splitlines() if one.startswith(f"| `{view}` |")]
        columns = [row[1] for row in database.execute(f"PRAGMA table_info({view})")]
        named = re.findall(r"`(\w+)`", line.split("|")[2])
        assert [name for name in named if name in columns] == columns
    tables = database.execute(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'"
    ).fetchall()
    assert [table for (table,) in tables if f"`{table}`" not in page] == []


@pytest.fixture
def laboratory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory with what the commands of the page need."""
    now = time.time()
    seconds = [now - 7200 + second for second in range(7200)]
    fields: dict[str, Value] = {
        "method": "valve.open", "arguments": {}, "outcome": "done", "answer": "RET#null",
        "sender": "10.0.0.7", "received": now - 3000,
    }  # fmt: skip
    for name in ("lab.db", "other.db"):
        with HistoryWriter(tmp_path / name) as writer:
            writer.describe("chamber_pressure", unit="mbar")
            writer.points("chamber_pressure", seconds, [1e-6] * 5000 + [0.5] * 2200)
            writer.describe("oven_temperature", unit="K")
            writer.points("oven_temperature", seconds[:10], range(300, 310))
            writer.event(Event("command", "valve", now - 3000, "valve.open()", fields))
            writer.sweep(
                Sweep("mass_spectrum", (1.0, 2.0), (1e-9, 2e-9), "u", "A", Quality.OK, 1, now, 0.0)
            )
            writer.event(Event("host", "host", now - 7200, "lab: start", {"what": "start"}))
            writer.gap("oven_temperature", now - 7190, now - 5, "stale")
    (tmp_path / "lab.toml").write_text('[plugin.recorder]\nfile = "lab.db"\n')
    (tmp_path / "logger.csv").write_text("time,oven\n1795000000,300\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_each_command_of_the_page_does_what_the_page_says(laboratory: Path) -> None:
    for library in ("matplotlib", "pyarrow"):
        pytest.importorskip(library, reason=f"{library} is not installed")

    assert len(COMMANDS) > 12
    for command in COMMANDS:
        said = CliRunner().invoke(main, shlex.split(command)[1:], prog_name="labframe")
        is_to_a_file = re.search(r"out\.|\.parquet", command) is not None
        assert (said.exit_code, command) == (0, command), said.output
        assert bool(said.stdout.strip()) is not is_to_a_file, command
        if "1h --until" in command:
            assert "valve.open()  done     RET#null  10.0.0.7" in said.stdout
    assert {"out.png", "out.csv", "all.parquet"} <= {one.name for one in laboratory.iterdir()}
