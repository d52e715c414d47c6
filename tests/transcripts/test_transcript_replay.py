"""Transcripts that answer in the place of instruments: to real drivers, on real ptys."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from labframe_drivers.moon_laser import MoonLaser, MoonLaserSimulator
from labframe_drivers.xgs600 import Xgs600

from labframe import NoValue
from labframe.errors import NoReply, TranscriptError
from labframe.line import Line, SerialLine
from labframe.simulation import (
    Answer,
    LineSimulator,
    PtyCarrier,
    SimulatedInstrument,
    SimulationError,
    TranscriptSimulator,
    reproduces,
)
from labframe.transcripts import Chunk, Header, PortSettings, Transcript

Plug = Callable[[SimulatedInstrument], PtyCarrier]

LASER = Transcript.of(
    Header(instrument="moon_laser", port=PortSettings(baud=115200)),
    [
        Chunk(0.0, True, b"ID?\r\n"),
        Chunk(0.1, False, b"MOONLASER,GL"),
        Chunk(0.15, False, b"-1,0001,1.0\r\n"),
        Chunk(0.2, True, b"MEAS:TEMP?\r\n"),
        Chunk(0.3, False, b"255.25\r\n"),
        Chunk(0.4, True, b"MEAS:TEMP?\r\n"),
        Chunk(0.5, False, b"255.50\r\n"),
    ],
)


def test_a_driver_reads_what_was_recorded(plug: Plug) -> None:
    replay = TranscriptSimulator(LASER)
    with MoonLaser(plug(replay).url) as laser:
        assert [laser.temperature(), laser.temperature()] == [255.25, 255.5]
    replay.check()


def test_a_gauge_controller_is_replayed_in_its_recorded_order(plug: Plug) -> None:
    texts = [
        ("#0005", ">0104,0104"), ("#0013", ">01"), ("#0001", ">40FEFEFEFEFE"), ("#00T1", ">FORE"),
        ("#00T2", "?FF"), ("#000F", ">1.234E-07,OPEN    "), ("#0013", ">01"),
    ]  # fmt: skip
    chunks = [
        Chunk(0.1 * index, sent, f"{text}\r".encode())
        for index, pair in enumerate(texts)
        for sent, text in zip((True, False), pair, strict=True)
    ]
    replay = TranscriptSimulator(Transcript.of(Header(instrument="xgs600"), chunks))
    with Xgs600(plug(replay).url) as controller:
        found = controller.pressures()

    replay.check()
    assert found["FORE"] == 1.234e-07
    assert isinstance(found["CNV2"], NoValue)


def test_what_is_asked_otherwise_is_told_and_gets_no_answer(plug: Plug) -> None:
    replay = TranscriptSimulator(LASER)
    with MoonLaser(plug(replay).url) as laser:
        with pytest.raises(NoReply):
            laser.power()
        with pytest.raises(NoReply):
            laser.temperature()

    said = r'request 2 of 3: recorded is "MEAS:TEMP\?\\r\\n", but "MEAS:POW\?\\r\\n" came'
    with pytest.raises(SimulationError, match=said):
        replay.check()


def test_what_was_not_asked_is_told(plug: Plug) -> None:
    replay = TranscriptSimulator(LASER)
    with MoonLaser(plug(replay).url) as laser:
        laser.temperature()

    assert replay.unused == (b"MEAS:TEMP?\r\n",)
    with pytest.raises(SimulationError, match=r"1 of 3 recorded requests did not come, the first"):
        replay.check()


def test_what_is_asked_after_the_end_is_told(plug: Plug) -> None:
    replay = TranscriptSimulator(LASER)
    with MoonLaser(plug(replay).url) as laser:
        laser.temperature()
        laser.temperature()
        with pytest.raises(NoReply):
            laser.temperature()

    assert replay.differences == ('after the end of the transcript came "MEAS:TEMP?\\r\\n"',)


def test_a_request_may_come_in_other_parts_than_it_was_recorded() -> None:
    whole = b"ID?\r\nMEAS:TEMP?\r\nMEAS:TEMP?\r\n"
    for size in (1, 2, 7, 100):
        replay = TranscriptSimulator(LASER)
        said = [
            answer.data
            for start in range(0, len(whole), size)
            for answer in replay.feed(whole[start : start + size], 0.0)
        ]
        assert said == [b"MOONLASER,GL", b"-1,0001,1.0\r\n", b"255.25\r\n", b"255.50\r\n"]
        replay.check()


def test_by_lookup_requests_come_in_any_order_and_the_last_answer_stays(plug: Plug) -> None:
    replay = TranscriptSimulator(LASER, "lookup")
    line = Line(
        plug(replay).url, SerialLine(baudrate=115200, first_byte_s=0.2, total_s=0.5, gap_s=0.1)
    )
    with line:
        asked = [b"MEAS:TEMP?", b"ID?", b"MEAS:TEMP?", b"MEAS:TEMP?"]
        assert [line.transact(one) for one in asked] == [
            b"255.25", b"MOONLASER,GL-1,0001,1.0", b"255.50", b"255.50",
        ]  # fmt: skip
        replay.check()
        with pytest.raises(NoReply):
            line.transact(b"MEAS:POW?")
        assert line.transact(b"ID?") == b"MOONLASER,GL-1,0001,1.0"

    assert replay.differences == ('no request "MEAS:POW?\\r\\n" was recorded',)


@pytest.mark.parametrize("size", [1, 3, 100])
def test_by_lookup_something_unknown_does_not_hide_what_follows(size: int) -> None:
    replay = TranscriptSimulator(LASER, "lookup")
    data = b"\x00MEASURE\r\nID?\r\n"
    said = [
        answer.data
        for start in range(0, len(data), size)
        for answer in replay.feed(data[start : start + size], 0.0)
    ]

    assert said == [b"MOONLASER,GL", b"-1,0001,1.0\r\n"]
    assert replay.differences


def test_in_time_the_answer_comes_as_late_as_it_was_recorded(plug: Plug) -> None:
    replay = TranscriptSimulator(LASER, "timed", speed=2)
    answers = replay.feed(b"ID?\r\n", 0.0)
    assert [answer.data for answer in answers] == [b"MOONLASER,GL", b"-1,0001,1.0\r\n"]
    assert [answer.delay_s for answer in answers] == pytest.approx([0.05, 0.075])
    carrier = plug(TranscriptSimulator(LASER, "timed"))
    with MoonLaser(carrier.url) as laser:
        began = time.monotonic()
        laser.temperature()
        assert time.monotonic() - began >= 0.1


def test_what_came_before_the_first_request_comes_at_the_beginning() -> None:
    spoken = Transcript.of(
        Header(), [Chunk(0.0, False, b"READY\r\n"), Chunk(0.5, False, b"GO\r\n"), *LASER.chunks[:0]]
    )
    replay = TranscriptSimulator(spoken, "timed")

    assert replay.tick_s is not None
    assert replay.tick(7.0) == [Answer(b"READY\r\n"), Answer(b"GO\r\n", 0.5)]
    assert replay.tick(8.0) == []
    replay.check()
    assert TranscriptSimulator(LASER).tick_s is None


def test_the_recorded_baud_rate_has_to_be_set(plug: Plug) -> None:
    carrier = plug(TranscriptSimulator(LASER))
    quick = SerialLine(baudrate=19200, first_byte_s=0.2, total_s=0.3, gap_s=0.1)

    with Line(carrier.url, quick) as line, pytest.raises(NoReply):
        line.transact(b"ID?")


def test_a_file_is_replayed_by_its_path(tmp_path: Path) -> None:
    LASER.save(tmp_path / "laser.jsonl")

    assert TranscriptSimulator(tmp_path / "laser.jsonl").transcript == LASER
    (tmp_path / "bad.jsonl").write_text("bad\n")
    with pytest.raises(TranscriptError, match="line 1: not JSON"):
        TranscriptSimulator(tmp_path / "bad.jsonl")


def test_modes_and_speeds_that_there_are_not_are_refused() -> None:
    with pytest.raises(SimulationError, match="mode = 'loose': must be strict, lookup or timed"):
        TranscriptSimulator(LASER, "loose")  # type: ignore[arg-type]  # that is the point
    with pytest.raises(SimulationError, match="speed = 0: must be above 0"):
        TranscriptSimulator(LASER, speed=0)


class Streaming(SimulatedInstrument):
    driver = "streaming"
    tick_s = 0.1

    def feed(self, data: bytes, now: float) -> list[Answer]:
        return [Answer(data, 0.01)]

    def tick(self, now: float) -> list[Answer]:
        return [Answer(f"{now:.1f};".encode())]


def test_a_simulator_that_speaks_by_itself_reproduces_too() -> None:
    recorded = Transcript.of(
        Header(),
        [
            Chunk(0.25, False, b"0.0;0.1;0.2;"),
            Chunk(0.26, True, b"a"),
            Chunk(0.27, False, b"a"),
            Chunk(0.32, False, b"0.3;"),
        ],
    )

    assert reproduces(Streaming(), recorded) == []
    other = Transcript.of(Header(), [Chunk(0.25, False, b"nothing")])
    assert reproduces(Streaming, other) == [
        'request 1 of 1, at 0.250 s: to nothing the recorded answer is "nothing", the simulator\'s '
        '"0.0;0.1;0.2;"'
    ]


def test_start_values_come_from_the_header() -> None:
    header = Header(instrument="moon_laser", simulate={"serial_number": "7"})
    chunks = [Chunk(0.0, True, b"ID?\r\n"), Chunk(0.1, False, b"MOONLASER,GL-1,7,1.0\r\n")]

    assert reproduces(MoonLaserSimulator, Transcript.of(header, chunks)) == []
    assert len(reproduces(MoonLaserSimulator(), Transcript.of(header, chunks))) == 1
    with pytest.raises(SimulationError, match="has no value 'serial'"):
        reproduces(MoonLaserSimulator, Transcript.of(Header(simulate={"serial": 7}), chunks))


class Silent(LineSimulator):
    driver = "silent"

    def respond(self, line: bytes, now: float) -> None:
        return None


def test_silence_in_place_of_an_answer_is_a_difference() -> None:
    assert "the simulator's silence" in reproduces(Silent, LASER)[0]
