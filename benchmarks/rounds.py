"""How long to measure, and how to take turns within this process."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

__all__ = ["FULL", "QUICK", "Effort", "in_turns"]


@dataclass(frozen=True, slots=True)
class Effort:
    """How long to measure.

    Attributes:
        rounds: How often each candidate has its turn.
        round_s: How long a turn over the network lasts, in seconds.
        paced: How many requests are asked at a fixed rate in one turn.
        spread: Whether the client and the servers of a closed loop may use all processors.
    """

    rounds: int
    round_s: float
    paced: int
    spread: bool = False


FULL = Effort(rounds=31, round_s=0.1, paced=900)
QUICK = Effort(rounds=5, round_s=0.1, paced=300)


def in_turns(candidates: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, list[float]]:
    """Run each candidate once a round; return, by candidate, the seconds of each round.

    Processor time of the calling thread is taken where the clock is fine enough: what else the
    machine does is then left out.
    """
    fine = time.get_clock_info("thread_time").resolution < 1e-6
    clock = time.thread_time if fine else time.perf_counter
    taken: dict[str, list[float]] = {name: [] for name in candidates}
    for number in range(rounds + 1):
        for name, run in candidates.items():
            start = clock()
            run()
            if number:  # the first round warms up
                taken[name].append(clock() - start)
    return taken
