"""Datagrams in, websocket out: real sockets, and a client that follows the reference."""

from __future__ import annotations

import contextlib
import json
import socket
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from livelab import Live, Viewer, running, until

HOST = "rasppi71"


@pytest.fixture
def live() -> Iterator[Live]:
    with running() as server:
        yield server


def is_now(viewer: Viewer, codename: str, y: Any) -> Callable[[], bool]:
    """Return what tells whether a codename has a value now."""
    return lambda: bool(viewer.codename(HOST, codename)["y"] == y)


def test_ten_lines_of_plain_socket_code_are_on_the_page(live: Live) -> None:
    message = {"host": HOST, "data": {"sine": [time.time(), 0.5]}}
    sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with sender, live.viewer() as viewer:
        sender.sendto(json.dumps(message).encode(), ("127.0.0.1", live.ports.udp))
        viewer.until(lambda: viewer.codename(HOST, "sine")["y"] == 0.5)

    assert viewer.hosts[HOST]["kind"] == "original"
    assert viewer.hosts[HOST]["alive"] is True
    sine = viewer.codename(HOST, "sine")
    assert (sine["kind"], sine["unit"], sine["quality"]) == ("date", None, "ok")


def test_a_client_that_comes_later_gets_the_newest_state_first(live: Live) -> None:
    live.points(HOST, sine=[time.time(), 1.0], text=[time.time(), "hello"])
    until(lambda: live.server.health.points == 2)
    with live.viewer() as viewer:
        first = viewer.next()

    assert first["type"] == "snapshot"
    assert (first["protocol"], first["skipped"]) == (1, 0)
    assert viewer.codename(HOST, "sine")["y"] == 1.0
    assert viewer.codename(HOST, "text")["y"] == "hello"
    assert 0 <= viewer.codename(HOST, "sine")["age"] < 10


def test_no_point_is_lost_or_told_twice(live: Live) -> None:
    with live.viewer() as viewer:
        viewer.next()
        began = time.time()
        for number in range(150):
            live.points(HOST, count=[began + number / 100, number])
        viewer.until(lambda: viewer.codename(HOST, "count")["y"] == 149)

    assert [y for _, y in viewer.points[HOST]["count"]] == list(range(150))


def test_there_are_at_most_twenty_updates_a_second_and_at_least_one(live: Live) -> None:
    with live.viewer() as viewer:
        viewer.next()
        began = time.monotonic()
        for number in range(100):  # a datagram each 10 ms
            live.points(HOST, count=[time.time(), number])
            time.sleep(max(0.0, began + number / 100 - time.monotonic()))
        viewer.until(lambda: viewer.codename(HOST, "count")["y"] == 99)
        passed_s = time.monotonic() - began
        busy = len(viewer.messages) - 1
        quiet = [viewer.next() for _ in range(2)]

    assert busy <= 20.5 * passed_s + 4
    assert all(set(one) <= {"type", "number", "health", "quality"} for one in quiet)
    assert "health" in viewer.messages[-1]


def test_all_clients_get_the_same_bytes(live: Live) -> None:
    with live.viewer() as first, live.viewer() as second:
        for viewer in (first, second):
            assert json.loads(viewer.socket.recv(5))["type"] == "snapshot"
        until(lambda: len(live.server._broadcast.clients) == 2)
        live.points(HOST, sine=[time.time(), 1.0])

        def told(viewer: object) -> str:
            while '"points"' not in (text := viewer.socket.recv(5)):  # type: ignore[attr-defined]
                pass
            return str(text)

        assert told(first) == told(second)


def test_a_spectrum_begins_with_reset_and_is_kept_as_a_whole(live: Live) -> None:
    with live.viewer() as viewer:
        viewer.next()
        for sweep in range(2):
            live.points(HOST, masses="RESET")
            for mass in range(1, 6):
                live.points(HOST, masses=[mass, (sweep + 1) * 1e-9 * mass])
        viewer.until(lambda: viewer.points[HOST]["masses"][-1] == (5, 2e-9 * 5))

    assert [x for x, _ in viewer.points[HOST]["masses"]] == [1, 2, 3, 4, 5]
    assert viewer.codename(HOST, "masses")["kind"] == "data"
    name = f"{HOST}:masses"
    recent = live.get("/api/v1/recent", params={"codename": name}).json()["points"][name]
    assert recent == [x for mass in range(1, 6) for x in (mass, 2e-9 * mass)]


def test_what_browsers_cannot_read_is_null(live: Live) -> None:
    with live.viewer() as viewer:
        live.send(
            b'{"host": "h", "data": {"a": [1.5, NaN], "b": [2.5, -Infinity], "c": [1, 1e999]}}'
        )
        viewer.until(lambda: "c" in viewer.hosts["h"]["codenames"])

    assert [viewer.codename("h", name)["y"] for name in "abc"] == [None, None, None]


def test_names_and_texts_of_any_kind_are_handed_on_as_they_are(live: Live) -> None:
    wild = ["<script>alert(1)</script>", "\u202egnirts", "😀", "a\x00b", "x" * 255, ""]
    with live.viewer() as viewer:
        live.send({"host": "<b>h</b>", "data": {name: [1.0, name] for name in wild}})
        viewer.until(lambda: len(viewer.hosts["<b>h</b>"]["codenames"]) == len(wild))

    assert [viewer.codename("<b>h</b>", name)["y"] for name in wild] == wild


def test_a_value_of_an_original_host_is_old_when_it_is_overdue(live: Live) -> None:
    with live.viewer() as viewer:
        for number in range(3):
            live.points(HOST, sine=[time.time(), number])
            viewer.until(is_now(viewer, "sine", number))
        assert viewer.codename(HOST, "sine")["stale_after"] == 3.0
        viewer.until(lambda: viewer.codename(HOST, "sine")["quality"] == "old")

    assert 3.0 <= viewer.codename(HOST, "sine")["age"] < 5.0
    assert viewer.codename(HOST, "sine")["y"] == 2


class Slow:
    """A client that reads only when it is told to: no library reads for it meanwhile."""

    def __init__(self, port: int) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.socket.settimeout(10)
        self.socket.connect(("127.0.0.1", port))
        self.socket.sendall(
            b"GET /api/v1/live HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\n"
            b"Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
            b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        )
        self.stream = self.socket.makefile("rb")
        while self.stream.readline() not in (b"\r\n", b""):
            pass

    def next(self) -> dict[str, Any]:
        head, length = self.stream.read(2)
        while head == 0x89:  # a ping
            self.stream.read(length)
            head, length = self.stream.read(2)
        assert head == 0x81
        if length >= 126:
            length = int.from_bytes(self.stream.read(2 if length == 126 else 8))
        return dict(json.loads(self.stream.read(length)))

    def close(self) -> None:
        self.stream.close()
        self.socket.close()


def test_a_slow_client_gets_the_newest_state_and_nobody_waits_for_it(live: Live) -> None:
    with live.viewer() as quick, contextlib.closing(Slow(live.ports.http)) as slow:
        quick.next()
        assert slow.next()["type"] == "snapshot"
        last = 0
        while live.server.health.skipped < 5:  # its buffers have to be full first
            last += 1
            for other in "abcde":
                live.points(HOST, **{other: [time.time(), "x" * 60_000]})
            live.points(HOST, text=[time.time(), f"{last} "])
            quick.until(is_now(quick, "text", f"{last} "))
            assert last < 2000
        buffered = max(
            one.pipe.transport.get_write_buffer_size()  # type: ignore[attr-defined]
            for one in live.server._broadcast.clients
        )
        message = slow.next()
        while message["type"] != "snapshot":
            message = slow.next()

    assert buffered < 1_000_000
    assert message["skipped"] >= 5
    assert message["hosts"][HOST]["codenames"]["text"]["y"] == f"{last} "
    assert live.server.health.resynchronised == 1


def test_what_clients_send_is_ignored(live: Live) -> None:
    with live.viewer() as viewer:
        viewer.next()
        for text in ("", "{}", "[1, 2", "x" * 100_000):
            viewer.socket.send(text)
        viewer.socket.send(b"\x00\xff")
        live.points(HOST, sine=[time.time(), 1.0])
        viewer.until(lambda: viewer.codename(HOST, "sine")["y"] == 1.0)
