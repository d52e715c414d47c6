"""Writing a transcript while it happens."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Final

from labframe.closing import Closing
from labframe.transcripts.entries import Entry, Header, entry_line, header_line

__all__ = ["TranscriptWriter"]

_MODE: Final = 0o640


class TranscriptWriter(Closing):
    """Appends entries to a new file, each with one call to the system.

    So the file is good up to the last entry when this program is killed at any moment. Where the
    disk is full it stays good too: what was written of a line is taken back.

    Args:
        path: The file; it must not exist.
        header: The first line.

    Raises:
        FileExistsError: If there is such a file.
        OSError: If it cannot be written.
    """

    def __init__(self, path: str | Path, header: Header) -> None:
        self.path = Path(path)
        self._size = 0
        self._fd: int | None = self._opened(os.O_EXCL | os.O_CREAT)
        try:
            self._append(header_line(header))
        except OSError:
            self.close()
            self.path.unlink(missing_ok=True)
            raise

    def write(self, entry: Entry) -> None:
        """Append an entry. After ``close`` this opens the file again.

        Raises:
            OSError: If it cannot be written.
        """
        if self._fd is None:
            self._fd = self._opened(0)
            self._size = os.fstat(self._fd).st_size
        self._append(entry_line(entry))

    def close(self) -> None:
        """Close the file. May be called again."""
        fd, self._fd = self._fd, None
        if fd is not None:
            with contextlib.suppress(OSError):
                os.close(fd)

    def _opened(self, flags: int) -> int:
        return os.open(self.path, os.O_RDWR | os.O_APPEND | flags, _MODE)

    def _append(self, line: str) -> None:
        assert self._fd is not None
        data = line.encode("ascii")
        written = os.write(self._fd, data)
        if written < len(data):
            os.ftruncate(self._fd, self._size)
            raise OSError(
                f"{self.path}: {written} of {len(data)} bytes were written: is the disk full?"
            )
        self._size += written
