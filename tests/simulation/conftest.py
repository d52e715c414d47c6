"""What the tests of the simulation share: the check that nothing is left behind, raw clients."""

from __future__ import annotations

import os
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from rawclient import RawClient


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
    assert open_descriptors() <= before[0]  # fewer: what an earlier test left to the collector
    assert threading.active_count() <= before[1]
    assert list(temporary.iterdir()) == []


@pytest.fixture
def raw_client() -> Iterator[Callable[[str], RawClient]]:
    opened: list[RawClient] = []

    def make(path: str) -> RawClient:
        opened.append(RawClient(path))
        return opened[-1]

    yield make
    for client in opened:
        os.close(client.fd)
