"""What the tests of the simulation share: the check that nothing is left behind, raw clients."""

from __future__ import annotations

import os
import select
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest


def open_descriptors() -> int:
    return len(os.listdir("/proc/self/fd" if Path("/proc/self/fd").is_dir() else "/dev/fd"))


@pytest.fixture(autouse=True)
def nothing_left(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    temporary = tmp_path_factory.mktemp("temporary")
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    monkeypatch.setenv("TMPDIR", str(temporary))
    before = open_descriptors(), threading.active_count()
    yield
    assert (open_descriptors(), threading.active_count()) == before
    assert list(temporary.iterdir()) == []


class RawClient:
    """A program that knows nothing of pyserial: ``os.open``, ``os.read``, ``os.write``."""

    def __init__(self, path: str) -> None:
        self.fd = os.open(path, os.O_RDWR | os.O_NOCTTY)

    def read(self, count: int, wait_s: float = 5.0) -> bytes:
        """Return ``count`` bytes, fewer if for ``wait_s`` nothing came or the line was hung up."""
        got = b""
        while len(got) < count and select.select([self.fd], [], [], wait_s)[0]:
            try:
                chunk = os.read(self.fd, count - len(got))
            except OSError:
                break
            if not chunk:
                break
            got += chunk
        return got

    def ask(self, data: bytes, count: int) -> bytes:
        os.write(self.fd, data)
        return self.read(count)


@pytest.fixture
def raw_client() -> Iterator[Callable[[str], RawClient]]:
    opened: list[RawClient] = []

    def make(path: str) -> RawClient:
        opened.append(RawClient(path))
        return opened[-1]

    yield make
    for client in opened:
        os.close(client.fd)
