"""Receive named values and show them: the newest set, and the newest value of each name.

python push_store_last.py [PORT]
"""

from __future__ import annotations

import argparse
import contextlib
import time

from labframe.sockets import DataPushSocket


def main() -> None:
    """Show what comes in until Ctrl-C."""
    parser = argparse.ArgumentParser(description="Receive named values and show them.")
    parser.add_argument("port", nargs="?", type=int, default=8500, help="UDP port")
    port = parser.parse_args().port

    with (
        contextlib.suppress(KeyboardInterrupt),
        DataPushSocket("moon laser, settings", port, action="store_last") as push,
    ):
        print(f"receiving on UDP port {push.port}; Ctrl-C ends it", flush=True)
        shown = None
        while True:
            received, last = push.last
            if received != shown:
                _, updated = push.updated
                print(f"last {last}, updated {updated}", flush=True)
                shown = received
            time.sleep(0.1)
    print("stopped")


if __name__ == "__main__":
    main()
