"""``labframe demo``."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
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
@click.option(
    "--live-port", default=8765, show_default=True,
    help="TCP port of the page; 0 takes a free one, and one for its datagrams.",
)  # fmt: skip
@click.option(
    "--live/--no-live", default=True, show_default=True, help="Show the laboratory in browsers."
)
def demo(
    seconds: float | None,
    pull_port: int,
    data_port: int,
    push_port: int,
    live_port: int,
    live: bool,
) -> None:
    """Run a simulated laboratory on this computer.

    A laser, vacuum gauges, pumps and a gas flow on pseudo-terminals, polled by their drivers, on
    the network. It prints what to try in a second terminal, and what changes; Ctrl-C ends it. What
    it measures is recorded in a file that stays. The page has the commands, too: its address holds
    the access token of this demonstration.
    """
    from labframe.cli.running import run_host, said  # here, so that --help is quick
    from labframe.config import Config
    from labframe.demo import Scenario, demo_host, what_to_try
    from labframe.host import Host
    from labframe.host.draft import default_state_dir

    history = default_state_dir(Config(name="demo.toml")) / "history.db"

    with tempfile.TemporaryDirectory(prefix="labframe-demo-") as directory:
        host = demo_host(
            Path(directory),
            pull_port,
            data_port,
            push_port,
            live_port=live_port if live else None,
            history=history,
        )

        def lines(host: Host) -> Iterator[str]:
            yield from said(host)
            yield from what_to_try(host)

        with Scenario(host):
            run_host(host, seconds=seconds, say=lines, keep_log=False)
