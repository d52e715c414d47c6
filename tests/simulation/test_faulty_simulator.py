"""Each fault of the vocabulary, byte by byte, without any carrier."""

from __future__ import annotations

import threading
from typing import ClassVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labframe.simulation import (
    FAULTS,
    Answer,
    FaultySimulator,
    LineSimulator,
    Settable,
    SimulatedBus,
    SimulatedInstrument,
    SimulationError,
)


class Meter(LineSimulator):
    """Answers ``a1:VALUE*SUM``: an address, a number, a checksum."""

    driver: ClassVar[str] = "meter"
    usb_name: ClassVar[str] = "Meter"
    baudrate: ClassVar[int | None] = 1000
    terminator: ClassVar[bytes] = b"\r\n"
    error_answers: ClassVar[dict[str, bytes]] = {"7": b"NAK 7", "8": b"NAK 8"}
    busy_answer: ClassVar[bytes | None] = b"BUSY"
    boot_banner: ClassVar[bytes] = b"METER 1.0"
    boot_s: ClassVar[float] = 0.5
    volatile: ClassVar[tuple[str, ...]] = ("value",)
    value = Settable(12.5, "what it shows")

    def respond(self, line: bytes, now: float) -> bytes:
        return b"a1:" + line + b"%.1f*F" % self.value

    def spoiled_checksum(self, answer: bytes) -> bytes | None:
        return answer.replace(b"*F", b"*0")

    def readdressed(self, answer: bytes) -> bytes | None:
        return b"a2" + answer[2:]


class Streamer(SimulatedInstrument):
    driver: ClassVar[str] = "streamer"
    tick_s = 0.2

    def feed(self, data: bytes, now: float) -> list[Answer]:
        return []

    def tick(self, now: float) -> list[Answer]:
        return [Answer(b"%.1f\n" % now)]


OK = b"a1:q12.5*F\r\n"
BEFORE = b"a1:p12.5*F\r\n"

SPOILED = [
    ("truncate", (3,), b"a1:"),
    ("truncate", (), OK[:6]),
    ("drop", (), OK[1:]),
    ("drop", (-1,), OK[:-1]),
    ("garble", (1, 1), b"a0" + OK[2:]),
    ("garble", (), b"\xe1" + OK[1:]),
    ("bad_checksum", (), b"a1:q12.5*0\r\n"),
    ("noise_before", (), b"\x00\xff" + OK),
    ("noise_before", (r"\r>,",), b"\r>," + OK),
    ("noise_after", (b"!",), OK + b"!"),
    ("duplicate", (), OK + OK),
    ("stale_first", (), BEFORE + OK),
    ("wrong_address", (), b"a2:q12.5*F\r\n"),
    ("wrong_terminator", (), OK[:-2] + b"\n"),
    ("wrong_terminator", ("",), OK[:-2]),
    ("extra_line", (), OK + b"WARNING\r\n"),
    ("extra_line", ("HOT", "on"), b"HOT\r\n" + OK),
    ("device_error", (), b"NAK 7\r\n"),
    ("device_error", (8,), b"NAK 8\r\n"),
    ("busy", (), b"BUSY\r\n"),
    ("parity_noise", ("O",), bytes(b | 0x80 if b.bit_count() % 2 == 0 else b for b in OK)),
]


@pytest.mark.parametrize(("name", "values", "spoiled"), SPOILED)
def test_the_bytes_of_one_answer_are_spoiled_and_no_others(
    name: str, values: tuple[object, ...], spoiled: bytes
) -> None:
    faulty = FaultySimulator(Meter(latency_s=0.01))
    clean = Meter(latency_s=0.01)
    assert faulty.feed(b"p\r\n", 0.0) == clean.feed(b"p\r\n", 0.0)

    with faulty.fault(name, *values) as fault:
        assert faulty.feed(b"q\r\n", 1.0) == [Answer(spoiled, 0.01)]
        assert fault.fired == 1
    clean.feed(b"q\r\n", 1.0)
    assert faulty.feed(b"r\r\n", 2.0) == clean.feed(b"r\r\n", 2.0)


def test_a_text_stands_where_the_number_was() -> None:
    class Bare(Meter):
        def respond(self, line: bytes, now: float) -> bytes:
            return b"T=%.1f C" % self.value

    faulty = FaultySimulator(Bare())
    faulty.inject("nan_text")
    assert faulty.feed(b"T\r\n", 0.0) == [Answer(b"T=----- C\r\n")]
    faulty.inject("nan_text", "LO<E-11")
    assert faulty.feed(b"T\r\n", 0.0) == [Answer(b"T=LO<E-11 C\r\n")]


@pytest.mark.parametrize("name", ["wrong_baud", "bus_collision"])
def test_what_a_wrong_uart_makes_of_it_is_not_the_answer(name: str) -> None:
    faulty = FaultySimulator(Meter())
    faulty.feed(b"p\r\n", 0.0)
    with faulty.fault(name):
        (answer,) = faulty.feed(b"q\r\n", 1.0)
    assert answer.data != OK
    assert not answer.data.isascii()


def test_time_is_what_goes_wrong() -> None:
    faulty = FaultySimulator(Meter(latency_s=0.25))

    def sent(now: float) -> list[Answer]:
        return faulty.feed(b"q\r\n", now)

    with faulty.fault("no_answer"):
        assert sent(0.0) == []
    with faulty.fault("slow", 0.5):
        assert sent(1.0) == [Answer(OK, 0.75)]
    with faulty.fault("split", 4, 0.5):
        assert sent(2.0) == [Answer(OK[:4], 0.25), Answer(OK[4:], 0.75)]
    with faulty.fault("pace", 1000):
        byte_by_byte = sent(3.0)
    assert [answer.data for answer in byte_by_byte] == [bytes([byte]) for byte in OK]
    assert byte_by_byte[0].delay_s == pytest.approx(0.26), "a byte at 1000 baud takes 10 ms"
    assert byte_by_byte[-1].delay_s == pytest.approx(0.25 + len(OK) * 0.01)
    with faulty.fault("echo"):
        assert sent(4.0) == [Answer(b"q\r\n"), Answer(OK, 0.25)]
    assert sent(5.0) == [Answer(OK, 0.25)]


def test_after_a_late_answer_the_next_ones_queue_behind_it() -> None:
    faulty = FaultySimulator(Meter())
    with faulty.fault("late", 2.0):
        assert faulty.feed(b"p\r\n", 0.0) == [Answer(BEFORE, 2.0)]
    assert faulty.feed(b"q\r\n", 0.5) == [Answer(OK, 1.5)]
    assert faulty.feed(b"q\r\n", 2.5) == [Answer(OK, 0.0)]


def test_an_overflow_has_no_end_and_no_terminator() -> None:
    faulty = FaultySimulator(Meter())
    with faulty.fault("overflow", 1.0):
        flood = faulty.feed(b"q\r\n", 0.0)
    data = b"".join(answer.data for answer in flood)
    assert set(data) == {ord("U")}
    assert len(data) == 101, "as many as fit on the wire at 1000 baud in a second"
    assert flood[-1].delay_s == pytest.approx(1.0)


def test_a_power_cycle_loses_the_answer_the_state_and_half_a_request_and_says_hello() -> None:
    faulty = FaultySimulator(Meter(value=3.0))
    faulty.value = 99.0
    with faulty.fault("power_cycle"):
        assert faulty.feed(b"q\r\nhal", 0.0) == [Answer(b"METER 1.0\r\n", 0.5)]
    assert faulty.feed(b"q\r\n", 0.4) == [], "it is deaf while it boots"
    assert faulty.feed(b"q\r\n", 0.6) == [Answer(b"a1:q3.0*F\r\n")]


def test_several_faults_meet_in_one_answer() -> None:
    faulty = FaultySimulator(Meter())
    faulty.inject("late", 1.0)
    faulty.inject("split", 2, 0.1)
    faulty.inject("drop", -1)
    assert faulty.feed(b"q\r\n", 0.0) == [Answer(OK[:2], 1.0), Answer(OK[2:-1], 1.1)]
    assert faulty.faults == ()


def test_what_an_instrument_says_unasked_goes_wrong_too() -> None:
    faulty = FaultySimulator(Streamer())
    with faulty.fault("noise_after", b"!", times=None):
        said = [answer.data for turn in range(101) for answer in faulty.tick(turn / 100)]
    assert said == [b"0.0\n!", b"0.2\n!", b"0.4\n!", b"0.6\n!", b"0.8\n!", b"1.0\n!"]


@settings(max_examples=50)
@given(st.lists(st.binary(max_size=8), max_size=8))
def test_without_a_fault_everything_is_as_without_the_wrapper(chunks: list[bytes]) -> None:
    faulty, plain = FaultySimulator(Meter(late_every=2)), Meter(late_every=2)
    for number, chunk in enumerate(chunks):
        data = chunk.replace(b"q", b"\r\n")
        assert faulty.feed(data, float(number)) == plain.feed(data, float(number))


def test_the_simulator_shows_through() -> None:
    meter = Meter()
    faulty = FaultySimulator(meter)
    assert (faulty.driver, faulty.usb_name, faulty.baudrate) == ("meter", "Meter", 1000)
    assert faulty.settables() == Meter.settables()
    faulty.value = "7.5"
    assert [meter.value, faulty.value] == [7.5, 7.5]
    with pytest.raises(SimulationError, match="latency_s = -1"):
        faulty.latency_s = -1
    assert faulty.carrier is None
    assert FaultySimulator(Streamer()).tick_s == 0.2
    with pytest.raises(AttributeError, match="no_such"):
        _ = faulty.no_such


# A bus.


def test_on_a_bus_each_member_knows_its_own() -> None:
    class Plain(LineSimulator):
        driver: ClassVar[str] = "plain"
        baudrate: ClassVar[int | None] = 1000
        terminator: ClassVar[bytes] = b"\r\n"

        def respond(self, line: bytes, now: float) -> bytes | None:
            return None

    faulty = FaultySimulator(SimulatedBus(Plain(), Meter()))
    for name, expected in [
        ("bad_checksum", b"a1:q12.5*0\r\n"),
        ("busy", b"BUSY\r\n"),
        ("device_error", b"NAK 7\r\n"),
        ("wrong_address", b"a2:q12.5*F\r\n"),
        ("wrong_terminator", b"a1:q12.5*F\n"),
    ]:
        with faulty.fault(name):
            assert faulty.feed(b"q\r\n", 0.0) == [Answer(expected)]
    with faulty.fault("power_cycle"):
        assert faulty.feed(b"q\r\n", 0.0) == [Answer(b"METER 1.0\r\n", 0.5)]
    with pytest.raises(SimulationError, match=r"cannot show busy: its simulator has no busy_answ"):
        FaultySimulator(SimulatedBus(Plain(), Plain())).inject("busy")
    with pytest.raises(SimulationError, match=r"no error '9'; it has: 7, 8"):
        faulty.inject("device_error", "9")


# Refusals.


@pytest.mark.parametrize(
    ("name", "values", "named", "message"),
    [
        ("trunkate", (), {}, r"there is no fault 'trunkate'; did you mean 'truncate'\? There are"),
        ("truncate", (), {"m": 1}, r"truncate: no parameter is called 'm'.*It has n; any fault ha"),
        ("truncate", (), {"tmes": 1}, r"'tmes'; did you mean 'times'\?"),
        ("truncate", (1, 2), {}, r"truncate: 2 values for its parameters; it has n"),
        ("truncate", (1,), {"n": 2}, r"truncate: n is given twice: 1 and 2"),
        ("truncate", ("x",), {}, r"truncate: n = 'x': must be a whole number from 0 to .* 'half'"),
        ("garble", (0, 0), {}, r"garble: xor = 0: must be a whole number from 1 to 255"),
        ("garble", (0, 256), {}, r"xor = 256"),
        ("late", (-1,), {}, r"late: s = -1: must be a number from 0 to 3600"),
        ("late", ("inf",), {}, r"late: s = 'inf'"),
        ("late", (True,), {}, r"late: s = True: must be a number"),
        ("parity_noise", ("M",), {}, r"parity = 'M': must be one of E, O"),
        ("noise_before", ("é€",), {}, r"noise = 'é€': must be bytes"),
        ("noise_before", (3,), {}, r"noise = 3: must be bytes"),
        ("extra_line", (b"x", "perhaps"), {}, r"before = 'perhaps': must be on or off"),
        ("device_error", (9,), {}, r"the simulated meter has no error '9'; it has: 7, 8"),
        ("unplug", (), {}, r"meter cannot show unplug: no carrier has it.* It can show: no_answer"),
        ("write_blocked", (), {}, r"cannot show write_blocked: no carrier"),
    ],
)
def test_what_cannot_be_is_refused_with_the_reason(
    name: str, values: tuple[object, ...], named: dict[str, object], message: str
) -> None:
    faulty = FaultySimulator(Meter())
    with pytest.raises(SimulationError, match=message) as refused:
        faulty.inject(name, *values, **named)  # type: ignore[arg-type]  # on purpose
    assert "\n" not in str(refused.value)
    assert faulty.faults == ()


def test_a_simulator_that_knows_nothing_can_show_what_needs_no_knowledge() -> None:
    names = FaultySimulator(Streamer()).applicable()
    assert set(FAULTS) - set(names) == {
        *("bad_checksum", "wrong_address", "wrong_terminator", "extra_line", "device_error"),
        *("busy", "nan_text", "power_cycle", "unplug", "replug", "write_blocked"),
    }
    assert FaultySimulator(Meter()).applicable() == tuple(
        name for name in FAULTS if name not in ("unplug", "replug", "write_blocked")
    )
    with pytest.raises(SimulationError, match=r"cannot show busy: its simulator has no busy\(\)"):
        FaultySimulator(Streamer()).inject("busy")


@pytest.mark.parametrize("name", sorted(set(FAULTS) - {"unplug", "replug", "write_blocked"}))
def test_every_fault_means_something_without_any_parameter(name: str) -> None:
    class Talkative(Meter):
        def respond(self, line: bytes, now: float) -> bytes:
            return super().respond(line, now) + b", 12.5"

    faulty = FaultySimulator(Talkative())
    with faulty.fault(name, times=2):
        for turn in range(3):
            faulty.feed(b"query\r\n", float(10 * turn))


# Several threads.


def test_faults_come_and_go_while_answers_do() -> None:
    faulty = FaultySimulator(Meter())
    done = threading.Event()
    failures: list[BaseException] = []

    def disturb() -> None:
        try:
            while not done.is_set():
                faulty.inject("drop", times=None).remove()
                faulty.inject("late", 0.1)
                faulty.clear()
        except BaseException as error:  # noqa: BLE001  # shown below
            failures.append(error)

    threads = [threading.Thread(target=disturb) for _ in range(3)]
    for thread in threads:
        thread.start()
    for turn in range(3000):
        data = b"".join(answer.data for answer in faulty.feed(b"q\r\n", float(turn)))
        assert data in (OK, OK[1:], OK[2:], OK[3:])
    done.set()
    for thread in threads:
        thread.join()
    assert failures == []
    assert faulty.faults == ()
