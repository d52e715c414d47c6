"""One writer for a history: a file beside it that is locked as long as the writer lives."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from labframe import LabframeError

__all__ = ["FileTaken", "WriterLock"]


class FileTaken(LabframeError):
    """Another program records into the file."""


class WriterLock:
    """Held by the one who writes; given back by the operating system when he dies.

    Args:
        file: The history.

    Raises:
        FileTaken: If somebody else has it.
        OSError: If the lock's file cannot be made.
    """

    def __init__(self, file: Path) -> None:
        path = file.with_name(f"{file.name}-lock")
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o640)
        try:
            _lock(self._fd)
        except OSError as error:
            owner = ""
            with contextlib.suppress(OSError):  # where a locked file cannot even be read
                owner = os.read(self._fd, 20).decode(errors="replace").strip()
            os.close(self._fd)
            raise FileTaken(
                f"{file} is written by another program (process {owner or 'unknown'}); stop it, or "
                "give each host a file of its own"
            ) from error
        with contextlib.suppress(OSError):  # the number is for people only
            os.ftruncate(self._fd, 0)
            os.write(self._fd, f"{os.getpid()}\n".encode())

    def release(self) -> None:
        """Give it back."""
        os.close(self._fd)


def _lock(fd: int) -> None:
    if os.name == "nt":
        import msvcrt

        msvcrt.locking(fd, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]  # there
    else:
        import fcntl

        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
