"""Who holds a serial port: from Linux's /proc, as far as it may be read."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

__all__ = ["holders", "program", "who_holds"]

_PROC = Path("/proc")


def who_holds(device: str, proc: Path = _PROC) -> str:
    """Return a sentence about who holds the port ``device``, and how to find out more."""
    found = holders(device, proc)
    if os.getpid() in found:
        return "This very program holds it: give each port to one line only."
    if found:
        names = ", ".join(f"{program(pid, proc)} (process {pid})" for pid in found)
        return f"It is held by {names}: stop that first."
    return f"Stop the program that holds it (`sudo fuser -v {device}` names it on Linux)."


def holders(device: str, proc: Path = _PROC) -> list[int]:
    """Return the processes that hold ``device``: those that locked it, else those that opened it.

    Args:
        device: The path of the device node, no link.
        proc: Where the process file system is.
    """
    try:
        node = os.stat(device)
    except OSError:
        return []
    return sorted(set(_lockers(proc, node))) or sorted(set(_openers(proc, device)))


def program(pid: int, proc: Path = _PROC) -> str:
    """Return what the process ``pid`` was started as, as far as it may be known."""
    try:
        words = (proc / str(pid) / "cmdline").read_bytes().split(b"\0")
        name = b" ".join(words[:2]).decode(errors="replace").strip()
    except OSError:
        name = ""
    return name[:60] or "a program"


def _lockers(proc: Path, node: os.stat_result) -> Iterator[int]:
    """Read lines such as ``1: FLOCK  ADVISORY  WRITE 1234 00:1a:3 0 EOF``."""
    try:
        lines = (proc / "locks").read_text().splitlines()
    except OSError:
        return
    wanted = f"{os.major(node.st_dev):02x}:{os.minor(node.st_dev):02x}:{node.st_ino}"
    for line in lines:
        found = re.search(r"FLOCK\s+\w+\s+\w+\s+(-?\d+)\s+(\S+)", line)
        if found and found[2] == wanted and int(found[1]) > 0:
            yield int(found[1])


def _openers(proc: Path, device: str) -> Iterator[int]:
    for process in proc.glob("[0-9]*"):
        try:
            descriptors = list((process / "fd").iterdir())
        except OSError:  # another user's, or gone meanwhile
            continue
        for descriptor in descriptors:
            try:
                if str(descriptor.readlink()) == device:
                    yield int(process.name)
            except OSError:  # closed meanwhile
                continue
