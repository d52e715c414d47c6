"""Run a laboratory with a simulated cryostat: the other side of the session with nc.

python push_session_host.py [PUSH_PORT]
"""

from __future__ import annotations

import contextlib
import sys
import tempfile
import time
from pathlib import Path

from labframe import Host

NORTH_STAR = Path(__file__).parent / "north_star"


def main() -> None:
    """Serve until Ctrl-C."""
    configuration = {
        "plugins": [str(NORTH_STAR / "lakeshore.py")],
        "host": {"name": "cryostat, basement"},
        "network": {
            "date_port": 0,
            "push_port": int(sys.argv[1]) if len(sys.argv) > 1 else 8500,
            "live_server": False,
            "default_instrument": "cryo",
        },
        "instrument": {"cryo": {"driver": "lakeshore", "port": "simulated"}},
    }
    with (
        contextlib.suppress(KeyboardInterrupt),
        tempfile.TemporaryDirectory() as state,
        Host(configuration, simulate=True, state_dir=Path(state)) as host,
    ):
        host.wait_fresh("cryo_temperature")
        print(f"ready on UDP port {host.commanding.port}; Ctrl-C ends it", flush=True)
        while True:
            time.sleep(1.0)


if __name__ == "__main__":
    main()
