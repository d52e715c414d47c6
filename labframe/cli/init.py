"""``labframe init``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from labframe.cli.values import counted

if TYPE_CHECKING:
    from labframe.starter import Found

__all__ = ["init"]


@click.command()
@click.argument("config", type=click.Path(path_type=Path), default="lab.toml", metavar="[CONFIG]")
@click.option("--probe", is_flag=True, help="Ask each port who is there, in the drivers' ways.")
@click.option(
    "--port", "ports", multiple=True,
    help="A port to look at beside those that are plugged in. May be given several times.",
)  # fmt: skip
@click.option("--force", is_flag=True, help="Overwrite CONFIG.")
def init(config: Path, probe: bool, ports: tuple[str, ...], force: bool) -> None:
    """Write a commented configuration to start with, from what is plugged in.

    Without --probe not a byte is sent: there is one section for each port, to be filled in. With
    --probe each free port is opened and asked the identification of each driver that has one; do
    that only where the question can do no harm.
    """
    from labframe.errors import LabframeError
    from labframe.starter import found_instruments, starter

    if config.exists() and not force:
        raise LabframeError(f"{config}: exists already; name another file, or add --force")
    found: list[Found] = list(found_instruments(ports, probe=probe))
    config.write_text(starter(found), encoding="utf-8")
    known = sum(one.driver is not None for one in found)
    ports_found = counted(len(found), "port")
    click.echo(f"{config}: {ports_found}, {counted(known, 'instrument')} recognised.")
    click.echo(f"Look at it, then: labframe check {config}")
