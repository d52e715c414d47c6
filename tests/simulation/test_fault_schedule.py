"""When faults happen: to which answers, how often, by which chance."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labframe.simulation import (
    FaultNeverFired,
    FaultySimulator,
    LineSimulator,
    Reply,
    SimulationError,
)


class Parrot(LineSimulator):
    driver: ClassVar[str] = "parrot"
    terminator: ClassVar[bytes] = b"\r"

    def respond(self, line: bytes, now: float) -> Reply:
        return None if line == b"quiet" else line


def missing(faulty: FaultySimulator, count: int) -> list[int]:
    """Return which of so many answers stayed away, the first being 1."""
    return [
        number
        for number in range(1, count + 1)
        if not faulty.feed(b"q%d\r" % number, float(number))
    ]


@given(
    times=st.none() | st.integers(1, 5),
    after=st.integers(0, 8),
    every=st.integers(1, 5),
)
def test_it_happens_as_often_as_after_every_and_times_say(
    times: int | None, after: int, every: int
) -> None:
    faulty = FaultySimulator(Parrot())
    fault = faulty.inject("no_answer", times=times, after=after, every=every)

    happened = missing(faulty, 25)

    assert happened == [*range(after + every, 26, every)][:times]
    assert fault.fired == len(happened)
    assert (fault in faulty.faults) == (times is None or len(happened) < times)


@given(seed=st.integers(0, 2**32), chance=st.floats(0.1, 0.9))
def test_the_same_seed_gives_the_same_faults(seed: int, chance: float) -> None:
    def happened() -> list[int]:
        faulty = FaultySimulator(Parrot(), seed)
        faulty.inject("no_answer", times=None, chance=chance)
        faulty.inject("drop", times=None, chance=chance)
        return missing(faulty, 60)

    assert happened() == happened()


def test_a_chance_is_met_about_as_often_as_it_says_and_differs_by_seed() -> None:
    happened = []
    for seed in range(20):
        faulty = FaultySimulator(Parrot(), seed)
        faulty.inject("no_answer", times=None, chance=0.25)
        happened.append(tuple(missing(faulty, 100)))
    assert len(set(happened)) == 20
    assert 350 < sum(map(len, happened)) < 650


def test_two_faults_have_chances_of_their_own() -> None:
    faulty = FaultySimulator(Parrot())
    first = faulty.inject("drop", times=None, chance=0.5)
    second = faulty.inject("noise_after", times=None, chance=0.5)
    spoiled = [faulty.feed(b"abc\r", float(turn))[0].data for turn in range(100)]
    assert {data.endswith(b"\xff") for data in spoiled if data.startswith(b"b")} == {True, False}
    assert first.fired != 0 != second.fired


@pytest.mark.parametrize(
    "when", [lambda request: request.startswith(b"q3"), b"q3", "q3"], ids=["callable", "bytes", "s"]
)
def test_only_the_requests_that_are_meant_are_answered_wrong(
    when: Callable[[bytes], object] | bytes | str,
) -> None:
    faulty = FaultySimulator(Parrot())
    faulty.inject("no_answer", times=None, when=when)
    assert missing(faulty, 12) == [3]


def test_a_request_that_comes_in_pieces_or_with_others_is_told_from_them() -> None:
    faulty = FaultySimulator(Parrot())
    asked: list[bytes] = []
    faulty.inject("no_answer", times=None, when=lambda request: asked.append(request))

    for chunk in (b"on", b"e\rtwo\rth", b"ree\r", b"quiet\r", b"four\r"):
        faulty.feed(chunk, 0.0)

    assert asked == [b"one\r", b"two\r", b"three\r", b"four\r"]


def test_all_lines_of_an_answer_belong_to_its_request() -> None:
    class Talkative(Parrot):
        def respond(self, line: bytes, now: float) -> Reply:
            return [line, line]

    faulty = FaultySimulator(Talkative())
    asked: list[bytes] = []
    faulty.inject("no_answer", when=lambda request: asked.append(request))
    faulty.feed(b"one\r", 0.0)
    faulty.feed(b"two\r", 1.0)
    assert asked == [b"one\r", b"one\r", b"two\r", b"two\r"]


@pytest.mark.parametrize(
    ("values", "schedule", "asked", "message"),
    [
        ((3,), {}, 0, r"truncate n=3 never fired: no answer went by: did anybody ask"),
        ((3,), {"when": b"x"}, 2, r"2 answers went by, and when= meant none .* b'q2\\r'"),
        ((3,), {"after": 5}, 2, r"of 2 answers 2 were meant, and after=5 let them pass"),
        ((9,), {}, 2, r"changed nothing in 2 of 2 answers, the last .*b'q2\\r'"),
    ],
)
def test_a_fault_that_never_fired_says_so_and_what_was_seen(
    values: tuple[int, ...], schedule: dict[str, object], asked: int, message: str
) -> None:
    faulty = FaultySimulator(Parrot())
    with (
        pytest.raises(FaultNeverFired, match=message),
        faulty.fault("truncate", *values, **schedule),
    ):
        missing(faulty, asked)
    assert issubclass(FaultNeverFired, AssertionError)
    assert faulty.faults == ()


def test_another_exception_is_not_hidden_by_a_fault_that_never_fired() -> None:
    faulty = FaultySimulator(Parrot())
    with pytest.raises(ZeroDivisionError), faulty.fault("no_answer"):
        raise ZeroDivisionError
    assert faulty.faults == ()


def test_after_the_with_statement_the_fault_is_gone() -> None:
    faulty = FaultySimulator(Parrot())
    with faulty.fault("no_answer", times=None) as fault:
        assert missing(faulty, 3) == [1, 2, 3]
    assert missing(faulty, 3) == []
    assert fault.fired == 3
    fault.remove()


@pytest.mark.parametrize(
    ("given_", "message"),
    [
        ({"times": 0}, "no_answer: times = 0: must be a whole number from 1 to 1e"),
        ({"times": "often"}, "times = 'often': must be .* or 'always'"),
        ({"after": -1}, "after = -1"),
        ({"every": 1.5}, "every = 1.5: must be a whole number"),
        ({"chance": 1.1}, "chance = 1.1: must be a number from 0 to 1"),
        ({"chance": 0}, "it would never happen"),
        ({"chance": float("nan")}, "chance = nan"),
        ({"when": 3}, "when = 3"),
    ],
)
def test_a_schedule_that_cannot_be_is_refused(given_: dict[str, object], message: str) -> None:
    faulty = FaultySimulator(Parrot())
    with pytest.raises(SimulationError, match=message):
        faulty.inject("no_answer", **given_)  # type: ignore[arg-type]  # on purpose
    assert faulty.injected == []
