"""``labframe demo``."""

from __future__ import annotations

import tempfile
from pathlib import Path

import click

__all__ = ["demo"]


@click.command()
@click.option("--seconds", type=float, help="Stop after so long. [default: run until Ctrl-C]")
@click.option(
    "--pull-port", default=9000, show_default=True, help="UDP port of the values over time."
)
@click.option("--data-port", default=9010, show_default=True, help="UDP port of the spectra.")
@click.option("--push-port", default=8500, show_default=True, help="UDP port of the commands.")
def demo(seconds: float | None, pull_port: int, data_port: int, push_port: int) -> None:
    """Run a simulated laboratory on this computer.

    A laser and vacuum gauges on pseudo-terminals, polled by their drivers, on the network. It
    prints what to try in a second terminal, and what changes; Ctrl-C ends it. What it measures is
    recorded in a file that stays.
    """
    from labframe.cli.running import run_host  # here, so that --help is quick
    from labframe.config import Config
    from labframe.demo import demo_host, what_to_try
    from labframe.host.draft import default_state_dir

    history = default_state_dir(Config(name="demo.toml")) / "history.db"

    with tempfile.TemporaryDirectory(prefix="labframe-demo-") as directory:
        host = demo_host(Path(directory), pull_port, data_port, push_port, history=history)
        run_host(host, seconds=seconds, say=what_to_try, keep_log=False)
