"""The sockets of this process by port: ``DATA``, and what every socket's ``status`` tells of all.

The sockets module that laboratories know keeps its state in one module-level dict, and scripts
read it. Here each socket keeps its own state, and ``DATA`` is a read-only view of it.
"""

from __future__ import annotations

import atexit
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, Protocol

__all__ = ["DATA", "Activity", "Registered", "claim", "release", "socket_server_status", "vacant"]


class Activity:
    """When a socket was last known to be fed, and whether that is too long ago.

    Args:
        check: Whether to watch it at all.
        timeout_s: Seconds without activity after which the socket counts as inactive.
    """

    def __init__(self, check: bool, timeout_s: float) -> None:
        self.check = check
        self.timeout_s = timeout_s

    def entry(self, last_activity: float) -> dict[str, Any]:
        """Return the dict that ``DATA[port]["activity"]`` shows."""
        return {
            "check_activity": self.check,
            "activity_timeout": self.timeout_s,
            "last_activity": last_activity,
        }

    def status(self, last_activity: float) -> dict[str, Any]:
        """Return the part of a status answer that tells of activity."""
        if not self.check:
            return {"status": "DISABLED", "since_last_activity": None}
        since = time.time() - last_activity
        status = "OK" if since < self.timeout_s else "INACTIVE"
        return {"status": status, "since_last_activity": since}


class Registered(Protocol):
    """What the registry asks of a socket."""

    def data_entry(self) -> dict[str, Any]:
        """Return a copy of the socket's state, as ``DATA[port]`` shows it."""

    def server_status(self) -> dict[str, Any]:
        """Return the socket's entry in a status answer."""

    def stop(self) -> None:
        """Stop serving and give the port back."""


_SOCKETS: Final[dict[int, Registered]] = {}
_LOCK: Final = threading.Lock()
_at_exit: list[Callable[[], None]] = []


def vacant(port: int) -> None:
    """Check that no socket of this process serves ``port``; 0 (any free port) always is vacant.

    Raises:
        ValueError: If one does.
    """
    if port and port in _SOCKETS:
        raise ValueError(f"A UDP server already exists on port: {port}")


def claim(port: int, socket: Registered) -> None:
    """Enter a socket; from now on ``DATA`` and every status show it."""
    with _LOCK:
        _SOCKETS[port] = socket
        if not _at_exit:
            _at_exit.append(atexit.register(_stop_all))


def release(port: int, socket: Registered) -> None:
    """Take a socket out again."""
    with _LOCK:
        if _SOCKETS.get(port) is socket:
            del _SOCKETS[port]


def socket_server_status() -> dict[int, dict[str, Any]]:
    """Return, for each socket of this process by port, its name, type and activity.

    Returns:
        ``{port: {"name": str, "type": "date" | "data" | "push", "status": "OK" | "INACTIVE" |
        "DISABLED", "since_last_activity": seconds or None}}``; a push socket with a queue adds
        ``queue_depth`` and ``max_queue``.
    """
    return {port: socket.server_status() for port, socket in list(_SOCKETS.items())}


def _stop_all() -> None:
    for socket in list(_SOCKETS.values()):
        socket.stop()


class _Data(Mapping[int, dict[str, Any]]):
    """A live, read-only view of what each port of this process holds, by port.

    Each access builds the entry from the socket as it is at that moment: changing what it returns
    changes nothing.

    * pull sockets: ``codenames``, ``data``, ``name``, ``activity``, ``timeouts``, ``type`` and, for
      xy data, ``timestamps``;
    * push sockets: ``action``, ``last``, ``last_time``, ``updated``, ``updated_time``, ``type``,
      ``name``, ``activity``; with a queue ``queue``; with ``callback_direct`` also ``callback`` and
      ``return_format``.
    """

    def __getitem__(self, port: int) -> dict[str, Any]:
        return _SOCKETS[port].data_entry()

    def __iter__(self) -> Iterator[int]:
        return iter(list(_SOCKETS))

    def __len__(self) -> int:
        return len(_SOCKETS)

    def __contains__(self, port: object) -> bool:
        return port in _SOCKETS

    def __repr__(self) -> str:
        return repr(dict(self))


DATA: Final[Mapping[int, dict[str, Any]]] = _Data()
"""A live, read-only view of what each port of this process holds."""
