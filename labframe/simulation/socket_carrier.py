"""A simulated instrument behind a TCP port, as behind a serial device server: ``socket://``."""

from __future__ import annotations

import contextlib
import socket
from typing import Final

from labframe.simulation.carrier import ThreadCarrier
from labframe.simulation.core import SimulatedInstrument
from labframe.simulation.errors import SimulationError
from labframe.simulation.selector_thread import SelectorThread

__all__ = ["SocketCarrier"]

_CHUNK: Final = 65536
_HOST: Final = "127.0.0.1"


class SocketCarrier(ThreadCarrier):
    """Carries bytes between a simulated instrument and ``socket://127.0.0.1:PORT``.

    One client at a time; another one waits until the first is gone. Line settings do not travel
    over a socket: no baud rate is wrong here.

    Args:
        simulator: The instrument.
        keep_seen: How many chunks ``seen`` holds; the oldest go first.
        paced: Whether bytes leave at the instrument's baud rate.
        thread: Whose callbacks carry the bytes; None: a thread of its own.

    Attributes:
        simulator: The instrument.
        url: Where a line finds it, the same for ever.
    """

    def __init__(
        self,
        simulator: SimulatedInstrument,
        *,
        keep_seen: int = 1000,
        paced: bool = True,
        thread: SelectorThread | None = None,
    ) -> None:
        super().__init__(simulator, paced)
        self._owns_thread = thread is None
        self._thread = thread or SelectorThread("labframe simulation")
        self._listener: socket.socket | None = _listening(0)
        self._port: int = self._listener.getsockname()[1]
        self.url = f"socket://{_HOST}:{self._port}"
        self._client: socket.socket | None = None
        self._carry(keep_seen)
        self._thread.call(self._start)

    @property
    def plugged(self) -> bool:
        """Whether it can be reached."""
        return self._listener is not None

    def unplug(self) -> None:
        """Cut the connection, and let nobody in."""
        self._thread.call(self._cut)

    def replug(self, new_node: bool = True) -> None:
        """Be reachable again, at the same port.

        Args:
            new_node: Makes no difference: there is no device that has a number.

        Raises:
            SimulationError: If it was closed for good, or another program took the port.
        """
        del new_node
        self._thread.call(self._listen)

    def close(self) -> None:
        """Cut the connection for good. May be called again."""
        if self._closed:
            return
        self._closed = True
        with contextlib.suppress(SimulationError):
            self._thread.call(self._cut)
        if self._owns_thread:
            self._thread.close()

    # All that follows runs on the thread.

    def _start(self) -> None:
        assert self._listener is not None
        self._thread.watch(self._listener.fileno(), self._accept)
        self._begin_ticks()

    def _listen(self) -> None:
        if self._closed:
            raise SimulationError(f"{self.url} was closed; make a new carrier")
        if self._listener is None:
            try:
                self._listener = _listening(self._port)
            except OSError as error:
                raise SimulationError(
                    f"{self.url}: another program took the port: {error}"
                ) from error
            self._thread.watch(self._listener.fileno(), self._accept)

    def _cut(self) -> None:
        if self._listener is not None:
            if self._client is None:  # while there is one nobody else is let in
                self._thread.unwatch(self._listener.fileno())
            self._listener.close()
            self._listener = None
        self._hang_up()

    def _hang_up(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            self._thread.unwatch(client.fileno())
            client.close()
        if self._listener is not None and client is not None:
            self._thread.watch(self._listener.fileno(), self._accept)

    def _accept(self) -> None:
        assert self._listener is not None
        try:
            client, _ = self._listener.accept()
        except OSError:
            return
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        client.setblocking(False)
        self._thread.unwatch(self._listener.fileno())
        self._client = client
        self._new_cable()
        self._thread.watch(client.fileno(), self._readable)

    def _readable(self) -> None:
        if self._client is None:
            return
        try:
            data = self._client.recv(_CHUNK)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._hang_up()
            return
        self._heard(data, data)

    def _send(self, data: bytes) -> None:
        if self._client is not None:
            with contextlib.suppress(OSError):  # it is gone, or does not read: lost, as on a wire
                self._client.send(data)


def _listening(port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((_HOST, port))
        listener.listen(1)
        listener.setblocking(False)
    except OSError:
        listener.close()
        raise
    return listener
