"""Sessions on a console, as pages of the documentation show them."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

__all__ = ["on_a_terminal", "sessions"]


def sessions(page: Path, mark: str) -> Iterator[tuple[list[str], bytes]]:
    """Yield the words of each command of the sessions of a page with this mark, and its answer."""
    pattern = re.compile(rf"<!-- {mark} -->\n```console\n(.*?)```", re.DOTALL)
    for session in pattern.findall(page.read_text("utf-8")):
        for exchange in session.split("$ ")[1:]:
            command, _, answer = exchange.partition("\n")
            words = shlex.split(command)
            if words[0] == "ask()":
                continue
            yield words, answer.removesuffix("\n").encode()


def on_a_terminal(command: Sequence[str], columns: int = 100) -> tuple[int, str]:
    """Run a command on a pseudo-terminal; return its exit code and all that it wrote."""
    import fcntl
    import pty
    import struct
    import termios

    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": str(columns)}
    process = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=environment)
    os.close(theirs)
    written = b""
    try:
        while chunk := os.read(ours, 65536):
            written += chunk
    except OSError:  # so a pseudo-terminal ends
        pass
    os.close(ours)
    return process.wait(20), written.decode()
