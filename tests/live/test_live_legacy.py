"""The original live proxy's protocol: subscribe, last values first, then datagrams in full."""

from __future__ import annotations

import json
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from labframe_plugins.live.server import LiveServer
from labframe_plugins.live.settings import Settings
from livelab import Live, running, until
from websockets.exceptions import InvalidStatus
from websockets.sync.client import ClientConnection, connect

from labframe import LabframeError


@pytest.fixture
def live() -> Iterator[Live]:
    with running(legacy_port=0) as server:
        yield server


def url(live: Live) -> str:
    return f"ws://127.0.0.1:{live.ports.legacy}"


def subscribe(socket: ClientConnection, *names: str) -> None:
    socket.send(json.dumps({"action": "subscribe", "subscriptions": list(names)}))


def received(socket: ClientConnection) -> Any:
    return json.loads(socket.recv(10))


def test_the_last_values_come_first_and_then_each_datagram_in_full(live: Live) -> None:
    live.points("a", sine=[1.5, 2.5], cosine=[1.5, 0.5], other=[1, 1])
    live.points("b", masses="RESET")
    until(lambda: live.server.health.points == 4)
    with connect(url(live)) as socket:
        subscribe(socket, "a:sine", "a:cosine", "b:masses", "c:never")
        first = [received(socket), received(socket)]
        live.points("a", other=[2, 2])  # not subscribed to
        content = b'{"host": "a", "data": {"sine": [2.5, 3], "other": [2.5, 1e+22]}}'
        live.send(content)
        whole = socket.recv(10)

    assert first == [
        {"host": "a", "data": {"sine": [1.5, 2.5], "cosine": [1.5, 0.5]}},
        {"host": "b", "data": {"masses": "RESET"}},
    ]
    assert whole == content.decode()


def test_a_datagram_comes_once_however_many_of_its_codenames_are_subscribed_to(live: Live) -> None:
    with connect(url(live)) as socket:
        subscribe(socket, "a:x", "a:y")
        subscribe(socket, "a:x")
        subscribe(socket, "wrong")
        assert received(socket).startswith("ERROR")  # so both came before
        live.points("a", x=[1, 1], y=[1, 2])
        live.points("a", y=[2, 3])

        assert received(socket)["data"] == {"x": [1, 1], "y": [1, 2]}
        assert received(socket)["data"] == {"y": [2, 3]}


@pytest.mark.parametrize("names", [["sine"], ["a:b:c"], ["a:b", 3], "a:b", None])
def test_a_wrong_subscription_is_answered_as_a_whole(live: Live, names: Any) -> None:
    with connect(url(live)) as socket:
        socket.send(json.dumps({"action": "subscribe", "subscriptions": names}))
        answer = received(socket)

    assert answer.startswith("ERROR: Incorrect subscription format")
    assert "Maybe you are trying to connect to version 1" in answer
    assert live.server._legacy._subscribed == {}


def test_what_is_nothing_of_this_protocol_is_passed_over(live: Live) -> None:
    with connect(url(live)) as socket:
        for text in ("", "[", "3", '{"action": "hello"}', "subscribe#host:8000;a"):
            socket.send(text)
        subscribe(socket, "a:x")
        until(lambda: live.server._legacy._subscribed)
        live.points("a", x=[1, 1])

        assert received(socket)["data"] == {"x": [1, 1]}


def test_browsers_get_null_for_what_they_cannot_read(live: Live) -> None:
    with connect(url(live)) as socket:
        subscribe(socket, "a:x")
        until(lambda: live.server._legacy._subscribed)
        live.send(b'{"host": "a", "data": {"x": [1, NaN]}}')

        assert socket.recv(10) == '{"host":"a","data":{"x":[1,null]}}'


def test_its_own_numbers_come_each_second(live: Live) -> None:
    with connect(url(live)) as socket:
        subscribe(socket, "cinf-wsserver:websocket_count")
        told = received(socket)

    assert told["host"] == "cinf-wsserver"
    assert set(told["data"]) == {
        "max_internal_handle_time", "websocket_count", "received_n", "sent_n",
        "json_decode_error", "received_kb", "sent_kb",
    }  # fmt: skip
    assert told["data"]["websocket_count"][1] == 1


def test_nothing_is_left_of_a_client_that_has_gone(live: Live) -> None:
    with connect(url(live)) as socket:
        subscribe(socket, "a:x")
        until(lambda: live.server._legacy._subscribed)
    until(lambda: live.server._legacy._subscribed == {})

    assert live.server.health.legacy_clients == 0


def test_what_a_host_tells_beside_points_does_not_come_here(live: Live) -> None:
    with connect(url(live)) as socket:
        subscribe(socket, "a:x")
        until(lambda: live.server._legacy._subscribed)
        live.send({"host": "a", "data": {}, "labframe": 1, "instance": "i", "name": "a"})
        live.points("a", x=[1, 1])

        assert received(socket) == {"host": "a", "data": {"x": [1, 1]}}


def test_foreign_pages_are_refused(live: Live) -> None:
    foreign = {"Origin": "https://evil.example"}
    with pytest.raises(InvalidStatus), connect(url(live), additional_headers=foreign):
        pass


def test_it_speaks_tls_with_a_certificate(tmp_path: Path) -> None:
    certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
         "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out",
         certificate],
        check=True, capture_output=True,
    )  # fmt: skip
    trust = ssl.create_default_context(cafile=certificate)
    with (
        running(legacy_port=0, certificate=str(certificate), key=str(key)) as live,
        connect(f"wss://127.0.0.1:{live.ports.legacy}", ssl=trust) as socket,
    ):
        subscribe(socket, "a:x")
        until(lambda: live.server._legacy._subscribed)
        live.points("a", x=[1, 1])
        assert received(socket)["data"] == {"x": [1, 1]}


def test_a_certificate_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    settings = Settings(port=0, udp_port=0, legacy_port=0, certificate=str(tmp_path / "none.pem"))
    with pytest.raises(LabframeError, match=r"certificate = .*none\.pem"):
        LiveServer(settings)
