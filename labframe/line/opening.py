"""Opening a port: what pyserial raises becomes an error that says what to do."""

from __future__ import annotations

import contextlib
import errno
import os
import threading
from typing import Final

from labframe import wires
from labframe.errors import LabframeError, LineError, PortBusy, PortNotFound
from labframe.line.channel import (
    READ_SLICE_S,
    WRITE_CHUNK,
    Channel,
    channel_of,
    close_port,
)
from labframe.line.holders import who_holds
from labframe.line.ports import PortSpec, resolve
from labframe.line.settings import SerialLine
from labframe.line.wire_channel import WireChannel

__all__ = ["can_be_found", "open_channel", "register_urls"]

_HANDLERS: Final = "labframe.line.handlers"

_SIM: Final = "sim://"
"""How the URL of a simulated instrument within this program begins."""

_ABSENT = {errno.ENOENT, errno.ENODEV, errno.ENXIO, errno.EIO}
_BUSY = {errno.EAGAIN, errno.EWOULDBLOCK, errno.EBUSY}
_FORBIDDEN = {errno.EACCES, errno.EPERM}


def open_channel(name: str, device: str, settings: SerialLine, stop: threading.Event) -> Channel:
    """Open a port for this program alone.

    Args:
        name: What the port is called in messages.
        device: Device path or URL.
        settings: How to set it.
        stop: Set when the line is being closed.

    Raises:
        PortNotFound: If it is not there, or not reachable.
        PortBusy: If another program holds it.
        LineError: If it may not be opened, or cannot be set so.
    """
    if device.startswith(_SIM):
        return _wire_channel(name, device, settings, stop)
    import serial  # not at import: it needs termios on POSIX

    port: serial.Serial | None = None
    write_timeout_s: float | None = settings.total_s + WRITE_CHUNK * settings.byte_s
    if device.lower().startswith("rfc2217://"):  # which knows none
        write_timeout_s = None
    try:
        port = serial.serial_for_url(
            device,
            do_not_open=True,
            baudrate=settings.baudrate,
            bytesize=settings.bytesize,
            parity=settings.parity,
            stopbits=settings.stopbits,
            rtscts=settings.rtscts,
            xonxoff=settings.xonxoff,
            exclusive=True,
            timeout=READ_SLICE_S,
            write_timeout=write_timeout_s,
        )
        if settings.dtr is not None:
            port.dtr = settings.dtr
        if settings.rts is not None:
            port.rts = settings.rts
        port.open()
        return channel_of(port, stop)
    except Exception as error:  # pyserial's back ends raise whatever happens
        if port is not None:
            close_port(port)
        raise _explained(name, device, settings, error) from error


def register_urls() -> None:
    """Teach pyserial ``sim://NAME``, for programs that open it with ``serial_for_url``."""
    import serial

    if _HANDLERS not in serial.protocol_handler_packages:
        serial.protocol_handler_packages.append(_HANDLERS)


def can_be_found(port: PortSpec) -> bool:
    """Tell whether there is something to open; of URLs, and on Windows, nothing is known: True."""
    with contextlib.suppress(LabframeError):
        device = resolve(port)
        if device.startswith(_SIM):
            return _is_laid(device)
        return "://" in device or os.name == "nt" or os.path.exists(device)
    return False


def _is_laid(device: str) -> bool:
    """Tell whether a simulated instrument is plugged in at ``sim://NAME``."""
    try:
        wires.find(device.removeprefix(_SIM))
    except OSError:
        return False
    return True


def _wire_channel(name: str, device: str, settings: SerialLine, stop: threading.Event) -> Channel:
    try:
        wire = wires.find(device.removeprefix(_SIM))
        epoch = wire.open(
            wires.PortSettings(
                settings.baudrate,
                settings.bytesize,
                settings.parity,
                settings.stopbits,
                dtr=settings.dtr is not False,
                rts=settings.rts is not False,
            )
        )
    except BlockingIOError as error:
        raise PortBusy(f"{name}: another line of this program has the port open") from error
    except OSError as error:
        raise PortNotFound(f"{name}: {error.strerror}") from error
    return WireChannel(wire, epoch, stop)


def _explained(name: str, device: str, settings: SerialLine, error: Exception) -> LineError:
    number = _errno(error)
    where = name if device == name else f"{name} ({device})"
    if number in _BUSY:
        return PortBusy(f"{where}: the port is in use. {who_holds(device)}")
    if number in _FORBIDDEN:
        if os.name == "nt":
            return PortBusy(f"{where}: the port is in use by another program. Close that first.")
        return LineError(
            f"{where}: this user may not open the port.{_group_hint(device)} ({error})"
        )
    if number in _ABSENT:
        return PortNotFound(f"{where}: there is no such port, or nothing behind it ({error})")
    if "://" in device and isinstance(error, OSError):
        return PortNotFound(f"{where}: not reachable: {error}")
    return LineError(
        f"{where}: cannot be opened as a serial port with baudrate = {settings.baudrate}, bytesize "
        f"= {settings.bytesize}, parity = {settings.parity!r}, stopbits = {settings.stopbits:g}: "
        f"{error}"
    )


def _errno(error: BaseException | None) -> int | None:
    """Find the error number: pyserial's exceptions have one, or were raised from one that has."""
    while error is not None:
        if isinstance(error, OSError) and error.errno is not None:
            return error.errno
        error = error.__cause__ or error.__context__
    return None


def _group_hint(device: str) -> str:
    """Name the group that may open the device, which is what a new user has to join."""
    try:
        import grp

        group = grp.getgrgid(os.stat(device).st_gid).gr_name
    except (ImportError, OSError, KeyError):
        return ""
    if group == "root":
        return ""
    return f" Join the group that may: `sudo usermod -aG {group} $USER`, then log in again."
