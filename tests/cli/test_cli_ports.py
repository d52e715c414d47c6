"""``labframe ports``: what is plugged in, and what to write for it."""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import serial.tools.list_ports
from click.testing import Result
from serial.tools.list_ports_common import ListPortInfo

from labframe.line import Line, SerialLine, ports

Cli = Callable[..., Result]


@pytest.fixture
def plug_in(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Have pyserial list these ports: there is no adapter here to plug in."""

    def plug(*found: ListPortInfo) -> None:
        monkeypatch.setattr(serial.tools.list_ports, "comports", lambda: list(found))

    return plug


@pytest.fixture
def adapter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ListPortInfo]:
    """An adapter that is a pty, with a link as those of ``/dev/serial/by-id``."""
    master, slave = os.openpty()
    info = ListPortInfo(os.ttyname(slave))
    info.description = "FT232R USB UART"
    info.manufacturer, info.product, info.serial_number = "FTDI", "FT232R USB UART", "A1"
    info.vid, info.pid = 0x0403, 0x6001
    (tmp_path / "usb-FTDI_A1-if00-port0").symlink_to(info.device)
    monkeypatch.setattr(ports, "_BY_ID", tmp_path)
    yield info
    os.close(slave)
    os.close(master)


def pasted(shown: str) -> list[str]:
    return [tomllib.loads(line)["port"] for line in shown.splitlines() if line.startswith("port =")]


def test_a_port_is_shown_with_the_line_to_paste(
    cli: Cli, plug_in: Callable[..., None], adapter: ListPortInfo, tmp_path: Path
) -> None:
    plug_in(adapter)

    shown = cli("ports")

    assert shown.exit_code == 0
    assert pasted(shown.stdout) == [str(tmp_path / "usb-FTDI_A1-if00-port0")]
    assert f"{adapter.device}  FTDI FT232R USB UART, serial number A1" in shown.stdout


def test_who_holds_a_port_is_named(
    cli: Cli, plug_in: Callable[..., None], adapter: ListPortInfo
) -> None:
    plug_in(adapter)
    with Line(adapter.device, SerialLine()) as line:
        line.open()
        shown = cli("ports")
        entries = json.loads(cli("ports", "--json").stdout)

    assert f"(process {os.getpid()})" in shown.stdout
    assert entries[0]["in_use_by"][0].endswith(f"(process {os.getpid()})")
    assert entries[0]["setting"].startswith('"/')
    assert entries[0]["vid"] == "0403"


def test_a_port_that_may_not_be_opened_says_so(cli: Cli, plug_in: Callable[..., None]) -> None:
    plug_in(ListPortInfo("/dev/no such port"))

    assert "/dev/no such port" in (shown := cli("ports").stdout)
    assert "not yours to open" in shown


def test_without_ports_the_next_steps_are_shown(cli: Cli, plug_in: Callable[..., None]) -> None:
    plug_in()

    shown = cli("ports")

    assert shown.exit_code == 0
    assert shown.stdout.startswith("There is no serial port on this computer.\n")
    assert "labframe simulate" in shown.stdout
    assert json.loads(cli("ports", "--json").stdout) == []


def test_the_ports_of_this_computer_are_shown(cli: Cli) -> None:
    assert cli("ports").exit_code == 0
