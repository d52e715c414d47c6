"""The commands of ``labframe``."""

from __future__ import annotations

import json

import click

from labframe.errors import LabframeError

__all__ = ["main"]


class _Reporting(click.Group):
    """A group that shows labframe's own errors as one line, without a traceback."""

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except (LabframeError, OSError, ValueError) as error:
            raise click.ClickException(str(error)) from error


@click.group(cls=_Reporting, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="labframe", prog_name="labframe")
def main() -> None:
    """Plug an instrument in; its values are on the network."""


@main.command()
@click.option("--seconds", type=float, help="Stop after so long. [default: run until Ctrl-C]")
@click.option("--pull-port", default=9000, show_default=True, help="UDP port of the points.")
@click.option("--push-port", default=8500, show_default=True, help="UDP port of the commands.")
def demo(seconds: float | None, pull_port: int, push_port: int) -> None:
    """Serve a simulated laser on this computer, and read it back."""
    from labframe.demo import run  # here, so that --help is quick

    run(click.echo, seconds, pull_port, push_port)


@main.command()
@click.argument("host")
@click.argument("codenames", nargs=-1, metavar="[CODENAME]...")
@click.option("--port", default=9000, show_default=True, help="UDP port of the pull socket.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")
def get(host: str, codenames: tuple[str, ...], port: int, as_json: bool) -> None:
    """Print the newest points of a pull socket.

    Those of all its codenames, or of the named ones.
    """
    from labframe.client import PullClient  # here, so that --help is quick

    with PullClient(host, port, old="mark") as client:
        points = client.points()
    unknown = [name for name in codenames if name not in points]
    if unknown:
        raise click.ClickException(
            f"{host}:{port} has no codename {', '.join(unknown)}; it has {', '.join(points)}"
        )
    chosen = {name: points[name] for name in codenames or points}
    if as_json:
        click.echo(json.dumps(chosen))
        return
    width = max(map(len, chosen), default=0)
    for name, point in chosen.items():
        text = point if isinstance(point, str) else f"{point.y}  at x = {point.x}"
        click.echo(f"{name:{width}}  {text}")
