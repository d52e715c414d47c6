"""The protocol of the original's live proxy, so that existing live pages keep working.

A client sends ``{"action": "subscribe", "subscriptions": ["HOST:CODENAME", ...]}``. It gets the
last values of these, one message for each host, and then each datagram in full that has one.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from typing import Any, Final

import msgspec
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.types import ASGIApp
from starlette.websockets import WebSocket, WebSocketDisconnect

from labframe_plugins.live.access import Access, Refused
from labframe_plugins.live.datagrams import Datagram, Points
from labframe_plugins.live.frames import EXTENSION, Pipe, text_frame
from labframe_plugins.live.health import Health

__all__ = ["Legacy"]

_OWN_HOST: Final = "cinf-wsserver"
_EVERY_S: Final = 1.0
_MOST_CLIENTS: Final = 1000
_MOST_SUBSCRIPTIONS: Final = 10_000
_WRONG: Final = (
    "ERROR: Incorrect subscription format. Must be 'HOST:CODENAME'. Maybe you are trying to "
    "connect to version 1 of this protocol? It is not spoken here."
)


class Legacy:
    """Hands datagrams on to who has subscribed to them.

    Args:
        health: Counts.
        access: Decides whose pages may use it.
    """

    def __init__(self, health: Health, access: Access) -> None:
        self._health = health
        self._access = access
        self._last: dict[str, dict[str, Any]] = {}
        self._subscribed: dict[str, set[Pipe]] = {}
        self._sent = 0
        self._sent_bytes = 0
        self._slowest_s = 0.0

    def application(self) -> ASGIApp:
        """Return the ASGI application of the port."""
        return Starlette(routes=[WebSocketRoute("/{path:path}", self._serve)])

    def heard(self, datagram: Datagram, content: bytes) -> None:
        """Hand a datagram on."""
        if not datagram.data:
            return
        began = time.perf_counter()
        self._last.setdefault(datagram.host, {}).update(datagram.data)
        pipes: set[Pipe] = set()
        if self._subscribed:
            for codename in datagram.data:
                pipes |= self._subscribed.get(f"{datagram.host}:{codename}", set())
        if pipes:
            self._tell(pipes, _readable(datagram, content))
        self._slowest_s = max(self._slowest_s, time.perf_counter() - began)

    async def run(self) -> None:
        """Put the server's own numbers through once a second, as the original does."""
        while True:
            await asyncio.sleep(_EVERY_S)
            now = time.time()
            numbers = {
                "max_internal_handle_time": self._slowest_s,
                "websocket_count": self._health.legacy_clients,
                "received_n": self._health.received,
                "sent_n": self._sent,
                "json_decode_error": self._health.malformed,
                "received_kb": self._health.received_bytes / 1024,
                "sent_kb": self._sent_bytes / 1024,
            }
            self._slowest_s = 0.0
            data: Points = {name: (now, value) for name, value in numbers.items()}
            self.heard(Datagram(host=_OWN_HOST, data=data), _message(_OWN_HOST, data))

    async def _serve(self, websocket: WebSocket) -> None:
        try:
            self._access.check_origin(websocket.headers)
        except Refused:
            await websocket.close(1008)
            return
        if self._health.legacy_clients >= _MOST_CLIENTS:
            await websocket.close(1013)
            return
        await websocket.accept()
        pipe: Pipe = websocket.scope["extensions"][EXTENSION]
        self._health.legacy_clients += 1
        mine: set[str] = set()
        try:
            with contextlib.suppress(WebSocketDisconnect):
                while True:
                    self._asked(pipe, mine, await websocket.receive_text())
        except KeyError:
            pass  # it sent bytes: no client of this protocol
        finally:
            self._health.legacy_clients -= 1
            for name in mine:
                self._leave(name, pipe)

    def _leave(self, name: str, pipe: Pipe) -> None:
        pipes = self._subscribed[name]
        pipes.discard(pipe)
        if not pipes:
            del self._subscribed[name]

    def _asked(self, pipe: Pipe, mine: set[str], text: str) -> None:
        try:
            asked = json.loads(text)
        except (ValueError, RecursionError):
            return
        if not isinstance(asked, dict) or asked.get("action") != "subscribe":
            return
        names = asked.get("subscriptions")
        if not isinstance(names, list) or not all(
            isinstance(one, str) and one.count(":") == 1 for one in names
        ):
            self._tell({pipe}, json.dumps(_WRONG).encode())
            return
        if len(mine) + len(names) > _MOST_SUBSCRIPTIONS:
            return
        for name in names:
            mine.add(name)
            self._subscribed.setdefault(name, set()).add(pipe)
        first: dict[str, dict[str, Any]] = {}
        for name in names:
            host, _, codename = name.partition(":")
            last = self._last.get(host, {})
            if codename in last:
                first.setdefault(host, {})[codename] = last[codename]
        for host, data in first.items():
            self._tell({pipe}, _message(host, data))

    def _tell(self, pipes: set[Pipe], message: bytes) -> None:
        frame = text_frame(message)
        for pipe in pipes:
            if pipe.write_frame(frame):
                self._sent += 1
                self._sent_bytes += len(message)
            else:
                self._health.skipped += 1


def _readable(datagram: Datagram, content: bytes) -> bytes:
    """Return a datagram as browsers can read it, which do not know NaN."""
    if b"NaN" in content or b"Infinity" in content or datagram.labframe:
        return _message(datagram.host, datagram.data)
    return content


def _message(host: str, data: dict[str, Any]) -> bytes:
    return msgspec.json.encode({"host": host, "data": data})
