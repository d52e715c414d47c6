"""Reads pull sockets of other machines, labframe's or the original's; see ``README.md``."""

from __future__ import annotations

from labframe import PluginContext, hookimpl
from labframe_plugins.pull_socket.remote import Remote
from labframe_plugins.pull_socket.settings import remotes

__all__ = ["Remote"]


@hookimpl
def labframe_point_producers(context: PluginContext) -> list[Remote]:
    """Give one producer for each section ``[plugin.pull_socket.NAME]``."""
    return [Remote(settings, context.log) for settings in remotes(context)]
