"""Clients that read the newest points of a pull socket."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING, Any, Generic, Literal, Self, TypeVar, overload

from labframe.client import conversations
from labframe.client.conversations import Old
from labframe.client.peer import Peer
from labframe.closing import Closing
from labframe.points import Point
from labframe.protocol.pull import Marker

if TYPE_CHECKING:
    from labframe.client.description import HostDescription

__all__ = ["AsyncPullClient", "PullClient"]

PointT = TypeVar("PointT")
"""What stands for a point: ``Point``, or ``Point | Marker`` with ``old="mark"``."""


def _checked(old: Old) -> Old:
    if old not in ("raise", "mark"):
        raise ValueError(f"old = {old!r}: must be 'raise' or 'mark'")
    return old


class PullClient(Closing, Generic[PointT]):
    """Reads the newest points of a pull socket.

    A request without an answer is sent again: reading twice does no harm. Any number of threads may
    use one client at the same time.

    Args:
        host: The name or address of the computer; a name is resolved here, once, and an IPv4
            address is preferred.
        port: The UDP port: usually 9000 for date data, 9010 for xy data.
        timeout: Seconds to wait for an answer before the request is sent again; None waits for
            ever.
        retries: How often a request is sent again before ``NoAnswer``.
        old: What to make of a point that is older than its timeout on the server: ``"raise"``
            raises ``OldData``, ``"mark"`` gives the text ``"OLD_DATA"`` in the place of the point.

    Raises:
        UnknownHost: If nobody knows the computer's name.
        ValueError: If an argument is out of range.

    Every method raises ``NoAnswer`` if nobody answers, ``UnexpectedAnswer`` if the answer is not
    one of a pull socket, and ``RuntimeError`` after ``close``.

    Example:
        >>> from labframe.client import PullClient
        >>> from labframe.sockets import DateDataPullSocket
        >>> with DateDataPullSocket("cryostat", ["cryo_temperature"], port=0) as cryostat:
        ...     cryostat.set_point("cryo_temperature", (1700000000.0, 77.3))
        ...     with PullClient("127.0.0.1", cryostat.port) as client:
        ...         client.point("cryo_temperature")
        Point(x=1700000000.0, y=77.3)
    """

    @overload
    def __init__(
        self: PullClient[Point], host: str, port: int = 9000, *, timeout: float | None = 1.0,
        retries: int = 2, old: Literal["raise"] = "raise",
    ) -> None: ...  # fmt: skip

    @overload
    def __init__(
        self: PullClient[Point | Marker], host: str, port: int = 9000, *,
        timeout: float | None = 1.0, retries: int = 2, old: Old,
    ) -> None: ...  # fmt: skip

    def __init__(
        self, host: str, port: int = 9000, *, timeout: float | None = 1.0, retries: int = 2,
        old: Old = "raise",
    ) -> None:  # fmt: skip
        self._old = _checked(old)
        self._peer = Peer(host, port, timeout, retries)

    def points(self) -> dict[str, PointT]:
        """Return the newest point of every codename.

        Raises:
            OldData: If some are older than their timeouts; it names them.
        """
        return self._peer.hold(conversations.named(self._old))

    def point(self, codename: str) -> PointT:
        """Return the newest point of one codename.

        Raises:
            OldData: If it is older than its timeout.
            UnexpectedAnswer: If there is no such codename; it names the nearest ones.
        """
        found: PointT = self._peer.hold(conversations.point(codename, self._old))
        return found

    def codenames(self) -> list[str]:
        """Return the codenames, in the order of the points."""
        return self._peer.hold(conversations.codenames())

    def name(self) -> str:
        """Return the name of the socket."""
        return self.ask("name")

    def status(self) -> dict[str, Any]:
        """Return the state of the computer and of each socket of the server's process.

        Returns:
            ``{"system_status": {...}, "socket_server_status": {"9000": {"name": ..., "type":
            "date", "status": "OK", "since_last_activity": seconds}, ...}}``.
        """
        return self._peer.hold(conversations.pull_status())

    def describe(self) -> HostDescription:
        """Ask a labframe host what it has: instruments, codenames with units, commands.

        Raises:
            UnexpectedAnswer: If it is none.
        """
        from labframe.client.description import describe  # 20 ms that few programs need

        return self._peer.hold(describe(str(self._peer)))

    def json(self) -> list[PointT]:
        """Return the newest point of every codename as a list, in the order of the codenames.

        Raises:
            OldData: If some are older than their timeouts; it names them.
        """
        return self._peer.hold(conversations.listed(self._old))

    def json_wn(self) -> dict[str, PointT]:
        """Return what :meth:`points` returns; this is its name on the wire."""
        return self.points()

    def raw(self) -> str:
        """Return ``x1,y1;x2,y2`` word for word; ``OLD_DATA`` stands in it, whatever ``old`` is."""
        return self.ask("raw")

    def raw_wn(self) -> str:
        """Return ``name1:x1,y1;name2:x2,y2`` word for word, as :meth:`raw`."""
        return self.ask("raw_wn")

    def raw_point(self, codename: str) -> str:
        """Return ``x,y`` of one codename word for word, as :meth:`raw`.

        Raises:
            UnexpectedAnswer: If there is no such codename; it names the nearest ones.
        """
        return self._peer.hold(conversations.raw_point(codename))

    def codenames_raw(self) -> str:
        """Return ``name1,name2`` word for word."""
        return self.ask("codenames_raw")

    def ask(self, request: str) -> str:
        """Return the answer to any request word for word.

        Raises:
            UnexpectedAnswer: If the server does not know the request.
        """
        return self._peer.hold(conversations.text(request))

    def close(self) -> None:
        """Ask no more; a request of another thread that is under way still gets its answer."""
        self._peer.closed = True

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self._peer}>"


class AsyncPullClient(Generic[PointT]):
    """Reads the newest points of a pull socket, without blocking the event loop.

    The arguments, methods and errors are those of :class:`PullClient`. Any number of coroutines may
    use one client at the same time, and any of them may be cancelled. The constructor looks up a
    computer's name: where that takes long, construct the client in ``asyncio.to_thread``.

    Example:
        >>> import asyncio
        >>> from labframe.client import AsyncPullClient
        >>> from labframe.sockets import DateDataPullSocket
        >>> async def read(port):
        ...     async with AsyncPullClient("127.0.0.1", port) as client:
        ...         return await asyncio.gather(client.name(), client.codenames())
        >>> with DateDataPullSocket("cryostat", ["cryo_temperature"], port=0) as cryostat:
        ...     asyncio.run(read(cryostat.port))
        ['cryostat', ['cryo_temperature']]
    """

    @overload
    def __init__(
        self: AsyncPullClient[Point], host: str, port: int = 9000, *, timeout: float | None = 1.0,
        retries: int = 2, old: Literal["raise"] = "raise",
    ) -> None: ...  # fmt: skip

    @overload
    def __init__(
        self: AsyncPullClient[Point | Marker], host: str, port: int = 9000, *,
        timeout: float | None = 1.0, retries: int = 2, old: Old,
    ) -> None: ...  # fmt: skip

    def __init__(
        self, host: str, port: int = 9000, *, timeout: float | None = 1.0, retries: int = 2,
        old: Old = "raise",
    ) -> None:  # fmt: skip
        self._old = _checked(old)
        self._peer = Peer(host, port, timeout, retries)

    async def points(self) -> dict[str, PointT]:
        """Return the newest point of every codename; see :meth:`PullClient.points`."""
        return await self._peer.hold_async(conversations.named(self._old))

    async def point(self, codename: str) -> PointT:
        """Return the newest point of one codename; see :meth:`PullClient.point`."""
        found: PointT = await self._peer.hold_async(conversations.point(codename, self._old))
        return found

    async def codenames(self) -> list[str]:
        """Return the codenames, in the order of the points."""
        return await self._peer.hold_async(conversations.codenames())

    async def name(self) -> str:
        """Return the name of the socket."""
        return await self.ask("name")

    async def status(self) -> dict[str, Any]:
        """Return the state of the computer and of each socket; see :meth:`PullClient.status`."""
        return await self._peer.hold_async(conversations.pull_status())

    async def describe(self) -> HostDescription:
        """Ask a labframe host what it has; see :meth:`PullClient.describe`."""
        from labframe.client.description import describe  # 20 ms that few programs need

        return await self._peer.hold_async(describe(str(self._peer)))

    async def json(self) -> list[PointT]:
        """Return the newest point of every codename as a list; see :meth:`PullClient.json`."""
        return await self._peer.hold_async(conversations.listed(self._old))

    async def json_wn(self) -> dict[str, PointT]:
        """Return what :meth:`points` returns; this is its name on the wire."""
        return await self.points()

    async def raw(self) -> str:
        """Return ``x1,y1;x2,y2`` word for word; see :meth:`PullClient.raw`."""
        return await self.ask("raw")

    async def raw_wn(self) -> str:
        """Return ``name1:x1,y1;name2:x2,y2`` word for word; see :meth:`PullClient.raw`."""
        return await self.ask("raw_wn")

    async def raw_point(self, codename: str) -> str:
        """Return ``x,y`` of one codename word for word; see :meth:`PullClient.raw_point`."""
        return await self._peer.hold_async(conversations.raw_point(codename))

    async def codenames_raw(self) -> str:
        """Return ``name1,name2`` word for word."""
        return await self.ask("codenames_raw")

    async def ask(self, request: str) -> str:
        """Return the answer to any request word for word; see :meth:`PullClient.ask`."""
        return await self._peer.hold_async(conversations.text(request))

    async def close(self) -> None:
        """Ask no more; requests that are under way still get their answers."""
        self._peer.closed = True

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self._peer}>"
