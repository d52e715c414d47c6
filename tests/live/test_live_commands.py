"""Commands from a page: who may send them, where they go, and what comes back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from commandhost import FurnaceSimulator, command_host
from livelab import TOKEN, Live, running, until

from labframe import Host


@pytest.fixture
def live() -> Iterator[Live]:
    with running(token=TOKEN) as server:
        yield server


@pytest.fixture
def host(live: Live, tmp_path: Path) -> Iterator[Host]:
    with command_host(tmp_path, live_server=f"127.0.0.1:{live.ports.udp}") as host:
        until(lambda: any(one["kind"] == "labframe" for one in live.state()["hosts"].values()))
        yield host


@pytest.fixture
def key(live: Live, host: Host) -> str:
    del host
    (key,) = live.state()["hosts"]
    return str(key)


def outcome(live: Live, **wish: Any) -> dict[str, Any]:
    answer = live.command(**wish)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def test_a_command_is_executed_and_its_value_comes_back(live: Live, key: str) -> None:
    told = outcome(live, host=key, method="cryo.setpoint", arguments={"target": 77.5})

    assert (told["outcome"], told["value"]) == ("done", 77.5)
    assert told["duration_s"] < 5
    assert live.server.health.commands == 1


def test_a_dry_run_executes_nothing(live: Live, key: str) -> None:
    told = outcome(live, host=key, method="cryo.count", dry_run=True)

    assert told["outcome"] == "done"
    assert told["value"]["dry_run"] is True
    assert told["value"]["would_send"].startswith("cryo.count")
    assert FurnaceSimulator.counted == 0


def test_a_refusal_is_in_the_hosts_words(live: Live, key: str) -> None:
    told = outcome(live, host=key, method="cryo.setpoint", arguments={"target": 999})
    unknown = outcome(live, host=key, method="cryo.setpiont", arguments={"target": 9})

    assert (told["outcome"], told["code"]) == ("refused", "OUT_OF_RANGE")
    assert "470" in told["text"]
    assert not told["text"].startswith("OUT_OF_RANGE")
    assert (unknown["outcome"], unknown["code"]) == ("refused", "UNKNOWN_METHOD")
    assert "cryo.setpoint" in unknown["text"]


def test_what_went_wrong_is_told_from_what_was_refused(live: Live, key: str) -> None:
    told = outcome(live, host=key, method="cryo.label", arguments={"text": "broken"})

    assert (told["outcome"], told["code"]) == ("failed", "FAILED")
    assert "the display is broken" in told["text"]


def test_the_same_id_is_executed_once(live: Live, key: str) -> None:
    first = outcome(live, host=key, method="cryo.count", id="0123-4567-89ab")
    again = outcome(live, host=key, method="cryo.count", id="0123-4567-89ab")
    other = outcome(live, host=key, method="cryo.count")

    assert (first["value"], again["value"], other["value"]) == (1, 1, 2)


def test_the_audit_says_who_did_what(live: Live, key: str, tmp_path: Path) -> None:
    wish = {"host": key, "method": "cryo.count", "who": "Ada Lovelace", "id": "0123-4567-89ab"}
    told = outcome(live, **wish)
    lines = (tmp_path / "commands.jsonl").read_text().splitlines()
    records = [json.loads(line) for line in lines]

    assert told["id"] == "page 127.0.0.1 Ada Lovelace 0123-4567-89ab"
    assert [one["event"] for one in records] == ["begin", "end"]
    assert {one["id"] for one in records} == {told["id"]}
    assert records[0]["sender"] == "127.0.0.1"


def test_who_looks_sees_what_others_do(live: Live, key: str) -> None:
    with live.viewer() as viewer:
        viewer.next()
        outcome(live, host=key, method="cryo.setpoint", arguments={"target": 5}, who="Ada")
        outcome(live, host=key, method="cryo.setpoint", arguments={"target": -5}, who="Ada")
        viewer.until(lambda: len(viewer.marks) == 2)
    done, refused = viewer.marks

    assert (done["method"], done["arguments"]) == ("cryo.setpoint", {"target": 5})
    assert (done["outcome"], done["instrument"], done["host"]) == ("done", "cryo", key)
    assert " Ada " in done["id"]
    assert 0 <= done["age"] < 5
    assert refused["outcome"] == "refused"
    assert live.state()["marks"][0]["time"] == done["time"]


@pytest.mark.parametrize(
    "token", ["", "another-token-0123456789", TOKEN[:-1], TOKEN + "x", "é" * 20]
)
def test_without_the_token_nothing_is_sent(live: Live, key: str, token: str) -> None:
    answer = live.command(token, host=key, method="cryo.count")

    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "WRONG_TOKEN")
    assert FurnaceSimulator.counted == 0
    assert live.server.health.commands_refused == 1


def test_a_token_can_be_tried(live: Live) -> None:
    right = live.get("/api/v1/access", headers={"authorization": f"Bearer {TOKEN}"})
    wrong = live.get("/api/v1/access", headers={"authorization": "Bearer x"})

    assert (right.status_code, right.json()) == (200, {"commands": True})
    assert wrong.status_code == 401
    assert live.state()["commands"] is True


def test_a_server_without_a_token_takes_no_commands() -> None:
    with running() as live:
        answer = live.command(token="", host="h", method="m")
        state = live.state()

    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "COMMANDS_OFF")
    assert "token" in answer.json()["error"]["text"]
    assert state["commands"] is False


@pytest.mark.parametrize(
    "wish",
    [
        {},
        {"host": "h"},
        {"host": "h", "method": 3},
        {"host": "h", "method": "m", "arguments": []},
        {"host": "h", "method": "m", "surprise": 1},
        {"host": "h", "method": "m", "id": "short"},
        {"host": "h", "method": "m", "id": "with blanks in it"},
        {"host": "h", "method": "m", "who": "x" * 41},
        {"host": "h", "method": "m", "who": "a\nb"},
        {"host": "h", "method": "m", "arguments": {"_id": "x"}},
        {"host": "h", "method": "m", "arguments": {"method": "x"}},
        {"host": "h", "method": "m", "arguments": {"self": "x"}},
    ],
)
def test_what_is_no_command_is_refused(live: Live, wish: dict[str, Any]) -> None:
    answer = live.command(**wish)

    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "BAD_REQUEST")


def test_a_command_that_is_too_long_is_not_read(live: Live) -> None:
    answer = live.command(host="h", method="m", arguments={"a": "x" * 70_000})

    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "TOO_LONG")


def test_a_deadline_that_is_none_is_refused(live: Live, key: str) -> None:
    answer = live.command(host=key, method="cryo.count", deadline=-1)

    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "BAD_REQUEST")
    assert FurnaceSimulator.counted == 0


def test_only_hosts_that_take_commands_from_here_get_any(live: Live) -> None:
    live.points("original", a=[1, 2])
    told = {"labframe": 1, "instance": "i", "name": "quiet", "push_address": None}
    live.send({"host": "quiet", "data": {}, **told})
    foreign = {**told, "name": "foreign", "push_address": ["192.0.2.1", 8500]}
    live.send({"host": "foreign", "data": {}, **foreign})
    until(lambda: len(live.state()["hosts"]) == 3)

    for host, status, code in (
        ("nobody", 404, "UNKNOWN_HOST"),
        ("original", 403, "NOT_THIS_COMPUTER"),
        ("quiet", 403, "NOT_THIS_COMPUTER"),
        ("foreign", 403, "NOT_THIS_COMPUTER"),
    ):
        answer = live.command(host=host, method="m")
        assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)


def test_a_host_that_has_stopped_gets_none(live: Live, host: Host, key: str) -> None:
    host.stop()
    until(lambda: not live.state()["hosts"][key]["alive"])
    answer = live.command(host=key, method="cryo.count")

    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "HOST_LOST")
