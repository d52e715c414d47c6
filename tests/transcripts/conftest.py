"""What the tests of transcripts share: simulators on ptys, and the check that nothing is left."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from labframe.simulation import PtyCarrier, SimulatedInstrument

Plug = Callable[[SimulatedInstrument], PtyCarrier]


@pytest.fixture(autouse=True)
def nothing_left() -> Iterator[None]:
    """Every test leaves as many threads and open descriptors as it found."""
    before = threading.active_count(), _open_descriptors()
    yield
    assert threading.active_count() <= before[0]
    assert _open_descriptors() <= before[1]  # fewer: what an earlier test left to the collector


def _open_descriptors() -> int:
    return len(os.listdir("/proc/self/fd" if Path("/proc/self/fd").is_dir() else "/dev/fd"))


@pytest.fixture
def plug() -> Iterator[Plug]:
    """Return ``plug(simulator)``: its carrier on a real pseudo-terminal."""
    with contextlib.ExitStack() as stack:
        yield lambda simulator: stack.enter_context(PtyCarrier(simulator))
