"""Puts the live server together: sockets, the laboratory, what tells of it, and how it ends."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import socket
import ssl
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

import uvicorn
from starlette.types import ASGIApp

from labframe import LabframeError
from labframe.commands.senders import is_own
from labframe_plugins.live.access import Access
from labframe_plugins.live.app import application, settled
from labframe_plugins.live.broadcast import Broadcast
from labframe_plugins.live.datagrams import Datagram
from labframe_plugins.live.frames import FrameProtocol
from labframe_plugins.live.health import Health, dropped_by_system
from labframe_plugins.live.laboratory import Laboratory
from labframe_plugins.live.legacy import Legacy
from labframe_plugins.live.pages import STATIC, Pages
from labframe_plugins.live.past import Past
from labframe_plugins.live.receiving import Receiver, welcomes
from labframe_plugins.live.settings import Settings

__all__ = ["LiveServer", "Ports"]

_BACKLOG: Final = 512
_LONGEST_MESSAGE: Final = 1_000_000
_GRACE_S: Final = 1
_COUNT_S: Final = 0.5
_DATE_S: Final = 1.0


class Ports(NamedTuple):
    """Where a live server listens.

    Attributes:
        http: The TCP port for browsers.
        udp: The UDP port for live datagrams.
        legacy: The TCP port of the original's protocol; None without.
    """

    http: int
    udp: int
    legacy: int | None


class LiveServer:
    """The live server; its ports are bound when it is made.

    Args:
        settings: What it is to do.
        folder: Where the page's files lie.

    Attributes:
        ports: Where it listens.
        health: What it counts.
        heard: Monotonic time of the last datagram; of its making before there was one.

    Raises:
        LabframeError: If a port is in use, or a certificate cannot be read.
    """

    def __init__(self, settings: Settings, folder: Path = STATIC) -> None:
        self._settings = settings
        self.health = Health()
        self.heard = time.monotonic()
        self._began = self.heard
        self._laboratory = Laboratory(is_own, time.monotonic, time.time)
        access = Access(settings.token, settings.names, settings.origins)
        self._broadcast = Broadcast(self._laboratory, self.health, settled(access))
        self._legacy = Legacy(self.health, access)
        self._past = Past(self._laboratory)
        with contextlib.ExitStack() as undo:
            self._udp = undo.enter_context(
                _bound(settings.udp_listen, settings.udp_port, socket.SOCK_DGRAM, "udp_port")
            )
            self._http = undo.enter_context(
                _bound(settings.listen, settings.port, socket.SOCK_STREAM, "port")
            )
            self._old: socket.socket | None = None
            if settings.legacy_port is not None:
                self._old = undo.enter_context(
                    _bound(
                        settings.legacy_listen,
                        settings.legacy_port,
                        socket.SOCK_STREAM,
                        "legacy_port",
                    )
                )
            self._app = application(
                self._laboratory,
                self._broadcast,
                self.health,
                self._past,
                access,
                Pages(folder),
                _port(self._udp),
            )
            self._servers = list(self._made_servers())
            self._undo = undo.pop_all()
        self.ports = Ports(
            _port(self._http), _port(self._udp), None if self._old is None else _port(self._old)
        )

    def _made_servers(self) -> Iterator[tuple[_Server, socket.socket]]:
        yield _server(self._app), self._http
        if self._old is not None:
            tls: dict[str, Any] = {}
            if self._settings.certificate:
                tls["ssl_certfile"] = self._settings.certificate
                tls["ssl_keyfile"] = self._settings.key or None
            yield _server(self._legacy.application(), **tls), self._old

    async def run(self, until: asyncio.Event, ready: Callable[[Ports], None]) -> None:
        """Serve until an event is set.

        Args:
            until: The event.
            ready: Called once it serves.
        """
        with self._undo:
            async with self._receiving(), asyncio.TaskGroup() as group:
                lasting = [
                    group.create_task(one)
                    for one in (self._broadcast.run(), self._legacy.run(), self._count())
                ]
                serving = [
                    group.create_task(server.serve(sockets=[opened]))
                    for server, opened in self._servers
                ]
                while not all(server.started for server, _ in self._servers):
                    await asyncio.sleep(0.005)
                ready(self.ports)
                await until.wait()
                for task in lasting:
                    task.cancel()
                for server, _ in self._servers:
                    server.end()
                await asyncio.wait(serving)
            self._past.close()

    @contextlib.asynccontextmanager
    async def _receiving(self) -> AsyncIterator[None]:
        receiver = Receiver(
            self._laboratory, welcomes(self._settings.accept), self.health, self._take
        )
        transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: receiver, sock=self._udp
        )
        try:
            yield
        finally:
            transport.close()

    def _take(self, datagram: Datagram, content: bytes) -> None:
        self.heard = time.monotonic()
        self._broadcast.ring()
        self._legacy.heard(datagram, content)

    async def _count(self) -> None:
        dropped = dropped_by_system(self.ports.udp, self._udp.family == socket.AF_INET6)
        while True:
            health = self.health
            health.uptime_s = round(time.monotonic() - self._began, 1)
            health.clients = len(self._broadcast.clients)
            health.hosts = len(self._laboratory.hosts)
            health.codenames = self._laboratory.codenames
            health.lost = dropped()
            await asyncio.sleep(_COUNT_S)


class _Server(uvicorn.Server):
    """A server among others in one program, which handles signals itself, and sleeps in between."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._ended = asyncio.Event()

    def end(self) -> None:
        """Have it end."""
        self.should_exit = True
        self._ended.set()

    async def main_loop(self) -> None:
        """Keep the date of the answers true until it is to end."""
        while not await self.on_tick(0):
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._ended.wait(), _DATE_S)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals to the program."""
        yield


def _server(app: ASGIApp, **tls: Any) -> _Server:
    config = uvicorn.Config(
        app,
        ws=FrameProtocol,
        http="h11",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,  # anybody could write another address into the audit
        ws_max_size=_LONGEST_MESSAGE,
        ws_per_message_deflate=False,
        timeout_graceful_shutdown=_GRACE_S,
        **tls,
    )
    try:
        config.load()
    except (OSError, ssl.SSLError) as error:
        raise LabframeError(
            f"[plugin.live] certificate = {tls.get('ssl_certfile')!r}: it cannot be used: {error}"
        ) from error
    return _Server(config)


def _bound(host: str, port: int, kind: socket.SocketKind, key: str) -> socket.socket:
    is_v6 = ipaddress.ip_address(host).version == 6
    opened = socket.socket(socket.AF_INET6 if is_v6 else socket.AF_INET, kind)
    try:
        if kind == socket.SOCK_STREAM:
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        opened.bind((host, port))
        if kind == socket.SOCK_STREAM:
            opened.listen(_BACKLOG)
    except OSError as error:
        opened.close()
        name = "UDP" if kind == socket.SOCK_DGRAM else "TCP"
        raise LabframeError(
            f"{name} port {port} of {host} cannot be used: {error.strerror}. Perhaps a live "
            f"server runs already; {key} in [plugin.live] takes another port"
        ) from error
    opened.setblocking(False)
    return opened


def _port(opened: socket.socket) -> int:
    return int(opened.getsockname()[1])
