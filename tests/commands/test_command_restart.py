"""After the host was restarted: a retry gets its answer, from the file that tells of commands."""

import json
import os
import time
from pathlib import Path
from typing import Any

import pytest
from commandlab import code, host_of, recorded, said, simulated

from labframe.commands.audit import Audit
from labframe.commands.memory import KEPT_S
from labframe.commands.records import Records
from labframe.commands.request import parsed
from labframe.host.sinks import Fanout


def _remembered(audit: Audit, now: float | None = None) -> dict[str, bytes]:
    """Return the answers that a host would know after a restart, by their ids."""
    records = Records(audit, Fanout())
    found = records.remembered(time.time() if now is None else now, KEPT_S)
    return {key[1]: one.answer for key, one, _ in found}


def _record(identity: str, event: str = "end", age_s: float = 1.0, **more: Any) -> dict[str, Any]:
    return {
        "event": event, "time": time.time() - age_s, "sender": "127.0.0.1", "id": identity,
        "method": "oven.add", "digest": "00" * 16, "outcome": "done", "answer": "RET#1001", **more,
    }  # fmt: skip


def test_a_retry_after_a_restart_gets_the_recorded_answer(tmp_path: Path) -> None:
    with host_of(tmp_path) as host:
        host.wait_fresh("oven_temperature")
        done = said(host, "oven.add", number=1, _id="done")
        refused = said(host, "oven.setpoint", target=999, _id="refused")
        unknown = said(host, "oven.nothing", _id="unknown")
        dry = said(host, "oven.add", number=1, _id="dry", _dry_run=True)
    with host_of(tmp_path) as host:
        host.wait_fresh("oven_temperature")
        assert said(host, "oven.add", number=1, _id="done") == done == "RET#1001"
        assert said(host, "oven.setpoint", target=999, _id="refused") == refused
        assert said(host, "oven.nothing", _id="unknown") == unknown
        assert said(host, "oven.add", number=1, _id="dry", _dry_run=True).startswith("RET#{")
        assert dry.startswith("RET#{")
        assert code(said(host, "oven.add", number=2, _id="done")) == "ERROR#ID_REUSED"
        assert simulated(host).count == 0
        assert said(host, "oven.add", number=1, _id="new") == "RET#1001"


def test_a_command_that_was_begun_before_the_host_died_has_an_unknown_outcome(
    tmp_path: Path,
) -> None:
    request = {"method": "oven.add", "number": 5, "_id": "torn"}
    begun = _record("torn", "begin", digest=parsed(request).digest().hex())
    (tmp_path / "commands.jsonl").write_text(json.dumps(begun) + "\n")
    with host_of(tmp_path) as host:
        host.wait_fresh("oven_temperature")
        for _ in range(2):
            assert said(host, "oven.add", number=5, _id="torn") == (
                "EXCEP#OUTCOME_UNKNOWN: oven.add: the host ended before it was known how the "
                "command ended"
            )
        assert simulated(host).count == 0


def test_broken_lines_of_the_audit_are_passed_over(tmp_path: Path) -> None:
    request = {"method": "oven.add", "number": 5, "_id": "good"}
    good = _record("good", digest=parsed(request).digest().hex(), answer="RET#1")
    broken = [
        b"", b"{", b"nonsense", b"[]", b"1", b"null", b"\xff\xfe\x00", b"\0" * 100,
        b"[" * 100_000, json.dumps(good).encode()[:-20],
        *(
            json.dumps({**good, key: value}).encode()
            for key, value in (
                ("digest", "xyz"), ("digest", 5), ("time", "noon"), ("time", None),
                ("time", 1e400), ("time", float("nan")),
            )
        ),
        *(
            json.dumps({name: one for name, one in good.items() if name != key}).encode()
            for key in ("id", "sender", "digest", "time")
        ),
        json.dumps({**good, "id": "other", "answer": 5}).encode(),
    ]  # fmt: skip
    text = b"\n".join([*broken, json.dumps(good).encode(), *broken[:-1]])
    (tmp_path / "commands.jsonl").write_bytes(text + b'\n{"event": "end", "ti')
    with host_of(tmp_path) as host:
        host.wait_fresh("oven_temperature")
        assert said(host, "oven.add", number=5, _id="good") == "RET#1"
        assert said(host, "oven.add", number=6, _id="new") == "RET#1006"
    last = (tmp_path / "commands.jsonl").read_bytes().splitlines()[-1]
    assert json.loads(last)["id"] == "new", "the torn line does not swallow the next one"


def test_an_answer_that_was_too_long_to_be_kept_is_not_executed_again(tmp_path: Path) -> None:
    audit = Audit(tmp_path / "commands.jsonl", 10_000_000, 10)
    audit.write(_record("long", answer=None))
    audit.close()
    assert _remembered(audit)["long"] == (
        b"EXCEP#FAILED: oven.add: done before the host was restarted; its answer was not kept"
    )


def test_what_is_older_than_ten_minutes_is_not_remembered(tmp_path: Path) -> None:
    audit = Audit(tmp_path / "commands.jsonl", 10_000_000, 10)
    audit.write(_record("old", age_s=601.0))
    audit.write(_record("young", age_s=590.0))
    audit.close()
    assert list(_remembered(audit)) == ["young"]


def test_a_clock_that_was_set_back_makes_no_command_run_again(tmp_path: Path) -> None:
    audit = Audit(tmp_path / "commands.jsonl", 10_000_000, 10)
    audit.write(_record("a"))
    audit.close()
    assert list(_remembered(audit, now=time.time() - 3600.0)) == ["a"]


def test_ten_minutes_of_commands_are_remembered_over_all_files_that_are_kept(
    tmp_path: Path,
) -> None:
    audit = Audit(tmp_path / "commands.jsonl", 10_000, 5)
    names = [str(number) for number in range(200)]
    for name in names:
        assert audit.write(_record(name))
    audit.close()
    assert (tmp_path / "commands.jsonl.3").exists()
    assert list(_remembered(audit)) == names


def test_files_of_long_ago_are_not_read_at_the_start(tmp_path: Path) -> None:
    audit = Audit(tmp_path / "commands.jsonl", 10_000, 5)
    for number in range(60):
        audit.write(_record(str(number)))
    audit.close()
    old = tmp_path / "commands.jsonl.1"
    os.utime(old, (time.time() - 3600.0,) * 2)
    in_old = {json.loads(line)["id"] for line in old.read_text().splitlines()}
    found = _remembered(audit)
    assert found
    assert not in_old & set(found)


def test_the_newest_record_of_an_id_counts(tmp_path: Path) -> None:
    audit = Audit(tmp_path / "commands.jsonl", 10_000_000, 10)
    audit.write(_record("a", "begin", 3.0))
    audit.write(_record("a", "end", 2.0, answer="RET#1"))
    audit.close()
    assert _remembered(audit) == {"a": b"RET#1"}


@pytest.mark.parametrize("is_there", [False, True])
def test_a_host_starts_without_a_readable_audit(tmp_path: Path, is_there: bool) -> None:
    if is_there:
        (tmp_path / "commands.jsonl").mkdir()
    with host_of(tmp_path) as host:
        host.wait_fresh("oven_temperature")
        assert said(host, "oven.add", number=1, _id="a") == "RET#1001"
        if is_there:
            assert "the audit of commands is not written" in host.problems[0]
        else:
            assert [one["event"] for one in recorded(host)] == ["begin", "end"]
