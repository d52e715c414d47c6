"""The directive ``command-line``: the help of every command, as the program itself shows it."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from importlib import import_module

import click
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

__all__ = ["setup"]


def _helps(command: click.Command, context: click.Context) -> Iterator[tuple[str, str]]:
    """Yield name and help of a command and of every command below it."""
    yield context.command_path, command.get_help(context)
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            assert below is not None
            yield from _helps(
                below, below.make_context(name, [], parent=context, resilient_parsing=True)
            )


class _CommandLine(SphinxDirective):
    """Takes the module that has the command ``main``, and the program's name."""

    required_arguments = 2

    def run(self) -> list[nodes.Node]:
        module_name, program = self.arguments
        module = import_module(module_name)
        self.env.note_dependency(str(inspect.getfile(module)))
        context = module.main.make_context(program, [], resilient_parsing=True)
        sections: list[nodes.Node] = []
        for name, text in _helps(module.main, context):
            section = nodes.section(ids=[nodes.make_id(name)], names=[name])
            section += nodes.title("", "", nodes.literal(name, name))
            section += nodes.literal_block(text, text, language="text")
            sections.append(section)
        return sections


def setup(app: Sphinx) -> dict[str, bool]:
    """Add the directive to Sphinx."""
    app.add_directive("command-line", _CommandLine)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
