"""The command ``labframe``: its sub-commands are modules beside this one, imported when needed.

What is not built in is asked of the plugins, by the hook ``labframe_cli``.
"""

from __future__ import annotations

import difflib
import logging
from collections.abc import Mapping
from importlib import import_module
from typing import Final

import click

from labframe.errors import LabframeError

__all__ = ["main"]

SHORT_HELPS: Final[Mapping[str, str]] = {
    "demo": "Run a simulated laboratory on this computer.",
    "run": "Run a laboratory: poll its instruments and serve their values.",
    "check": "Say what a configuration means, without opening anything.",
    "init": "Write a commented configuration to start with, from what is plugged in.",
    "new": "Write what a plugin of your own begins with.",
    "lint": "Show what a driver has and what it lacks, with the next step.",
    "ports": "Show the serial ports of this computer.",
    "drivers": "Show the drivers and what each publishes: readings, units, commands.",
    "plugins": "Show the plugins: which are loaded, what they give, what was left out and why.",
    "simulate": "Run a simulated instrument on a port of its own.",
    "record": "Record what another program and an instrument say to each other.",
    "transcript": "Show, check and redact transcripts of serial lines, and make tests of them.",
    "get": "Print the newest points of a host.",
    "watch": "Show the points of hosts as they change.",
    "status": "Show how the instruments of a host are.",
    "push": "Have an instrument of a host do something: send a command.",
    "read": "Have the running host of CONFIG read a codename now, on demand or in between.",
    "stop": "Stop the running host of CONFIG, on this computer.",
}
"""What ``labframe --help`` shows, so that it imports none of them.

Each is the function of this name in the module of this name beside this one; the text is the first
sentence of its docstring.
"""


PLUGIN_HELPS: Final[Mapping[str, str]] = {
    "history": "Show what was recorded, plot it, and write it to files.",
    "live": "Show the laboratory in browsers, from the live datagrams of its hosts.",
}
"""The same for commands that bundled plugins add, so that it loads no plugin."""


class _Lazy(click.Group):
    """A group whose commands are imported when they are invoked, or when their help is shown.

    It shows labframe's own errors as one line, without a traceback.
    """

    _reasons: tuple[str, ...] | None = None
    """Why plugins were left out; None as long as none was asked for its commands."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [*dict.fromkeys((*SHORT_HELPS, *PLUGIN_HELPS, *super().list_commands(ctx)))]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in SHORT_HELPS:
            if super().get_command(ctx, cmd_name) is None and self._reasons is None:
                self._reasons = self._ask_plugins()
            return super().get_command(ctx, cmd_name)
        command: click.Command = getattr(import_module(f"labframe.cli.{cmd_name}"), cmd_name)
        return command

    def _ask_plugins(self) -> tuple[str, ...]:
        """Let the installed plugins add their commands; return why some did not."""
        from labframe.plugins import Plugins  # here, so that --help is quick

        plugins = Plugins()
        plugins.call("labframe_cli", cli=self)
        return tuple(f"plugin {one.name}: {one.reason}" for one in plugins.statuses if one.reason)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if (
            not ctx.resilient_parsing
            and not name.startswith("-")
            and self.get_command(ctx, name) is None
        ):
            known = self.list_commands(ctx)
            near = difflib.get_close_matches(name, known, 1)
            hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(known)}."
            if name in known and self._reasons:  # its plugin is broken
                hint = "; ".join(self._reasons)
            ctx.fail(f"there is no command {name!r}; {hint}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        rows = [*SHORT_HELPS.items(), *PLUGIN_HELPS.items()]
        added = [name for name in super().list_commands(ctx) if name not in PLUGIN_HELPS]
        rows += [(name, self.commands[name].get_short_help_str(100)) for name in added]
        with formatter.section("Commands"):
            formatter.write_dl(rows)

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except BrokenPipeError:  # `labframe get ... | head`: click ends quietly
            raise
        except (LabframeError, OSError, ValueError) as error:
            notes = "".join(f" ({note})" for note in getattr(error, "__notes__", ()))
            raise click.ClickException(f"{error}{notes}") from error


@click.group(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="labframe", prog_name="labframe")
def main() -> None:
    """Plug an instrument in; its values are on the network.

    An error is one line, and the exit code is 1; it is 2 for a command that is written wrongly.
    """
    # Commands say themselves what is wrong; nothing is to be said twice.
    logging.getLogger("labframe").addHandler(logging.NullHandler())
