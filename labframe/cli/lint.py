"""``labframe lint``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from labframe.scorecard import Mark

__all__ = ["lint"]


@click.command()
@click.argument("driver", metavar="DRIVER")
@click.option(
    "--set", "values", multiple=True, metavar="KEY=VALUE",
    help="A start value of the simulator for contract and chaos. May be given several times.",
)  # fmt: skip
@click.option("--quick", is_flag=True, help="Leave out contract and chaos.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")
@click.pass_context
def lint(
    context: click.Context, driver: str, values: tuple[str, ...], quick: bool, as_json: bool
) -> None:
    """Show what a driver has and what it lacks, with the next step.

    DRIVER is the name of a driver that is installed, the path of a file with one, or an instrument
    of a configuration: lab.toml:cryo. Contract and chaos are run on its simulator, which takes some
    seconds and needs pytest and hypothesis. Where the simulated instrument changes by itself, give
    it start values with which it is still.

    \b
    Exit codes:
      0  nothing essential is missing
      1  something essential is missing, or there is no such driver
    """  # noqa: D301  # \b is the character by which click keeps the lines
    import dataclasses
    import json

    from labframe.cli.settings import parted
    from labframe.scorecard import scorecard

    marks: list[Mark] = []
    for one in scorecard(driver, dict(map(parted, values)), suites=not quick):
        marks.append(one)
        if not as_json:
            _show(one)
    if as_json:
        click.echo(json.dumps([dataclasses.asdict(one) for one in marks]))
    else:
        click.echo(f"{driver}: {sum(one.ok for one in marks)} of {len(marks)} are there")
    if any(one.essential and not one.ok for one in marks):
        context.exit(1)


def _show(one: Mark) -> None:
    word = "ok" if one.ok else "MISSING" if one.essential else "missing"
    click.echo(f"{word:<8} {one.check:<12} {one.says}")
    if one.next_step:
        click.echo(f"{'':<22}-> {one.next_step}")
