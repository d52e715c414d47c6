"""The life of a serving socket: constructed and bound, started, stopped. Once each."""

from __future__ import annotations

import threading
from types import TracebackType
from typing import Any, Self

from labframe.sockets import registry
from labframe.sockets.transport import UdpServer

__all__ = ["ServingSocket"]

_STOP_WAIT_S = 2.0
"""How long ``stop`` waits for the serving thread; only a handler that hangs makes it wait."""


class ServingSocket:
    """A bound port with a daemon thread of its own that answers it.

    The port is bound, and the socket shown in ``DATA`` and every status, from construction to
    ``stop``. It answers from ``start`` to ``stop``. Use it in a ``with`` statement to have both
    called.

    Attributes:
        name: The name that the command ``name`` answers.
        port: The bound UDP port.
        server: The bound socket with its loop; None after ``stop``.
    """

    def __init__(self, name: str, server: UdpServer) -> None:
        self.name = name
        self.server = server
        self.port = server.port
        self._thread: threading.Thread | None = None
        self._stop = False
        self._closed = False
        self._life = threading.Lock()

    # What a subclass fills in.

    def _begin(self) -> None:
        """Start what else serves; runs on the thread that calls ``start`` or ``run``."""

    def _serve(self) -> None:
        """Answer datagrams until the server is closing; runs on the serving thread."""
        raise NotImplementedError

    def _wake(self) -> None:
        """Wake what else waits, now that the server is closing."""

    def _finish(self) -> None:
        """Wind up after the port is closed: drain, report."""

    def data_entry(self) -> dict[str, Any]:
        """Return a copy of the socket's state, as ``DATA[port]`` shows it."""
        raise NotImplementedError

    def server_status(self) -> dict[str, Any]:
        """Return the socket's entry in a status answer."""
        raise NotImplementedError

    # What every socket has.

    @property
    def daemon(self) -> bool:
        """True: the serving thread does not keep the interpreter alive."""
        return True

    def start(self) -> None:
        """Begin to answer.

        Raises:
            RuntimeError: If the socket was started, or stopped, before: make a new one instead.
        """
        with self._life:
            if self._thread is not None:
                raise RuntimeError("threads can only be started once")
            if self._stop:
                raise RuntimeError(
                    f"the socket on port {self.port} was stopped and its port given back; "
                    "make a new one"
                )
            thread = threading.Thread(
                target=self._serve, name=f"{type(self).__name__} {self.port}", daemon=True
            )
            self._begin()
            thread.start()
            self._thread = thread

    def run(self) -> None:
        """Answer on the calling thread until another one calls ``stop``; blocks."""
        self._begin()
        self._serve()

    def stop(self) -> None:
        """Stop answering and give the port back at once.

        May be called at any time, from any thread, also before ``start`` and again.
        """
        with self._life:
            if self._stop:
                return
            self._stop = True
        registry.release(self.port, self)
        self.server.wake()
        self._wake()
        self.join(_STOP_WAIT_S)
        self.server.close()
        self._finish()
        self._closed = True

    def _check_open(self) -> None:
        if self._closed:
            raise KeyError(self.port)

    def is_alive(self) -> bool:
        """Tell whether the serving thread runs."""
        return self._thread is not None and self._thread.is_alive()

    def join(self, timeout: float | None = None) -> None:
        """Wait until the serving thread has ended, at most ``timeout`` seconds."""
        thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join(timeout)

    def __enter__(self) -> Self:
        if self._thread is None:
            self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def __repr__(self) -> str:
        state = "stopped" if self._stop else "serving" if self.is_alive() else "not started"
        return f"<{type(self).__name__} {self.name!r} on UDP port {self.port}, {state}>"
