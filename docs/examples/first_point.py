"""Serve the temperature of a cryostat: the program of the tutorial.

python first_point.py [PORT]
"""

from __future__ import annotations

import contextlib
import math
import sys
import time

from labframe.sockets import DateDataPullSocket


def temperature() -> float:
    """Stand in for a thermometer: a value in kelvin that drifts slowly."""
    return 77.3 + 0.2 * math.sin(time.time() / 10.0)


def main() -> None:
    """Set the point four times a second until Ctrl-C."""
    port = int(sys.argv[1]) if len(sys.argv) > 1 else 9000
    with (
        contextlib.suppress(KeyboardInterrupt),
        DateDataPullSocket("cryostat, basement", ["cryo_temperature"], port, timeouts=3.0) as pull,
    ):
        pull.set_point_now("cryo_temperature", temperature())
        print(f"cryo_temperature is on UDP port {pull.port}; Ctrl-C ends it", flush=True)
        while True:
            time.sleep(0.25)
            pull.set_point_now("cryo_temperature", temperature())


if __name__ == "__main__":
    main()
