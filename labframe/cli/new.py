"""``labframe new``."""

from __future__ import annotations

from pathlib import Path

import click

__all__ = ["new"]


@click.group()
def new() -> None:
    """Write what a plugin of your own begins with."""


@new.command()
@click.argument("name")
@click.option(
    "--directory", type=click.Path(path_type=Path),
    help="Where to write it; must not be there yet. [default: labframe-NAME]",
)  # fmt: skip
def driver(name: str, directory: Path | None) -> None:
    """Write a complete distribution for a driver, with simulator and tests.

    NAME is what configurations will call the driver, such as lakeshore_331. What is written can be
    installed and tested at once: an example with one reading and one command, to be replaced by
    what your instrument has.
    """
    from labframe.cli.values import counted
    from labframe.plugins import Plugins
    from labframe.scaffold import driver_scaffold

    scaffold = driver_scaffold(name, Plugins().drivers(), directory)
    scaffold.write()
    click.echo(f"{scaffold.directory}: {counted(len(scaffold.files), 'file')} written")
    for path in scaffold.files:
        click.echo(f"  {path}")
    click.echo("\nNow:")
    click.echo(f"  cd {scaffold.directory}")
    click.echo('  pip install -e ".[test]"')
    click.echo("  pytest")
