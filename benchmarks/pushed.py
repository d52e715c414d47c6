"""What pushed readings cost: a frame, a stream that is silent, and a command's wait for its turn.

Run it: ``python benchmarks/pushed.py``. The far end of the pseudo-terminal is written to by this
program itself, so that no simulator's time is counted.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
import tty
from collections.abc import Callable

from labframe import Instrument, SerialLine, reading
from labframe.host.sinks import Fanout
from labframe.line import Line
from labframe.plan import Output, PlannedReading
from labframe.worker import Feed, Member, Poll, Worker

FRAMES = 2000
COMMANDS = 300
IDLE_S = 5.0


class Barometer(Instrument):
    """Sends ``P=1013.25`` by itself."""

    line = SerialLine(baudrate=115200, gap_s=0.05)

    @reading(unit="hPa", every=60.0, pushed="P=")
    def pressure(self, line: str) -> float:
        """Take a line."""
        return float(line[2:])


def main() -> None:
    """Print what was measured."""
    far, near = os.openpty()
    tty.setraw(near)
    port = os.ttyname(near)
    line = Line(port, Barometer.line)
    barometer = Barometer(line)
    declaration = Barometer.readings()["pressure"]
    fanout = Fanout()
    feed = Feed("pressure", "hPa", 180.0, "", "", fanout)
    output = Output(codename="pressure", unit="hPa", stale_after=180.0)
    poll = Poll(PlannedReading(declaration, 60.0, (output,)), barometer, [feed], line)
    worker = Worker("bench", [Member(barometer, [poll], fanout, line)], line)
    worker.start()
    clock = worker.submit(lambda: time.pthread_getcpuclockid(threading.get_ident())).result(5.0)

    os.write(far, b"P=1.0\r\n" * 2)  # the first may be half a line
    _until(lambda: feed.last is not None)
    began, before = time.clock_gettime(clock), feed.last.sequence  # type: ignore[union-attr]
    for number in range(FRAMES):
        os.write(far, b"P=%d.25\r\n" % number)
        _until(lambda: feed.last.sequence > before + number)  # type: ignore[union-attr]  # noqa: B023
    cpu_s = time.clock_gettime(clock) - began
    print(f"a frame: {cpu_s / FRAMES * 1e6:.0f} µs of processor time, one at a time")

    began = time.clock_gettime(clock)
    time.sleep(IDLE_S)
    idle_s = time.clock_gettime(clock) - began
    print(f"an idle stream: {idle_s / IDLE_S * 1e6:.0f} µs of processor time a second")

    waits = []
    for _ in range(COMMANDS):
        time.sleep(0.003)
        asked = time.perf_counter()
        waits.append(worker.submit(time.perf_counter).result(5.0) - asked)
    waits.sort()
    print(
        f"a command begins after {waits[COMMANDS // 2] * 1e3:.2f} ms, "
        f"99 % after {waits[COMMANDS * 99 // 100] * 1e3:.2f} ms"
    )
    began_at = time.perf_counter()
    worker.stop()
    worker.join(5.0)
    print(f"it stops after {(time.perf_counter() - began_at) * 1e3:.1f} ms")
    for descriptor in (far, near):
        with contextlib.suppress(OSError):
            os.close(descriptor)


def _until(condition: Callable[[], bool]) -> None:
    while not condition():
        time.sleep(0)


if __name__ == "__main__":
    main()
