"""A real host whose computer's clock is set back, and forth again, while it records.

The clock is set for this host alone: a small library beside it adds to the time of day that the
system tells, and to nothing else.
"""

from __future__ import annotations

import mmap
import shutil
import struct
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from counting import Run, stopped
from labframe_plugins.recorder import open_history
from labhost import until
from recording import until_written

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the library is for Linux")

HOUR_S = 3600

LIBRARY = """
    #define _GNU_SOURCE
    #include <fcntl.h>
    #include <stdlib.h>
    #include <sys/mman.h>
    #include <sys/syscall.h>
    #include <time.h>
    #include <unistd.h>

    static volatile long long *offset;

    __attribute__((constructor)) static void map_offset(void)
    {
        int file = open(getenv("CLOCK_OFFSET"), O_RDONLY);
        offset = mmap(NULL, sizeof *offset, PROT_READ, MAP_SHARED, file, 0);
    }

    int clock_gettime(clockid_t clock, struct timespec *told)
    {
        int failed = syscall(SYS_clock_gettime, clock, told);
        if (!failed && clock == CLOCK_REALTIME)
            told->tv_sec += *offset;
        return failed;
    }
"""


class Clock:
    """The time of day of one program.

    Attributes:
        environment: What the program is to be started with.
    """

    def __init__(self, folder: Path) -> None:
        compiler = shutil.which("cc")
        if compiler is None:
            pytest.skip("there is no C compiler to make a clock with")
        source, library, offset = (folder / name for name in ("clock.c", "clock.so", "offset"))
        source.write_text(textwrap.dedent(LIBRARY))
        subprocess.run([compiler, "-shared", "-fPIC", "-o", library, source], check=True)
        offset.write_bytes(bytes(mmap.PAGESIZE))
        with offset.open("r+b") as file:
            self._offset = mmap.mmap(file.fileno(), 0)
        self.environment = {"LD_PRELOAD": str(library), "CLOCK_OFFSET": str(offset)}

    def set(self, offset_s: int) -> None:
        """Set the clock to so much after what it really is."""
        self._offset[:8] = struct.pack("=q", offset_s)

    def close(self) -> None:
        """Let go of it."""
        self._offset.close()


@pytest.fixture
def clock(tmp_path: Path) -> Iterator[Clock]:
    one = Clock(tmp_path)
    yield one
    one.close()


def test_a_stepped_clock_is_recorded_and_neither_overwrites_nor_reorders(
    run: Run, clock: Clock, history_file: Path
) -> None:
    program = run(environment=clock.environment)
    until_written(history_file, 100, "a_value")
    for steps, offset_s in enumerate((-HOUR_S, HOUR_S), 1):
        clock.set(offset_s)
        until(lambda steps=steps: len(clock_steps(history_file)) == steps)  # type: ignore[misc]
        until_written(history_file, 100 + 100 * steps, "a_value")
    said = stopped(program)

    assert "the computer's clock was set back 3600." in said
    assert "the computer's clock was set forth 7200." in said
    assert clock_steps(history_file) == [-HOUR_S, 2 * HOUR_S]
    with open_history(history_file) as history:
        assert history.verify() == []
        for codename in ("a_value", "b_value"):
            points = history.points(codename)
            assert list(points.values) == [number + 1.0 for number in range(len(points.values))]
            jumps = [round(one) for one in np.diff(points.times) if abs(one) > HOUR_S / 2]
            assert jumps == [-HOUR_S, 2 * HOUR_S]
        assert history.gaps("a_value") == []
        before = points.times[0] - 1
        assert history.count(["a_value"], since=before, until=before + HOUR_S / 2) < 300


def clock_steps(file: Path) -> list[int]:
    """Return how far the clock was set each time, in seconds."""
    with open_history(file) as history:
        return [round(event.fields["step_s"]) for event in history.events(kind="clock")]


def test_a_host_that_starts_before_its_last_reading_goes_on_behind_it(
    run: Run, clock: Clock, history_file: Path
) -> None:
    stopping = run(environment=clock.environment)
    until_written(history_file, 50, "a_value")
    stopped(stopping)
    with open_history(history_file) as history:
        first_run = len(history.points("a_value").values)

    clock.set(-HOUR_S)  # the battery of its clock was empty
    again = run(environment=clock.environment)
    until_written(history_file, first_run + 50, "a_value")
    stopped(again)

    with open_history(history_file) as history:
        assert history.verify() == []
        points = history.points("a_value")
        runs = [*range(1, first_run + 1), *range(1, len(points.values) - first_run + 1)]
        assert list(points.values) == runs
        assert round(points.times[first_run] - points.times[first_run - 1], -1) == -HOUR_S
        (step,) = clock_steps(history_file)
        assert round(step, -1) == -HOUR_S
        assert [event.fields["what"] for event in history.events(kind="host")] == [
            "start", "stop", "start", "stop",
        ]  # fmt: skip
