"""Clients that hand named values and commands to a push socket."""

from __future__ import annotations

from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self, get_args

from labframe.client import conversations
from labframe.client.peer import Peer
from labframe.protocol.outcomes import json_request, raw_request
from labframe.protocol.push import ReturnFormat

__all__ = ["AsyncPushClient", "PushClient"]


class _AnyPushClient:
    """What the client with threads and the one with coroutines have in common."""

    def __init__(
        self,
        host: str,
        port: int = 8500,
        *,
        timeout: float | None = 2.0,
        return_format: ReturnFormat = "json",
    ) -> None:
        if return_format not in get_args(ReturnFormat):
            raise ValueError(
                f"return_format = {return_format!r}: must be one of "
                f"{', '.join(map(repr, get_args(ReturnFormat)))}, as the server's is"
            )
        self._form = return_format
        self._peer = Peer(host, port, timeout)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self._peer}>"


class PushClient(_AnyPushClient):
    """Hands named values and commands to a push socket.

    Nothing is ever sent twice: when no answer comes, the command may have been executed, and a
    second one might do it again. Any number of threads may use one client at the same time.

    Args:
        host: The name or address of the computer; a name is resolved here, once, and an IPv4
            address is preferred.
        port: The UDP port, usually 8500.
        timeout: Seconds to wait for an answer, which a slow callback delays; None waits for ever.
        return_format: How the server writes the value of its callback: as its own argument of this
            name says. It does not matter to servers without a direct callback.

    Raises:
        UnknownHost: If nobody knows the computer's name.
        ValueError: If an argument is out of range.

    Every method raises ``CommandRefused`` for the answer ``ERROR#`` (the server did nothing),
    ``CommandFailed`` for ``EXCEP#`` (the callback raised, or returned what cannot be sent),
    ``NoAnswer`` if nobody listens or no answer comes in time, ``UnexpectedAnswer`` if the answer is
    not one of a push socket, ``DatagramTooLong`` for more values than a datagram carries, and
    ``RuntimeError`` after ``close``.

    Example:
        >>> from labframe.client import PushClient
        >>> from labframe.sockets import DataPushSocket
        >>> def command(values):
        ...     return {"power": values["power"]}
        >>> with DataPushSocket("laser", 0, "callback_direct", callback=command) as laser:
        ...     with PushClient("127.0.0.1", laser.port) as client:
        ...         client.call("set_power", power=50)
        {'power': 50}
    """

    def send(self, values: Mapping[str, Any]) -> Any:
        """Send values as JSON, once.

        Args:
            values: Anything that JSON knows, by name; numpy scalars become numbers. The original
                server takes 8192 bytes, labframe's as much as a datagram carries.

        Returns:
            A dict of the values that the server took; from a server with a direct callback, the
            value that the callback returned.

        Raises:
            TypeError, ValueError: If a value cannot be written as JSON; nothing was sent.
        """
        return self._peer.hold(conversations.send(json_request(values), self._form))

    def send_raw(self, values: Mapping[str, Any]) -> Any:
        """Send values in the raw format, once: for servers that are not written in Python.

        Args:
            values: An int, a float, a str, a bool or a list of at least two of one of them, by
                name; without the separators ``: ; , #`` in names and texts.

        Returns:
            The same as :meth:`send`.

        Raises:
            ValueError: If the raw format cannot carry them; nothing was sent.
        """
        return self._peer.hold(conversations.send(raw_request(values), self._form))

    def call(self, method: str, **arguments: Any) -> Any:
        """Send ``{"method": method, **arguments}``, once: the way that commands usually look.

        Returns, Raises:
            The same as :meth:`send`.
        """
        return self.send({"method": method, **arguments})

    def name(self) -> str:
        """Return the name of the socket."""
        return self._peer.hold(conversations.push_name())

    def commands(self) -> list[str]:
        """Return the requests that the socket knows, such as ``json_wn#``."""
        return self._peer.hold(conversations.push_commands())

    def status(self) -> dict[str, Any]:
        """Return the state of the computer and of each socket; see :meth:`PullClient.status`."""
        return self._peer.hold(conversations.push_status())

    def close(self) -> None:
        """Send no more; a request of another thread that is under way still gets its answer."""
        self._peer.closed = True

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


class AsyncPushClient(_AnyPushClient):
    """Hands named values and commands to a push socket, without blocking the event loop.

    The arguments, methods and errors are those of :class:`PushClient`; nothing is ever sent twice.
    Any number of coroutines may use one client at the same time. One that is cancelled while it
    waits leaves it unknown whether its command was executed.

    Example:
        >>> import asyncio
        >>> from labframe.client import AsyncPushClient
        >>> from labframe.sockets import DataPushSocket
        >>> async def heat(port):
        ...     async with AsyncPushClient("127.0.0.1", port) as client:
        ...         return await client.send({"setpoint": 300.0})
        >>> with DataPushSocket("oven", 0) as oven:
        ...     asyncio.run(heat(oven.port))
        {'setpoint': 300.0}
    """

    async def send(self, values: Mapping[str, Any]) -> Any:
        """Send values as JSON, once; see :meth:`PushClient.send`."""
        return await self._peer.hold_async(conversations.send(json_request(values), self._form))

    async def send_raw(self, values: Mapping[str, Any]) -> Any:
        """Send values in the raw format, once; see :meth:`PushClient.send_raw`."""
        return await self._peer.hold_async(conversations.send(raw_request(values), self._form))

    async def call(self, method: str, **arguments: Any) -> Any:
        """Send ``{"method": method, **arguments}``, once; see :meth:`PushClient.call`."""
        return await self.send({"method": method, **arguments})

    async def name(self) -> str:
        """Return the name of the socket."""
        return await self._peer.hold_async(conversations.push_name())

    async def commands(self) -> list[str]:
        """Return the requests that the socket knows, such as ``json_wn#``."""
        return await self._peer.hold_async(conversations.push_commands())

    async def status(self) -> dict[str, Any]:
        """Return the state of the computer and of each socket; see :meth:`PullClient.status`."""
        return await self._peer.hold_async(conversations.push_status())

    async def close(self) -> None:
        """Send no more; requests that are under way still get their answers."""
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
