"""Clients that hand named values and commands to a push socket."""

from __future__ import annotations

from collections.abc import Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self, get_args

from labframe.client import commands, conversations
from labframe.client.peer import Conversation, Peer
from labframe.closing import Closing
from labframe.errors import ClientError
from labframe.protocol.commands import DEADLINE_S
from labframe.protocol.outcomes import json_request, raw_request
from labframe.protocol.push import ReturnFormat

if TYPE_CHECKING:
    from labframe.client.description import HostDescription
    from labframe.client.methods import Execute, RemoteInstrument, UnreadInstrument

__all__ = ["AsyncPushClient", "PushClient"]

_DESCRIBE_TIMES: Final = 3


class _AnyPushClient:
    """What the client with threads and the one with coroutines have in common."""

    _description: HostDescription | None = None

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

    def _described(self) -> Conversation[HostDescription]:
        from labframe.client.description import describe  # 20 ms that few programs need

        return describe(str(self._peer), (self._peer.timeout,) * _DESCRIBE_TIMES)

    def _remote(
        self, description: HostDescription, name: str, execute: Execute
    ) -> RemoteInstrument:
        from labframe.client.methods import instrument_of

        return instrument_of(description, name, execute, f"of {self._peer}")

    def _refuse_private(self, name: str) -> None:
        """Raise AttributeError for names that copy, pickle and shells look for by themselves."""
        if name.startswith("_"):
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self._peer}>"


class PushClient(_AnyPushClient, Closing):
    """Hands named values and commands to a push socket.

    To a host of labframe, :meth:`command` sends a command as often as it takes, and it is executed
    once. Its instruments and their commands are attributes too: ``client.cryo.setpoint(target=77)``
    is ``client.command("cryo.setpoint", target=77)``. The host is asked for them once, when the
    first is used; an instrument with the name of a method of the client is reached by ``command``.

    ``send``, ``send_raw`` and ``call`` are for any push socket, and send once: when no answer
    comes, the command may have been executed, and a second one might do it again. Any number of
    threads may use one client at the same time.

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
    ``RuntimeError`` after ``close``. An instrument or a method that there is not is an
    ``AttributeError`` that names the nearest one.

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

    def command(
        self,
        method: str,
        *,
        _id: str | None = None,
        _deadline: float = DEADLINE_S,
        _dry_run: bool = False,
        **arguments: Any,
    ) -> Any:
        """Have a labframe host execute a command, once, whatever datagrams are lost.

        It is sent again under the same id until an answer comes, at most 1 s longer than its
        deadline. Other push sockets do not know ids, and would execute it again: use :meth:`call`.

        Args:
            method: ``INSTRUMENT.COMMAND``.
            _id: That of a command whose outcome is not known, to ask for it: the same command with
                the same id is not executed again. None gives it a new one.
            _deadline: Seconds after which the host begins it no more; up to 600.
            _dry_run: Whether it is only to be checked: the answer tells what would be sent.
            arguments: What the command takes.

        Returns:
            What the command returned.

        Raises:
            CommandRefused: If it was not executed; its ``code`` is a word for programs.
            CommandFailed: If it was begun and went wrong.
            OutcomeUnknown: If it was begun, and nobody knows how it ended, or not yet; the ``id``
                of the error asks again.
            NoAnswer: If nobody listens, or no answer came; then it is unknown whether it was
                executed, and the ``id`` of the error asks again.
            TypeError, ValueError: If a value cannot be written as JSON, or the deadline is none;
                nothing was sent.
        """
        return self._peer.hold(
            commands.command(method, arguments, self._form, _id, _deadline, _dry_run)
        )

    def describe(self) -> HostDescription:
        """Ask a labframe host what it has: instruments, codenames, commands.

        Raises:
            UnexpectedAnswer: If it is none.
        """
        return self._peer.hold(self._described())

    def refresh(self) -> None:
        """Ask the host again which instruments and commands the attributes are."""
        self._description = self.describe()

    def __getattr__(self, name: str) -> RemoteInstrument:
        self._refuse_private(name)
        return self._remote(self._known(), name, self.command)

    def __dir__(self) -> list[str]:
        try:
            return [*super().__dir__(), *self._known().instruments]
        except (ClientError, RuntimeError):  # a shell asks, and has no use for an error
            return [*super().__dir__()]

    def _known(self) -> HostDescription:
        description = self._description
        if description is None:
            description = self._description = self.describe()
        return description

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


class AsyncPushClient(_AnyPushClient):
    """Hands named values and commands to a push socket, without blocking the event loop.

    The arguments, methods and errors are those of :class:`PushClient`; ``await
    client.cryo.setpoint(target=77)`` executes a command. The host is asked for its instruments at
    the first call, or by ``await client.refresh()``; until then every name is taken for one. Any
    number of coroutines may use one client at the same time. One that is cancelled while it waits
    leaves it unknown whether its command was executed.

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

    async def command(
        self,
        method: str,
        *,
        _id: str | None = None,
        _deadline: float = DEADLINE_S,
        _dry_run: bool = False,
        **arguments: Any,
    ) -> Any:
        """Have a labframe host execute a command, once; see :meth:`PushClient.command`."""
        return await self._peer.hold_async(
            commands.command(method, arguments, self._form, _id, _deadline, _dry_run)
        )

    async def describe(self) -> HostDescription:
        """Ask a labframe host what it has; see :meth:`PushClient.describe`."""
        return await self._peer.hold_async(self._described())

    async def refresh(self) -> None:
        """Ask the host again which instruments and commands the attributes are."""
        self._description = await self.describe()

    def __getattr__(self, name: str) -> RemoteInstrument | UnreadInstrument:
        self._refuse_private(name)
        if self._description is not None:
            return self._remote(self._description, name, self.command)
        from labframe.client.methods import UnreadInstrument

        async def instrument() -> RemoteInstrument:
            if self._description is None:
                await self.refresh()
            assert self._description is not None
            return self._remote(self._description, name, self.command)

        return UnreadInstrument(name, instrument)

    def __dir__(self) -> list[str]:
        known = self._description
        return [*super().__dir__(), *(known.instruments if known is not None else ())]

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
