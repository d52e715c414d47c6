"""``labframe stop``."""

from __future__ import annotations

from pathlib import Path

import click

from labframe.cli.configured import config_argument

__all__ = ["stop"]


@click.command()
@config_argument
@click.option(
    "--state-dir", type=click.Path(path_type=Path, file_okay=False),
    help="That of the running host. [default: as CONFIG says]",
)  # fmt: skip
def stop(config: Path, state_dir: Path | None) -> None:
    """Stop the running host of CONFIG, on this computer."""
    from labframe.cli.configured import state_dir_of
    from labframe.host.control import request

    request(state_dir_of(config, state_dir), {"request": "stop"})
    click.echo("It stops.")
