"""Draw what `labframe history --plot` makes of the demonstration, as an SVG file.

It runs the demonstration, sends it commands, and plots the history that it leaves behind:
`python docs/pictures/history.py` writes docs/_static/history.svg.
"""

import os
import subprocess
import tempfile
import time
from pathlib import Path

from terminal import LABFRAME, STATIC, free_port

SECONDS = 7.5
"""From command to command."""
COMMANDS = (
    ("moon_laser.set_power", "power=900"),
    ("moon_laser.set_power", "power=9000"),  # refused
    ("moon_laser.set_power", "power=300"),
    ("moon_laser.stop",),
)
DRAWN = ("moon_laser_power", "moon_laser_temperature")


def main(directory: Path = STATIC, seconds: float = SECONDS) -> None:
    """Draw the picture."""
    pull = free_port(9100)
    push = free_port(pull + 1)
    ports = ["--pull-port", str(pull), "--data-port", "0", "--push-port", str(push)]
    with tempfile.TemporaryDirectory() as state:
        environment = {**os.environ, "XDG_STATE_HOME": state, "TZ": "UTC"}
        with subprocess.Popen(
            [*LABFRAME, "demo", *ports], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            env=environment, text=True,
        ) as demonstration:  # fmt: skip
            try:
                assert demonstration.stdout is not None
                next(line for line in demonstration.stdout if "Ctrl-C" in line)
                for command in COMMANDS:
                    time.sleep(seconds)
                    subprocess.run([*LABFRAME, "push", "--yes", f"127.0.0.1:{push}", *command])
                time.sleep(seconds)
            finally:
                demonstration.terminate()
        subprocess.run(
            [*LABFRAME, "history", *DRAWN, "--plot", str(directory / "history.svg")],
            cwd=state, env=environment, check=True,
        )  # fmt: skip


if __name__ == "__main__":
    main()
