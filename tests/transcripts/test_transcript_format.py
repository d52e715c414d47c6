"""The format of transcripts: read, written, and what is said of a file that is none."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labframe.errors import TranscriptError
from labframe.transcripts import (
    Chunk,
    Entry,
    Header,
    Incident,
    PortSettings,
    Transcript,
    TranscriptWriter,
    escaped,
    redacted,
)

TIMES = st.floats(0, 1e6)
JSON = st.dictionaries(st.sampled_from(["usb", "place"]), st.text() | st.integers())
HEADERS = st.builds(
    Header,
    instrument=st.text(),
    port=st.none() | st.builds(PortSettings, baud=st.integers(50, 12_000_000)),
    started=st.none() | TIMES,
    simulate=JSON,
    note=st.text(),
    more=JSON,
)
ENTRIES = st.lists(
    st.builds(Chunk, TIMES, st.booleans(), st.binary())
    | st.builds(Incident, TIMES, st.text(), st.text())
).map(lambda entries: sorted(entries, key=lambda entry: entry.time_s))


@given(HEADERS, ENTRIES)
def test_what_is_written_is_read_again(header: Header, entries: list[Entry]) -> None:
    transcript = Transcript.of(header, entries)
    text = transcript.dumps()

    assert text.isascii()
    assert Transcript.loads(text) == transcript


def test_every_byte_is_exact_and_ascii_stays_readable() -> None:
    every = bytes(range(256))
    text = Transcript.of(Header(), [Chunk(0.0, True, every)]).dumps()

    assert Transcript.loads(text).chunks[0].data == every
    assert (
        '"@253PR1?;FF\\r\\u00ff"'
        in Transcript.of(Header(), [Chunk(0.0213, False, b"@253PR1?;FF\r\xff")]).dumps()
    )


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{", "not JSON"),
        ("[1]", r"not an object \{...\}: '\[1\]'"),
        ('{"t":0,"d":"?","b":""}', '"d" = \'\\?\': must be ">", "<" or "!"'),
        ('{"t":0,"d":[1],"b":""}', '"d" = '),
        ('{"t":"0","d":">","b":""}', "\"t\" = '0': must be a number"),
        ('{"t":NaN,"d":">","b":""}', '"t" = nan: must be a number'),
        ('{"t":-1,"d":">","b":""}', '"t" = -1: must not be negative'),
        ('{"t":0,"d":">"}', '"b" = None: must be a text'),
        ('{"t":0,"d":">","b":"\\u0100"}', "has the character 'Ā', which is no byte"),
        ('{"t":0,"d":">","b":"","x":1}', "'x': no key of a line with d = '>'"),
        ('{"t":0,"d":"!"}', '"event" = None: must be a text'),
        ('{"t":0.1,"d":">","b":""}', '"t" = 0.1: earlier than the line before'),
    ],
)
def test_a_broken_line_is_named_with_file_and_number(tmp_path: Path, line: str, said: str) -> None:
    path = tmp_path / "broken.jsonl"
    path.write_text('{"v":1}\n{"t":0.5,"d":">","b":"a"}\n' + line + "\n")

    with pytest.raises(TranscriptError, match=f"broken.jsonl, line 3: .*{said}"):
        Transcript.load(path)


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ("", "line 1: not JSON"),
        ('{"instrument":"a"}', "line 1: no version"),
        ('{"v":2}', "line 1: version 2; this labframe reads version 1. Update labframe"),
        ('{"v":true}', "line 1: version True"),
        ('{"v":1,"port":{"bauds":9600}}', "line 1: 'bauds': no key of \"port\""),
        ('{"v":1,"port":{"baud":"9600"}}', "line 1: \"baud\" = '9600': must be a whole number"),
        ('{"v":1,"simulate":[1]}', r'line 1: "simulate" = \[1\]: must be an object'),
        ('{"v":1,"started":"now"}', "line 1: \"started\" = 'now': must be a number"),
    ],
)
def test_a_header_that_is_none_is_refused(header: str, said: str) -> None:
    with pytest.raises(TranscriptError, match=said):
        Transcript.loads(header + "\n")


def test_a_file_of_other_bytes_is_no_transcript(tmp_path: Path) -> None:
    path = tmp_path / "raw.jsonl"
    path.write_bytes(b'{"v":1}\n\xff\n')

    with pytest.raises(TranscriptError, match=r"raw.jsonl, line 2: not UTF-8 text"):
        Transcript.load(path)


def test_a_last_line_that_is_not_whole_is_left_out() -> None:
    whole = Transcript.of(Header(), [Chunk(0.0, True, b"a"), Chunk(1.0, False, b"b")])
    text = whole.dumps()
    for end in range(text.index("\n", len('{"v":1}\n')) + 1, len(text) - 2):
        torn = Transcript.loads(text[: end + 1])
        if not text[: end + 1].endswith("\n"):
            assert torn.entries == whole.entries[:1]
            assert torn.is_torn
    assert Transcript.loads(text[:-1]) == whole


KILLED = """
import sys
from labframe.transcripts import *
writer = TranscriptWriter(sys.argv[1], Header(instrument="killed"))
for number in range(10**9):
    writer.write(Chunk(float(number), True, bytes(range(256)) * 10))
    if number == 20:
        print("go on", flush=True)
"""


def test_a_recorder_that_is_killed_leaves_a_good_file(tmp_path: Path) -> None:
    path = tmp_path / "killed.jsonl"
    with subprocess.Popen(
        [sys.executable, "-c", KILLED, str(path)], stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.send_signal(signal.SIGKILL)

    entries = Transcript.load(path).entries  # the kernel may have been in the middle of a line
    assert len(entries) >= 21
    data = bytes(range(256)) * 10
    assert entries == tuple(Chunk(float(number), True, data) for number in range(len(entries)))


def test_a_writer_never_writes_over_a_file(tmp_path: Path) -> None:
    path = tmp_path / "there.jsonl"
    path.write_text("evidence")

    with pytest.raises(FileExistsError):
        TranscriptWriter(path, Header())
    assert path.read_text() == "evidence"


FULL = """
import resource, signal, sys
from labframe.transcripts import *
writer = TranscriptWriter(sys.argv[1], Header())
writer.write(Chunk(0.0, True, b"a"))
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (100, resource.RLIM_INFINITY))
for tries in range(2):
    try:
        writer.write(Chunk(1.0, True, b"b" * 1000))
    except OSError as error:
        print(error)
resource.setrlimit(resource.RLIMIT_FSIZE, (10000, resource.RLIM_INFINITY))
writer.write(Chunk(2.0, True, b"c"))
"""


def test_a_full_disk_costs_the_lines_that_do_not_fit_and_no_more(tmp_path: Path) -> None:
    path = tmp_path / "full.jsonl"
    shown = subprocess.run(
        [sys.executable, "-c", FULL, str(path)], capture_output=True, text=True, check=True
    )

    assert shown.stdout.count("is the disk full?") == 2
    assert [chunk.data for chunk in Transcript.load(path).chunks] == [b"a", b"c"]


def test_a_writer_that_was_closed_goes_on_in_its_file(tmp_path: Path) -> None:
    with TranscriptWriter(tmp_path / "a.jsonl", Header()) as writer:
        writer.write(Chunk(0.0, True, b"a"))
        writer.close()
        writer.write(Incident(1.0, "replug"))

    assert len(Transcript.load(tmp_path / "a.jsonl").entries) == 2


SAVED = """
import resource, signal, sys
from labframe.transcripts import *
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (100, resource.RLIM_INFINITY))
try:
    Transcript.of(Header(), [Chunk(0.0, True, b"b" * 1000)]).save(sys.argv[1])
except OSError as error:
    print(type(error).__name__)
"""


def test_saving_leaves_a_whole_file_or_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    Transcript.of(Header(note="old"), []).save(path)
    shown = subprocess.run(
        [sys.executable, "-c", SAVED, str(path)], capture_output=True, text=True, check=True
    )

    assert shown.stdout == "OSError\n"
    assert [one.name for one in tmp_path.iterdir()] == ["a.jsonl"]
    assert Transcript.load(path).header.note == "old"


@given(st.binary())
def test_shown_bytes_are_printable_ascii_and_can_be_read_back(data: bytes) -> None:
    shown = escaped(data)
    assert shown.isascii()
    assert shown.isprintable()
    assert shown.encode().decode("unicode_escape").encode("latin-1") == data


def test_requests_are_grouped_with_their_answers() -> None:
    chunks = [
        Chunk(0.0, False, b"READY\r"),
        Chunk(1.0, True, b"ID"),  # a program that writes in parts
        Chunk(1.1, True, b"?\r"),
        Chunk(1.2, False, b"LA"),
        Chunk(1.3, False, b"SER\r"),
        Chunk(2.0, True, b"SET 1\r"),  # has no answer
        Chunk(2.1, True, b"T?\r"),
        Chunk(2.5, False, b"77\r"),
        Chunk(3.0, True, b"T?\r"),
    ]
    found = Transcript.of(Header(), [*chunks, Incident(3.1, "unplug")]).exchanges

    assert [(one.request, one.answer) for one in found] == [
        (b"", b"READY\r"), (b"ID?\r", b"LASER\r"), (b"SET 1\r", b""), (b"T?\r", b"77\r"),
        (b"T?\r", b""),
    ]  # fmt: skip
    assert found[1].time_s == 1.1
    assert [round(delay_s, 6) for delay_s, _ in found[1].replies] == [0.1, 0.2]


def test_serial_numbers_are_replaced_in_both_directions_and_across_chunks() -> None:
    transcript = Transcript.of(
        Header(instrument="laser", note="SN:AB12 of room 5", more={"usb": {"serial": "SN:AB12"}}),
        [
            Chunk(0.0, True, b"LOCK SN:AB12\r"),
            Chunk(0.1, False, b"OK SN:A"),
            Chunk(0.2, False, b"B12\xff\r"),
            Incident(0.3, "lost", "SN:AB12 is gone"),
        ],
    )
    clean = redacted(transcript, [r"SN:(\w+)", "room 5"])

    assert clean.chunks == (
        Chunk(0.0, True, b"LOCK SN:XX00\r"),
        Chunk(0.1, False, b"OK SN:X"),
        Chunk(0.2, False, b"X00\xff\r"),
    )
    assert "AB12" not in clean.dumps()
    assert clean.header.note == "SN:XX00 of XXXX 0"
    assert json.loads(clean.dumps().partition("\n")[0])["usb"] == {"serial": "SN:XX00"}
    with pytest.raises(ValueError, match=r"'\(' is no regular expression"):
        redacted(transcript, ["("])
