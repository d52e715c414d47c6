"""``labframe demo``."""

from __future__ import annotations

import click

__all__ = ["demo"]


@click.command()
@click.option("--seconds", type=float, help="Stop after so long. [default: run until Ctrl-C]")
@click.option("--pull-port", default=9000, show_default=True, help="UDP port of the points.")
@click.option("--push-port", default=8500, show_default=True, help="UDP port of the commands.")
def demo(seconds: float | None, pull_port: int, push_port: int) -> None:
    """Serve a simulated laser on this computer, and read it back."""
    from labframe.demo import run  # here, so that --help is quick

    run(click.echo, seconds, pull_port, push_port)
