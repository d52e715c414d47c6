"""A driver opposite its simulator, and what it gives."""

from __future__ import annotations

import dataclasses
import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from time import monotonic
from typing import TYPE_CHECKING, Any, Final, TypeVar

from labframe.errors import LabframeError, LineError, NoValue, PortGone
from labframe.instrument import Instrument, ReadingDeclaration
from labframe.line import SerialLine
from labframe.simulation import SimulatedInstrument
from labframe.wires import ManualClock

if TYPE_CHECKING:
    from labframe.testing.contract import DriverContract
    from labframe.testing.handles import CarrierKind, SimHandle

T = TypeVar("T")

__all__ = ["Bench", "Readings", "differences", "quiet"]

Readings = Mapping[str, Any]
"""What each codename of a driver gave: a value, or the error in its place."""

_QUIET: Final = ("noise", "late_every", "drift")
"""What most simulators can be told to leave out: what a test compares must not move by itself."""


_QUICK_S: Final = 0.05
_FIRST_BYTE_S: Final = 0.2
_GAP_S: Final = 0.08
_TOTAL_S: Final = 0.4
_MIN_GAP_S: Final = 0.01
_HELD_UP: Final = 6
"""How often a computer that is busy with other things may hold a simulator up for so long."""


class Bench:
    """A driver, opened, opposite its simulator.

    Args:
        contract: What is tested, and with which options.
        make: Makes the simulated instrument.
        kind: What carries the bytes; ``sim`` has a clock of its own.
        line: Settings in place of the driver's.
        is_open: Whether to open the driver.

    Attributes:
        sim: The simulated instrument.
        driver: The driver.
        clock: The clock of ``sim``; None on the computer's.
    """

    def __init__(
        self,
        contract: DriverContract,
        make: Callable[..., SimHandle],
        kind: CarrierKind,
        *,
        line: SerialLine | None = None,
        is_open: bool = True,
    ) -> None:
        self.contract = contract
        self.clock = ManualClock() if kind == "sim" else None
        self.sim = make(
            contract.simulator,
            carrier=kind,
            clock=self.clock,
            **{**quiet(contract.simulator), **contract.state},
        )
        self.driver = self.another(line or self._hurried())
        if is_open:
            self.open()

    def open(self) -> None:
        """Open the driver while nothing is wrong; as ``insist``."""
        for _ in range(0 if self.clock is not None else _HELD_UP):
            try:
                self.driver.open()
            except PortGone:
                raise
            except LineError:
                time.sleep(self.settings.total_s)  # what was held up has come by then
            else:
                return
        self.driver.open()

    def another(self, line: SerialLine | None = None) -> Instrument:
        """Return another driver for the same port, not opened."""
        return self.contract.driver(
            self.sim.url,
            address=self.contract.address,
            channels=tuple(self.contract.channels),
            options=dict(self.contract.options),
            line=line,
        )

    def _hurried(self) -> SerialLine | None:
        """Return shorter deadlines where waiting takes real time, and the simulator is quick."""
        settings = self.contract.driver.line
        latency_s = float(getattr(self.sim.state, "latency_s", 0.0))
        if settings is None or self.clock is not None or latency_s > _QUICK_S:
            return None
        return dataclasses.replace(
            settings,
            first_byte_s=min(settings.first_byte_s, _FIRST_BYTE_S),
            gap_s=min(settings.gap_s, _GAP_S),
            total_s=min(settings.total_s, _TOTAL_S),
            min_gap_s=min(settings.min_gap_s, _MIN_GAP_S),
        )

    @property
    def settings(self) -> SerialLine:
        """How the driver's line is set."""
        assert self.driver.settings is not None
        return self.driver.settings

    def now(self) -> float:
        """Return seconds on the clock that the driver's waits go by."""
        return monotonic() if self.clock is None else self.clock.monotonic()

    @property
    def readings(self) -> Sequence[ReadingDeclaration]:
        """The readings of the driver."""
        return list(self.contract.driver.readings().values())

    def frame_s(self, reading: ReadingDeclaration) -> float:
        """Return how long to wait for a frame of a reading that is pushed; 0.0 for any other."""
        if not reading.pushed:
            return 0.0
        return self.contract.frame_s or reading.stale_after

    def read(self, reading: ReadingDeclaration, *, is_fresh: bool = True) -> Readings:
        """Take one reading.

        Args:
            reading: Which one.
            is_fresh: Whether one that is pushed has to come from now on.

        Raises:
            Exception: Whatever the driver raises.
        """
        method = getattr(self.driver, reading.name)
        if reading.per_channel:
            return {f"{reading.name}({one})": method(one) for one in self.driver.channels}
        if reading.pushed:
            if is_fresh:
                self._forget()
            value = self.driver.hear(self.frame_s(reading))
        else:
            value = method()
        if reading.parts or reading.channels:
            names = [part.name for part in reading.parts] or list(self.driver.channels)
            values = value if isinstance(value, Mapping) else dict(zip(names, value, strict=True))
            return {f"{reading.name}.{name}": values[name] for name in names if name in values}
        return {reading.name: value}

    def attempt(
        self, reading: ReadingDeclaration, *, is_fresh: bool = True
    ) -> Readings | Exception:
        """Take one reading; return the error if there is one.

        As in a host, a driver that makes nothing of an answer has the line wait for silence.
        """
        try:
            return self.read(reading, is_fresh=is_fresh)
        except Exception as error:  # noqa: BLE001  # a driver may raise anything
            if not isinstance(error, LabframeError):
                self._doubt()
            return error

    def steady(self, reading: ReadingDeclaration) -> Readings:
        """Take one reading while nothing is wrong; as ``insist``."""
        return self.insist(lambda: self.read(reading))

    def insist(self, use: Callable[[], T]) -> T:
        """Have the driver do something while nothing is wrong, and return what it does.

        On the computer's clock it is done again when no good answer comes: the short deadlines
        are this bench's, and another program may have held the simulator up.

        Raises:
            Exception: Whatever the driver raises.
        """
        for _ in range(0 if self.clock is not None else _HELD_UP):
            try:
                return use()
            except PortGone:
                raise
            except LineError:
                self._doubt()
        return use()

    def well(self, reading: ReadingDeclaration) -> Readings:
        """Take one reading that must be right after whatever came before.

        A driver may need a second try: after a fault it resynchronises.

        Raises:
            AssertionError: If it does not recover.
        """
        self.sim.clear()
        self._doubt()  # time passes between two polls: what nobody asked for has come by then
        for _ in range(4 if self.clock is not None else 4 + _HELD_UP):
            given = self.attempt(reading)
            if not isinstance(given, Exception):
                return given
        raise AssertionError(f"{reading.name} does not recover: {given!r}")

    def has_checksum(self, reading: ReadingDeclaration) -> bool:
        """Tell whether the answers of a reading have a checksum."""
        if "bad_checksum" not in self.sim.applicable():
            return False
        with self.sim.perhaps("bad_checksum", times=None) as spoiled:
            self.attempt(reading)
            if reading.pushed and not spoiled.fired:  # the first was on its way
                self.attempt(reading)
        self.well(reading)
        return spoiled.fired > 0

    def _forget(self) -> None:
        """Take what came unasked up to now, as a host does that listens all the time."""
        line = self.driver._line
        while line is not None and line.listen(0.0) is not None:
            pass

    def _doubt(self) -> None:
        line = self.driver._line
        if line is not None:
            line.doubt()

    @contextmanager
    def in_time(self, what: str, most_s: float) -> Iterator[None]:
        """Check that something takes no longer on the driver's clock."""
        began = self.now()
        yield
        took = self.now() - began
        assert took <= most_s, f"{what} took {took:.3g} s; it may take {most_s:.3g} s"

    def patience_s(self, requests: int = 1) -> float:
        """Return how long so many requests may take at most, when all of them fail."""
        settings = self.settings
        each = 2 * settings.total_s + 2 * settings.gap_s + settings.min_gap_s
        return max(requests, 1) * each + (0.0 if self.clock is not None else 2.0)


def quiet(simulator: type[SimulatedInstrument]) -> dict[str, Any]:
    """Return start values with which a simulator's values move as little as they can."""
    known = simulator.settables()
    numbers = (name for name in _QUIET if name in known and _is_number(known[name].default))
    return {**dict.fromkeys(numbers, 0), **simulator.calm}


def differences(given: Readings, right: Sequence[Readings], tolerance: float) -> list[str]:
    """Return which values are not what the instrument has.

    Args:
        given: What was read.
        right: What is right: what was read without a fault, before and after.
        tolerance: How far a number may be off what is between them, as a share.
    """
    found = []
    for name, value in given.items():
        expected = [one[name] for one in right if name in one]
        if not _is_among(value, expected, tolerance):
            shown = " or ".join(repr(one) for one in expected)
            found.append(f"{name} = {value!r}; the instrument has {shown}")
    return found


def _is_among(value: Any, expected: Sequence[Any], tolerance: float) -> bool:
    if isinstance(value, LabframeError):
        return True
    numbers = [one for one in expected if _is_number(one)]
    if _is_number(value) and numbers:
        low, high = min(numbers), max(numbers)
        margin = tolerance * max(abs(low), abs(high)) + 1e-12
        return math.isfinite(value) and low - margin <= value <= high + margin
    if isinstance(value, (tuple, list)) and len(value) == 2:
        return any(_is_like_sweep(value, one, tolerance) for one in expected)
    return any(value == one for one in expected)


def _is_like_sweep(value: Any, other: Any, tolerance: float) -> bool:
    if isinstance(other, NoValue) or not isinstance(other, (tuple, list)):
        return False
    for given, right in zip(value, other, strict=True):
        if len(given) != len(right):
            return False
        largest = max((abs(one) for one in right), default=0.0)
        if any(abs(a - b) > tolerance * largest + 1e-12 for a, b in zip(given, right, strict=True)):
            return False
    return True


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
