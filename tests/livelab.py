"""A live server in a thread, a sender of datagrams, and a client that follows the protocol."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx
from labframe_plugins.live.pages import STATIC
from labframe_plugins.live.server import LiveServer, Ports
from labframe_plugins.live.settings import Settings
from websockets.sync.client import connect

__all__ = ["TOKEN", "Live", "Viewer", "running", "until"]

PATIENCE_S = 10.0
TOKEN = "a-token-of-the-tests-0123456789"


def until(done: Callable[[], object], wait_s: float = PATIENCE_S) -> None:
    """Wait until something is so."""
    deadline = time.monotonic() + wait_s
    while not done():
        assert time.monotonic() < deadline, f"it is not so after {wait_s:g} s"
        time.sleep(0.01)


class Live:
    """A live server that runs.

    Attributes:
        server: The server.
        ports: Where it listens.
    """

    def __init__(self, server: LiveServer, ports: Ports) -> None:
        self.server = server
        self.ports = ports
        self.url = f"http://127.0.0.1:{ports.http}"
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.bind(("127.0.0.1", 0))

    def send(self, content: Mapping[str, Any] | bytes) -> None:
        """Send a datagram."""
        data = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.udp.sendto(data, ("127.0.0.1", self.ports.udp))

    def points(self, host: str, **points: Any) -> None:
        """Send points as the original does."""
        self.send({"host": host, "data": points})

    def get(self, path: str, **more: Any) -> httpx.Response:
        """Ask for a path."""
        return httpx.get(self.url + path, timeout=PATIENCE_S, **more)

    def state(self) -> dict[str, Any]:
        """Return the snapshot."""
        return dict(self.get("/api/v1/state").json())

    def command(self, token: str = TOKEN, **wish: Any) -> httpx.Response:
        """Send a command."""
        headers = {b"authorization": b"Bearer " + token.encode()} if token else {}
        return httpx.post(
            f"{self.url}/api/v1/command", json=wish, headers=headers, timeout=PATIENCE_S
        )

    def viewer(self, **more: Any) -> Viewer:
        """Return a client of the websocket."""
        return Viewer(f"ws://127.0.0.1:{self.ports.http}/api/v1/live", **more)


@contextlib.contextmanager
def running(folder: Path = STATIC, **settings: Any) -> Iterator[Live]:
    """Give a live server on free ports."""
    server = LiveServer(Settings(**{"port": 0, "udp_port": 0, **settings}), folder)
    ready, loop_of = threading.Event(), []
    until_event: list[asyncio.Event] = []

    async def run() -> None:
        loop_of.append(asyncio.get_running_loop())
        until_event.append(asyncio.Event())
        await server.run(until_event[0], lambda _: ready.set())

    thread = threading.Thread(target=lambda: asyncio.run(run()))
    thread.start()
    assert ready.wait(PATIENCE_S)
    live = Live(server, server.ports)
    try:
        yield live
    finally:
        live.udp.close()
        loop_of[0].call_soon_threadsafe(until_event[0].set)
        thread.join(PATIENCE_S)
        assert not thread.is_alive()


class Viewer:
    """A client that does what the reference says, and nothing else.

    Attributes:
        hosts: What it knows of the hosts.
        points: All points that came in updates, by host and codename.
        marks: The commands that came.
        messages: All messages.
    """

    def __init__(self, url: str, **more: Any) -> None:
        self._opened = contextlib.ExitStack()
        self.socket = self._opened.enter_context(connect(url, open_timeout=PATIENCE_S, **more))
        self.hosts: dict[str, Any] = {}
        self.points: dict[str, dict[str, list[tuple[Any, Any]]]] = {}
        self.marks: list[dict[str, Any]] = []
        self.messages: list[dict[str, Any]] = []
        self.number: int | None = None

    def next(self) -> dict[str, Any]:
        """Take in the next message, and return it."""
        message: dict[str, Any] = json.loads(self.socket.recv(PATIENCE_S))
        self.messages.append(message)
        if message["type"] == "snapshot":
            self.hosts = message["hosts"]
            self.points, self.marks = {}, list(message["marks"])
        else:
            assert self.number is not None, "the first message is a snapshot"
            assert message["number"] == self.number + 1
            _merge(self.hosts, message.get("hosts", {}))
            self._values(message)
            self.marks += message.get("marks", [])
        self.number = message["number"]
        return message

    def _values(self, message: Mapping[str, Any]) -> None:
        for host, codenames in message.get("reset", {}).items():
            for codename in codenames:
                self.points.setdefault(host, {})[codename] = []
        for host, points in message.get("points", {}).items():
            for codename, flat in points.items():
                pairs = list(zip(flat[::2], flat[1::2], strict=True))
                self.points.setdefault(host, {}).setdefault(codename, []).extend(pairs)
                x, y = pairs[-1]
                self.codename(host, codename).update(x=x, y=y, quality="ok", age=0.0)
        for host, qualities in message.get("quality", {}).items():
            for codename, (quality, age) in qualities.items():
                self.codename(host, codename).update(quality=quality, age=age)

    def codename(self, host: str, codename: str) -> dict[str, Any]:
        """Return what is known of a codename."""
        known: dict[str, Any] = self.hosts[host]["codenames"][codename]
        return known

    def until(self, done: Callable[[], Any]) -> None:
        """Take in messages until something is so; what is not there yet is not so."""
        deadline = time.monotonic() + PATIENCE_S
        while not _is(done):
            assert time.monotonic() < deadline, "it did not become so"
            self.next()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._opened.close()


def _is(done: Callable[[], Any]) -> bool:
    try:
        return bool(done())
    except (KeyError, IndexError, ValueError):
        return False


_DEEP = ("instruments", "codenames")


def _merge(hosts: dict[str, Any], changed: Mapping[str, Any]) -> None:
    """Merge what changed into what is known, as the reference says."""
    for name, facts in changed.items():
        if facts is None:
            hosts.pop(name, None)
            continue
        host = hosts.setdefault(name, {})
        for key, value in facts.items():
            if key not in _DEEP:
                host[key] = value
                continue
            known = host.setdefault(key, {})
            for one, more in value.items():
                if more is None:
                    known.pop(one, None)
                else:
                    known.setdefault(one, {}).update(more)
