"""Serve two values of a laser; each is stamped with the time when it is set.

python network_variable_now.py [PORT]
"""

from __future__ import annotations

import argparse
import contextlib
import random
import time

from labframe.sockets import DateDataPullSocket


class Laser:
    """Stands in for the driver of your instrument."""

    def read(self) -> tuple[float, float]:
        """Return the power (kW) and the duration (s) of the last shot."""
        return random.gauss(47.0, 0.5), random.gauss(42.0, 0.1)


def main() -> None:
    """Read the laser and set its points until Ctrl-C."""
    parser = argparse.ArgumentParser(description="Serve two values of a laser.")
    parser.add_argument("port", nargs="?", type=int, default=9000, help="UDP port")
    port = parser.parse_args().port

    laser = Laser()
    codenames = ["moon_laser_power", "moon_laser_duration"]
    # The power is old after 1 s, the duration after 0.7 s.
    with (
        contextlib.suppress(KeyboardInterrupt),
        DateDataPullSocket("moon laser, last shot", codenames, port, timeouts=[1.0, 0.7]) as pull,
    ):
        print(f"serving {', '.join(codenames)} on UDP port {pull.port}; Ctrl-C ends it", flush=True)
        while True:
            power, duration = laser.read()
            pull.set_point_now("moon_laser_power", power)
            pull.set_point_now("moon_laser_duration", duration)
            time.sleep(0.1)
    print("stopped")


if __name__ == "__main__":
    main()
