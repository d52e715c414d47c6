"""``labframe plugins``."""

from __future__ import annotations

from pathlib import Path

import click

__all__ = ["plugins"]


@click.command()
@click.argument("config", type=click.Path(path_type=Path), required=False, metavar="[CONFIG]")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")
def plugins(config: Path | None, as_json: bool) -> None:
    """Show the plugins: which are loaded, what they give, what was left out and why.

    Those that are installed, and with CONFIG those of a configuration too.
    """
    import dataclasses
    import json

    from labframe.cli.tables import show
    from labframe.config import load, no_driver
    from labframe.plugins import Plugins

    if config is None:
        found = Plugins()
    else:
        loaded = load(config, fixed_drivers=no_driver)
        found = Plugins(loaded.plugins, loaded.directory, loaded.host.blocked_plugins)
    found.drivers()
    if as_json:
        click.echo(json.dumps([dataclasses.asdict(one) for one in found.statuses], default=sorted))
        return
    show(
        ("plugin", "from", "state", "drivers", "hooks", "reason"),
        [
            [
                one.name,
                one.source,
                str(one.condition),
                ", ".join(one.drivers),
                ", ".join(hook.removeprefix("labframe_") for hook in one.hooks),
                one.reason,
            ]
            for one in found.statuses
        ],
    )
