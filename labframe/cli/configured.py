"""What the commands that take a configuration have in common."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from labframe.config import Config

__all__ = ["config_argument", "recorded", "state_dir_of"]


def config_argument(function: Any) -> Any:
    """Give a command the argument CONFIG, ``lab.toml`` by default."""
    return click.argument(
        "config", type=click.Path(path_type=Path), default="lab.toml", metavar="[CONFIG]"
    )(function)


def state_dir_of(config: Path, state_dir: Path | None) -> Path:
    """Return the state directory of the host that runs this configuration."""
    from labframe.config import load
    from labframe.host.draft import default_state_dir

    return state_dir or default_state_dir(load(config))


def recorded(config: Config) -> Config:
    """Return a configuration whose readings are recorded, unless it says otherwise.

    The recorder is on for who runs a laboratory, and off for a program that has a host of its own.
    """
    import msgspec

    if "recorder" in config.host.blocked_plugins:
        return config
    own = {"enabled": True, **config.plugin_sections.get("recorder", {})}
    return msgspec.structs.replace(
        config, plugin_sections={**config.plugin_sections, "recorder": own}
    )
