"""``labframe run``."""

from __future__ import annotations

from pathlib import Path

import click

from labframe.cli.configured import config_argument

__all__ = ["run"]


@click.command()
@config_argument
@click.option("--simulate", is_flag=True, help="Put simulators in the place of the instruments.")
@click.option(
    "--state-dir", type=click.Path(path_type=Path, file_okay=False),
    help="Where the log and the control socket are. [default: as [host] state_dir says]",
)  # fmt: skip
@click.option("--seconds", type=float, help="Stop after so long. [default: run until Ctrl-C]")
@click.option("--verbose", "-v", is_flag=True, help="Show debug messages too.")
def run(
    config: Path, simulate: bool, state_dir: Path | None, seconds: float | None, verbose: bool
) -> None:
    """Run a laboratory: poll its instruments and serve their values.

    CONFIG is lab.toml where none is named. It runs until Ctrl-C or SIGTERM, and then stops
    everything in order within 2 s; a second Ctrl-C stops at once. With --simulate the file
    X_simulator.py beside a plugin's file X.py is loaded too.

    \b
    Exit codes:
      0  it was stopped
      1  the configuration is wrong, or a UDP port is in use
    """  # noqa: D301  # \b is the character by which click keeps the lines
    from labframe.cli.running import run_host  # here, so that --help is quick
    from labframe.host import Host

    # Unless the configuration says otherwise:
    defaults = {"recorder": {"enabled": True}, "live": {"enabled": True}}
    host = Host(config, simulate=simulate, state_dir=state_dir, plugin_defaults=defaults)
    run_host(host, seconds=seconds, verbose=verbose)
