"""The directive ``drivers``: what the bundled drivers declare, and their marks.

It is made from the classes themselves, with ``labframe lint``'s marks. Contract and chaos are not
run here: the tests run them for each of these drivers.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Sequence

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from labframe.instrument import CommandDeclaration, Instrument, ReadingDeclaration
from labframe.plugins import Plugins
from labframe.scorecard import scorecard

__all__ = ["setup"]


class _Drivers(SphinxDirective):
    def run(self) -> list[nodes.Node]:
        plugins = Plugins()
        bundled = {
            name: plugins.driver(name)
            for name, driver in sorted(plugins.drivers().items())
            if driver.__module__.startswith("labframe_drivers.")
        }
        for driver in bundled.values():
            self.env.note_dependency(str(inspect.getfile(plugins.drivers()[driver.driver])))
        rows = [
            [_link(name), _doc(driver), driver.protocol, _marks(name)]
            for name, driver in bundled.items()
        ]
        overview = _table(("driver", "instrument", "protocol", "`labframe lint`"), rows)
        return [overview, *(self._section(name, one) for name, one in bundled.items())]

    def _section(self, name: str, driver: type[Instrument]) -> nodes.section:
        section = nodes.section(ids=[f"driver-{name}"], names=[name])
        section += nodes.title("", "", nodes.literal(name, name))
        section += nodes.paragraph("", f"{_doc(driver)} Protocol: {driver.protocol}.")
        if driver.own_keys is not None:
            section += nodes.paragraph("", "What follows is its example; yours stands in lab.toml.")
        readings = [row for one in driver.readings().values() for row in _reading_rows(one)]
        if readings:
            section += _table(("publishes", "unit", "every", "what"), readings)
        commands = [_command_row(one) for one in driver.commands().values()]
        if commands:
            section += _table(("command", "arguments", "what"), commands)
        return section


def _doc(driver: type[Instrument]) -> str:
    return (driver.__doc__ or "").strip().partition("\n")[0]


def _link(name: str) -> nodes.Node:
    link = nodes.reference("", "", internal=True, refid=f"driver-{name}")
    link += nodes.literal(name, name)
    paragraph = nodes.paragraph()
    paragraph += link
    return paragraph


def _marks(name: str) -> str:
    marks = list(scorecard(name, suites=False))
    lacking = [f"{one.check}: {one.says}" for one in marks if not one.ok]
    has_suites = any(one.check == "simulator" for one in marks)
    total = len(marks) + 2 * has_suites  # contract and chaos
    return f"{total - len(lacking)} of {total}" + (f" ({'; '.join(lacking)})" if lacking else "")


def _reading_rows(one: ReadingDeclaration) -> Iterator[list[str]]:
    pace = "on demand" if one.every is None else f"{one.every:g} s"
    if one.pushed:
        pace = f"pushed, {one.every:g} s"
    if one.parts:
        for part in one.parts:
            yield [f"NAME_{part.name}", part.unit or "", pace, one.doc]
    else:
        yield [
            "NAME_CHANNEL" if one.channels else f"NAME_{one.name}",
            one.unit or "",
            pace,
            one.doc,
        ]


def _command_row(one: CommandDeclaration) -> list[str]:
    arguments = []
    for argument in one.arguments:
        limits = (
            "" if argument.limits is None else f", {argument.limits[0]:g} to {argument.limits[1]:g}"
        )
        choices = f": {', '.join(map(str, argument.choices))}" if argument.choices else ""
        unit = f" {argument.unit}" if argument.unit not in (None, "1") else ""
        arguments.append(f"{argument.name}{limits}{unit}{choices}")
    return [f"NAME.{one.name}", "; ".join(arguments), one.doc]


def _table(heads: Sequence[str], rows: Sequence[Sequence[str | nodes.Node]]) -> nodes.table:
    table = nodes.table()
    group = nodes.tgroup(cols=len(heads))
    table += group
    group += [nodes.colspec(colwidth=1) for _ in heads]
    head, body = nodes.thead(), nodes.tbody()
    group += [head, body]
    head += _row(heads)
    body += [_row(row) for row in rows]
    return table


def _row(cells: Sequence[str | nodes.Node]) -> nodes.row:
    row = nodes.row()
    for cell in cells:
        entry = nodes.entry()
        entry += nodes.paragraph("", cell.strip("`")) if isinstance(cell, str) else cell
        row += entry
    return row


def setup(app: Sphinx) -> dict[str, bool]:
    """Add the directive to Sphinx."""
    app.add_directive("drivers", _Drivers)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
