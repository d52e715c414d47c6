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

SECONDS = 16.0
"""From command to command; a cable falls out after a minute."""
COMMANDS = (
    ("argon.set_flow", "target=0.05"),
    ("moon_laser.fire",),  # refused: the pressure is too high
    ("argon.set_flow", "target=0"),
)
DRAWN = ("chamber_pressure", "argon_flow", "turbo_speed")


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
                time.sleep(2 * seconds)
            finally:
                demonstration.terminate()
        subprocess.run(
            [*LABFRAME, "history", *DRAWN, "--plot", str(directory / "history.svg")],
            cwd=state, env=environment, check=True,
        )  # fmt: skip


if __name__ == "__main__":
    main()
