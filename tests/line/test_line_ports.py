"""Which port is meant: by path, link, URL or USB identity; ambiguity lists the candidates."""

from __future__ import annotations

import dataclasses
import os
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import serial.tools.list_ports
from serial.tools.list_ports_common import ListPortInfo

from labframe.errors import PortAmbiguous, PortNotFound
from labframe.line import PortInfo, UsbPort, list_ports, ports, resolve

FTDI = PortInfo(
    device="/dev/ttyUSB0",
    vid="0403",
    pid="6001",
    serial="A1",
    location="1-1.2",
    product="FT232R USB UART",
)
CLONE = PortInfo(device="/dev/ttyUSB1", vid="1a86", pid="7523", location="1-1.3")
OTHER_CLONE = PortInfo(device="/dev/ttyUSB2", vid="1a86", pid="7523", location="1-1.4")
QUAD = [
    PortInfo(
        device=f"/dev/ttyUSB{3 + number}",
        vid="0403",
        pid="6011",
        serial="FT4",
        location=f"1-2:1.{number}",
        interface=f"Port {letter}",
    )
    for number, letter in enumerate("ABCD")
]
BUILT_IN = PortInfo(device="/dev/ttyS0", description="ttyS0")
PORTS = [BUILT_IN, FTDI, CLONE, OTHER_CLONE, *QUAD]


@pytest.fixture
def plug_in(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Have pyserial list the given ports, and no others."""

    def listed(port: PortInfo) -> ListPortInfo:
        info = ListPortInfo(port.device)
        info.vid = port.vid and int(port.vid, 16)
        info.pid = port.pid and int(port.pid, 16)
        info.serial_number = port.serial
        info.location = port.location
        info.interface = port.interface
        info.product = port.product
        info.description = port.description or "n/a"
        return info

    def plug(*chosen: PortInfo) -> None:
        infos = [listed(port) for port in chosen]
        monkeypatch.setattr(serial.tools.list_ports, "comports", lambda: infos)

    plug(*PORTS)
    return plug


def test_ports_are_listed_with_their_usb_identity(plug_in: Callable[..., None]) -> None:
    assert list_ports() == [
        dataclasses.replace(port, description=port.description) for port in PORTS
    ]


def test_the_ports_of_this_computer_can_be_listed() -> None:
    assert all(port.device for port in list_ports())


@pytest.mark.parametrize(
    ("spec", "device"),
    [
        (UsbPort(serial="A1"), "/dev/ttyUSB0"),
        (UsbPort(vid="0403", pid="6001"), "/dev/ttyUSB0"),
        (UsbPort(vid="0x0403", pid="6001", serial="A1", location="1-1.2"), "/dev/ttyUSB0"),
        (UsbPort(vid="1A86", location="1-1.3"), "/dev/ttyUSB1"),
        (UsbPort(serial="FT4", interface="0"), "/dev/ttyUSB3"),
        (UsbPort(serial="FT4", interface="02"), "/dev/ttyUSB5"),
        (UsbPort(serial="FT4", interface="if03"), "/dev/ttyUSB6"),
        (UsbPort(vid="403", interface="Port B"), "/dev/ttyUSB4"),
        (UsbPort(location="1-2:1.2"), "/dev/ttyUSB5"),
        (UsbPort(location="1-2", interface="1"), "/dev/ttyUSB4"),
    ],
)
def test_a_usb_identity_names_one_port(
    plug_in: Callable[..., None], spec: UsbPort, device: str
) -> None:
    assert resolve(spec) == device


@pytest.mark.parametrize(
    ("spec", "candidates"),
    [
        (UsbPort(vid="1a86", pid="7523"), ("/dev/ttyUSB1", "/dev/ttyUSB2")),
        (UsbPort(serial="FT4"), tuple(port.device for port in QUAD)),
        (UsbPort(location="1-2"), tuple(port.device for port in QUAD)),
    ],
)
def test_ambiguity_is_an_error_that_lists_the_candidates(
    plug_in: Callable[..., None], spec: UsbPort, candidates: tuple[str, ...]
) -> None:
    with pytest.raises(PortAmbiguous) as caught:
        resolve(spec)
    assert caught.value.candidates == candidates
    assert all(f"{device} (port = " in str(caught.value) for device in candidates)
    assert "Add serial, interface or location" in str(caught.value)


@pytest.mark.parametrize(
    "spec",
    [
        UsbPort(serial="A2"),
        UsbPort(vid="0403", pid="6002"),
        UsbPort(location="1-1"),  # of which 1-1.2 is no part, but a socket of its own
        UsbPort(serial="FT4", interface="4"),
        UsbPort(serial="A1", interface="1"),
    ],
)
def test_a_port_that_is_not_there_is_an_error_that_lists_those_that_are(
    plug_in: Callable[..., None], spec: UsbPort
) -> None:
    with pytest.raises(PortNotFound) as caught:
        resolve(spec)
    message = str(caught.value)
    assert message.startswith(f"{spec}: there is no such port. Plugged in now: /dev/ttyS0")
    assert '/dev/ttyUSB0 (port = {vid = "0403", pid = "6001", serial = "A1"})' in message


def test_nothing_plugged_in_is_said_so(plug_in: Callable[..., None]) -> None:
    plug_in()
    with pytest.raises(PortNotFound, match=r"USB serial A1: .* No serial port is plugged in"):
        resolve(UsbPort(serial="A1"))


def test_a_long_list_is_cut(plug_in: Callable[..., None]) -> None:
    plug_in(*(PortInfo(device=f"/dev/ttyS{number}") for number in range(40)))
    with pytest.raises(PortNotFound, match="and 32 more"):
        resolve("/dev/ttyUSB99")


def test_what_is_listed_can_be_pasted_into_a_configuration(plug_in: Callable[..., None]) -> None:
    for port in PORTS:
        value = tomllib.loads(f"port = {port.setting}")["port"]
        spec = value if isinstance(value, str) else UsbPort.from_table(value)
        if isinstance(spec, UsbPort):
            assert resolve(spec) == port.device
        else:
            assert spec == port.device


def test_a_by_id_link_is_preferred_where_there_is_one(
    plug_in: Callable[..., None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    device, link = tmp_path / "ttyUSB7", tmp_path / "by-id" / "usb-FTDI_LS331-if00-port0"
    device.touch()
    link.parent.mkdir()
    link.symlink_to("../ttyUSB7")
    monkeypatch.setattr(ports, "_BY_ID", link.parent)
    plug_in(dataclasses.replace(FTDI, device=str(device)))
    [port] = list_ports()
    assert port.link == str(link)
    assert port.setting == f'"{link}"'
    assert resolve(str(link)) == str(device)
    link.unlink()
    with pytest.raises(PortNotFound, match=f"{link}: there is no such port"):
        resolve(str(link))


@pytest.mark.parametrize(
    "url", ["socket://moxa:4001", "rfc2217://moxa:4001", "sim://xgs600", "loop://"]
)
def test_urls_mean_themselves(url: str) -> None:
    assert resolve(url) == url


def test_a_port_that_vanishes_while_it_is_listed_is_no_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looks: list[int] = []

    def comports() -> list[Any]:
        looks.append(1)
        if len(looks) == 1:
            int(None, 16)  # type: ignore[call-overload]  # what pyserial does then
        return []

    monkeypatch.setattr(serial.tools.list_ports, "comports", comports)
    assert list_ports() == []
    assert len(looks) == 2


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({}, "needs one or more of vid, pid, serial, location"),
        ({"interface": "0"}, "interface alone names no USB port"),
        ({"vid": 0x0403}, 'vid = 1027: not a text; write it in quotes: "0403"'),
        ({"serial": ""}, "serial = '': not a text"),
        ({"vid": "ftdi"}, "vid = 'ftdi': not four hexadecimal digits"),
        ({"pid": "60011"}, "pid = '60011': not four hexadecimal digits"),
        ({"serail": "A1"}, "'serail': not a key of a USB port; did you mean 'serial'"),
    ],
)
def test_a_usb_identity_that_cannot_be_is_refused(table: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError) as caught:
        UsbPort.from_table(table)
    assert message in str(caught.value)


def test_a_usb_identity_has_a_name_for_messages() -> None:
    assert str(UsbPort(vid="0403", serial="A1")) == "USB vid 0403, serial A1"


def test_windows_names_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "name", "nt")
    assert resolve("COM3") == "COM3"
