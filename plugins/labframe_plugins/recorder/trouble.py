"""Damaged files: how they are known, and where they are put."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import time
from pathlib import Path

__all__ = ["is_damaged", "put_aside"]


def is_damaged(error: Exception) -> bool:
    """Tell whether an error says that the file's content is wrong, and not that it is locked."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    return isinstance(error, sqlite3.Error) and code in (
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_NOTADB,
    )


def put_aside(file: Path) -> Path:
    """Rename a damaged file and what belongs to it, for somebody to look at; return its new name.

    Raises:
        OSError: If it cannot be renamed.
    """
    stamp = time.strftime("%Y%m%d-%H%M%S")
    aside = file.with_name(f"{file.name}.damaged-{stamp}")
    os.replace(file, aside)
    for suffix in ("-wal", "-shm"):
        with contextlib.suppress(FileNotFoundError):
            os.replace(f"{file}{suffix}", f"{aside}{suffix}")
    return aside
