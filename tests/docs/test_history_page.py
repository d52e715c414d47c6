"""The page about the history: its queries run, its configuration is one, its columns are there."""

import re
import sqlite3
import time
import tomllib
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from labframe_plugins.recorder import HistoryWriter
from labframe_plugins.recorder.settings import settings_of

from labframe import Event, PluginContext
from labframe.points import Value

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "how-to" / "history.md").read_text("utf-8")
QUERIES = re.findall(r"^```sql\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
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
