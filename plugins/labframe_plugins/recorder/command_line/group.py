"""``labframe history``: a group whose own arguments are those of its command without a name."""

from __future__ import annotations

from typing import Any, Final

import click

from labframe_plugins.recorder.command_line.checking import verify_command
from labframe_plugins.recorder.command_line.importing import import_command
from labframe_plugins.recorder.command_line.shown import SHOWN, show_command

__all__ = ["history"]

_SHOW: Final = "show"


class _History(click.Group):
    """Takes what is no name of a command as the arguments of ``show``."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not args or (args[0] not in self.commands and args[0] not in ctx.help_option_names):
            args = [_SHOW, *args]
        return super().parse_args(ctx, args)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] not in self.commands:  # completion in click 8.2 forgets the inserted name
            args = [_SHOW, *args]
        return super().resolve_command(ctx, args)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [name for name in super().list_commands(ctx) if name != _SHOW]

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        formatter.write_usage(ctx.command_path, "[OPTIONS] [CODENAME]...")
        formatter.write_usage(f"{ctx.command_path} verify", "[OPTIONS] [FILE]", " " * 7)
        formatter.write_usage(f"{ctx.command_path} import", "[OPTIONS] FILE", " " * 7)
        self.format_help_text(ctx, formatter)
        show = self.commands[_SHOW]
        with show.make_context(_SHOW, [], parent=ctx, resilient_parsing=True) as own:
            click.Command.format_options(show, own, formatter)
        self.format_commands(ctx, formatter)


history: Any = _History("history", help=SHOWN, no_args_is_help=False)
history.add_command(show_command, _SHOW)
history.add_command(verify_command)
history.add_command(import_command)
