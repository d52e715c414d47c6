"""What the commands that take a configuration have in common."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

__all__ = ["config_argument", "state_dir_of"]


def config_argument(function: Any) -> Any:
    """Give a command the argument CONFIG, ``lab.toml`` by default."""
    return click.argument(
        "config", type=click.Path(path_type=Path), default="lab.toml", metavar="[CONFIG]"
    )(function)


def state_dir_of(config: Path, state_dir: Path | None) -> Path:
    """Return the state directory of the host that runs this configuration."""
    from labframe.config import load, no_driver
    from labframe.host.draft import default_state_dir

    return state_dir or default_state_dir(load(config, fixed_drivers=no_driver))
