"""What a line keeps of its traffic: the flight recorder, and ``record://``."""

from __future__ import annotations

import logging
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from labframe.errors import BadReply, NoReply, PortGone
from labframe.line import Line, SerialLine
from labframe.line.flight import FlightRecorder
from labframe.transcripts import Header, Incident, PortSettings, Transcript

SETTINGS = SerialLine(
    baudrate=19200, stopbits=2, terminator=b"\r", first_byte_s=0.3, gap_s=0.1, total_s=0.5
)

FarEnds = Callable[..., Any]


def said(transcript: Transcript) -> list[tuple[bool, bytes]]:
    return [(chunk.sent, chunk.data) for chunk in transcript.chunks]


def events(transcript: Transcript) -> list[str]:
    return [one.event for one in transcript.entries if isinstance(one, Incident)]


def test_a_line_keeps_what_went_over_it(far_end: FarEnds) -> None:
    end = far_end(lambda request: b"OK\r")
    line = Line(end.url, SETTINGS)
    with line:
        line.transact(b"?")
    transcript = line.flight.transcript(Header(instrument="x"))

    assert said(transcript) == [(True, b"?\r"), (False, b"OK\r")]
    assert events(transcript) == ["open", "close"]
    assert transcript.entries[0] == Incident(0.0, "open", end.device)
    assert transcript.header.started is not None


def test_bytes_that_are_dropped_before_a_request_are_kept_too(far_end: FarEnds) -> None:
    end = far_end(lambda request: [(0.0, b"OK\r"), (0.02, b"late\r")])
    with Line(end.url, SETTINGS) as line:
        line.transact(b"1")
        line._channel.channel._input.poll(5000)  # type: ignore[union-attr]  # the late one is there
        line.transact(b"2")

    assert (False, b"late\r") in said(line.flight.transcript(Header()))


def test_a_cable_that_was_pulled_is_in_the_flight_recorder(far_end: FarEnds) -> None:
    end = far_end(lambda request: b"OK\r")
    with Line(end.url, SETTINGS) as line:
        line.transact(b"?")
        end.unplug()
        with pytest.raises(PortGone):
            line.transact(b"?")

    assert events(line.flight.transcript(Header())) == ["open", "unplug", "close"]


def test_a_flight_recorder_forgets_the_oldest_and_keeps_within_its_memory() -> None:
    flight = FlightRecorder(10_000)
    for number in range(10_000):
        flight.chunk(float(number), True, b"%d" % number)
        flight.incident(float(number), "open", "x" * (number % 50))
        assert flight._size <= 10_000

    kept = [chunk.data for chunk in flight.transcript(Header()).chunks]
    assert kept[-1] == b"9999"
    assert 30 < len(kept) < 84
    assert kept == [b"%d" % number for number in range(10_000 - len(kept), 10_000)]
    assert flight._size == sum(len(what) + 120 for _, _, what in flight._entries)


def test_one_chunk_that_is_too_long_empties_it_and_no_more() -> None:
    flight = FlightRecorder(1000)
    flight.chunk(0.0, True, b"x" * 5000)
    flight.chunk(1.0, True, b"y")

    assert said(flight.transcript(Header())) == [(True, b"y")]
    assert flight._size == 121


def test_without_memory_nothing_is_kept(far_end: FarEnds) -> None:
    end = far_end(lambda request: b"OK\r")
    with Line(end.url, SETTINGS, flight_bytes=0) as line:
        line.transact(b"?")

    assert line.flight.transcript(Header()).entries == ()


def test_a_flight_goes_back_as_far_as_is_asked() -> None:
    flight = FlightRecorder()
    now = time.monotonic()
    flight.chunk(now - 100, True, b"old")
    flight.chunk(now - 1, True, b"new")

    assert said(flight.transcript(Header(), 50)) == [(True, b"new")]


def test_a_flight_is_read_while_another_thread_notes() -> None:
    flight = FlightRecorder(20_000)
    stop = threading.Event()

    def note() -> None:
        at = 0.0
        while not stop.is_set():
            at += 1
            flight.chunk(at, True, b"x")

    thread = threading.Thread(target=note)
    thread.start()
    try:
        for _ in range(300):
            text = flight.transcript(Header()).dumps()
            assert Transcript.loads(text).dumps() == text
    finally:
        stop.set()
        thread.join()


def test_a_port_is_recorded_into_a_file(far_end: FarEnds, tmp_path: Path) -> None:
    end = far_end(lambda request: b"OK\xff\r")
    file = tmp_path / "new" / "cryo.jsonl"
    line = Line(f"record://{file}?url={end.url}", SETTINGS)
    assert line.port_url == end.url
    with line:
        assert line.transact(b"?") == b"OK\xff"
    with line:
        end.unplug()
        with pytest.raises(PortGone):
            line.transact(b"?")

    transcript = Transcript.load(file)
    assert said(transcript)[:2] == [(True, b"?\r"), (False, b"OK\xff\r")]
    assert events(transcript) == ["open", "close", "open", "unplug", "close"]
    assert transcript.header.port == PortSettings(baud=19200, stopbits=2)


def test_a_recording_is_never_written_over(far_end: FarEnds, tmp_path: Path) -> None:
    end = far_end(lambda request: b"OK\r")
    for _ in range(3):
        with Line(f"record://{tmp_path}/cryo.jsonl?url={end.url}", SETTINGS) as line:
            line.transact(b"?")

    names = ["cryo-2.jsonl", "cryo-3.jsonl", "cryo.jsonl"]
    files = sorted(tmp_path.glob("*.jsonl"))
    assert [file.name for file in files] == names
    assert {len(Transcript.load(file).chunks) for file in files} == {2}


def test_a_connection_over_the_network_is_recorded(tmp_path: Path) -> None:
    def answer() -> None:
        connection, _ = listener.accept()
        with connection:
            assert connection.recv(100) == b"?\r"
            connection.sendall(b"OK\r")
            connection.recv(100)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=answer)
        thread.start()
        port = listener.getsockname()[1]
        line = Line(f"record://{tmp_path}/net.jsonl?url=socket://127.0.0.1:{port}", SETTINGS)
        with line:
            assert line.transact(b"?") == b"OK"
        thread.join()

    assert said(Transcript.load(tmp_path / "net.jsonl")) == [(True, b"?\r"), (False, b"OK\r")]


def test_a_disk_that_takes_nothing_is_said_once_and_the_line_goes_on(
    far_end: FarEnds, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, "labframe.line")
    (tmp_path / "file").write_text("no directory")
    end = far_end(lambda request: b"OK\r")
    with Line(f"record://{tmp_path}/file/cryo.jsonl?url={end.url}", SETTINGS) as line:
        assert line.transact(b"?") == line.transact(b"?") == b"OK"

    assert [one.getMessage() for one in caplog.records] == [
        f"{tmp_path}/file/cryo.jsonl: it cannot be recorded: [Errno 17] File exists: "
        f"'{tmp_path}/file'"
    ]


@pytest.mark.parametrize("port", ["record://", "record:///a.jsonl", "record:///a.jsonl?url="])
def test_a_record_url_that_lacks_something_is_refused(port: str) -> None:
    with pytest.raises(ValueError, match=r"write record://FILE\?url=PORT, for example"):
        Line(port, SETTINGS)


def test_what_cannot_be_sent_is_noted(far_end: FarEnds) -> None:
    end = far_end(lambda request: b"OK\r")
    end.stop_reading()
    quick = SerialLine(baudrate=4_000_000, first_byte_s=0.1, total_s=0.1)
    with Line(end.url, quick) as line, pytest.raises((NoReply, BadReply)):
        line.transact(b"x" * 100_000)

    assert "blocked" in events(line.flight.transcript(Header()))
