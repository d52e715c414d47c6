"""A network between clients and a socket that loses, doubles and disorders datagrams."""

from __future__ import annotations

import heapq
import itertools
import random
import selectors
import socket
import threading
import time
from collections import Counter
from types import TracebackType
from typing import Any, Self

__all__ = ["LossyProxy"]

_CHUNK = 65535


class LossyProxy:
    """Carries datagrams between any number of clients and one UDP port, badly, in both directions.

    Args:
        port: The port on 127.0.0.1 that clients mean to talk to.
        share: How many of the datagrams are lost; as many are doubled, and as many delayed.
        seed: Decides which.
        late_s: How much later one that is delayed arrives, at most.

    Attributes:
        port: The port that clients talk to.
        fates: How many datagrams were carried, and how many of them ``lost``, ``doubled``,
            ``delayed``.
    """

    def __init__(self, port: int, share: float = 0.1, seed: int = 0, late_s: float = 0.02) -> None:
        self.fates: Counter[str] = Counter()
        self._server = ("127.0.0.1", port)
        self._share = share
        self._late_s = late_s
        self._random = random.Random(seed)
        self._selector = selectors.DefaultSelector()
        self._front = self._open()
        self._backs: dict[Any, socket.socket] = {}
        self._later: list[tuple[float, int, socket.socket, bytes, Any]] = []
        self._order = itertools.count()
        self._stopping = False
        self._selector.register(self._front, selectors.EVENT_READ, None)
        self.port: int = self._front.getsockname()[1]
        self._thread = threading.Thread(target=self._run, name="lossy proxy")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stopping = True
        self._thread.join()
        self._selector.close()
        for one in (self._front, *self._backs.values()):
            one.close()

    @staticmethod
    def _open() -> socket.socket:
        made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        made.bind(("127.0.0.1", 0))
        made.setblocking(False)
        return made

    def _run(self) -> None:
        while not self._stopping:
            now = time.monotonic()
            while self._later and self._later[0][0] <= now:
                _, _, out, data, address = heapq.heappop(self._later)
                out.sendto(data, address)
            wait_s = min(0.05, self._later[0][0] - now) if self._later else 0.05
            for key, _ in self._selector.select(wait_s):
                assert isinstance(key.fileobj, socket.socket)
                self._receive(key.fileobj, key.data)

    def _receive(self, source: socket.socket, client: Any) -> None:
        while True:
            try:
                data, address = source.recvfrom(_CHUNK)
            except (BlockingIOError, ConnectionError):
                return
            if source is self._front:
                self._carry(self._back_of(address), data, self._server)
            else:
                self._carry(self._front, data, client)

    def _back_of(self, client: Any) -> socket.socket:
        """Return the socket that stands for a client before the server."""
        if client not in self._backs:
            self._backs[client] = self._open()
            self._selector.register(self._backs[client], selectors.EVENT_READ, client)
        return self._backs[client]

    def _carry(self, out: socket.socket, data: bytes, address: Any) -> None:
        self.fates["carried"] += 1
        fate = self._random.random() / self._share
        if fate < 1:
            self.fates["lost"] += 1
        elif fate < 2:
            self.fates["doubled"] += 1
            out.sendto(data, address)
            self._delay(out, data, address)
        elif fate < 3:
            self.fates["delayed"] += 1
            self._delay(out, data, address)
        else:
            out.sendto(data, address)

    def _delay(self, out: socket.socket, data: bytes, address: Any) -> None:
        due = time.monotonic() + self._random.random() * self._late_s
        heapq.heappush(self._later, (due, next(self._order), out, data, address))
