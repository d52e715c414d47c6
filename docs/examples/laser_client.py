"""Drive the laser of ``laser_server.py``: a client with nothing but Python's own sockets.

python laser_client.py [PORT] [--host HOST]
"""

from __future__ import annotations

import argparse
import json
import socket
import time
from typing import Any


class Refused(Exception):
    """The laser answered that it did not do it."""


class LaserClient:
    """Sends commands to the laser and returns what they return.

    Args:
        host: The computer of the laser.
        port: The UDP port of its push socket.
        timeout_s: How long to wait for an answer.
    """

    def __init__(self, host: str, port: int, timeout_s: float = 2.0) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.settimeout(timeout_s)
        self._socket.connect((host, port))

    def call(self, method: str, **arguments: Any) -> Any:
        """Call a method of the laser.

        Raises:
            Refused: With the laser's words, if it did not do it.
            OSError: If nobody answers.
        """
        request = f"json_wn#{json.dumps({'method': method, **arguments})}"
        self._socket.send(request.encode())
        kind, _, text = self._socket.recv(65535).decode().partition("#")
        if kind != "RET":
            raise Refused(text)
        return json.loads(text)

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()


def main() -> None:
    """Make one shot and stop the laser."""
    parser = argparse.ArgumentParser(description="Drive the laser of laser_server.py.")
    parser.add_argument("port", nargs="?", type=int, default=8500, help="UDP port")
    parser.add_argument("--host", default="127.0.0.1", help="computer of the laser")
    options = parser.parse_args()

    laser = LaserClient(options.host, options.port)
    try:
        print(laser.call("update_settings", power=300, focus=10))
        try:
            laser.call("update_settings", colour="red")
        except Refused as refused:
            print(f"refused: {refused}")
        print(laser.call("state", state="active"))
        for _ in range(3):
            time.sleep(0.3)
            for moment, temperature in laser.call("get_temperature"):
                print(f"{time.strftime('%H:%M:%S', time.localtime(moment))}  {temperature:.1f} K")
        print(f"the last temperature: {laser.call('temperature')} K")
        print(laser.call("state", state="idle"))
        print(laser.call("stop"))
    except OSError as error:
        raise SystemExit(f"no answer from {options.host}:{options.port}: {error}") from error
    finally:
        laser.close()


if __name__ == "__main__":
    main()
