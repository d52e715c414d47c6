"""Serve two values of a laser, stamped with the time when they were measured.

Better than ``set_point_now`` as soon as the instrument is slow: a point is as old as the
measurement, not as the line of code that hands it on.

python network_variable_own_times.py [PORT]
"""

from __future__ import annotations

import argparse
import contextlib
import random
import time

from labframe.sockets import DateDataPullSocket


class Laser:
    """Stands in for the driver of your instrument; it takes a while to answer."""

    def read(self) -> tuple[float, float]:
        """Return the power (kW) and the duration (s) of the last shot."""
        time.sleep(0.1)
        return random.gauss(47.0, 0.5), random.gauss(42.0, 0.1)


def main() -> None:
    """Read the laser and set its points until Ctrl-C."""
    parser = argparse.ArgumentParser(description="Serve two values of a laser, with their times.")
    parser.add_argument("port", nargs="?", type=int, default=9000, help="UDP port")
    port = parser.parse_args().port

    laser = Laser()
    codenames = ["moon_laser_power", "moon_laser_duration"]
    with (
        contextlib.suppress(KeyboardInterrupt),
        DateDataPullSocket("moon laser, last shot", codenames, port, timeouts=3.0) as pull,
    ):
        print(f"serving {', '.join(codenames)} on UDP port {pull.port}; Ctrl-C ends it", flush=True)
        while True:
            asked = time.time()
            power, duration = laser.read()
            measured = (asked + time.time()) / 2  # the middle of the transaction
            # Both in one step: every answer has the old pair or the new pair.
            pull.set_batch(
                {
                    "moon_laser_power": (measured, power),
                    "moon_laser_duration": (measured, duration),
                }
            )
    print("stopped")


if __name__ == "__main__":
    main()
