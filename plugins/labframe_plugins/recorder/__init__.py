"""Records every reading in a file, and finds it again; see ``README.md``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from labframe import PluginContext, hookimpl
from labframe_plugins.recorder.frames import MissingLibrary
from labframe_plugins.recorder.history import History, HistoryError, open_history
from labframe_plugins.recorder.lock import FileTaken
from labframe_plugins.recorder.recorder import Recorder
from labframe_plugins.recorder.settings import settings_of
from labframe_plugins.recorder.store import ForeignFile
from labframe_plugins.recorder.writing import HistoryWriter

if TYPE_CHECKING:
    import click

__all__ = [
    "FileTaken",
    "ForeignFile",
    "History",
    "HistoryError",
    "HistoryWriter",
    "MissingLibrary",
    "Recorder",
    "open_history",
]


@hookimpl
def labframe_sinks(context: PluginContext) -> list[Recorder]:
    """Give the recorder, unless it is switched off."""
    settings = settings_of(context)
    return [Recorder(settings, context.log)] if settings.enabled else []


@hookimpl
def labframe_cli(cli: click.Group) -> None:
    """Add the command ``history``."""
    from labframe_plugins.recorder.command_line.group import history  # here: a host needs it not

    cli.add_command(history)
