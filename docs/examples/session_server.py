"""Serve fixed values on three ports: the other side of the session in the protocol's reference.

python session_server.py [PULL_PORT STORE_PORT CALL_PORT]
"""

from __future__ import annotations

import contextlib
import sys
import time
from typing import Any

from labframe.sockets import DataPushSocket, DateDataPullSocket

DEFAULT_PORTS = [9000, 8500, 8501]
CODENAMES = ["laser_power", "laser_state", "laser_target", "laser_leak"]


def add(values: dict[str, Any]) -> float:
    """Return the sum of two values."""
    return float(values["a"] + values["b"])


def main() -> None:
    """Serve until Ctrl-C."""
    pull_port, store_port, call_port = [int(port) for port in sys.argv[1:]] or DEFAULT_PORTS
    timeouts = [None, None, None, 3.0]
    with (
        contextlib.suppress(KeyboardInterrupt),
        DateDataPullSocket("moon laser", CODENAMES, pull_port, timeouts=timeouts) as pull,
        DataPushSocket("laser settings", store_port) as store,
        DataPushSocket("calculator", call_port, "callback_direct", callback=add) as call,
    ):
        pull.set_point("laser_power", (1795341600.25, 47))
        pull.set_point("laser_state", (1795341600.5, "on, café"))
        pull.set_point("laser_target", (1e-05, None))
        # laser_leak is never measured, and so it is old.
        ports = f"{pull.port}, {store.port} and {call.port}"
        print(f"ready on the UDP ports {ports}; Ctrl-C ends it", flush=True)
        while True:
            time.sleep(1.0)


if __name__ == "__main__":
    main()
