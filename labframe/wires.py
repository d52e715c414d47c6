"""Cables within this program: what ``sim://NAME`` leads to.

Both ends know this module and not each other: the line that a driver uses, and the simulated
instrument. A wire carries bytes with the times at which they arrive, on the clock of its
instrument, which may be one that a test moves by hand.
"""

from __future__ import annotations

import errno
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Final, NamedTuple, Protocol

__all__ = ["Clock", "ManualClock", "PortSettings", "Wire", "find", "lay", "remove"]

_SLICE_S: Final = 0.05
"""How long a wait on the real clock goes without a look at what else may have happened."""


class PortSettings(NamedTuple):
    """How the port at the driver's end is set.

    Attributes:
        baudrate: Bits per second.
        bytesize: Data bits, 5 to 8.
        parity: ``N``, ``E``, ``O``, ``M`` or ``S``.
        stopbits: 1, 1.5 or 2.
        dtr: The control line DTR.
        rts: The control line RTS.
    """

    baudrate: int
    bytesize: int
    parity: str
    stopbits: float
    dtr: bool
    rts: bool


class Clock(Protocol):
    """What tells the time on a wire, and lets it pass."""

    def monotonic(self) -> float:
        """Return seconds on a clock that never goes back."""

    def wait(self, condition: threading.Condition, seconds: float) -> None:
        """Let at most so much time pass; ``condition`` is held, and notified when something is."""


class RealClock:
    """The computer's clock."""

    monotonic = staticmethod(time.monotonic)

    def wait(self, condition: threading.Condition, seconds: float) -> None:
        """Wait."""
        condition.wait(min(seconds, _SLICE_S))


class ManualClock:
    """A clock that only moves when it is told to, or when somebody waits on a wire.

    A driver that waits for an answer lets the time pass that it waits: a timeout of 2 s is over at
    once, and always takes exactly 2 s. It is for one thread.

    Args:
        start: Seconds at the beginning.
    """

    def __init__(self, start: float = 1000.0) -> None:
        self._now = start

    def monotonic(self) -> float:
        """Return the seconds."""
        return self._now

    def advance(self, seconds: float) -> None:
        """Let time pass.

        Raises:
            ValueError: For a time in the past.
        """
        if not seconds >= 0:
            raise ValueError(f"seconds = {seconds}: a clock does not go back")
        self._now += seconds

    def wait(self, condition: threading.Condition, seconds: float) -> None:
        """Let the time pass at once."""
        del condition
        self.advance(max(0.0, seconds))


class Wire:
    """One cable, as the driver's end sees it.

    Args:
        name: Its name, the NAME of ``sim://NAME``.
        heard: Takes what was written, with its time; on the writer's thread.
        pump: Lets the instrument do what is due by a time; returns when it has to be called next.
        opened: Called with the settings of the port, when it is opened and when they change.
        clock: Its clock.

    Attributes:
        is_plugged: Whether the instrument is at the other end.
        is_held: Whether what is written does not leave the port, as flow control does.
    """

    def __init__(
        self,
        name: str,
        heard: Callable[[bytes, float], None],
        pump: Callable[[float], float],
        opened: Callable[[PortSettings], None],
        clock: Clock,
    ) -> None:
        self.name = name
        self.clock = clock
        self.is_plugged = True
        self.is_held = False
        self._heard = heard
        self._pump = pump
        self._opened = opened
        self._changed = threading.Condition(threading.RLock())
        self._coming: deque[tuple[float, int]] = deque()
        self._epoch = 0  # each opening and each unplugging begins a new one
        self._is_open = False
        self._settings: PortSettings | None = None
        self._next = float("inf")  # when the instrument has to be called again

    # The instrument's end.

    def send(self, data: bytes, begins: float, byte_s: float) -> None:
        """Have bytes arrive one after the other, the first ``byte_s`` after ``begins``."""
        with self._changed:
            if not (self.is_plugged and self._is_open):
                return
            at = max(begins, self._coming[-1][0] if self._coming else begins)
            for byte in data:
                at += byte_s
                self._coming.append((at, byte))
            self._changed.notify_all()

    def unplug(self) -> None:
        """Take the instrument away: whoever has the port open finds it gone."""
        with self._changed:
            self.is_plugged = False
            self._begin_anew()

    def replug(self) -> None:
        """Bring it back; the port has to be opened again."""
        with self._changed:
            self.is_plugged = True
            self._begin_anew()

    def look(self) -> None:
        """Let the instrument do what is due, while nobody has the port open."""
        with self._changed:
            self._next = self._pump(self.clock.monotonic())

    def hold(self, is_held: bool) -> None:
        """Keep what is written from leaving the port, or no longer."""
        with self._changed:
            self.is_held = is_held
            self._changed.notify_all()

    # The driver's end; ``epoch`` is what ``open`` returned.

    def open(self, settings: PortSettings) -> int:
        """Open the port.

        Raises:
            OSError: If the instrument is not there (ENOENT), or the port is open already (EAGAIN).
        """
        with self._changed:
            if not self.is_plugged:
                raise FileNotFoundError(errno.ENOENT, "nothing is plugged in there", self.name)
            if self._is_open:
                raise BlockingIOError(errno.EAGAIN, "the port is open already", self.name)
            self._begin_anew()
            self._is_open = True
            self._settings = settings
            self._opened(settings)
            return self._epoch

    def set(self, epoch: int, settings: PortSettings) -> None:
        """Change the settings of the open port."""
        with self._changed:
            self._check(epoch)
            self._settings = settings
            self._opened(settings)

    def set_baudrate(self, epoch: int, baudrate: int) -> None:
        """Change the rate of the open port."""
        with self._changed:
            self._check(epoch)
            if self._settings is not None:
                self._settings = self._settings._replace(baudrate=baudrate)
                self._opened(self._settings)

    def close(self, epoch: int) -> None:
        """Close the port; harmless when it was closed, or lost."""
        with self._changed:
            if epoch == self._epoch:
                self._begin_anew()

    def is_there(self, epoch: int) -> bool:
        """Tell whether the port is still the one that was opened."""
        return epoch == self._epoch and self.is_plugged

    def write(self, epoch: int, data: bytes, timeout_s: float) -> bool:
        """Write all of it; tell whether it left the port in time.

        Raises:
            OSError: If the instrument was taken away (EIO).
        """
        with self._changed:
            self._check(epoch)
            deadline = self.clock.monotonic() + timeout_s
            while self.is_held:
                now = self._run(epoch)  # the instrument may let it through again
                if self.is_held:
                    if now >= deadline:
                        return False
                    self.clock.wait(self._changed, max(min(self._next, deadline) - now, 1e-6))
                    self._check(epoch)
            self._heard(data, self._run(epoch))
            return True

    def waiting(self, epoch: int) -> int:
        """Return how many bytes have arrived."""
        with self._changed:
            now = self._run(epoch)
            return sum(at <= now for at, _ in self._coming)

    def nudge(self) -> None:
        """Have a wait for bytes look whether it is at its end."""
        with self._changed:
            self._changed.notify_all()

    def read(
        self,
        epoch: int,
        most: int,
        timeout_s: float,
        is_enough: Callable[[], bool] | None = None,
    ) -> bytes:
        """Wait for bytes, and return what has arrived; none when nothing came in time.

        Args:
            epoch: What ``open`` returned.
            most: So many bytes at most.
            timeout_s: How long to wait.
            is_enough: Ends the wait early, at the next nudge.

        Raises:
            OSError: If the instrument was taken away (EIO).
        """
        with self._changed:
            deadline = self.clock.monotonic() + timeout_s
            while True:
                now = self._run(epoch)
                arrived = bytearray()
                while self._coming and self._coming[0][0] <= now and len(arrived) < most:
                    arrived.append(self._coming.popleft()[1])
                if arrived or now >= deadline or (is_enough is not None and is_enough()):
                    return bytes(arrived)
                until = min(self._next, deadline)
                if self._coming:
                    until = min(until, self._coming[0][0])
                self.clock.wait(self._changed, max(until - now, 1e-6))

    def drop(self, epoch: int) -> bytes:
        """Throw away what has arrived, and return it."""
        with self._changed:
            now, dropped = self._run(epoch), bytearray()
            while self._coming and self._coming[0][0] <= now:
                dropped.append(self._coming.popleft()[1])
            return bytes(dropped)

    def pause(self, seconds: float) -> None:
        """Let time pass."""
        with self._changed:
            until = self.clock.monotonic() + seconds
            while (left := until - self.clock.monotonic()) > 0:
                self.clock.wait(self._changed, left)

    def _run(self, epoch: int) -> float:
        """Let the instrument do what is due; return the time."""
        self._check(epoch)
        now = self.clock.monotonic()
        self._next = self._pump(now)
        self._check(epoch)  # it may have unplugged itself
        return now

    def _check(self, epoch: int) -> None:
        if epoch != self._epoch or not self.is_plugged:
            raise OSError(errno.EIO, "the instrument was unplugged", self.name)

    def _begin_anew(self) -> None:
        self._epoch += 1
        self._is_open = False
        self._coming.clear()
        self._changed.notify_all()


_WIRES: Final[dict[str, Wire]] = {}


def lay(wire: Wire) -> None:
    """Make a wire known under its name.

    Raises:
        ValueError: If there is one of this name.
    """
    if wire.name in _WIRES:
        raise ValueError(f"sim://{wire.name}: there is a simulated instrument of this name already")
    _WIRES[wire.name] = wire


def remove(wire: Wire) -> None:
    """Forget a wire."""
    if _WIRES.get(wire.name) is wire:
        del _WIRES[wire.name]


def find(name: str) -> Wire:
    """Return the wire of a name.

    Raises:
        OSError: If there is none, or nothing is plugged in (ENOENT).
    """
    wire = _WIRES.get(name)
    if wire is None:
        there = ", ".join(f"sim://{one}" for one in _WIRES) or "none"
        raise FileNotFoundError(
            errno.ENOENT, f"no simulated instrument of this name; there are: {there}", name
        )
    if not wire.is_plugged:
        wire.look()  # it may plug itself in again
    if not wire.is_plugged:
        raise FileNotFoundError(errno.ENOENT, "nothing is plugged in there", name)
    return wire
