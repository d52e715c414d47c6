"""Which serial ports there are, and which of them a configuration means."""

from __future__ import annotations

import dataclasses
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from labframe.errors import PortAmbiguous, PortNotFound
from labframe.nearest import did_you_mean

if TYPE_CHECKING:
    from serial.tools.list_ports_common import ListPortInfo

__all__ = ["PortInfo", "PortSpec", "UsbPort", "list_ports", "resolve"]

_BY_ID = Path("/dev/serial/by-id")
_SHOWN = 8
_LOOKS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class UsbPort:
    """A port by what its USB adapter says of itself, whatever device number it has now.

    Write what tells it from the others; leave the rest None. In a configuration: ``port = {vid =
    "0403", pid = "6001", serial = "A1"}``.

    Attributes:
        vid: Vendor, four hexadecimal digits.
        pid: Product, four hexadecimal digits.
        serial: Serial number.
        interface: Of an adapter with several ports: the number of one (``"0"``, ``"01"``), or the
            name that the adapter gives it.
        location: The USB socket that it is plugged into, such as ``"1-1.2"``: for adapters that
            have no serial number.

    Raises:
        ValueError: If a field has a value that cannot be, or all are None.
    """

    vid: str | None = None
    pid: str | None = None
    serial: str | None = None
    interface: str | None = None
    location: str | None = None

    def __post_init__(self) -> None:
        named = self._named()
        if not named:
            raise ValueError("a USB port needs one or more of vid, pid, serial, location")
        if named.keys() == {"interface"}:
            raise ValueError("interface alone names no USB port; add vid and pid, or serial")
        for field, value in named.items():
            if not isinstance(value, str) or not value:
                raise ValueError(f'{field} = {value!r}: not a text; write it in quotes: "0403"')
        for field in ("vid", "pid"):
            value = named.get(field)
            if value is not None and not re.fullmatch("(0x)?[0-9a-fA-F]{1,4}", value):
                raise ValueError(f"{field} = {value!r}: not four hexadecimal digits")

    @classmethod
    def from_table(cls, table: Mapping[str, Any]) -> Self:
        """Return the port that a table of a configuration describes.

        Raises:
            ValueError: If it has a key that is none, or a value that cannot be.
        """
        known = [field.name for field in dataclasses.fields(cls)]
        for key in table:
            if key not in known:
                raise ValueError(
                    f"{key!r}: not a key of a USB port{did_you_mean(key, known)} "
                    f"There are: {', '.join(known)}"
                )
        return cls(**table)

    def matches(self, port: PortInfo) -> bool:
        """Tell whether ``port`` is one that this describes."""
        return (
            _is_number(self.vid, port.vid)
            and _is_number(self.pid, port.pid)
            and self.serial in (None, port.serial)
            and _is_location(self.location, port.location)
            and (self.interface is None or _is_interface(self.interface, port))
        )

    def __str__(self) -> str:
        return "USB " + ", ".join(f"{key} {value}" for key, value in self._named().items())

    def _named(self) -> dict[str, Any]:
        pairs = ((field.name, getattr(self, field.name)) for field in dataclasses.fields(self))
        return {name: value for name, value in pairs if value is not None}


PortSpec = str | UsbPort
"""A path, a URL, or a USB identity.

URLs are those that pyserial knows (``socket://``, ``rfc2217://``), or was given a handler for: it
looks for a module ``protocol_sim`` in the packages of ``serial.protocol_handler_packages``.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class PortInfo:
    """A serial port of this computer.

    Attributes:
        device: Its path or name now: ``/dev/ttyUSB0``, ``COM3``.
        link: A path that stays when the number changes (``/dev/serial/by-id/...``), if it has one.
        description: What the system calls it.
        vid: USB vendor, four hexadecimal digits; None when it is no USB port.
        pid: USB product.
        serial: USB serial number.
        location: The USB socket, with the interface (``1-1.2:1.0``) when the adapter has several.
        interface: The name that the adapter gives to this one of its ports.
        manufacturer: Who made the adapter.
        product: What the maker calls it.
    """

    device: str
    link: str | None = None
    description: str = ""
    vid: str | None = None
    pid: str | None = None
    serial: str | None = None
    location: str | None = None
    interface: str | None = None
    manufacturer: str | None = None
    product: str | None = None

    @property
    def interface_number(self) -> int:
        """Which of the adapter's ports it is; 0 when it has one."""
        found = re.search(r":\d+\.(\d+)$", self.location or "")
        return int(found[1]) if found else 0

    @property
    def setting(self) -> str:
        """What to write after ``port =`` in a configuration."""
        if self.link is not None or self.vid is None:
            return f'"{self.link or self.device}"'
        keys = {"vid": self.vid, "pid": self.pid, "serial": self.serial}
        if self.serial is None:
            keys["location"] = self.location
        elif ":" in (self.location or ""):
            keys["interface"] = str(self.interface_number)
        written = ", ".join(f'{key} = "{value}"' for key, value in keys.items() if value)
        return f"{{{written}}}"

    def __str__(self) -> str:
        return f"{self.device} (port = {self.setting})"


def list_ports() -> list[PortInfo]:
    """Return the serial ports of this computer, in the order of their names."""
    links = _links()
    return [
        PortInfo(
            device=port.device,
            link=links.get(os.path.realpath(port.device)),
            description="" if port.description == "n/a" else port.description,
            vid=_hexadecimal(port.vid),
            pid=_hexadecimal(port.pid),
            serial=port.serial_number,
            location=port.location,
            interface=port.interface,
            manufacturer=port.manufacturer,
            product=port.product,
        )
        for port in _comports()
    ]


def resolve(spec: PortSpec) -> str:
    """Return the device path, or the URL, that ``spec`` means now.

    Links are followed, so the answer changes when an adapter is plugged in again.

    Raises:
        PortNotFound: If there is no such port now.
        PortAmbiguous: If several ports fit.
    """
    if isinstance(spec, UsbPort):
        return _only(spec, [port for port in list_ports() if spec.matches(port)])
    if "://" in spec or os.name == "nt":
        return spec
    if not os.path.exists(spec):
        raise PortNotFound(f"{spec}: there is no such port. {_plugged_in()}")
    return os.path.realpath(spec)


def _only(spec: UsbPort, found: list[PortInfo]) -> str:
    if not found:
        raise PortNotFound(f"{spec}: there is no such port. {_plugged_in()}")
    if len(found) > 1:
        raise PortAmbiguous(
            f"{spec}: {len(found)} ports fit: {'; '.join(map(str, found))}. "
            "Add serial, interface or location, so that one is left.",
            tuple(port.device for port in found),
        )
    return found[0].device


def _plugged_in() -> str:
    ports = list_ports()
    if not ports:
        return "No serial port is plugged in; is the cable?"
    shown = "; ".join(map(str, ports[:_SHOWN]))
    more = f" and {len(ports) - _SHOWN} more" if len(ports) > _SHOWN else ""
    return f"Plugged in now: {shown}{more}."


def _comports() -> list[ListPortInfo]:
    from serial.tools import list_ports as pyserial  # not at import: it needs termios on POSIX

    for _ in range(_LOOKS):
        try:
            return sorted(pyserial.comports())
        except (TypeError, ValueError, OSError):  # a port went away while it was looked at
            continue
    return []


def _links() -> dict[str, str]:
    """Return the links that stay when device numbers change, by what they point at."""
    try:
        links = sorted(_BY_ID.iterdir())
    except OSError:
        return {}
    return {os.path.realpath(link): str(link) for link in links}


def _hexadecimal(number: int | None) -> str | None:
    return None if number is None else f"{number:04x}"


def _is_number(wanted: str | None, found: str | None) -> bool:
    if wanted is None:
        return True
    return found is not None and int(wanted, 16) == int(found, 16)


def _is_location(wanted: str | None, found: str | None) -> bool:
    """Tell whether ``found`` is the socket ``wanted``, or an interface of what is in it."""
    return wanted is None or (found is not None and f"{found}:".startswith(f"{wanted}:"))


def _is_interface(wanted: str, port: PortInfo) -> bool:
    number = wanted.removeprefix("if")
    return wanted == port.interface or (
        number.isdecimal() and port.vid is not None and int(number) == port.interface_number
    )
