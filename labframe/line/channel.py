"""Bytes in and out of an open port, with deadlines: the one module that calls pyserial's ports.

There are two ways to read. Where the port has a file descriptor (serial ports and ``socket://`` on
Linux), pyserial opens and configures it and then the descriptor is read directly: one ``poll`` and
one ``read`` per answer, where pyserial takes several system calls more, and a ``select`` that fails
from descriptor 1024 on. Everywhere else pyserial reads, in short slices, so that deadlines hold and
nothing is reconfigured on the way (setting its ``timeout`` renegotiates an ``rfc2217://`` port).
"""

from __future__ import annotations

import contextlib
import functools
import os
import select
import socket
import sys
import threading
import time
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import serial

    from labframe.line.alarm import Alarm

__all__ = [
    "CHUNK",
    "READ_SLICE_S",
    "SLICE_S",
    "WRITE_CHUNK",
    "Channel",
    "Interrupted",
    "channel_of",
    "close_port",
    "port_errors",
]

SLICE_S = 0.25
"""How soon a wait notices that another thread closes the line."""

READ_SLICE_S = 0.02
"""The ``timeout`` of ports that pyserial reads: how far a deadline may be overrun there."""

WRITE_CHUNK = 256
"""pyserial's ``write_timeout`` is for so many bytes at a time; longer requests go out in parts."""

CHUNK = 4096
"""How many bytes are read at a time."""

_MOST_DROPS = 64
"""Chunks dropped at most before a request: an instrument that floods the line must not hang it."""


@functools.cache
def port_errors() -> tuple[type[BaseException], ...]:
    """Return what is raised when a port is gone, or being closed.

    pyserial raises its own SerialException, which is an OSError, or a plain OSError, or lets
    ``termios.error`` through, which is none (pyserial issue 417).
    """
    try:
        import termios
    except ImportError:
        return (Interrupted, OSError)
    return (Interrupted, OSError, termios.error)


class Interrupted(Exception):
    """The line is being closed by another thread."""


class Channel(Protocol):
    """An open port. Only the thread that holds the line's lock calls it.

    Each method raises OSError, or what else pyserial raises, when the port is gone.
    """

    def monotonic(self) -> float:
        """Return seconds on the clock that its waits go by, which never goes back."""

    def pause(self, seconds: float) -> None:
        """Let so much time pass.

        Raises:
            Interrupted: If the line is being closed.
        """

    def drop_input(self) -> bytes:
        """Throw away what has come, and return it."""

    def write(self, data: bytes, timeout_s: float) -> bool:
        """Send all of ``data``; tell whether that was possible within ``timeout_s``."""

    def receive(self, timeout_s: float) -> bytes:
        """Wait for bytes and return what there is; ``b""`` when nothing came in time.

        Raises:
            Interrupted: If the line is being closed.
        """

    def listen(self, timeout_s: float, alarm: Alarm) -> bytes:
        """Wait for bytes as ``receive`` does, but not longer than until the alarm rings.

        Raises:
            Interrupted: If the line is being closed.
        """

    def set_baudrate(self, baudrate: int) -> None:
        """Set the port to another rate; where there is none, as on a socket, do nothing."""

    def hung_up(self) -> bool:
        """Tell whether the port is known to be gone; any thread may ask."""

    def node(self) -> os.stat_result | None:
        """What the system says of the open device; None when there is no device node."""

    def close(self) -> None:
        """Close the port; never raises."""


def channel_of(port: serial.Serial, stop: threading.Event) -> Channel:
    """Return the best channel for a port that pyserial has opened.

    Args:
        port: The port; the channel closes it.
        stop: Set when the line is being closed.
    """
    scheme, separator, _ = str(port.port).partition("://")
    has_descriptor = not separator or scheme.lower() in ("socket", "hwgrep")
    if has_descriptor and _polls_ports():
        return _DescriptorChannel(port, stop, is_socket=scheme.lower() == "socket")
    return _PyserialChannel(port, stop)


def _polls_ports() -> bool:
    """Tell whether this system can poll a serial port (macOS has poll(2), but not for devices)."""
    return os.name == "posix" and sys.platform != "darwin" and hasattr(select, "poll")


def _send_at_once(fd: int) -> None:
    """Have a request leave although the one before, which had no answer, is not acknowledged."""
    connection = socket.socket(fileno=fd)
    try:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    finally:
        connection.detach()


class _RealTime:
    """Time as the computer's clock tells it."""

    monotonic = staticmethod(time.monotonic)

    def __init__(self, stop: threading.Event) -> None:
        self._stop = stop

    def pause(self, seconds: float) -> None:
        if self._stop.wait(seconds):
            raise Interrupted


class _DescriptorChannel(_RealTime):
    """Reads and writes the file descriptor of a port."""

    def __init__(self, port: serial.Serial, stop: threading.Event, *, is_socket: bool) -> None:
        super().__init__(stop)
        self._port: serial.Serial | None = port
        if is_socket:
            self._fd = port.fileno()
            _send_at_once(self._fd)
        else:  # the copy keeps port and lock; closing pyserial's object frees its four pipe ends
            self._fd = os.dup(port.fileno())
            self._port = None
            port.close()
        self._input = select.poll()
        self._input.register(self._fd, select.POLLIN)
        self._presence = select.poll()
        self._presence.register(self._fd, 0)
        self._ears: select.poll | None = None

    def drop_input(self) -> bytes:
        dropped = b""
        for _ in range(_MOST_DROPS):
            try:
                data = os.read(self._fd, CHUNK)
            except BlockingIOError:
                break
            if not data:
                break
            dropped += data
        return dropped

    def write(self, data: bytes, timeout_s: float) -> bool:
        sent = self._write_some(data)
        if sent == len(data):
            return True
        deadline = time.monotonic() + timeout_s
        room = select.poll()
        room.register(self._fd, select.POLLOUT)
        while sent < len(data):
            left = deadline - time.monotonic()
            if left <= 0:
                self._drop_output()
                return False
            room.poll(min(left, SLICE_S) * 1000)
            self._refuse_if_stopped()
            sent += self._write_some(data[sent:])
        return True

    def receive(self, timeout_s: float) -> bytes:
        if timeout_s > SLICE_S:
            if not self._wait(timeout_s):
                return b""
        elif not self._input.poll(timeout_s * 1000 if timeout_s > 0 else 0):
            self._refuse_if_stopped()
            return b""
        data = os.read(self._fd, CHUNK)
        if not data:
            raise OSError("the device is gone, or the other end closed the connection")
        return data

    def listen(self, timeout_s: float, alarm: Alarm) -> bytes:
        if self._ears is None:
            self._ears = select.poll()
            self._ears.register(self._fd, select.POLLIN)
            self._ears.register(alarm.fileno(), select.POLLIN)
        ready = self._ears.poll(timeout_s * 1000 if timeout_s > 0 else 0)
        self._refuse_if_stopped()
        if alarm.rings() or not ready:
            return b""
        data = os.read(self._fd, CHUNK)
        if not data:
            raise OSError("the device is gone, or the other end closed the connection")
        return data

    def set_baudrate(self, baudrate: int) -> None:
        import termios

        speed = getattr(termios, f"B{baudrate}", None)
        if self._port is not None or speed is None:
            return
        attributes = termios.tcgetattr(self._fd)
        attributes[4] = attributes[5] = speed
        termios.tcsetattr(self._fd, termios.TCSANOW, attributes)

    def hung_up(self) -> bool:
        try:
            return bool(self._presence.poll(0)) or os.fstat(self._fd).st_nlink == 0
        except (OSError, ValueError, RuntimeError):  # closed, or asked by two threads at once
            return self._fd < 0

    def node(self) -> os.stat_result | None:
        return None if self._port is not None else os.fstat(self._fd)

    def close(self) -> None:
        fd, self._fd = self._fd, -1
        if self._port is not None:
            close_port(self._port)
        elif fd >= 0:
            with contextlib.suppress(OSError):
                os.close(fd)

    def _wait(self, timeout_s: float) -> bool:
        """Wait in slices, so that ``stop`` is noticed."""
        deadline = time.monotonic() + timeout_s
        left = timeout_s
        while left > 0:
            if self._input.poll(min(left, SLICE_S) * 1000):
                return True
            self._refuse_if_stopped()
            left = deadline - time.monotonic()
        return False

    def _write_some(self, data: bytes) -> int:
        try:
            return os.write(self._fd, data)
        except BlockingIOError:
            return 0

    def _drop_output(self) -> None:
        """Forget what could not be sent, or it would go out later, unasked."""
        import termios

        with contextlib.suppress(OSError, termios.error):
            termios.tcflush(self._fd, termios.TCOFLUSH)

    def _refuse_if_stopped(self) -> None:
        if self._stop.is_set():
            raise Interrupted


class _PyserialChannel(_RealTime):
    """Reads and writes through pyserial: URLs, Windows, macOS.

    ``in_waiting`` may lie (``socket://`` says 0 or 1), but never says too much: reading one byte,
    and then as many as it says, never waits for what does not come.
    """

    def __init__(self, port: serial.Serial, stop: threading.Event) -> None:
        super().__init__(stop)
        self._port = port

    def drop_input(self) -> bytes:
        dropped = b""
        for _ in range(_MOST_DROPS):
            waiting = self._port.in_waiting
            data = self._port.read(waiting) if waiting else b""
            if not data:
                break
            dropped += data
        return dropped

    def write(self, data: bytes, timeout_s: float) -> bool:  # noqa: ARG002  # it was set at opening
        import serial

        try:
            for start in range(0, len(data), WRITE_CHUNK):
                self._port.write(data[start : start + WRITE_CHUNK])
        except serial.SerialTimeoutException:
            return False
        return True

    def receive(self, timeout_s: float) -> bytes:
        return self._read(timeout_s, None)

    def listen(self, timeout_s: float, alarm: Alarm) -> bytes:
        return self._read(timeout_s, alarm)

    def _read(self, timeout_s: float, alarm: Alarm | None) -> bytes:
        deadline = time.monotonic() + timeout_s
        while True:
            data = self._port.read(1)
            if data:
                waiting = self._port.in_waiting
                return data + self._port.read(waiting) if waiting else data
            if self._stop.is_set():
                raise Interrupted
            if time.monotonic() >= deadline or (alarm is not None and alarm.rings()):
                return b""

    def set_baudrate(self, baudrate: int) -> None:
        self._port.baudrate = baudrate

    def hung_up(self) -> bool:
        return not self._port.is_open

    def node(self) -> os.stat_result | None:
        return None

    def close(self) -> None:
        close_port(self._port)


def close_port(port: serial.Serial) -> None:
    """Close a port of pyserial, whatever state it is in; never raises.

    pyserial forgets the socket of a connection that the other end reset without closing it.
    """
    connection = getattr(port, "_socket", None)
    with contextlib.suppress(Exception):
        port.close()
    if connection is not None:
        with contextlib.suppress(OSError):
            connection.close()
