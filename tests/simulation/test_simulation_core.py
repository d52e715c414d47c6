"""A simulated instrument without a carrier: what can be set, lines, time."""

from __future__ import annotations

from typing import ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labframe.errors import LabframeError
from labframe.simulation import (
    Answer,
    LineSimulator,
    Settable,
    SimulatedInstrument,
    SimulationError,
)


class Thermometer(LineSimulator):
    driver: ClassVar[str] = "thermometer"
    kelvin = Settable(77.0, "the temperature, K", limits=(0, 500))
    channel = Settable("A", "the channel", choices=("A", "B"))
    lamp = Settable(False, "whether the lamp is on")
    digits = Settable(1, "digits after the point")
    names = Settable[tuple[str, ...]]((), "names")

    def __init__(self, **state: object) -> None:
        super().__init__(**state)
        self.told: list[str] = []

    def changed(self, name: str) -> None:
        self.told.append(name)

    def respond(self, line: bytes, now: float) -> bytes | list[bytes | Answer] | None:
        if line == b"T?":
            return b"%.*f" % (self.digits, self.kelvin)
        if line == b"BOTH?":
            return [b"1", b"2"]
        if line == b"RAW?":
            return [Answer(b"\x00\xff", 0.5)]
        return None


class Streamer(SimulatedInstrument):
    driver: ClassVar[str] = "streamer"

    def tick(self, now: float) -> list[Answer]:
        return [Answer(b"%d\r" % now)]


@pytest.mark.parametrize(
    ("name", "given_value", "value"),
    [
        ("kelvin", "4.2", 4.2),
        ("kelvin", 4, 4.0),
        ("digits", "3", 3),
        ("digits", 3.0, 3),
        ("lamp", "on", True),
        ("lamp", "False", False),
        ("lamp", True, True),
        ("channel", "B", "B"),
        ("names", "A, B", ("A", "B")),
        ("names", ["A", "B"], ("A", "B")),
        ("names", "", ()),
    ],
)
def test_a_value_is_converted_to_the_kind_of_its_default(
    name: str, given_value: object, value: object
) -> None:
    assert getattr(Thermometer(**{name: given_value}), name) == value


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("kelvin", "warm", "kelvin = 'warm': could not convert"),
        ("kelvin", 501, "must be from 0 to 500"),
        ("kelvin", "nan", "must be from 0 to 500"),
        ("kelvin", True, "must be a number"),
        ("digits", 1.5, "must be a whole number"),
        ("channel", "C", "must be one of 'A', 'B'"),
        ("channel", 3, "must be a str"),
        ("lamp", "maybe", "must be on or off"),
        ("names", 3, "must be a list, or a text with commas"),
    ],
)
def test_a_value_that_does_not_fit_is_refused(name: str, value: object, says: str) -> None:
    with pytest.raises(SimulationError) as caught:
        Thermometer(**{name: value})
    assert says in str(caught.value)
    assert name in str(caught.value)
    assert isinstance(caught.value, LabframeError)
    assert isinstance(caught.value, ValueError)


def test_an_unknown_value_names_the_nearest_and_all_that_are_known() -> None:
    with pytest.raises(SimulationError) as caught:
        Thermometer(kelvins=3)
    assert str(caught.value) == (
        "the simulated thermometer has no value 'kelvins' to set; did you mean 'kelvin'? "
        "It knows: channel, digits, kelvin, lamp, late_every, late_s, latency_s, names"
    )
    with pytest.raises(SimulationError, match=r"to set\. It knows: none"):
        Streamer(zzz=1)


def test_a_value_can_be_set_later_and_the_instrument_is_told() -> None:
    thermometer = Thermometer(kelvin=4)
    assert thermometer.told == []
    thermometer.kelvin = 300
    assert thermometer.told == ["kelvin"]
    assert thermometer.feed(b"T?\r\n", 0.0) == [Answer(b"300.0\r\n")]
    with pytest.raises(SimulationError, match="must be from 0 to 500"):
        thermometer.kelvin = -1
    assert thermometer.kelvin == 300
    assert Thermometer().kelvin == 77.0


def test_what_can_be_set_is_listed_with_its_defaults() -> None:
    known = Thermometer.settables()
    assert list(known)[:4] == ["latency_s", "late_every", "late_s", "kelvin"]
    assert known["kelvin"].default == 77.0
    assert known["kelvin"].doc == "the temperature, K"
    assert Thermometer.kelvin is known["kelvin"]


def test_only_who_overrides_tick_is_ticked() -> None:
    assert Thermometer().tick_s is None
    assert Streamer().tick_s == 0.05

    class Slow(Streamer):
        tick_s = 2.0

    class Slower(Slow):
        def tick(self, now: float) -> list[Answer]:
            return []

    assert Slow().tick_s == 2.0
    assert Slower().tick_s == 2.0
    assert Thermometer().tick(0.0) == []


def test_an_instrument_that_forgot_to_listen_says_so() -> None:
    with pytest.raises(NotImplementedError):
        Streamer().feed(b"x", 0.0)
    with pytest.raises(NotImplementedError):
        LineSimulator().respond(b"x", 0.0)


# Lines.


def test_half_a_request_waits_for_its_end() -> None:
    thermometer = Thermometer()
    assert [thermometer.feed(part, 0.0) for part in (b"T", b"?", b"\r")] == [[], [], []]
    assert thermometer.feed(b"\nT", 0.0) == [Answer(b"77.0\r\n")]
    assert thermometer.feed(b"?\r\n", 0.0) == [Answer(b"77.0\r\n")]


@given(st.lists(st.sampled_from([b"T?\r\n", b"BOTH?\r\n", b"noise", b"\r\n"])), st.data())
def test_the_bytes_answered_do_not_depend_on_the_chunks(
    requests: list[bytes], data: st.DataObject
) -> None:
    stream = b"".join(requests)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)))))
    split = Thermometer()
    chunks = [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    answers = [answer for chunk in chunks for answer in split.feed(chunk, 0.0)]
    assert answers == Thermometer().feed(stream, 0.0)


def test_several_requests_in_one_chunk_are_worked_off_one_after_the_other() -> None:
    thermometer = Thermometer(latency_s=0.01)
    answers = thermometer.feed(b"T?\r\nwhat\r\nBOTH?\r\nT?\r\n", 5.0)
    assert [answer.data for answer in answers] == [b"77.0\r\n", b"1\r\n", b"2\r\n", b"77.0\r\n"]
    assert [answer.delay_s for answer in answers] == pytest.approx([0.01, 0.02, 0.02, 0.03])
    assert thermometer.feed(b"T?\r\n", 6.0) == [Answer(b"77.0\r\n", 0.01)]


def test_an_answer_may_be_any_bytes_with_a_delay_of_its_own() -> None:
    assert Thermometer(latency_s=0.1).feed(b"RAW?\r\n", 0.0) == [Answer(b"\x00\xff", 0.6)]


def test_one_answer_in_so_many_is_late_and_none_overtakes_it() -> None:
    thermometer = Thermometer(late_every=3, late_s=1.0)
    delays = [thermometer.feed(b"T?\r\n", now)[0].delay_s for now in (0.0, 1.0, 2.0, 2.25, 9.0)]
    assert delays == [0.0, 0.0, 1.0, 0.75, 0.0]


def test_endless_noise_does_not_fill_the_memory() -> None:
    thermometer = Thermometer()
    for _ in range(100):
        assert thermometer.feed(b"\x00" * 1000, 0.0) == []
    assert len(thermometer._rest) == thermometer.longest_request
    assert thermometer.feed(b"\r\nT?\r\n", 0.0) == [Answer(b"77.0\r\n")]


def test_requests_may_end_otherwise_than_answers() -> None:
    class Other(Thermometer):
        terminator: ClassVar[bytes] = b"\r"
        request_terminator: ClassVar[bytes | None] = b";"

    assert Other().feed(b"T?;T?\r", 0.0) == [Answer(b"77.0\r")]
