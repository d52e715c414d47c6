"""The page about transcripts describes the format that there is."""

import re
from dataclasses import fields
from pathlib import Path
from typing import get_args

import pytest

import labframe.transcripts
from labframe.simulation import Mode
from labframe.transcripts import VERSION, Header, PortSettings, Transcript


@pytest.fixture
def page(docs: Path) -> str:
    return (docs / "reference" / "transcripts.md").read_text("utf-8")


def test_the_example_is_a_transcript_in_the_form_that_is_written(page: str) -> None:
    (example,) = re.findall(r"```json\n(.*?)```", page, re.DOTALL)
    transcript = Transcript.loads(example)

    assert transcript.dumps() == example
    assert transcript.exchanges[0].answer == b"@253ACK1.23E+1;FF"
    assert transcript.header.more.keys() == {"usb"}


def test_every_key_of_the_header_is_in_the_table(page: str) -> None:
    keys = [field.name for field in fields(Header) if field.name != "more"]
    assert [key for key in keys if f"| `{key}` |" not in page] == []
    assert f"| `v` | {VERSION} |" in page
    assert all(f"`{field.name}`" in page for field in fields(PortSettings))


def test_every_event_that_is_recorded_is_in_the_table(page: str) -> None:
    package = Path(labframe.transcripts.__file__).parent.parent
    sources = [package / "relay.py", *(package / "line").glob("*.py")]
    code = "\n".join(path.read_text("utf-8") for path in sources)
    written = re.findall(r'(?:self\._note\(|Incident\(time_s, )"(\w+)"', code)

    assert {"open", "close", "unplug", "replug", "baud", "blocked"} == set(written)
    assert [event for event in written if f"`{event}`" not in page] == []


def test_every_mode_of_replay_is_in_the_table(page: str) -> None:
    assert [mode for mode in get_args(Mode) if f"| `{mode}` |" not in page] == []


def test_every_published_name_is_in_the_reference(page: str) -> None:
    names = [name for name in labframe.transcripts.__all__ if name not in ("Entry", "VERSION")]
    assert [name for name in names if f"labframe.transcripts.{name}" not in page] == []
