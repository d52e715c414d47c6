"""``labframe read``."""

from __future__ import annotations

import json
from pathlib import Path

import click

__all__ = ["read"]


@click.command()
@click.argument("config", type=click.Path(path_type=Path), metavar="CONFIG")
@click.argument("codename")
@click.option(
    "--state-dir", type=click.Path(path_type=Path, file_okay=False),
    help="That of the running host. [default: as CONFIG says]",
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")
def read(config: Path, codename: str, state_dir: Path | None, as_json: bool) -> None:
    """Have the running host of CONFIG read a codename now, on demand or in between.

    It works on the host's own computer, for the user that runs it.
    """
    from labframe.cli.configured import state_dir_of
    from labframe.host.control import request

    asked = {"request": "read", "codename": codename}
    found = request(state_dir_of(config, state_dir), asked, timeout_s=10.0)
    click.echo(json.dumps(found) if as_json else f"{codename} = {found['y']} {found['unit']}")
