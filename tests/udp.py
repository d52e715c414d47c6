"""Talk to sockets under test: one datagram out, one answer back, never waiting without an end."""

from __future__ import annotations

import contextlib
import errno
import os
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import IO, Self

__all__ = ["ANSWER_WAIT_S", "Receiver", "answer_if_any", "ask", "ask_bytes", "default_ports"]

ANSWER_WAIT_S = 5.0
"""How long an answer may take: only a socket that fails to answer makes a test wait."""

_LOCK_WAIT_S = 60.0
_END = b"the end of what was sent so far"


def ask_bytes(port: int, request: bytes, host: str = "127.0.0.1", sender: str = "") -> bytes:
    """Return the answer to one datagram.

    Args:
        port: Where it is sent to.
        request: The datagram.
        host: The address that it is sent to.
        sender: The address of this computer that it is sent from; empty: as the system chooses.

    Raises:
        TimeoutError: If no answer comes.
        ConnectionRefusedError: If nobody listens on the port.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(ANSWER_WAIT_S)
        if sender:
            client.bind((sender, 0))
        client.connect((host, port))
        client.send(request)
        return client.recv(65535)


def ask(port: int, request: str, host: str = "127.0.0.1", sender: str = "") -> str:
    """Return the answer to one datagram, both as text; raises as ``ask_bytes``."""
    return ask_bytes(port, request.encode(), host, sender).decode()


def answer_if_any(port: int, request: bytes) -> bytes | None:
    """Return the answer to one datagram; None if the socket went on to the next without one."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(ANSWER_WAIT_S)
        client.connect(("127.0.0.1", port))
        client.send(request)
        client.send(b"name")
        first = client.recv(65535)
    return None if first == ask_bytes(port, b"name") else first


class Receiver:
    """A UDP port of 127.0.0.1 that is only sent to, as a live server's is.

    Attributes:
        address: Its host and port.
    """

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.settimeout(ANSWER_WAIT_S)
        self._socket.bind(("127.0.0.1", 0))
        self.address: tuple[str, int] = self._socket.getsockname()

    def received(self) -> list[bytes]:
        """Return the datagrams that were sent here since the last look."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
            last.sendto(_END, self.address)
        return list(iter(lambda: self._socket.recv(65535), _END))

    def wait(self) -> bytes:
        """Return the next datagram that is sent here.

        Raises:
            TimeoutError: If none comes.
        """
        return self._socket.recv(65535)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()


@contextlib.contextmanager
def default_ports(*ports: int, wait_s: float = 10.0) -> Iterator[None]:
    """Have well-known UDP ports to oneself: no other run of the tests uses any meanwhile.

    Args:
        ports: The ports.
        wait_s: Seconds that another program has to give them back.

    Raises:
        AssertionError: If it does not, or another run of the tests takes too long.
    """
    user = "" if sys.platform == "win32" else os.getuid()  # nobody can open another user's file
    with (Path(tempfile.gettempdir()) / f"labframe-tests-{user}.lock").open("a") as lock:
        if not _soon(partial(_locked, lock), _LOCK_WAIT_S):
            raise AssertionError(f"another run of the tests holds {lock.name}")
        for port in ports:
            if not _soon(partial(_is_free, port), wait_s):
                raise AssertionError(
                    f"UDP port {port} is in use by another program, and this test needs the "
                    f"default port: stop it (on Linux `ss -lunp sport = :{port}` names it)"
                )
        yield


def _soon(done: Callable[[], bool], wait_s: float) -> bool:
    deadline = time.monotonic() + wait_s
    while not done():
        if time.monotonic() >= deadline:
            return False
        time.sleep(0.05)
    return True


def _is_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind(("", port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return False
            raise
    return True


def _locked(lock: IO[str]) -> bool:
    """Take the lock, which closing the file gives back; False if another one has it."""
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(lock.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
