"""Who holds a UDP port, as far as the system tells this user."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

__all__ = ["who_holds_udp"]


def who_holds_udp(port: int) -> str:
    """Return a sentence that names the programs which hold a UDP port."""
    inodes = set(_inodes(port))
    programs = sorted({_program(pid) for pid in _owners(inodes)})
    if programs:
        return f"It is held by {' and '.join(programs)}."
    if os.name == "posix" and inodes:
        return f"Another user's program holds it (`sudo ss -lunp sport = :{port}` names it)."
    return "Another program holds it."


def _inodes(port: int) -> Iterator[str]:
    for table in ("/proc/net/udp", "/proc/net/udp6"):
        with contextlib.suppress(OSError):
            for line in Path(table).read_text().splitlines()[1:]:
                fields = line.split()
                if int(fields[1].rpartition(":")[2], 16) == port:
                    yield fields[9]


def _owners(inodes: set[str]) -> Iterator[int]:
    wanted = {f"socket:[{inode}]" for inode in inodes}
    if not wanted:
        return
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            for fd in (process / "fd").iterdir():
                with contextlib.suppress(OSError):
                    if os.readlink(fd) in wanted:
                        yield int(process.name)
                        break


def _program(pid: int) -> str:
    with contextlib.suppress(OSError):
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        command = " ".join(word.decode(errors="replace") for word in words if word)
        if pid == os.getpid():
            return f"this very program (process {pid})"
        return f"process {pid} ({command[:120]})"
    return f"process {pid}"
