"""The tables and views of a history file; ``docs/reference/history.md`` is their manual.

Times in tables are whole microseconds since 1970; the views give seconds, as the host does. The
numbers of codenames stay as they are as long as the file lives.
"""

from __future__ import annotations

import sqlite3
from typing import Final

from labframe_plugins.recorder.packing import MOST_POINTS

__all__ = ["APPLICATION", "VERSION", "create"]

APPLICATION: Final = 0x6C616266
"""``PRAGMA application_id``: what kind of file it is ("labf")."""

VERSION: Final = 1
"""``PRAGMA user_version``: of the schema. What reads version 1 reads all later ones too."""

_GROUPS: Final = ((0, 3), (3, 6), (6, 9))
"""Which groups of bits are taken together: SQLite's parser does not nest nine."""

_TABLES: Final = """
CREATE TABLE codename (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, unit TEXT, instrument TEXT,
    description TEXT, kind TEXT, first_time INTEGER
);
CREATE TABLE fresh (
    id INTEGER PRIMARY KEY, codename INTEGER NOT NULL, number INTEGER NOT NULL,
    time INTEGER NOT NULL, y, x
);
CREATE TABLE block (
    codename INTEGER, number INTEGER, count INTEGER NOT NULL,
    since INTEGER NOT NULL, until INTEGER NOT NULL,
    low REAL NOT NULL, mean REAL NOT NULL, high REAL NOT NULL,
    start INTEGER NOT NULL, step INTEGER NOT NULL, time_groups INTEGER NOT NULL,
    lowest INTEGER NOT NULL, divisor REAL, value_groups INTEGER NOT NULL,
    packed INTEGER NOT NULL, round INTEGER NOT NULL,
    PRIMARY KEY (codename, number)
) WITHOUT ROWID;
CREATE TABLE packed (id INTEGER PRIMARY KEY, times BLOB NOT NULL, ys BLOB NOT NULL);
CREATE TABLE kept (
    codename INTEGER, number INTEGER, time INTEGER NOT NULL, y, x, round INTEGER NOT NULL,
    PRIMARY KEY (codename, number)
) WITHOUT ROWID;
CREATE TABLE bucket (
    codename INTEGER, width INTEGER, time INTEGER, number INTEGER NOT NULL, count INTEGER NOT NULL,
    low REAL NOT NULL, mean REAL NOT NULL, high REAL NOT NULL,
    PRIMARY KEY (codename, width, time)
) WITHOUT ROWID;
CREATE TABLE dropped (codename INTEGER PRIMARY KEY, count INTEGER NOT NULL);
CREATE TABLE newest (
    codename INTEGER PRIMARY KEY, number INTEGER NOT NULL, time INTEGER NOT NULL, y, x
);
CREATE TABLE sweep (
    id INTEGER PRIMARY KEY, codename INTEGER NOT NULL, time INTEGER NOT NULL, x_unit TEXT,
    unit TEXT, count INTEGER NOT NULL, xs TEXT NOT NULL, ys TEXT NOT NULL
);
CREATE INDEX sweep_by_codename ON sweep (codename, time);
CREATE TABLE gap (
    id INTEGER PRIMARY KEY, codename INTEGER NOT NULL, since INTEGER NOT NULL, until INTEGER,
    cause TEXT NOT NULL, why TEXT
);
CREATE INDEX gap_by_codename ON gap (codename, since);
CREATE TABLE command (
    id INTEGER PRIMARY KEY, time INTEGER NOT NULL, instrument TEXT, method TEXT, arguments TEXT,
    sender TEXT, sender_id TEXT, outcome TEXT, answer TEXT, duration REAL
);
CREATE INDEX command_by_time ON command (time);
CREATE TABLE event (
    id INTEGER PRIMARY KEY, time INTEGER NOT NULL, kind TEXT NOT NULL, source TEXT, text TEXT,
    fields TEXT
);
CREATE INDEX event_by_time ON event (time);
CREATE TABLE state (
    one INTEGER PRIMARY KEY CHECK (one = 1), batch INTEGER NOT NULL, round INTEGER NOT NULL,
    compacted INTEGER NOT NULL, noted INTEGER NOT NULL
);
INSERT INTO state VALUES (1, 0, 0, 0, 0);
CREATE TABLE counting (i INTEGER PRIMARY KEY);
"""


def _column(blob: str, groups: str) -> str:
    """Return the SQL for what is packed of point ``k.i`` in a column."""
    return " + ".join(_nested(blob, groups, *some) for some in _GROUPS)


def _nested(blob: str, groups: str, first: int, end: int) -> str:
    text = "0"
    for group in reversed(range(first, end)):
        text = (
            f"CASE WHEN b.{groups} > {group} THEN (ifnull(unicode(substr(p.{blob}, "
            f"{group} * b.count + k.i + 1, 1)), 0) << {7 * group}) + {text} ELSE 0 END"
        )
    return text


_NUMBER: Final = "CASE WHEN typeof({y}) IN ('real', 'integer') THEN {y} END"
_TEXT: Final = "CASE WHEN typeof({y}) IN ('text', 'blob') THEN CAST({y} AS TEXT) END"


def _row(table: str) -> str:
    number, text = _NUMBER.format(y="r.y"), _TEXT.format(y="r.y")
    return (
        f"SELECT c.name, r.time / 1e6, {number}, {text}, r.x, {number}, {number}, 1, c.unit, "
        f"r.number, r.time / 1e6, r.time / 1e6 FROM codename c CROSS JOIN {table} r "
        f"WHERE r.codename = c.id"
    )


_READINGS: Final = f"""
CREATE VIEW readings (
    codename, time, value, text, x, low, high, count, unit, number, since, until
) AS
SELECT c.name, b.time / 1e6 + b.width / 2e6, b.mean, NULL, NULL, b.low, b.high, b.count, c.unit,
    b.number, b.time / 1e6, (b.time + b.width) / 1e6
FROM codename c CROSS JOIN bucket b WHERE b.codename = c.id
UNION ALL
SELECT name, time, value, NULL, NULL, value, value, 1, unit, number, since, until FROM (
    SELECT c.name AS name, (b.start + b.step * k.i + {_column("times", "time_groups")}) / 1e6
        AS time,
        CASE WHEN b.divisor IS NULL THEN b.lowest + {_column("ys", "value_groups")}
        ELSE (b.lowest + {_column("ys", "value_groups")}) / b.divisor END AS value,
        c.unit AS unit, b.number + k.i AS number, b.since / 1e6 AS since, b.until / 1e6 AS until
    FROM codename c CROSS JOIN block b CROSS JOIN packed p CROSS JOIN counting k
    WHERE b.codename = c.id AND p.id = b.packed AND k.i < b.count
        AND b.round <= (SELECT round FROM state)
)
UNION ALL
{_row("kept")} AND r.round <= (SELECT round FROM state)
UNION ALL
{_row("fresh")} AND r.id > (SELECT compacted FROM state);
"""

_NEWEST: Final = f"""
CREATE VIEW newest_readings (codename, time, value, text, x, unit) AS
SELECT c.name, r.time / 1e6, {_NUMBER.format(y="r.y")}, {_TEXT.format(y="r.y")}, r.x, c.unit
FROM codename c JOIN (
    SELECT codename, time, y, x, max(id) FROM (
        SELECT codename, time, y, x, 0 AS id FROM newest
        UNION ALL
        SELECT codename, time, y, x, id FROM fresh WHERE id > (SELECT noted FROM state)
    ) GROUP BY codename
) r ON r.codename = c.id;
"""

_VIEWS: Final = """
CREATE VIEW codenames (codename, unit, instrument, description, kind, first_time, last_time) AS
SELECT c.name, c.unit, c.instrument, c.description, c.kind, c.first_time / 1e6,
    ifnull(n.time, (SELECT max(time) / 1e6 FROM sweep s WHERE s.codename = c.id))
FROM codename c LEFT JOIN newest_readings n ON n.codename = c.name;
CREATE VIEW gaps (codename, since, until, cause, why) AS
SELECT c.name, g.since / 1e6, g.until / 1e6, g.cause, g.why
FROM gap g JOIN codename c ON c.id = g.codename;
CREATE VIEW commands (
    time, instrument, method, arguments, sender, sender_id, outcome, answer, duration
) AS
SELECT time / 1e6, instrument, method, arguments, sender, sender_id, outcome, answer, duration
FROM command;
CREATE VIEW events (time, kind, source, text, fields) AS
SELECT time / 1e6, kind, source, text, fields FROM event;
CREATE VIEW sweeps (sweep, codename, time, x_unit, unit, count) AS
SELECT s.id, c.name, s.time / 1e6, s.x_unit, s.unit, s.count
FROM sweep s JOIN codename c ON c.id = s.codename;
CREATE VIEW sweep_points (sweep, codename, time, x, y) AS
SELECT s.id, c.name, s.time / 1e6, a.value, b.value
FROM sweep s JOIN codename c ON c.id = s.codename
    JOIN json_each(s.xs) a JOIN json_each(s.ys) b ON b.key = a.key;
"""


def create(connection: sqlite3.Connection) -> None:
    """Make the tables and views in an empty file, all of them or none."""
    tables = "".join(
        f"INSERT INTO counting VALUES {','.join(f'({i})' for i in range(first, first + 256))};"
        for first in range(0, MOST_POINTS, 256)
    )
    connection.executescript(
        f"BEGIN IMMEDIATE;{_TABLES}{tables}{_READINGS}{_NEWEST}{_VIEWS}"
        f"PRAGMA application_id = {APPLICATION};PRAGMA user_version = {VERSION};COMMIT;"
    )
