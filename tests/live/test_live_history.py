"""The past, from the recorder's file of a host."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from labframe_plugins.live import past
from labframe_plugins.live.datagrams import Datagram
from labframe_plugins.recorder import HistoryWriter
from livelab import Live, running, until

from labframe import Event


@pytest.fixture
def live() -> Iterator[Live]:
    with running() as server:
        yield server


@pytest.fixture
def recorded(live: Live, tmp_path: Path) -> Callable[..., Path]:
    """Write a history, and have the host "lab" say that it is its own."""

    def record(points: list[tuple[float, float]]) -> Path:
        file = tmp_path / "lab.db"
        with HistoryWriter(file) as writer:
            writer.describe("pressure", unit="mbar")
            writer.points("pressure", [t for t, _ in points], [y for _, y in points])
        announce(live, file)
        return file

    return record


def announce(live: Live, file: Path) -> None:
    told = {"labframe": 1, "instance": "i", "name": "lab", "history": str(file)}
    instrument = {"name": "gauge", "codenames": {"pressure": {"quality": "ok", "unit": "mbar"}}}
    live.send({"host": "lab", "data": {}, **told, "instruments": [instrument]})
    until(lambda: "lab" in live.state()["hosts"])


def asked(live: Live, **query: Any) -> dict[str, Any]:
    answer = live.get("/api/v1/history", params={"codename": "lab:pressure", **query})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def test_few_points_come_as_they_are(live: Live, recorded: Any) -> None:
    now = time.time()
    recorded([(now - 100 + number, number / 2) for number in range(50)])
    (series,) = asked(live, since=-3600)["series"]

    assert (series["source"], series["unit"], series["bucket_s"]) == ("recorder", "mbar", 0)
    assert series["mean"] == series["low"] == series["high"] == [n / 2 for n in range(50)]
    assert series["t"][0] == pytest.approx(now - 100, abs=1e-5)
    assert live.state()["hosts"]["lab"]["history"] is True


def test_many_points_come_in_spans_that_keep_every_peak(live: Live, recorded: Any) -> None:
    now = time.time()
    ys = [1.0] * 20_000
    ys[7_777], ys[12_345] = 1000.0, -1000.0
    recorded([(now - 20_001 + number, y) for number, y in enumerate(ys)])
    (series,) = asked(live, since=now - 20_001, until=now, buckets=100)["series"]

    assert len(series["t"]) <= 100
    assert (max(series["high"]), min(series["low"])) == (1000.0, -1000.0)
    assert sum(series["count"]) == 20_000
    assert series["bucket_s"] == pytest.approx(200.01, abs=0.1)
    assert series["t"] == sorted(series["t"])


def test_a_codename_that_was_never_recorded_is_said(live: Live, recorded: Any) -> None:
    recorded([(time.time(), 1.0)])
    query = {"codename": "lab:presure", "since": "-60"}
    (series,) = live.get("/api/v1/history", params=query).json()["series"]

    assert (series["source"], series["t"]) == ("none", [])
    assert "presure" in series["error"]


def test_a_file_that_cannot_be_read_leaves_what_is_remembered(live: Live, tmp_path: Path) -> None:
    file = tmp_path / "lab.db"
    file.write_text("no history")
    announce(live, file)
    live.points("lab", pressure=[time.time(), 2.5])
    until(lambda: asked(live, since=-60)["series"][0]["t"])
    (series,) = asked(live, since=-60)["series"]

    assert (series["source"], series["mean"]) == ("memory", [2.5])
    assert str(file) in series["error"]


def test_the_file_of_another_computer_is_not_looked_for(live: Live, tmp_path: Path) -> None:
    with running(accept=("0.0.0.0/0",)) as other:
        announce(other, tmp_path / "lab.db")
        host = other.server._laboratory.hosts["lab"]
        host.take(_news(tmp_path / "x.db"), ("192.0.2.7", 1), False, time.monotonic())

        assert host.history == ""
        assert host.why_no_commands() == "it runs on another computer than the live server"


def _news(file: Path) -> Any:
    return Datagram(
        host="lab", data={}, labframe=1, instance="i", name="lab", history=str(file),
        push_address=("127.0.0.1", 8500),
    )  # fmt: skip


def test_a_long_look_up_does_not_hold_up_what_is_live(
    live: Live, recorded: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorded([(time.time(), 1.0)])
    going = threading.Event()
    before = past._opened

    def slow(file: str) -> Any:
        assert going.wait(10)
        return before(file)

    monkeypatch.setattr(past, "_opened", slow)
    with live.viewer() as viewer:
        found: list[Any] = []
        asking = threading.Thread(target=lambda: found.append(asked(live, since=-60)))
        asking.start()
        live.points("other", a=[time.time(), 7.0])
        viewer.until(lambda: viewer.codename("other", "a")["y"] == 7.0)
        assert not found
        going.set()
        asking.join(10)

    assert found[0]["series"][0]["source"] == "recorder"


def test_commands_and_gaps_come_along(live: Live, recorded: Any, tmp_path: Path) -> None:
    now = time.time()
    fields: dict[str, Any] = {
        "method": "gauge.degas", "arguments": {"on": True}, "sender": "127.0.0.1",
        "id": "page 127.0.0.1 Ada 1", "outcome": "done", "answer": "RET#null",
        "received": now - 30.5, "duration_s": 0.1,
    }  # fmt: skip
    recorded([(now - 60, 1.0), (now - 10, 2.0)])
    with HistoryWriter(tmp_path / "lab.db") as writer:
        writer.gap("pressure", now - 60, now - 10, "disconnected", "no answer")
        writer.event(Event("command", "gauge", now - 30, "degas", fields))
    told = asked(live, since=-3600)
    (series,), (mark,) = told["series"], told["marks"]

    (gap,) = series["gaps"]
    assert (gap["cause"], gap["why"]) == ("disconnected", "no answer")
    assert gap["until"] - gap["since"] == pytest.approx(50, abs=1e-3)
    assert (mark["host"], mark["method"], mark["arguments"]) == ("lab", "gauge.degas", {"on": True})
    assert (mark["outcome"], mark["instrument"]) == ("done", "gauge")
    assert now - 31 < mark["time"] < now - 29
    assert asked(live, since=-3600, marks=0)["marks"] == []
