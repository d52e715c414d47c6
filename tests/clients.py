"""What the tests of the clients need: a server answered by hand, and asyncio without a loop."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Self

__all__ = ["PATIENCE_S", "SHORT_S", "Blocking", "Hand"]

PATIENCE_S = 5.0
"""Only what is broken makes a test wait so long."""

SHORT_S = 0.05
"""How long a client waits where no answer comes."""


class Hand:
    """A server whose answers the test gives by hand, and the thread in which a client asks it."""

    def __init__(self, host: str = "127.0.0.1") -> None:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.socket = socket.socket(family, socket.SOCK_DGRAM)
        self.socket.settimeout(PATIENCE_S)
        self.socket.bind((host, 0))
        self.port: int = self.socket.getsockname()[1]
        self._thread = ThreadPoolExecutor(1)

    def asked(self, ask: Any, *args: Any) -> tuple[Future[Any], bytes, Any]:
        """Let the client ask; return its result to come, its request and its address."""
        result = self._thread.submit(ask, *args)
        return result, *self.request()

    def request(self) -> tuple[bytes, Any]:
        """Return the next request and its sender's address."""
        return self.socket.recvfrom(65535)

    def answer(self, answer: bytes, address: Any) -> None:
        self.socket.sendto(answer, address)

    def waiting(self) -> list[tuple[bytes, Any]]:
        """Return the requests that nobody has looked at."""
        self.socket.setblocking(False)
        found = []
        while True:
            try:
                found.append(self.request())
            except BlockingIOError:
                return found

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._thread.shutdown()
        self.socket.close()


class Blocking:
    """An asyncio client with the methods of the one for threads: each call has its event loop."""

    def __init__(self, client: object) -> None:
        self._client = client

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = getattr(self._client, name)

        async def awaited(*args: Any, **keywords: Any) -> Any:
            return await method(*args, **keywords)

        return lambda *args, **keywords: asyncio.run(awaited(*args, **keywords))
