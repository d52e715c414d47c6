"""Lines that are typed while a command runs."""

from __future__ import annotations

import errno
import io
import os
import sys
import threading
import time
from queue import SimpleQueue
from typing import Final, TypeVar

__all__ = ["lines_posted"]

T = TypeVar("T")

_BACKGROUND_S: Final = 0.5


def lines_posted(mail: SimpleQueue[T | str]) -> None:
    """Post each line of standard input, stripped, until its end; return at once.

    The thread reads the descriptor itself: one that waits in ``sys.stdin`` when the program ends
    would hold its lock, and Python would die of that.
    """
    try:
        descriptor = sys.stdin.fileno()
    except (AttributeError, ValueError, io.UnsupportedOperation):  # there is none
        return
    threading.Thread(target=_read, args=(mail, descriptor), name="typed lines", daemon=True).start()


def _read(mail: SimpleQueue[T | str], descriptor: int) -> None:
    rest = b""
    while True:
        try:
            chunk = os.read(descriptor, 4096)
        except OSError as error:
            if error.errno == errno.EIO and os.isatty(descriptor):
                time.sleep(_BACKGROUND_S)  # in the background, where nothing can be typed
                continue
            return
        *lines, rest = (rest + chunk).split(b"\n")
        if not chunk:
            lines, rest = [rest], b""
        for line in filter(None, (line.decode(errors="replace").strip() for line in lines)):
            mail.put(line)
        if not chunk:
            return
