"""Receive commands and carry them out one after the other, while the main program watches.

The sender has its answer at once, however long a shot takes. The methods are ``fire`` (with
``duration`` in seconds and ``intensity``) and ``stop``.

python push_callback_async.py [PORT]
"""

from __future__ import annotations

import argparse
import contextlib
import threading
from typing import Any

from labframe.sockets import DataPushSocket


class Laser:
    """Stands in for your instrument."""

    def __init__(self) -> None:
        self.state = "idle"
        self.stopped = threading.Event()

    def command(self, values: dict[str, Any]) -> None:
        """Carry out one command; the socket calls this in a thread of its own."""
        match values:
            case {"method": "fire", "duration": int() | float() as duration, "intensity": strength}:
                print(f"firing for {duration} s with intensity {strength}", flush=True)
                self.state = "firing"
                self.stopped.wait(duration)
                self.state = "idle"
            case {"method": "stop"}:
                self.stopped.set()
            case _:
                print(f"not understood: {values}", flush=True)


def main() -> None:
    """Watch the laser until a command says stop, or Ctrl-C."""
    parser = argparse.ArgumentParser(description="Receive commands and carry them out.")
    parser.add_argument("port", nargs="?", type=int, default=8500, help="UDP port")
    port = parser.parse_args().port

    laser = Laser()
    with (
        contextlib.suppress(KeyboardInterrupt),
        DataPushSocket(
            "moon laser, commands", port, action="callback_async", callback=laser.command
        ) as push,
    ):
        print(f"receiving on UDP port {push.port}; Ctrl-C ends it", flush=True)
        try:
            while not laser.stopped.wait(0.5):
                if laser.state == "firing":
                    print("watching the temperature", flush=True)
        finally:
            laser.stopped.set()  # cut a shot short: the socket waits for the callback
    print("stopped")


if __name__ == "__main__":
    main()
