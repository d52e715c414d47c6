"""The audit: who sent which command when, and what became of it; also when the disk is full."""

import json
import logging
import os
import stat
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from commandlab import ONE, CommandPlugin, code, host_of, recorded, said, simulated
from labhost import until

from labframe import Event, Host
from labframe.commands.audit import Audit


class Events:
    name = "events"

    def __init__(self) -> None:
        self.events: list[Event] = []

    def write(self, readings: Any) -> None: ...

    def event(self, event: Event) -> None:
        self.events.append(event)

    def close(self) -> None: ...

    @property
    def commands(self) -> list[Event]:
        return [one for one in self.events if one.kind == "command"]


@pytest.fixture
def events() -> Events:
    return Events()


@pytest.fixture
def host(tmp_path: Path, events: Events) -> Iterator[Host]:
    with host_of(tmp_path, CommandPlugin(sinks=[events])) as made:
        made.wait_fresh("oven_temperature")
        yield made


def test_a_command_is_written_down_before_and_after_it_is_executed(host: Host) -> None:
    began = time.time()
    said(host, "oven.setpoint", target=77)
    said(host, "oven.setpoint", target=78, _id="a1")
    first, _, begin, end = recorded(host)
    assert (first["event"], first["old"]) == ("begin", None)
    assert "id" not in first
    number = begin.pop("command")
    assert began <= begin.pop("time") <= time.time()
    digest = begin.pop("digest")
    assert len(bytes.fromhex(digest)) == 16
    assert begin == {
        "event": "begin", "sender": "127.0.0.1", "method": "oven.setpoint",
        "arguments": {"target": 78.0}, "old": 77.0, "id": "a1",
    }  # fmt: skip
    assert 0 < end.pop("duration_s") < 2
    assert began <= end.pop("time") <= time.time()
    assert end == {
        "event": "end", "command": number, "sender": "127.0.0.1", "method": "oven.setpoint",
        "outcome": "done", "answer": "RET#78.0", "id": "a1", "digest": digest,
    }  # fmt: skip


def test_what_is_refused_has_one_record_that_says_why(host: Host) -> None:
    said(host, "oven.setpoint", target=999)
    said(host, "oven.nothing", x="y" * 1000)
    said(host, 5)
    out_of_range, unknown, bad = recorded(host)
    assert {one["event"] for one in (out_of_range, unknown, bad)} == {"refused"}
    assert {one["outcome"] for one in (out_of_range, unknown, bad)} == {"refused"}
    assert out_of_range["arguments"] == {"target": 999}
    assert out_of_range["answer"].startswith("ERROR#OUT_OF_RANGE")
    assert len(unknown["arguments"]) == 300, "nobody fills the disk with it"
    assert bad["method"] == "5"


def test_what_only_looks_is_not_written_down(host: Host) -> None:
    said(host, "oven.temperature")
    said(host, "oven.setpoint", target=77, _dry_run=True)
    assert not (host.state_dir / "commands.jsonl").exists()


def test_a_sink_hears_of_every_command(host: Host, events: Events) -> None:
    said(host, "oven.add", number=5, _id="a1")
    said(host, "oven.nothing")
    said(host, "oven.setpoint", target=999)
    until(lambda: len(events.commands) == 3)
    done, unknown, refused = events.commands
    assert done.source == "oven"
    assert done.text == "127.0.0.1: oven.add(number=5): done"
    assert 0 < done.fields.pop("duration_s") < 2  # type: ignore[attr-defined]  # it is a dict
    assert abs(done.fields.pop("received") - time.time()) < 60  # type: ignore[attr-defined]
    assert done.fields == {
        "method": "oven.add", "arguments": {"number": 5}, "sender": "127.0.0.1", "id": "a1",
        "old": None, "outcome": "done", "answer": "RET#1005",
    }  # fmt: skip
    for one, word in ((unknown, "UNKNOWN_METHOD"), (refused, "OUT_OF_RANGE")):
        assert one.fields["outcome"] == "refused"
        assert str(one.fields["answer"]).startswith(f"ERROR#{word}")
    assert (unknown.fields["arguments"], refused.fields["arguments"]) == ({}, {"target": 999})


def test_only_its_owner_and_group_may_read_the_audit(host: Host) -> None:
    said(host, "oven.add", number=5)
    mode = stat.S_IMODE((host.state_dir / "commands.jsonl").stat().st_mode)
    assert mode & 0o027 == 0


# The file.


def _names(path: Path) -> list[str]:
    return [json.loads(line)["name"] for line in path.read_text().splitlines()]


def _audit(path: Path, keep: int = 2, max_bytes: int = 100) -> Audit:
    return Audit(path / "a.jsonl", max_bytes, keep)


def test_a_long_file_is_put_aside_and_the_oldest_goes(tmp_path: Path) -> None:
    audit = _audit(tmp_path)
    for number in range(9):
        assert audit.write({"name": str(number), "text": "x" * 20})
    audit.close()
    assert _names(tmp_path / "a.jsonl") == ["8"]
    assert _names(tmp_path / "a.jsonl.1") == ["6", "7"]
    assert _names(tmp_path / "a.jsonl.2") == ["4", "5"]
    assert sorted(one.name for one in tmp_path.iterdir()) == ["a.jsonl", "a.jsonl.1", "a.jsonl.2"]


def test_none_is_kept_where_none_is_wanted(tmp_path: Path) -> None:
    audit = _audit(tmp_path, keep=0)
    for number in range(5):
        assert audit.write({"name": str(number), "text": "x" * 20})
    audit.close()
    assert [one.name for one in tmp_path.iterdir()] == ["a.jsonl"]
    assert _names(tmp_path / "a.jsonl") == ["4"]


def test_a_file_that_cannot_be_put_aside_is_written_on(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "a.jsonl.1" / "in the way").mkdir(parents=True)
    audit = _audit(tmp_path, keep=1)
    for number in range(7):
        assert audit.write({"name": str(number), "text": "x" * 20}), "no record is lost"
    audit.close()
    assert _names(tmp_path / "a.jsonl") == [str(number) for number in range(7)]
    assert caplog.text.count("cannot be put aside") == 1


def test_a_file_that_somebody_moved_away_is_begun_anew(tmp_path: Path) -> None:
    audit = _audit(tmp_path, max_bytes=10_000)
    assert audit.write({"name": "a"})
    (tmp_path / "a.jsonl").rename(tmp_path / "moved")
    assert audit.write({"name": "b"})
    assert _names(tmp_path / "moved") == ["a"]
    assert _names(tmp_path / "a.jsonl") == ["b"]
    (tmp_path / "a.jsonl").unlink()
    assert audit.write({"name": "c"})
    audit.close()
    assert _names(tmp_path / "a.jsonl") == ["c"]


def test_a_torn_line_is_ended_before_the_next_one(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(b'{"name": "a"}\n{"name": "to')
    audit = _audit(tmp_path, max_bytes=10_000)
    assert audit.write({"name": "b"})
    audit.close()
    assert (tmp_path / "a.jsonl").read_bytes().splitlines() == [
        b'{"name": "a"}', b'{"name": "to', b'{"name":"b"}',
    ]  # fmt: skip
    assert [one["name"] for one in audit.records(0.0)] == ["a", "b"]


# The disk is full.

needs_full_device = pytest.mark.skipif(
    not Path("/dev/full").is_char_device(), reason="this system has no /dev/full"
)


@needs_full_device
def test_a_disk_that_is_full_is_logged_once_and_written_to_when_there_is_room(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    path = tmp_path / "a.jsonl"
    path.symlink_to("/dev/full")
    audit = _audit(tmp_path)
    for _ in range(3):
        assert not audit.write({"name": "lost"})
    assert "No space left" in audit.problem
    path.unlink()
    assert audit.write({"name": "kept"})
    assert audit.problem == ""
    audit.close()
    assert _names(path) == ["kept"]
    texts = [record.getMessage() for record in caplog.records]
    assert len(texts) == 2
    assert "the audit of commands cannot be written" in texts[0]
    assert "the audit is written again" in texts[1]


@needs_full_device
@pytest.mark.parametrize("policy", ["warn", "refuse"])
def test_with_a_full_disk_commands_are_executed_or_refused_as_configured(
    tmp_path: Path, policy: str
) -> None:
    path = tmp_path / "audit.jsonl"
    path.symlink_to("/dev/full")
    audit = {"file": str(path), "on_failure": policy}
    with host_of(tmp_path, audit=audit) as host:
        host.wait_fresh("oven_temperature")
        answer = said(host, "oven.add", number=1)
        if policy == "warn":
            assert answer == "RET#1001"
        else:
            assert code(answer) == "ERROR#NOT_AUDITED"
            assert 'oven.add: [audit] on_failure = "refuse", and the audit cannot be' in answer
            assert "No space left on device" in answer
        assert simulated(host).count == (policy == "warn")
        assert said(host, "oven.temperature") == "RET#295.5", "which only looks"
        assert "the audit of commands is not written" in host.problems[0]

        path.unlink()
        assert said(host, "oven.add", number=2) == "RET#1002"
        assert host.problems == []
        events = [json.loads(line)["event"] for line in path.read_text().splitlines()]
        assert events == ["begin", "end"]


def test_a_setting_is_not_set_again_where_that_cannot_be_written(tmp_path: Path) -> None:
    section = {**ONE["oven"], "command": {"setpoint": {"after_reconnect": "reapply"}}}
    state = tmp_path / "state"
    audit = {"file": str(state / "audit.jsonl"), "on_failure": "refuse"}
    with host_of(tmp_path, instruments={"oven": section}, audit=audit) as host:
        host.wait_fresh("oven_temperature")
        assert said(host, "oven.setpoint", target=77) == "RET#77.0"
        state.rename(tmp_path / "moved")
        state.write_text("in its place")
        assert code(said(host, "oven.setpoint", target=78)) == "ERROR#NOT_AUDITED"
        assert host.simulated is not None
        cable = host.simulated.carriers["oven"]
        cable.unplug()
        until(lambda: not host.members[0].connected)
        cable.replug()
        host.wait_fresh("oven_temperature")
        assert simulated(host).asked_for == ["SP 77"]
        os.unlink(state)
        assert said(host, "oven.setpoint", target=79) == "RET#79.0"
