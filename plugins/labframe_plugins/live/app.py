"""The ASGI application: paths, and what they answer."""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections.abc import Awaitable, Callable
from importlib.metadata import version
from typing import Any, Final

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute
from starlette.types import ASGIApp
from starlette.websockets import WebSocket, WebSocketDisconnect

from labframe_plugins.live.access import Access, Guard, Refused, refusal
from labframe_plugins.live.broadcast import Broadcast, Client
from labframe_plugins.live.commanding import execute, wish_in
from labframe_plugins.live.frames import EXTENSION
from labframe_plugins.live.health import Health
from labframe_plugins.live.laboratory import Laboratory
from labframe_plugins.live.metrics import exposition
from labframe_plugins.live.pages import Pages
from labframe_plugins.live.past import Past, Wanted

__all__ = ["PROTOCOL", "application", "settled"]

PROTOCOL: Final = 1
_MOST_CLIENTS: Final = 1000
_MOST_SERIES: Final = 24
_MOST_RECENT: Final = 500
_MOST_BUCKETS: Final = 5000
_LONGEST_BODY: Final = 65536
_WRONG_TOKEN_S: Final = 0.5

_Answer = Callable[[Request], Awaitable[Response]]


def settled(access: Access) -> dict[str, Any]:
    """Return what a snapshot says that never changes."""
    return {
        "protocol": PROTOCOL,
        "version": version("labframe"),
        "commands": access.takes_commands,
    }


def application(
    laboratory: Laboratory,
    broadcast: Broadcast,
    health: Health,
    past: Past,
    access: Access,
    pages: Pages,
    udp_port: int,
) -> ASGIApp:
    """Return the application."""
    api = _Api(laboratory, broadcast, health, past, access, udp_port)
    routes = [
        Route("/healthz", api.healthz),
        Route("/metrics", api.metrics),
        Route("/api/v1/state", api.state),
        Route("/api/v1/recent", _answered(api.recent)),
        Route("/api/v1/history", _answered(api.history)),
        Route("/api/v1/access", _answered(api.access)),
        Route("/api/v1/command", _answered(api.command), methods=["POST"]),
        WebSocketRoute("/api/v1/live", api.live),
        Route("/{path:path}", pages.answer),
    ]
    return Guard(Starlette(routes=routes), access)


def _answered(answer: _Answer) -> _Answer:
    async def handled(request: Request) -> Response:
        try:
            return await answer(request)
        except Refused as error:
            return refusal(error)

    return handled


def _json(told: Any) -> Response:
    return Response(msgspec.json.encode(told), media_type="application/json")


class _Api:
    def __init__(
        self,
        laboratory: Laboratory,
        broadcast: Broadcast,
        health: Health,
        past: Past,
        access: Access,
        udp_port: int,
    ) -> None:
        self._udp_port = udp_port
        self._laboratory = laboratory
        self._broadcast = broadcast
        self._health = health
        self._past = past
        self._access = access

    async def healthz(self, _request: Request) -> Response:
        """Say that it is there."""
        told = {
            "status": "ok", "version": version("labframe"), "protocol": PROTOCOL,
            "pid": os.getpid(), "udp_port": self._udp_port,
        }  # fmt: skip
        return _json(told)

    async def metrics(self, _request: Request) -> Response:
        """Tell Prometheus."""
        text = exposition(self._health, self._laboratory, time.monotonic())
        return Response(text, media_type="text/plain; version=0.0.4; charset=utf-8")

    async def state(self, _request: Request) -> Response:
        """Tell all there is, once."""
        return Response(self._broadcast.snapshot(), media_type="application/json")

    async def recent(self, request: Request) -> Response:
        """Tell the last points."""
        names = request.query_params.getlist("codename")
        if len(names) > _MOST_RECENT:
            raise Refused(400, "BAD_REQUEST", f"{len(names)} codenames: at most {_MOST_RECENT}")
        most = int(_number(request, "points", 600, low=1, high=600))
        points: dict[str, list[float]] = {}
        for name in names:
            found = self._laboratory.channel(name)
            points[name] = [] if found is None else found[1].recent(most)
        return _json({"time": time.time(), "points": points})

    async def history(self, request: Request) -> Response:
        """Tell what was recorded."""
        names = request.query_params.getlist("codename")
        if not 1 <= len(names) <= _MOST_SERIES:
            raise Refused(
                400, "BAD_REQUEST", f"{len(names)} times codename=...: 1 to {_MOST_SERIES} of them"
            )
        if "since" not in request.query_params:
            raise Refused(400, "BAD_REQUEST", "since=... is missing: unix time, or -3600")
        now = time.time()
        since = _number(request, "since", 0.0, low=-1e11, high=1e11)
        until = _number(request, "until", 0.0, low=-1e11, high=1e11)
        since, until = (one if one > 0 else now + one for one in (since, until))
        if since >= until:
            raise Refused(400, "BAD_REQUEST", "since is not before until")
        wanted = Wanted(
            names=names,
            since=since,
            until=until,
            buckets=int(_number(request, "buckets", 500, low=1, high=_MOST_BUCKETS)),
            with_marks=request.query_params.get("marks") != "0",
        )
        found = await self._past.look_up(wanted)
        return _json({"time": now, "since": since, "until": until, **found})

    async def access(self, request: Request) -> Response:
        """Tell whether a token is right."""
        await self._check_token(request)
        return _json({"commands": True})

    async def command(self, request: Request) -> Response:
        """Have a command executed."""
        try:
            await self._check_token(request)
            wish = wish_in(await _body(request))
            address = request.client.host if request.client is not None else ""
            told = await execute(self._laboratory, wish, address)
        except Refused:
            self._health.commands_refused += 1
            raise
        self._health.commands += 1
        return _json(told)

    async def _check_token(self, request: Request) -> None:
        try:
            self._access.check_token(request.headers)
        except Refused as error:
            if error.status == 401:
                await asyncio.sleep(_WRONG_TOKEN_S)  # whoever guesses shall be slow
            raise

    async def live(self, websocket: WebSocket) -> None:
        """Tell what is new, as long as the client is there."""
        if len(self._broadcast.clients) >= _MOST_CLIENTS:
            await websocket.close(1013)
            return
        await websocket.accept()
        client = Client(websocket.scope["extensions"][EXTENSION])
        self._broadcast.join(client)
        try:
            with contextlib.suppress(WebSocketDisconnect):
                while (await websocket.receive())["type"] != "websocket.disconnect":
                    pass  # what clients say is ignored
        finally:
            self._broadcast.leave(client)


def _number(request: Request, name: str, default: float, *, low: float, high: float) -> float:
    text = request.query_params.get(name)
    if text is None:
        return default
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not low <= value <= high:
        raise Refused(
            400, "BAD_REQUEST", f"{name}={text[:80]}: not a number of {low:g} to {high:g}"
        )
    return value


async def _body(request: Request) -> bytes:
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > _LONGEST_BODY:
            raise Refused(413, "TOO_LONG", f"a command has at most {_LONGEST_BODY} bytes")
    return body
