"""Frames that come without being asked for: found, kept apart from answers, and never half ones."""

import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from labframe.errors import BadReply, IncompleteReply, LineError, NoReply, PortGone
from labframe.line import (
    Checked,
    FixedLength,
    Framing,
    Line,
    SerialLine,
    Silence,
    Stuffed,
    Terminated,
)
from labframe.simulation import Answer, SimCarrier, SimulatedInstrument, SocketCarrier
from labframe.wires import ManualClock

LINES = SerialLine(baudrate=115200, gap_s=0.05, first_byte_s=0.2, total_s=0.5)
LIKE = re.compile(b"P=")


class Talker(SimulatedInstrument):
    """Says what a test puts into ``says``: at a time, these bytes; answers from ``answers``."""

    driver = "talker"
    baudrate = 115200
    tick_s = 0.005

    def __init__(self, *says: tuple[float, bytes]) -> None:
        super().__init__()
        self.says = list(says)
        self.answers: dict[bytes, list[Answer]] = {}
        self.began: float | None = None

    def port_set(self, dtr: bool, rts: bool) -> None:
        del dtr, rts
        self.began = None

    def tick(self, now: float) -> list[Answer]:
        self.began = now if self.began is None else self.began
        due = [data for at, data in self.says if self.began + at <= now]
        self.says = self.says[len(due) :]
        return [Answer(data) for data in due]

    def feed(self, data: bytes, now: float) -> list[Answer]:
        del now
        return self.answers.get(data, [])


Make = Callable[..., Line]


@pytest.fixture
def line_to() -> Iterator[Make]:
    made: list[SimCarrier | Line] = []

    def make(
        talker: Talker, settings: SerialLine = LINES, like: re.Pattern[bytes] | None = LIKE
    ) -> Line:
        carrier = SimCarrier(talker, clock=ManualClock())
        line = Line(carrier.url, settings)
        line.expect(settings, like)
        made.extend((line, carrier))
        line.open()
        return line

    yield make
    for one in made:
        one.close()


@contextmanager
def soon(action: Callable[[], object]) -> Iterator[None]:
    """Do something on another thread, while the ``with`` statement waits."""
    timer = threading.Timer(0.05, action)
    timer.start()
    yield
    timer.join()


def heard(line: Line, within_s: float = 2.0) -> list[bytes | type[Exception]]:
    """Return what comes until nothing comes for so long: frames, or the kind of what is wrong."""
    found: list[bytes | type[Exception]] = []
    while (frame := line.listen(within_s)) is not None:
        found.append(frame.payload if frame.error is None else type(frame.error))
    return found


def test_the_half_line_at_the_beginning_is_dropped(line_to: Make) -> None:
    line = line_to(Talker((0.0, b"1.5\r\n"), (0.01, b"P=2\r\n"), (0.1, b"P=3\r\n")))
    assert heard(line) == [b"P=2", b"P=3"]


def test_after_a_silence_the_first_line_is_whole(line_to: Make) -> None:
    assert heard(line_to(Talker((0.2, b"P=2\r\n"), (0.4, b"P=3\r\n")))) == [b"P=2", b"P=3"]


def test_a_line_in_pieces_is_one_and_its_time_is_that_of_its_first_byte(line_to: Make) -> None:
    line = line_to(Talker((0.2, b"P="), (0.23, b"2"), (0.26, b"5\r\nP=3\r\n")))
    before = time.time()
    assert line.listen(0.21) is None
    between = time.time()
    first, second = line.listen(1.0), line.listen(1.0)
    assert first is not None
    assert second is not None
    assert (first.payload, second.payload) == (b"P=25", b"P=3")
    assert before <= first.time <= between <= second.time


def test_what_is_not_whole_is_an_error_and_the_next_line_is_there(line_to: Make) -> None:
    line = line_to(Talker((0.2, b"P=2"), (0.4, b"P=3\r\n"), (0.5, b"\r\n"), (0.6, b"P=4\r\n")))
    assert heard(line) == [IncompleteReply, b"P=3", b"P=4"]


@pytest.mark.parametrize(
    ("framing", "half", "one", "two"),
    [
        (FixedLength(4), b"12", b"P=34", b"P=56"),
        (Silence(), b"12", b"P=34", b"P=56"),
        (Stuffed(), b"12~", b"~P=34~", b"~P=56~"),
        (Checked(FixedLength(4), "sum8_hex", position="frame"), b"2F0", b"P=34F4", b"P=56F8"),
        (Checked(Terminated(), "sum8_hex"), b"2F0\r\n", b"P=34F4\r\n", b"P=56F8\r\n"),
    ],
)
def test_any_framing_finds_its_beginning(
    line_to: Make, framing: Framing, half: bytes, one: bytes, two: bytes
) -> None:
    settings = SerialLine(baudrate=115200, framing=framing, gap_s=0.05)
    line = line_to(Talker((0.0, half), (0.2, one), (0.4, two)), settings)
    assert heard(line) == [b"P=34", b"P=56"]


def test_a_wrong_checksum_without_a_mark_drops_all_up_to_a_silence(line_to: Make) -> None:
    framing = Checked(FixedLength(4), "sum8_hex", position="frame")
    settings = SerialLine(baudrate=115200, framing=framing, gap_s=0.05)
    line = line_to(Talker((0.2, b"P=3400P=34F4"), (0.4, b"P=56F8")), settings)
    assert heard(line) == [BadReply, b"P=56"]


def test_what_comes_during_a_request_is_kept_and_never_the_answer(line_to: Make) -> None:
    talker = Talker((0.5, b"P=1\r\n"))
    talker.answers[b"ASK\r\n"] = [
        Answer(b"P=2\r\n"), Answer(b"P=3\r\nYES\r", 0.01), Answer(b"\nP=", 0.02),
        Answer(b"4\r\n", 0.03),
    ]  # fmt: skip
    line = line_to(talker)
    assert line.listen(1.0) is not None
    assert line.transact(b"ASK") == b"YES"
    assert heard(line) == [b"P=2", b"P=3", b"P=4"]


def test_a_line_that_has_begun_is_let_through_before_the_request(line_to: Make) -> None:
    talker = Talker((0.2, b"P=1"), (0.23, b"\r\n"))
    talker.answers[b"ASK\r\n"] = [Answer(b"YES\r\n")]
    line = line_to(talker)
    assert line.listen(0.21) is None
    assert line.transact(b"ASK") == b"YES"
    assert heard(line) == [b"P=1"]


def test_a_silent_instrument_that_only_talks_by_itself_has_not_answered(line_to: Make) -> None:
    talker = Talker(*((0.02 * count, b"P=%d\r\n" % count) for count in range(200)))
    line = line_to(talker)
    with pytest.raises(NoReply):
        line.transact(b"ASK")
    talker.answers[b"ASK\r\n"] = [Answer(b"YES\r\n")]
    assert line.transact(b"ASK") == b"YES"
    numbers = [int(one[2:]) for one in heard(line) if isinstance(one, bytes)]
    assert numbers == list(range(numbers[0], 200)), "some were lost, or came twice"


def test_half_a_frame_when_the_time_is_up_does_not_become_the_answer(line_to: Make) -> None:
    talker = Talker()
    talker.answers[b"ASK\r\n"] = [Answer(b"P", 0.19), Answer(b"=5\r\n", 0.22)]
    line = line_to(talker)
    with pytest.raises(NoReply):
        line.transact(b"ASK")


def test_an_answer_that_is_not_whole_says_so(line_to: Make) -> None:
    talker = Talker()
    talker.answers[b"ASK\r\n"] = [Answer(b"YE")]
    with pytest.raises(IncompleteReply, match="'YE'"):
        line_to(talker).transact(b"ASK")


def test_where_nothing_tells_them_apart_nothing_is_asked(line_to: Make) -> None:
    line = line_to(Talker((0.2, b"P=1\r\n")), like=None)
    with pytest.raises(LineError, match="Say how they begin"):
        line.transact(b"ASK")
    line.send(b"RUN")
    assert heard(line) == [b"P=1"]


def test_hush_waits_until_it_is_silent_and_keeps_what_came(line_to: Make) -> None:
    talker = Talker()
    talker.answers[b"S\r\n"] = [Answer(b"P=1\r\n"), Answer(b"stopped\r\n", 0.04)]
    line = line_to(talker)
    line.hush(b"S")
    assert heard(line) == [b"P=1"]
    talker.answers[b"S\r\n"] = [Answer(b"P=1\r\n", 0.02 * count) for count in range(100)]
    with pytest.raises(BadReply, match="talks on"):
        line.hush(b"S")


def test_frames_that_nobody_takes_are_counted(
    line_to: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("labframe.line.unasked._MOST_KEPT", 3)
    talker = Talker()
    talker.answers[b"ASK\r\n"] = [Answer(b"P=%d\r\n" % number) for number in range(5)]
    talker.answers[b"ASK\r\n"] += [Answer(b"YES\r\n", 0.05)]
    line = line_to(talker)
    assert line.transact(b"ASK") == b"YES"
    first = line.listen(0.1)
    assert first is not None
    assert "2 frames were lost" in str(first.error)
    assert heard(line) == [b"P=2", b"P=3", b"P=4"]


def test_it_sees_a_cable_that_is_pulled_while_it_listens() -> None:
    with SocketCarrier(Talker()) as carrier, Line(carrier.url, LINES) as line:
        line.close()
        line.expect(LINES, LIKE)
        line.open()
        assert line.listen(0.1) is None
        began = time.monotonic()
        with soon(carrier.unplug), pytest.raises(PortGone):
            line.listen(5.0)
        assert time.monotonic() - began < 2.0


@pytest.mark.parametrize("carrier_of", [SocketCarrier, SimCarrier])
def test_waking_and_closing_end_the_wait(
    carrier_of: type[SocketCarrier] | type[SimCarrier],
) -> None:
    with carrier_of(Talker()) as carrier:
        line = Line(carrier.url, LINES)
        line.expect(LINES, LIKE)
        line.open()
        line.wake()
        assert line.listen(5.0) is None, "it rang before"
        began = time.monotonic()
        with soon(line.wake):
            assert line.listen(5.0) is None
        with soon(line.close), pytest.raises(PortGone):
            line.listen(5.0)
        assert time.monotonic() - began < 3.0


def test_two_instruments_cannot_both_talk_on_one_line(line_to: Make) -> None:
    line = line_to(Talker())
    with pytest.raises(ValueError, match="two instruments"):
        line.expect(LINES, None)


def test_without_being_told_to_it_does_not_listen() -> None:
    with (
        SimCarrier(Talker(), clock=ManualClock()) as carrier,
        Line(carrier.url, LINES) as line,
        pytest.raises(ValueError, match="nothing is expected"),
    ):
        line.listen(0.1)
