"""What the tests of drivers share: simulators within the program, on a clock that tests move."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from labframe.simulation import SimCarrier, SimulatedBus, SimulatedInstrument
from labframe.wires import ManualClock


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def plug(clock: ManualClock) -> Iterator[Callable[..., SimCarrier]]:
    """Return what carries the bytes of a simulator, or of several on one bus."""
    carriers: list[SimCarrier] = []

    def plugged(*members: SimulatedInstrument) -> SimCarrier:
        simulator = members[0] if len(members) == 1 else SimulatedBus(*members)
        carriers.append(SimCarrier(simulator, clock=clock))
        return carriers[-1]

    yield plugged
    for carrier in carriers:
        carrier.close()
        assert carrier.failure is None
