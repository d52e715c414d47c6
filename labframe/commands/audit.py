"""The audit: a JSON Lines file that tells of every command, and is read again after a restart.

Each command has a line ``begin`` before it is handed to its instrument and a line ``end`` with what
became of it; one that was refused before has a line ``refused`` alone. Lines are only appended;
when the file is long enough it is renamed to ``.1`` (and ``.1`` to ``.2``), and a new one is begun.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

__all__ = ["Audit"]

_LOG = logging.getLogger("labframe.host")

_MODE: Final = 0o640
_ENCODER: Final = msgspec.json.Encoder(enc_hook=str)


class Audit:
    """Appends records to a file, opened when the first one comes.

    Args:
        path: The file.
        max_bytes: How long it becomes before a new one is begun.
        keep: How many older ones are kept.

    Attributes:
        problem: Why the last record was not written; empty when it was.
    """

    def __init__(self, path: Path, max_bytes: int, keep: int) -> None:
        self.path = path
        self.problem = ""
        self._max_bytes = max_bytes
        self._keep = keep
        self._lock = threading.Lock()
        self._name = str(path)
        self._fd: int | None = None
        self._inode = (0, 0)
        self._size = 0
        self._is_torn = False
        self._is_stuck = False

    def write(self, record: Mapping[str, Any]) -> bool:
        """Append a record; tell whether that went well. The first failure in a row is logged.

        What is written survives the end of this program at any moment, but not a power cut.
        """
        line = _encoded(record) + b"\n"
        with self._lock:
            try:
                self._append(line)
            except OSError as error:
                self._failed(error)
                return False
            if self.problem:
                _LOG.warning("the audit is written again: %s", self.path)
            self.problem = ""
            return True

    def records(self, since: float) -> Iterator[dict[str, Any]]:
        """Return the records of all files that were written to since a unix time.

        The oldest come first; broken lines are left out.
        """
        for number in range(self._keep, -1, -1):
            path = self._older(number) if number else self.path
            with contextlib.suppress(OSError):
                if path.stat().st_mtime < since:
                    continue
                with path.open("rb") as file:
                    for line in file:
                        with contextlib.suppress(ValueError, RecursionError):
                            record = json.loads(line)
                            if isinstance(record, dict):
                                yield record

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._shut()

    def _append(self, line: bytes) -> None:
        if self._fd is None or not self._is_there():
            self._open()
        elif self._size + len(line) > self._max_bytes:
            self._rotate()
        assert self._fd is not None
        if self._is_torn:
            line = b"\n" + line
        written = os.write(self._fd, line)
        self._size += written
        self._is_torn = written < len(line)
        if self._is_torn:
            raise OSError(f"{written} of {len(line)} bytes were written: is the disk full?")

    def _is_there(self) -> bool:
        """Tell whether the open file still has its name: somebody may have moved it away."""
        with contextlib.suppress(OSError):
            there = os.stat(self._name)
            return (there.st_dev, there.st_ino) == self._inode
        return False

    def _open(self) -> None:
        self._shut()
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._fd = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT, _MODE)
        opened = os.fstat(self._fd)
        self._inode, self._size = (opened.st_dev, opened.st_ino), opened.st_size
        with contextlib.suppress(OSError):  # /dev/full and the like cannot be read at a place
            self._is_torn = self._size > 0 and os.pread(self._fd, 1, self._size - 1) != b"\n"

    def _rotate(self) -> None:
        """Put the file aside and begin a new one; go on with it if it cannot be put aside."""
        self._shut()
        try:
            self._put_aside()
        except OSError as error:
            if not self._is_stuck:
                _LOG.warning("%s cannot be put aside, so it grows: %s", self.path, error)
            self._is_stuck = True
        else:
            self._is_stuck = False
        self._open()

    def _put_aside(self) -> None:
        if self._keep == 0:
            self.path.unlink(missing_ok=True)
        for number in range(self._keep, 0, -1):
            newer = self._older(number - 1) if number > 1 else self.path
            with contextlib.suppress(FileNotFoundError):
                os.replace(newer, self._older(number))

    def _older(self, number: int) -> Path:
        return self.path.with_name(f"{self.path.name}.{number}")

    def _shut(self) -> None:
        if self._fd is not None:
            with contextlib.suppress(OSError):
                os.close(self._fd)
        self._fd = None

    def _failed(self, error: OSError) -> None:
        text = f"{self.path}: {error.strerror or error}"
        if not self.problem:
            _LOG.error("the audit of commands cannot be written: %s", text)
        self.problem = text


def _encoded(record: Mapping[str, Any]) -> bytes:
    try:
        return _ENCODER.encode(record)
    except (UnicodeEncodeError, OverflowError):  # half a surrogate pair, or a number beyond 64 bits
        return json.dumps(record, default=str).encode()
