"""``labframe ports``."""

from __future__ import annotations

import dataclasses
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from labframe.cli.tables import show
from labframe.cli.values import printable

if TYPE_CHECKING:
    from labframe.line import PortInfo

__all__ = ["ports"]


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")
def ports(as_json: bool) -> None:
    """Show the serial ports of this computer.

    Each with a line to paste into a configuration, and with the program that holds it. The exit
    code is 0, whether there are any or not.
    """
    from labframe.line import list_ports  # here, so that --help is quick

    found = list_ports()
    if as_json:
        click.echo(json.dumps([_entry(port) for port in found]))
    elif not found:
        click.echo(_none())
    else:
        _print(found)


def _entry(port: PortInfo) -> dict[str, object]:
    return {**dataclasses.asdict(port), "setting": port.setting, "in_use_by": _holders(port)}


def _print(found: Sequence[PortInfo]) -> None:
    rows = [[port.device, _described(port), _use(port)] for port in found]
    show(("port", "what it is", "in use"), [[printable(cell) for cell in row] for row in rows])
    click.echo("\nFor the configuration, under [instrument.NAME]:\n")
    for port in found:  # not in the table: what is pasted must not be broken into lines
        click.echo(f"port = {printable(port.setting)}  # {port.device}")


def _described(port: PortInfo) -> str:
    texts = (port.manufacturer, port.product or port.description)
    name = " ".join(text for text in texts if text and text != Path(port.device).name)
    return f"{name}, serial number {port.serial}" if port.serial else name


def _use(port: PortInfo) -> str:
    held = _holders(port)
    if held:
        return ", ".join(held)
    if os.name == "posix" and not os.access(port.device, os.R_OK | os.W_OK):
        return _refused(port)
    return ""


def _holders(port: PortInfo) -> list[str]:
    from labframe.line.holders import holders, program

    device = os.path.realpath(port.device)
    return [f"{program(pid)} (process {pid})" for pid in holders(device)]


def _refused(port: PortInfo) -> str:
    """Say why the port cannot be opened, and what to do about it."""
    try:
        import grp  # not on Windows

        group = grp.getgrgid(os.stat(port.device).st_gid).gr_name
    except (OSError, KeyError, ImportError):
        return "not yours to open"
    return f"not yours to open: sudo usermod -aG {group} $USER, then log in again"


def _none() -> str:
    lines = [
        "There is no serial port on this computer.",
        "",
        "Is the adapter plugged in, and does the cable carry data (some only charge)?",
    ]
    if sys.platform == "linux":
        lines.append("`sudo dmesg --follow` shows what the system makes of it when you plug it in.")
    lines += [
        'An instrument behind a serial server needs no port here: port = "socket://HOST:PORT".',
        "Without any hardware: `labframe simulate --help`.",
    ]
    return "\n".join(lines)
