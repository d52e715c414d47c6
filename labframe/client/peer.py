"""The other side: one resolved host and port, and the exchange of datagrams with it.

Answers carry no number that says which request they belong to. So each request has a socket of its
own, for itself and its repetitions, and with it a port of its own: an answer that comes late or
twice finds that port closed, and is never taken for the answer to another request. This also is
why threads and coroutines may share a client without a lock.
"""

from __future__ import annotations

import errno
import socket
import sys
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from time import monotonic
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias, TypeVar

from labframe.errors import ClientError, DatagramTooLong, NoAnswer, UnknownHost
from labframe.protocol.wire import MAX_DATAGRAM, shortened

if TYPE_CHECKING:
    import asyncio

__all__ = ["Conversation", "Peer", "Request"]

_RECEIVE_BYTES: Final = 65535
"""Room for any datagram that IP can carry."""

# A computer with several addresses may answer from another one than it was asked at, and a
# connected socket would not hear that. Linux tells an unconnected one as well that nobody listens,
# if asked to (IP_RECVERR, IPV6_RECVERR of linux/in.h); elsewhere only a connected socket is told.
_ERROR_QUEUE: Final[dict[int, tuple[int, int]] | None] = (
    {socket.AF_INET: (socket.IPPROTO_IP, 11), socket.AF_INET6: (socket.IPPROTO_IPV6, 25)}
    if sys.platform == "linux"
    else None
)

_UNKNOWN: Final = "it is unknown whether the command was executed"

T = TypeVar("T")


class Request(NamedTuple):
    """One datagram to send.

    Attributes:
        data: Its bytes.
        repeatable: Whether it does no harm to send it again when no answer comes.
        waits_s: Seconds to wait for an answer after each sending, one number for each; None waits
            for ever. Empty: as the peer's timeout and retries say.
        repetition: Returns what to send in its place so many seconds after it was first sent; None
            sends the same again.
        id: The id of the command in it; with one it is executed once, however often it is sent.
    """

    data: bytes
    repeatable: bool = True
    waits_s: tuple[float | None, ...] = ()
    repetition: Callable[[float], bytes] | None = None
    id: str = ""


Conversation: TypeAlias = Generator[Request, bytes, T]
"""What is said to reach a result: yields requests, is sent their answers, returns the result."""


class Peer:
    """Where a server listens.

    Args:
        host: The name or address of the computer; resolved here, once. Of a name with both kinds
            of addresses an IPv4 address is taken, since most servers listen to IPv4 only.
        port: The UDP port, 1 to 65535.
        timeout: Seconds to wait for the answer to each datagram; None waits for ever.
        retries: How often to send a repeatable request again.

    Raises:
        ValueError: If an argument is out of range.
        UnknownHost: If nobody knows the name.
    """

    def __init__(self, host: str, port: int, timeout: float | None, retries: int = 0) -> None:
        if not 0 < port < 65536:
            raise ValueError(f"port = {port}: a UDP port is 1 to 65535")
        if timeout is not None and not timeout > 0:
            raise ValueError(f"timeout = {timeout}: must be more than 0 s")
        if retries < 0:
            raise ValueError(f"retries = {retries}: must be 0 or more")
        self.host = host
        self.port = port
        self.timeout = timeout
        self.retries = retries
        self.closed = False
        self._family, self._address = _resolved(host, port)

    def __str__(self) -> str:
        return f"UDP port {self.port} of {self.host}"

    def hold(self, conversation: Conversation[T]) -> T:
        """Go through a conversation; blocks.

        Raises:
            NoAnswer: If an answer does not come.
            DatagramTooLong: If a request does not fit into a datagram.
            RuntimeError: After ``closed`` was set.
            ClientError: What the conversation makes of the answers.
        """
        with self._noted():
            try:
                request = next(conversation)
                while True:
                    request = conversation.send(self._exchange(request))
            except StopIteration as end:
                result: T = end.value
                return result

    async def hold_async(self, conversation: Conversation[T]) -> T:
        """Go through a conversation; raises as ``hold``."""
        with self._noted():
            try:
                request = next(conversation)
                while True:
                    request = conversation.send(await self._exchange_async(request))
            except StopIteration as end:
                result: T = end.value
                return result

    def _exchange(self, request: Request) -> bytes:
        with self._open(request) as exchange:
            line = exchange.line
            for wait_s in exchange.sendings():
                line.settimeout(wait_s)
                try:
                    while True:
                        answer, sender = line.recvfrom(_RECEIVE_BYTES)
                        if sender[1] == self.port:
                            return answer
                except TimeoutError:
                    continue
            raise exchange.no_answer()

    async def _exchange_async(self, request: Request) -> bytes:
        import asyncio  # 40 ms that programs with threads need not wait for

        loop = asyncio.get_running_loop()
        with self._open(request) as exchange:
            line = exchange.line
            line.setblocking(False)
            for wait_s in exchange.sendings():
                try:
                    async with asyncio.timeout(wait_s):
                        while True:
                            answer, sender = await _received(loop, line)
                            if sender[1] == self.port:
                                return answer
                except TimeoutError:
                    continue
            raise exchange.no_answer()

    @contextmanager
    def _open(self, request: Request) -> Iterator[_Exchange]:
        """Give a socket to ask the server with; turn what the system says into our errors."""
        if self.closed:
            raise RuntimeError(f"the client of {self} is closed; make a new one")
        with socket.socket(self._family, socket.SOCK_DGRAM) as line:
            exchange = _Exchange(line, self._address, request, self._waits_s(request), str(self))
            try:
                if _ERROR_QUEUE is None:
                    line.connect(self._address)
                else:
                    line.setsockopt(*_ERROR_QUEUE[self._family], 1)
                yield exchange
            except NoAnswer:
                raise
            except ConnectionError as error:
                raise exchange.failed(
                    f"nobody listens on {self}: is the server running?"
                ) from error
            except OSError as error:
                if error.errno == errno.EMSGSIZE:
                    raise DatagramTooLong(
                        f"the request {_named(request)} is {len(request.data)} bytes long, a "
                        f"datagram carries {MAX_DATAGRAM} at most. Send less at once."
                    ) from error
                raise exchange.failed(f"no way to {self}: {error.strerror or error}") from error

    def _waits_s(self, request: Request) -> tuple[float | None, ...]:
        if request.waits_s:
            return request.waits_s
        return (self.timeout,) * (1 + self.retries if request.repeatable else 1)

    @contextmanager
    def _noted(self) -> Iterator[None]:
        """Note in an error whose answer it is about."""
        try:
            yield
        except ClientError as error:
            if not isinstance(error, NoAnswer):
                error.add_note(f"This is what {self} answered.")
            raise


class _Exchange:
    """One request with its repetitions, and the socket of its own for all of them."""

    def __init__(
        self,
        line: socket.socket,
        address: Any,
        request: Request,
        waits_s: tuple[float | None, ...],
        where: str,
    ) -> None:
        self.line = line
        self._address = address
        self._request = request
        self._waits_s = waits_s
        self._where = where
        self._sent = 0

    def sendings(self) -> Iterator[float | None]:
        """Send it as often as it may be; yield each time how many seconds to wait."""
        request, began = self._request, monotonic()
        for wait_s in self._waits_s:
            if self._sent and request.repetition is not None:
                self._send(request.repetition(monotonic() - began))
            else:
                self._send(request.data)
            self._sent += 1
            yield wait_s

    def _send(self, data: bytes) -> None:
        if _ERROR_QUEUE is None:
            self.line.send(data)
        else:
            self.line.sendto(data, self._address)

    def failed(self, text: str) -> NoAnswer:
        """Return the error of a system that says no: what went out before may have arrived."""
        if self._request.id and self._sent > 1:
            return self._unknown(text)
        return NoAnswer(text)

    def no_answer(self) -> NoAnswer:
        """Return the error that says how long and how often it was asked in vain."""
        waits_s = [wait_s for wait_s in self._waits_s if wait_s is not None]
        within_s = sum(waits_s) if self._request.id else waits_s[0]
        often = "once" if self._sent == 1 else f"{self._sent} times"
        text = (
            f"{self._where} did not answer {_named(self._request)} within "
            f"{round(within_s, 3):g} s, asked {often}"
        )
        if self._request.id:
            return self._unknown(text)
        doubt = "" if self._request.repeatable else f"; {_UNKNOWN}"
        return NoAnswer(text + doubt)

    def _unknown(self, text: str) -> NoAnswer:
        error = NoAnswer(f"{text}; {_UNKNOWN}. Ask again with _id={self._request.id!r}")
        error.id = self._request.id
        return error


async def _received(loop: asyncio.AbstractEventLoop, line: socket.socket) -> tuple[bytes, Any]:
    try:
        return await loop.sock_recvfrom(line, _RECEIVE_BYTES)
    except NotImplementedError:  # uvloop, to 0.23 at least
        await _readable(loop, line)
        return line.recvfrom(_RECEIVE_BYTES)


async def _readable(loop: asyncio.AbstractEventLoop, line: socket.socket) -> None:
    something = loop.create_future()

    def note() -> None:
        if not something.done():
            something.set_result(None)

    loop.add_reader(line, note)
    try:
        await something
    finally:
        loop.remove_reader(line)


def _named(request: Request) -> str:
    return repr(shortened(request.data.decode("utf-8", "replace")))


def _resolved(host: str, port: int) -> tuple[socket.AddressFamily, Any]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise UnknownHost(
            f"the computer {host!r} has no known address ({reason}): check its name, or give its "
            "IP address"
        ) from error
    family, _, _, _, address = min(found, key=lambda entry: entry[0] != socket.AF_INET)
    return family, address
