"""Which history is meant: a file that is named, a configuration's, or the one of this computer."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import click

from labframe_plugins.recorder.history import HistoryError

__all__ = ["found", "place_options"]

_CONFIG: Final = Path("lab.toml")
_FILE: Final = "history.db"


def place_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options that say which history is meant."""
    for name, text in (
        ("--state-dir", "The history of the host with this state directory."),
        ("--config", "That of the host of this configuration. [default: lab.toml, if it is here]"),
        ("--file", "That in this file. [default: that of --config, or the one written last]"),
    ):
        function = click.option(name, type=click.Path(path_type=Path), help=text)(function)
    return function


def found(file: Path | None, config: Path | None, state_dir: Path | None) -> Path:
    """Return the history that is meant.

    A file that is named; or that of a host's state directory; or that of a configuration,
    ``lab.toml`` of this directory if there is one; or the one that was written last of those in
    the state directories of this user.

    Raises:
        HistoryError: If there is none.
        ConfigurationError: If the configuration is wrong.
    """
    if file is not None:
        return file
    if state_dir is not None and config is None:
        return state_dir / "recorder" / _FILE
    if config is not None or _CONFIG.is_file():
        return _configured(config or _CONFIG, state_dir)
    return _newest()


def _configured(config: Path, state_dir: Path | None) -> Path:
    from labframe.config import load  # here, so that --help is quick
    from labframe.host.draft import default_state_dir

    loaded = load(config)
    own = loaded.plugin_sections.get("recorder", {}).get("file")
    if isinstance(own, str) and own:
        return loaded.directory / Path(own).expanduser()
    return (state_dir or default_state_dir(loaded)) / "recorder" / _FILE


def _newest() -> Path:
    home = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    root = Path(home) / "labframe"
    there = sorted([*root.glob(f"*/{_FILE}"), *root.glob(f"*/recorder/{_FILE}")], key=_written)
    if not there:
        raise HistoryError(
            f"there is no history in {root} and no {_CONFIG} here; name one with --file lab.db, "
            "or the configuration of its host with --config"
        )
    if len(there) > 1:
        others = ", ".join(map(str, there[-2::-1]))
        click.echo(f"This is {there[-1]}, written last; --file takes another: {others}", err=True)
    return there[-1]


def _written(file: Path) -> float:
    """Return when a history was written last: what is new is in the file beside it at first."""
    beside = file.with_name(f"{file.name}-wal")
    return max(one.stat().st_mtime for one in (file, beside) if one.exists())
