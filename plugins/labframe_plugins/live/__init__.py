"""The live server: shows the laboratory in browsers; see ``README.md``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from labframe import PluginContext, hookimpl

if TYPE_CHECKING:
    import click

    from labframe_plugins.live.service import LiveService

__all__: list[str] = []


@hookimpl
def labframe_services(context: PluginContext) -> list[LiveService]:
    """Give the live server, unless it is switched off or runs elsewhere."""
    from labframe_plugins.live.service import LiveService
    from labframe_plugins.live.settings import context_settings

    settings = context_settings(context)
    return [LiveService(settings, context.state_dir, context.log)] if settings.enabled else []


@hookimpl
def labframe_cli(cli: click.Group) -> None:
    """Add the command ``labframe live``."""
    from labframe_plugins.live.command import live

    cli.add_command(live)
