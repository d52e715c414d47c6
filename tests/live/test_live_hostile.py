"""Datagrams that are none, too much, or of somebody who is not welcome: counted, never fatal."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator

import pytest
from labframe_plugins.live import laboratory
from labframe_plugins.live.datagrams import Malformed, parsed
from livelab import Live, running, until

BAD = [
    b"",
    b"\x00\xff\xfe",
    b"not json",
    b"[]",
    b"null",
    b'"text"',
    b"{}",
    b'{"host": "h"}',
    b'{"data": {}}',
    b'{"host": 3, "data": {}}',
    b'{"host": "", "data": {}}',
    b'{"host": "a:b", "data": {"x": [1, 2]}}',
    b'{"host": "h", "data": []}',
    b'{"host": "h", "data": {"x": 3}}',
    b'{"host": "h", "data": {"x": [1]}}',
    b'{"host": "h", "data": {"x": [1, 2, 3]}}',
    b'{"host": "h", "data": {"x": "reset"}}',
    b'{"host": "h", "data": {"a:b": [1, 2]}}',
    b'{"host": "h", "data": {"x": [1, "\\ud800"]}}',
    b'{"host": "h", "data": {"x": [1, ' + b"9" * 5000 + b"]}}",
    b'{"host": "h", "data": {"x": [1, ' + b"[" * 30_000 + b"]" * 30_000 + b"]}}",
    json.dumps({"host": "x" * 256, "data": {}}).encode(),
    json.dumps({"host": "h", "data": {"x" * 256: [1, 2]}}).encode(),
    b'{"host": "h", "data": {}, "labframe": 1, "instance": "i", "instruments": [{"name": 3}]}',
    b'{"host": "h", "data": {}, "labframe": 1, "instance": "i", "instruments": [{"name": "a:b"}]}',
    b'{"host": "h", "data": {}, "labframe": 1, "instance": "i", "push_address": ["x.org", 80]}',
    b'{"host": "h", "data": {}, "labframe": 1, "instance": "i", "push_address": ["::1", 0]}',
    b'{"host": "h", "data": {}, "labframe": 1, "instance": "i", "instruments": '
    b'[{"name": "a", "methods": [{}]}]}',
]


@pytest.fixture
def live() -> Iterator[Live]:
    with running() as server:
        yield server


@pytest.mark.parametrize("content", BAD, ids=range(len(BAD)))
def test_what_is_no_live_datagram_is_told_from_one(content: bytes) -> None:
    with pytest.raises(Malformed):
        parsed(content)


def test_bad_datagrams_are_counted_and_all_else_goes_on(live: Live) -> None:
    with live.viewer() as viewer:
        viewer.next()
        for content in BAD:
            live.send(content)
        live.points("h", sine=[time.time(), 1.0])
        viewer.until(lambda: viewer.codename("h", "sine")["y"] == 1.0)
        viewer.until(lambda: viewer.messages[-1].get("health"))

    health = viewer.messages[-1]["health"]
    assert health["malformed"] == len(BAD)
    assert health["last_malformed"].startswith("127.0.0.1: ")
    assert live.state()["hosts"].keys() == {"h"}


def test_numbers_that_no_plot_can_show_are_handed_on(live: Live) -> None:
    live.send(b'{"host": "h", "data": {"x": [' + b"9" * 400 + b", " + b"9" * 400 + b"]}}")
    live.send(b'{"host": "h", "data": {"x": [1, ' + b"9" * 400 + b"]}}")
    until(lambda: live.server.health.points == 2)

    assert live.server.health.malformed == 0
    assert live.state()["hosts"]["h"]["codenames"]["x"]["y"] == 10**400 - 1


def test_the_longest_datagram_is_taken(live: Live) -> None:
    text = "x" * (65507 - len(json.dumps({"host": "h", "data": {"text": [1, ""]}})))
    live.points("h", text=[1, text])
    until(lambda: live.server.health.points == 1)

    assert live.state()["hosts"]["h"]["codenames"]["text"]["y"] == text


def test_a_version_that_is_not_known_is_taken_for_its_points_alone(live: Live) -> None:
    told = {"labframe": 2, "instance": "i", "name": "later", "instruments": [{"name": "cryo"}]}
    live.send({"host": "h", "data": {"a": [1, 2]}, **told})
    until(lambda: live.server.health.points == 1)

    host = live.state()["hosts"]["h"]
    assert (host["kind"], host["name"], host["instruments"]) == ("original", "h", {})


def test_there_is_an_end_to_hosts_and_codenames(
    live: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(laboratory, "CROWD_HOSTS", 3)
    monkeypatch.setattr(laboratory, "CROWD_CODENAMES", 5)
    for number in range(4):
        live.points(f"h{number}", a=[1, 2])
    live.points("h0", **{f"b{number}": [1, 2] for number in range(10)})
    until(lambda: live.server.health.oversized == 2)

    hosts = live.state()["hosts"]
    assert list(hosts) == ["h0", "h1", "h2"]
    assert sum(len(host["codenames"]) for host in hosts.values()) == 5


def test_datagrams_of_others_than_configured_are_counted_and_passed_over() -> None:
    with running(accept=("192.0.2.0/24",)) as live:
        live.points("h", a=[1, 2])
        until(lambda: live.server.health.unwelcome == 1)
        state = live.state()

    assert state["hosts"] == {}
    assert state["health"]["last_unwelcome"] == "127.0.0.1"
    assert state["health"]["received"] == 0


def test_a_sender_is_asked_what_it_is_but_not_each_time(live: Live) -> None:
    live.udp.settimeout(5)
    for number in range(5):
        live.points("h", a=[1, number])
    until(lambda: live.server.health.points == 5)

    assert live.udp.recv(100) == b"labframe live: who are you?"
    live.udp.setblocking(False)
    with pytest.raises(BlockingIOError):
        live.udp.recv(100)


def test_a_sender_that_has_gone_disturbs_nothing(live: Live) -> None:
    for _ in range(3):  # what it is asked comes back as an error of ICMP
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as gone:
            gone.sendto(b'{"host": "gone", "data": {"a": [1, 2]}}', ("127.0.0.1", live.ports.udp))
    live.points("h", a=[1, 2])
    until(lambda: live.server.health.points == 4)
