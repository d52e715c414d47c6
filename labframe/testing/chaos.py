"""Chaos: a driver is read and set while faults happen, the cable comes and goes, and time passes.

The invariant: what is served is a value that the instrument had within ``stale_after``, or it is
marked as old; and it is never another quantity's.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from labframe.errors import LabframeError
from labframe.instrument import Instrument
from labframe.points import Quality
from labframe.simulation import SimulatedInstrument
from labframe.testing.bench import Bench, differences
from labframe.testing.contract import ALWAYS_NOTICED, NOTICED_BY_A_CHECKSUM, DriverContract
from labframe.testing.handles import SimHandle, simulator_of
from labframe.worker import Feed

__all__ = ["CHAOS", "DriverMachine", "contract_of", "machine_of"]

CHAOS: Final = settings(
    max_examples=60, stateful_step_count=25, deadline=None, print_blob=True, derandomize=True,
    suppress_health_check=list(HealthCheck),
)  # fmt: skip
_TIMES: Final = st.sampled_from([1, 2, None])
_UNNOTICEABLE: Final = ("stale_first",)
"""An answer of before that comes in the place of the right one: no protocol without numbers on its
answers can tell, as long as the right one has not begun to come."""
_PAUSE_S: Final = 0.05
"""Between two polls; what comes meanwhile, unasked, makes the line wait for silence."""


class _Nowhere:
    """Takes readings and events, and forgets them."""

    def put(self, reading: object) -> None:
        """Forget a reading."""

    def event(self, event: object) -> None:
        """Forget an event."""


class DriverMachine(RuleBasedStateMachine):
    """A state machine around one driver and its simulator, on ``sim://`` and a manual clock."""

    contract: ClassVar[DriverContract]

    def __init__(self) -> None:
        super().__init__()
        self._made: list[SimHandle] = []
        self.bench = Bench(self.contract, self._make, "sim", is_open=False)
        self.is_plugged = True
        self.is_open = False
        self.feeds: dict[str, Feed] = {}
        self.wrong: list[str] = []
        applicable = self.bench.sim.applicable()
        spoiling = [one for one in ALWAYS_NOTICED if one not in _UNNOTICEABLE]
        spoiling += ["late", "slow", "split", "pace"]
        self.names = [name for name in spoiling if name in applicable]

    def _make(self, wanted: Any, *, carrier: Any, clock: Any, **state: Any) -> SimHandle:
        self._made.append(SimHandle(simulator_of(wanted, **state), carrier, clock))
        return self._made[-1]

    @initialize()
    def connect(self) -> None:
        """Open the driver while all is well."""
        self.bench.driver.open()
        self.is_open = True
        if all(self.bench.has_checksum(reading) for reading in self.bench.readings):
            self.names += NOTICED_BY_A_CHECKSUM

    @rule(index=st.integers(0, 99))
    def read(self, index: int) -> None:
        """Take a reading; what comes is served."""
        readings = self.bench.readings
        reading = readings[index % len(readings)]
        faults = self.bench.sim.active()
        given = self.bench.attempt(reading)
        self.advance_a_little()
        if isinstance(given, Exception):
            if not isinstance(given, LabframeError) and not faults:
                self.wrong.append(f"{reading.name} raised {given!r} although nothing was wrong")
            return
        for name, value in given.items():
            if not isinstance(value, LabframeError):
                self._serve(name, value, reading.stale_after)
        self._verify(reading, given, faults)

    @precondition(lambda self: self.names)
    @rule(data=st.data(), times=_TIMES, after=st.integers(0, 2))
    def fault(self, data: st.DataObject, times: int | None, after: int) -> None:
        """Have something go wrong from now on."""
        name = data.draw(st.sampled_from(self.names))
        self.bench.sim.inject(name, times=times, after=after)

    @rule()
    def calm(self) -> None:
        """Nothing goes wrong any more."""
        self.bench.sim.clear()

    @rule(share=st.floats(0, 1), index=st.integers(0, 99))
    def set(self, share: float, index: int) -> None:
        """Set something, if anything can be set and read back."""
        commands = [
            one
            for one in self.contract.driver.commands().values()
            if one.read_back is not None and one.arguments[0].limits is not None
        ]
        if not commands:
            return
        declaration = commands[index % len(commands)]
        low, high = declaration.arguments[0].limits or (0, 0)
        value: float = low + (high - low) * share
        if declaration.arguments[0].kind is int:
            value = round(value)
        with contextlib.suppress(LabframeError, ValueError):
            getattr(self.bench.driver, declaration.name)(value)
        self.advance_a_little()

    @rule(seconds=st.floats(0, 10))
    def advance(self, seconds: float) -> None:
        """Let time pass."""
        assert self.bench.clock is not None
        self.bench.clock.advance(seconds)

    def advance_a_little(self) -> None:
        """Let the pause between two polls pass."""
        assert self.bench.clock is not None
        self.bench.clock.advance(_PAUSE_S)

    @precondition(lambda self: self.is_plugged)
    @rule()
    def unplug(self) -> None:
        """Pull the cable."""
        self.bench.sim.unplug()
        self.is_plugged = False

    @precondition(lambda self: not self.is_plugged)
    @rule()
    def replug(self) -> None:
        """Put the cable back, and have the driver connect as a host would."""
        self.bench.sim.replug()
        self.is_plugged = True
        with contextlib.suppress(LabframeError, ValueError):
            self.bench.driver.open()
        self.advance_a_little()

    @invariant()
    def what_is_served_is_right_or_old(self) -> None:
        """Fail with everything that was wrong."""
        assert not self.wrong, "; ".join(self.wrong)
        now = self.bench.now()
        for name, feed in self.feeds.items():
            last = feed.last
            assert last is not None
            is_old = now - last.arrival > feed.stale_after
            assert (feed.quality(now) is Quality.OK) != is_old, f"{name}: age and quality differ"

    def teardown(self) -> None:
        """Close everything."""
        self.bench.driver.close()
        for handle in self._made:
            handle.close()
            assert handle.carrier.failure is None, repr(handle.carrier.failure)

    def _serve(self, name: str, value: Any, stale_after: float) -> None:
        if name not in self.feeds:
            self.feeds[name] = Feed(name, "", stale_after, "", "", _Nowhere())
        now = self.bench.now()
        self.feeds[name].put(now, value, now, now)

    def _verify(self, reading: Any, given: Mapping[str, Any], active: Sequence[str]) -> None:
        """Compare what was read with what the instrument has right after, without faults."""
        self.bench.sim.clear()
        truths: Sequence[Mapping[str, Any]] = []
        with contextlib.suppress(AssertionError):
            truths = [self.bench.well(reading)]
        if truths:
            faults = ", ".join(active) or "no fault"
            wrong = differences(given, truths, self.contract.tolerance)
            self.wrong += [f"{one} (with {faults})" for one in wrong]


def machine_of(contract: DriverContract) -> type[DriverMachine]:
    """Return the state machine of a contract's driver."""
    name = f"Chaos of {contract.driver.__name__}"
    return type(name, (DriverMachine,), {"contract": contract})


def contract_of(
    driver: type[Instrument], simulator: type[SimulatedInstrument], **values: Any
) -> DriverContract:
    """Return a contract for a driver that has none written down."""
    made: DriverContract = type(
        f"Contract of {driver.__name__}", (DriverContract,),
        {"driver": driver, "simulator": simulator, **values},
    )()  # fmt: skip
    return made
