"""The UDP sockets that laboratories run, byte for byte, usable alone.

A script written for ``PyExpLabSys.common.sockets`` runs when its import line names
``labframe.sockets`` instead. Nothing is started, read or configured at import.

* :class:`DateDataPullSocket` (UDP 9000) and :class:`DataPullSocket` (9010) serve newest points;
* :class:`DataPushSocket` (8500) takes named values and commands;
* :class:`LiveSocket` (8000) sends points to a live server (9767) and serves them too.
"""

from labframe.errors import PortStillReserved
from labframe.points import BAD_CHARS
from labframe.protocol.pull import OLD_DATA
from labframe.protocol.push import TYPE_FROM_STRING, bool_translate
from labframe.protocol.wire import PUSH_ACK, PUSH_ERROR, PUSH_EXCEP, PUSH_RET, UNKNOWN_COMMAND
from labframe.sockets.callbacks import CallBackThread
from labframe.sockets.live import SETTINGS, LiveSocket
from labframe.sockets.pull import (
    CommonDataPullSocket,
    DataPullSocket,
    DateDataPullSocket,
    PullUDPHandler,
)
from labframe.sockets.push import DataPushSocket, PushUDPHandler
from labframe.sockets.registry import DATA, socket_server_status
from labframe.sockets.status import SYSTEM_STATUS

__all__ = [
    "BAD_CHARS",
    "DATA",
    "OLD_DATA",
    "PUSH_ACK",
    "PUSH_ERROR",
    "PUSH_EXCEP",
    "PUSH_RET",
    "SETTINGS",
    "SYSTEM_STATUS",
    "TYPE_FROM_STRING",
    "UNKNOWN_COMMAND",
    "CallBackThread",
    "CommonDataPullSocket",
    "DataPullSocket",
    "DataPushSocket",
    "DateDataPullSocket",
    "LiveSocket",
    "PortStillReserved",
    "PullUDPHandler",
    "PushUDPHandler",
    "bool_translate",
    "run_module",
    "socket_server_status",
]


def run_module() -> None:
    """Serve a sine on UDP port 9000 until interrupted: a first look at a pull socket."""
    import math  # for this demonstration only
    import time

    with DateDataPullSocket("A sine", ["sine"], timeouts=1.0) as pull_socket:
        print("serving 'sine' on UDP port 9000; Ctrl-C ends it")  # noqa: T201
        try:
            while True:
                pull_socket.set_point_now("sine", math.sin(time.time()))
                time.sleep(0.1)
        except KeyboardInterrupt:
            pass
