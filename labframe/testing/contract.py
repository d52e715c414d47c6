"""What every driver must do: inherit this class, and its tests are yours.

::

    class TestGauge(DriverContract):
        driver = Gauge
        simulator = GaugeSimulator
"""

from __future__ import annotations

import dataclasses
import inspect
import itertools
import os
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, ClassVar, Final

import pytest

from labframe.errors import ArgumentError, LabframeError, LineError, NoReply, PortGone
from labframe.instrument import CommandDeclaration, Instrument, ReadingDeclaration
from labframe.points import Value
from labframe.simulation import SimulatedBus, SimulatedInstrument, reproduces
from labframe.testing.bench import Bench, Readings, differences, quiet
from labframe.transcripts import Transcript
from labframe.worker import values as checked

__all__ = ["ALWAYS_NOTICED", "NOTICED_BY_A_CHECKSUM", "DriverContract"]

ALWAYS_NOTICED: Final = (
    "no_answer", "truncate", "garble", "noise_before", "noise_after", "parity_noise", "wrong_baud",
    "duplicate", "stale_first", "extra_line", "wrong_terminator", "overflow", "bad_checksum",
    "wrong_address", "device_error", "busy", "nan_text",
)  # fmt: skip
"""Faults after which a driver gives the right value, or an error."""

NOTICED_BY_A_CHECKSUM: Final = ("drop",)
"""The same, where the answer has a checksum: without one a lost digit is noticed by nobody."""

_SPEEDS: Final = (9600, 19200, 4800)
_BUSY_SHARE: Final = 0.5
_NEXT_ONES: Final = 6
"""So many readings are tried after a late answer: all after each would be their number squared."""
_EXTENTS: Final = {"parity_noise": {"parity": "O"}}  # which turns over the bit of every 0
_MAY_CHANGE_NOTHING: Final = ("parity_noise",)  # where every byte has bit 7 set already
_OVERFLOW_TOTALS: Final = 1.25
"""How many ``total_s`` an overflow lasts: longer than the driver waits."""

_SIDE_BY_SIDE: Final = 4
"""So many simulators are used at once where waiting takes time."""

_MOST_FRAMES: Final = 3
"""Frames that come by themselves until a fault has happened to one."""

MakeBench = Callable[..., Bench]


class DriverContract:
    """The tests of a driver opposite its simulator, on the carrier of the run.

    A subclass sets ``driver`` and ``simulator``; the rest where it is needed.

    Attributes:
        driver: The driver's class.
        simulator: The simulator's class.
        channels: The channels to read, where the driver has channels.
        options: The driver's options.
        address: The driver's address, where it has one.
        state: Start values of the simulator; noise and late answers are switched off anyway.
        other_state: What is otherwise on the second member of a bus: ``{"pressure": 7}``.
        tolerance: How far a value may be off by drift, as a share.
        frame_s: How long to wait for a frame of a reading that is pushed, where ``state`` makes the
            simulator send them more often than the driver declares; None: until it would be old.
    """

    driver: ClassVar[type[Instrument]]
    simulator: ClassVar[type[SimulatedInstrument]]
    channels: ClassVar[Sequence[str]] = ()
    options: ClassVar[Mapping[str, Value]] = {}
    address: ClassVar[int | str | None] = None
    state: ClassVar[Mapping[str, Any]] = {}
    other_state: ClassVar[Mapping[str, Any]] = {}
    tolerance: ClassVar[float] = 0.05
    frame_s: ClassVar[float | None] = None

    @pytest.fixture
    def bench(self, labframe_bench: MakeBench) -> Bench:
        """The driver, opened, opposite its simulator."""
        return labframe_bench(self)

    def test_every_reading_gives_what_it_declares(self, bench: Bench) -> None:
        """A number for a unit; text or a truth value without; a sweep as one."""
        assert bench.readings or self.driver.commands(), "it declares neither readings nor commands"
        for reading in bench.readings:
            for name, value in bench.steady(reading).items():
                if isinstance(value, LabframeError):
                    continue
                if reading.sweep:
                    checked.sweep(value)
                elif reading.is_xy:
                    checked.pair(value)
                else:
                    units = {f"{reading.name}.{part.name}": part.unit for part in reading.parts}
                    unit = units.get(name, reading.unit)
                    (checked.plain if unit is None else checked.number)(value)

    def test_an_answer_in_two_pieces_is_read_whole(self, bench: Bench) -> None:
        """Bytes come as they like; a pause within ``gap_s`` is no end."""
        for reading in bench.readings:
            before = bench.steady(reading)
            with bench.sim.fault("split", gap=bench.settings.gap_s / 3, times=None):
                given = bench.steady(reading)
            wrong = differences(given, [before, bench.steady(reading)], self.tolerance)
            assert not wrong, f"with split answers: {'; '.join(wrong)}"

    @pytest.mark.parametrize("times", [1, None], ids=["once", "always"])
    def test_a_spoiled_answer_is_an_error_and_never_a_wrong_value(
        self, labframe_bench: MakeBench, times: int | None
    ) -> None:
        """In time, too: within the deadlines of the line."""
        first: Bench = labframe_bench(self)
        applicable = first.sim.applicable()
        noticed = [*ALWAYS_NOTICED]
        if "bad_checksum" in applicable:
            noticed += NOTICED_BY_A_CHECKSUM
        faults = [fault for fault in noticed if fault in applicable]
        if first.clock is not None:
            wrong = self._all_spoiled(first, faults, times)
        else:  # what waits for real can wait side by side
            benches = [first, *(labframe_bench(self) for _ in range(_SIDE_BY_SIDE - 1))]
            shares = [faults[number::_SIDE_BY_SIDE] for number in range(_SIDE_BY_SIDE)]
            with ThreadPoolExecutor(_SIDE_BY_SIDE) as pool:
                found = pool.map(self._all_spoiled, benches, shares, itertools.repeat(times))
                wrong = list(itertools.chain.from_iterable(found))
        assert not wrong, "; ".join(wrong)

    @pytest.mark.parametrize("times", [1, 3], ids=["once", "thrice"])
    def test_a_late_answer_is_not_taken_for_the_next_ones(self, bench: Bench, times: int) -> None:
        """Late is: when the driver gave up, but ``total_s`` is not over yet."""
        readings = [other for other in self._readings(bench)[:_NEXT_ONES] for _ in range(2)]
        for reading in self._readings(bench):
            before = bench.well(reading)
            settings = bench.settings
            late_s = max(0.9 * settings.total_s, 1.05 * settings.first_byte_s)
            with bench.sim.fault("late", late_s, times=times):
                given = [bench.attempt(other) for other in (reading, *readings)][1:]
            for other, one in zip(readings, given, strict=True):
                if not isinstance(one, Exception):
                    wrong = differences(one, [bench.well(other)], self.tolerance)
                    assert not wrong, f"after a late answer: {'; '.join(wrong)}"
            wrong = differences(bench.well(reading), [before], 10 * self.tolerance)
            assert not wrong, f"after a late answer: {'; '.join(wrong)}"

    def test_a_pulled_cable_is_noticed_and_a_new_one_is_used(self, bench: Bench) -> None:
        """PortGone at once; the same driver works again after ``open``."""
        reading = self._a_reading(bench)
        bench.steady(reading)
        bench.sim.unplug()
        with bench.in_time("noticing that the cable is out", 1.0), pytest.raises(PortGone):
            bench.read(reading)
        bench.sim.replug()
        bench.open()
        bench.well(reading)

    def test_a_wrong_baud_rate_gives_no_value(self, labframe_bench: MakeBench) -> None:
        """An error, whatever the bytes look like."""
        bench = labframe_bench(self, is_open=False)
        rate = self.simulator.baudrate
        if rate is None or bench.sim.kind == "socket":
            return  # it takes any rate, or none is known over a socket
        other = next(one for one in _SPEEDS if one != rate)
        driver = bench.another(dataclasses.replace(bench.settings, baudrate=other))

        def read() -> None:
            with driver:
                bench.driver = driver
                bench.read(self._a_reading(bench))

        with pytest.raises(LineError):
            read()

    def test_what_is_set_is_read_back_and_what_is_out_of_range_never_sent(
        self, bench: Bench
    ) -> None:
        """For every command with ``read_back``; out of range for every command with limits."""
        for declaration in self.driver.commands().values():
            self._check_limits(bench, declaration)
            if declaration.read_back is None or declaration.arguments[0].limits is None:
                continue
            low, high = declaration.arguments[0].limits
            argument = declaration.arguments[0]
            for share in (0.25, 0.75):
                between = _between(low, high, share, argument.kind)
                wanted = argument.checked(declaration.name, between)
                bench.insist(partial(getattr(bench.driver, declaration.name), wanted))
                found = bench.insist(getattr(bench.driver, declaration.read_back))
                assert declaration.is_set_to(wanted, found), (
                    f"{declaration.name}({wanted!r}): {declaration.read_back} tells {found!r}"
                )

    def test_an_error_of_the_instrument_is_an_error_of_labframe(self, bench: Bench) -> None:
        """One that tells what the instrument said: no ValueError of float()."""
        if "device_error" not in bench.sim.applicable():
            return  # it has none, or nobody wrote down how it looks
        for reading in bench.readings:
            with bench.sim.perhaps("device_error", times=None) as refusal:
                given = bench.attempt(reading)
                while not refusal.fired and isinstance(given, NoReply):  # it was held up
                    given = bench.attempt(reading)
            assert refusal.fired, f"{reading.name} asked the instrument nothing"
            if isinstance(given, Exception):
                assert isinstance(given, LabframeError), (
                    f"{reading.name}: {given!r} when the instrument refuses the request"
                )

    def test_two_on_one_bus_never_mix_up_their_answers(
        self, labframe_bench: MakeBench, sim_bus: Callable[..., Any]
    ) -> None:
        """For drivers with an address: readings in turns, 200 where they take no time."""
        settable = self.simulator.settables().get("address")
        if self.address is None or settable is None:
            return  # it is alone on its line
        alone = labframe_bench(self, is_open=False)
        second = _other_address(self.address, settable.limits)
        state = {**quiet(self.simulator), **self.state}
        members = [
            self.simulator(**{**state, "address": self.address}),
            self.simulator(**{**state, **self.other_state, "address": second}),
        ]
        bus = sim_bus(SimulatedBus(*members), carrier=alone.sim.kind, clock=alone.clock)
        from labframe.line import Line

        with Line(bus.url, alone.settings) as line:
            drivers = [
                self.driver(
                    line, address=address, channels=tuple(self.channels), options=dict(self.options)
                )
                for address in (self.address, second)
            ]
            truths = []
            for driver in drivers:
                driver.open()
                alone.driver = driver
                truths.append(alone.well(self._a_reading(alone)))
            for number in range(40 if alone.clock is None else 200):
                alone.driver = drivers[number % 2]
                given = alone.steady(self._a_reading(alone))
                wrong = differences(given, [truths[number % 2]], 4 * self.tolerance)
                assert not wrong, f"reading {number}: {'; '.join(wrong)}"

    def test_closing_twice_is_harmless_and_leaves_nothing(self, labframe_bench: MakeBench) -> None:
        """No thread, no file descriptor."""
        bench = labframe_bench(self, is_open=False)
        before = _threads(), _descriptors()
        bench.open()
        for reading in bench.readings:
            if reading.pushed:
                bench.read(reading)
        bench.driver.close()
        bench.driver.close()
        after = _threads(), _descriptors()
        assert after[0] <= before[0], f"{after[0] - before[0]} threads are left"
        assert after[1] <= before[1], f"{after[1] - before[1]} file descriptors are left"

    def test_it_keeps_its_gap_and_waits_without_computing(self, labframe_bench: MakeBench) -> None:
        """``min_gap_s`` between two requests; a wait for an answer costs no processor time."""
        bench = labframe_bench(self, line=self.driver.line)
        reading = self._a_reading(bench)
        for _ in range(3):
            bench.steady(reading)
        heard = bench.sim.heard_at
        gap_s = bench.settings.min_gap_s
        closest = min((b - a for a, b in itertools.pairwise(heard)), default=gap_s)
        assert closest >= 0.9 * gap_s, f"two requests {closest:.3g} s apart; min_gap_s = {gap_s:g}"
        if bench.clock is None:
            began, cpu = time.monotonic(), time.thread_time()
            with bench.sim.fault("no_answer", times=None):
                bench.attempt(reading)
            share = (time.thread_time() - cpu) / (time.monotonic() - began)
            assert share < _BUSY_SHARE, f"waiting took {share:.0%} of a processor"

    def test_the_simulator_reproduces_the_transcripts_beside_it(self) -> None:
        """What was recorded, or published, holds for the simulator."""
        folder = Path(inspect.getfile(self.simulator)).with_name("transcripts")
        for path in sorted(folder.glob("*.jsonl")):
            wrong = reproduces(self.simulator, Transcript.load(path))
            assert not wrong, f"{path.name}: {'; '.join(wrong)}"

    def test_the_host_accepts_it(self, tmp_path: Path) -> None:
        """Its codenames are unique, its declarations fit into a configuration."""
        from labframe import hookimpl
        from labframe.host.draft import Draft
        from labframe.testing.hosts import explicit_plugins

        driver = self.driver

        class Plugin:
            @hookimpl
            def labframe_instruments(self) -> list[type[Instrument]]:
                return [driver]

        section: dict[str, Any] = {"driver": driver.driver, "options": dict(self.options)}
        if driver.line is not None:
            section["port"] = "sim://nobody"
        if self.channels:
            section["channels"] = list(self.channels)
        if self.address is not None:
            section["address"] = self.address
        draft = Draft({"instrument": {"a": section}}, explicit_plugins(Plugin()), tmp_path)
        assert draft.plan.instruments[0].driver is driver

    # What the tests have in common.

    def _readings(self, bench: Bench) -> Sequence[ReadingDeclaration]:
        """Return the readings that each fault is tried with: one where waiting takes time."""
        return [self._a_reading(bench)] if bench.clock is None else bench.readings

    def _all_spoiled(self, bench: Bench, faults: Sequence[str], times: int | None) -> list[str]:
        """Take every reading with each of the faults; return what is wrong."""
        wrong: list[str] = []
        truths = {reading.name: bench.well(reading) for reading in self._readings(bench)}
        for fault in faults:
            fired = 0
            for reading in self._readings(bench):
                if fault in NOTICED_BY_A_CHECKSUM and not bench.has_checksum(reading):
                    continue
                for _ in range(1 if bench.clock is not None else 3):
                    fired += self._spoiled(bench, reading, fault, times, truths, wrong)
                    if fired or fault in _MAY_CHANGE_NOTHING:
                        break  # else the simulator may have been held up until it was over
            if not fired and fault not in _MAY_CHANGE_NOTHING:
                wrong.append(f"{fault} changed no answer of any reading")
        return wrong

    def _spoiled(
        self,
        bench: Bench,
        reading: ReadingDeclaration,
        fault: str,
        times: int | None,
        truths: dict[str, Readings],
        wrong: list[str],
    ) -> int:
        """Take a reading while a fault happens; note what is wrong; return how often it did."""
        if fault == "stale_first":  # only numbers on answers would tell another reading's apart
            truths[reading.name] = bench.well(reading)
        heard, began = len(bench.sim.heard_at), bench.now()
        extent: dict[str, Any] = dict(_EXTENTS.get(fault, {}))
        if fault == "overflow":
            extent["s"] = _OVERFLOW_TOTALS * bench.settings.total_s
        if fault == "overflow" and reading.pushed:
            times = 1  # each frame would add one, and they would queue
        with bench.sim.perhaps(fault, times=times, **extent) as spoiled:
            given = [bench.attempt(reading)]
            took = bench.now() - began
            while reading.pushed and len(given) < (2 if spoiled.fired else _MOST_FRAMES):
                given.append(bench.attempt(reading, is_fresh=False))  # the first was on its way
        most_s = bench.patience_s(len(bench.sim.heard_at) - heard) + bench.frame_s(reading)
        if took > most_s:
            wrong.append(f"{fault}: {reading.name} took {took:.3g} s; it may take {most_s:.3g} s")
        before, truths[reading.name] = truths[reading.name], bench.well(reading)
        right = [before, truths[reading.name]]
        for value in (one for one in given if not isinstance(one, Exception)):
            wrong += [f"{fault}: {one}" for one in differences(value, right, self.tolerance)]
        return spoiled.fired

    def _a_reading(self, bench: Bench) -> ReadingDeclaration:
        polled = [reading for reading in bench.readings if not reading.sweep]
        assert polled, "the driver has no reading to test with"
        return polled[0]

    def _check_limits(self, bench: Bench, declaration: CommandDeclaration) -> None:
        heard = len(bench.sim.heard_at)
        for argument in declaration.arguments:
            if argument.limits is None:
                continue
            given = {
                one.name: one.default if not one.required else (one.limits or (0, 0))[0]
                for one in declaration.arguments
            }
            for wrong in (argument.limits[0] - 1, argument.limits[1] + 1, float("nan"), "text"):
                with pytest.raises(ArgumentError):
                    getattr(bench.driver, declaration.name)(**{**given, argument.name: wrong})
        assert len(bench.sim.heard_at) == heard, f"{declaration.name}: a refused value was sent"


def _between(low: float, high: float, share: float, kind: Any) -> float:
    value = low + (high - low) * share
    return round(value) if kind is int else float(f"{value:.4g}")


def _other_address(address: int | str, limits: tuple[float, float] | None) -> int | str:
    """Return the next address, or the one before if there is none."""
    if isinstance(address, int):
        return address - 1 if limits is not None and address >= limits[1] else address + 1
    return f"{int(address, 16) + 1:0{len(address)}X}"


def _threads() -> int:
    return threading.active_count()


def _descriptors() -> int:
    try:
        return len(os.listdir("/proc/self/fd"))
    except OSError:
        return 0
