"""How soon threads that wait for the interpreter get their turn."""

import sys

import pytest

from labframe.host.turns import quick_turns, switch_interval_s


@pytest.mark.parametrize(
    ("workers", "interval_s"), [(0, 0.0005), (100, 0.0005), (1000, 0.005), (5000, 0.01)]
)
def test_all_waiting_workers_together_wake_up_200_000_times_a_second_at_most(
    workers: int, interval_s: float
) -> None:
    assert switch_interval_s(workers) == pytest.approx(interval_s)


def test_the_interpreter_has_its_old_interval_when_the_host_has_stopped() -> None:
    before = sys.getswitchinterval()
    with quick_turns(10):
        assert sys.getswitchinterval() == pytest.approx(0.0005)
    assert sys.getswitchinterval() == before
