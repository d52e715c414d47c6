"""Receive sets of values and handle every one of them, in the order of their arrival.

The set ``{"stop": true}`` ends the program.

python push_enqueue.py [PORT]
"""

from __future__ import annotations

import argparse
import contextlib
import queue

from labframe.sockets import DataPushSocket


def main() -> None:
    """Take sets from the queue until one says stop, or Ctrl-C."""
    parser = argparse.ArgumentParser(description="Receive sets of values and handle each of them.")
    parser.add_argument("port", nargs="?", type=int, default=8500, help="UDP port")
    port = parser.parse_args().port

    # A full queue refuses more at once, and the sender reads why: nothing is lost unseen.
    with (
        contextlib.suppress(KeyboardInterrupt),
        DataPushSocket("moon laser, shots", port, action="enqueue", max_queue=100) as push,
    ):
        print(f"receiving on UDP port {push.port}; Ctrl-C ends it", flush=True)
        while True:
            try:
                shot = push.queue.get(timeout=0.5)
            except queue.Empty:
                continue
            if shot.get("stop"):
                break
            print(f"handled {shot}, {push.queue.qsize()} wait", flush=True)
    print("stopped")


if __name__ == "__main__":
    main()
