"""The far end of a line: a real pty with a thread that answers, late or never, as told."""

from __future__ import annotations

import contextlib
import heapq
import itertools
import os
import select
import threading
import time
import tty
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

WAIT_S = 5.0

Answer = bytes | None | Sequence[tuple[float, bytes]]


class FarEnd:
    """An instrument's end of a serial line.

    Args:
        respond: Given one request (without ``terminator``), returns the answer, several of them
            with the seconds until each, or None for silence.
        link: A path like that of a by-id link; it stays when the pty changes.
        terminator: Ends a request; with ``b""`` each piece that is read is one.

    Attributes:
        url: What a line opens.
        requests: What was asked so far.
        arrivals: When, on the monotonic clock.
    """

    def __init__(self, respond: Callable[[bytes], Answer], link: Path, terminator: bytes) -> None:
        self.url = str(link)
        self.requests: list[bytes] = []
        self.arrivals: list[float] = []
        self._respond = respond
        self._link = link
        self._terminator = terminator
        self._asked = threading.Condition()
        self._thread: threading.Thread | None = None
        self._is_reading = True
        self._noticed = threading.Event()
        self.replug()

    @property
    def device(self) -> str:
        return os.path.realpath(self.url)

    def replug(self) -> None:
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        self._wake_reader, self._wake = os.pipe()
        self._due: list[tuple[float, int, bytes]] = []
        self._order = itertools.count()
        fresh = self._link.with_name("fresh")
        fresh.symlink_to(os.ttyname(self._slave))
        fresh.rename(self._link)
        self._thread = threading.Thread(target=self._run, name="far end")
        self._thread.start()

    def unplug(self) -> None:
        if self._thread is None:
            return
        os.close(self._wake)
        self._thread.join()
        self._thread = None
        self._link.unlink()
        for descriptor in (self._wake_reader, self._slave, self._master):
            os.close(descriptor)

    def say(self, data: bytes, after_s: float = 0.0) -> None:
        """Send without being asked."""
        heapq.heappush(self._due, (time.monotonic() + after_s, next(self._order), data))
        os.write(self._wake, b"!")

    def stop_reading(self) -> None:
        """Read no more, so that what is sent piles up."""
        self._is_reading = False
        self._noticed.clear()
        os.write(self._wake, b"!")
        assert self._noticed.wait(WAIT_S)

    def go_on_reading(self) -> None:
        self._is_reading = True
        os.write(self._wake, b"!")

    def wait_for_requests(self, count: int) -> list[bytes]:
        with self._asked:
            assert self._asked.wait_for(lambda: len(self.requests) >= count, WAIT_S)
        return self.requests

    def _run(self) -> None:
        pending = b""
        while True:
            wait_s = max(0.0, self._due[0][0] - time.monotonic()) if self._due else None
            inputs = [self._wake_reader, *([self._master] if self._is_reading else [])]
            if not self._is_reading:
                self._noticed.set()
            readable, _, _ = select.select(inputs, [], [], wait_s)
            if self._wake_reader in readable and not os.read(self._wake_reader, 100):
                return
            if self._master in readable:
                pending = self._take(pending + os.read(self._master, 65536))
            while self._due and self._due[0][0] <= time.monotonic():
                self._write(heapq.heappop(self._due)[2])

    def _write(self, data: bytes) -> None:
        while data:
            try:
                data = data[os.write(self._master, data) :]
            except BlockingIOError:
                readable, _, _ = select.select([self._wake_reader], [self._master], [])
                if readable:
                    return

    def _take(self, pending: bytes) -> bytes:
        requests = pending.split(self._terminator) if self._terminator else [pending, b""]
        for request in requests[:-1]:
            now = time.monotonic()
            answer = self._respond(request)
            with self._asked:
                self.requests.append(request)
                self.arrivals.append(now)
                self._asked.notify_all()
            answers = [(0.0, answer)] if isinstance(answer, bytes) else answer or ()
            for delay_s, data in answers:
                heapq.heappush(self._due, (now + delay_s, next(self._order), data))
        return requests[-1]


@pytest.fixture
def far_end(tmp_path: Path) -> Iterator[Callable[..., FarEnd]]:
    """Return ``far_end(respond, terminator=b"\\r")``."""
    numbers = itertools.count()
    with contextlib.ExitStack() as opened:

        def make(respond: Callable[[bytes], Answer], terminator: bytes = b"\r") -> FarEnd:
            link = tmp_path / f"usb-Simulated_{next(numbers)}-if00-port0"
            end = FarEnd(respond, link, terminator)
            opened.callback(end.unplug)
            return end

        yield make


@pytest.fixture(autouse=True)
def nothing_left() -> Iterator[None]:
    """Every test leaves as many threads and open descriptors as it found."""
    before = threading.active_count(), _open_descriptors()
    yield
    assert threading.active_count() <= before[0]
    assert _open_descriptors() <= before[1]  # fewer: what an earlier test left to the collector


def _open_descriptors() -> int:
    return len(os.listdir("/proc/self/fd" if Path("/proc/self/fd").is_dir() else "/dev/fd"))
