"""``sim://NAME`` for programs that open their ports with ``serial.serial_for_url``.

pyserial finds the class ``Serial`` in the module ``protocol_sim`` of a package that it was told.
"""

from __future__ import annotations

import contextlib
from typing import Any

import serial

from labframe import wires

__all__ = ["Serial"]


class Serial(serial.SerialBase):
    """A port at the other end of which a simulated instrument is."""

    # What SerialBase has, and its stubs lack.
    _port: str | None
    _baudrate: int
    _bytesize: int
    _parity: str
    _stopbits: float
    _timeout: float | None
    _write_timeout: float | None
    _dtr_state: bool
    _rts_state: bool

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._wire: wires.Wire | None = None
        self._epoch = 0
        super().__init__(*args, **kwargs)

    def open(self) -> None:
        """Open the port; raises SerialException if nothing is there, or it is open."""
        if self._port is None:
            raise serial.SerialException("Port must be configured before it can be used.")
        if self.is_open:
            raise serial.SerialException("Port is already open.")
        try:
            self._wire = wires.find(str(self._port).partition("://")[2])
            self._epoch = self._wire.open(self._settings())
        except OSError as error:
            self._wire = None
            raise serial.SerialException(f"could not open port {self._port}: {error}") from error
        self.is_open = True

    def close(self) -> None:
        """Close the port."""
        if self.is_open and self._wire is not None:
            self._wire.close(self._epoch)
        self.is_open = False

    @property
    def in_waiting(self) -> int:
        """How many bytes have come."""
        with self._lost():
            return self._opened().waiting(self._epoch)

    def read(self, size: int = 1) -> bytes:
        """Read bytes: as many as asked for, or what came within ``timeout``."""
        wire = self._opened()
        data = b""
        deadline = None if self._timeout is None else wire.clock.monotonic() + self._timeout
        with self._lost():
            while len(data) < size:
                left = 1.0 if deadline is None else max(deadline - wire.clock.monotonic(), 0.0)
                data += wire.read(self._epoch, size - len(data), left)
                if deadline is not None and wire.clock.monotonic() >= deadline:
                    break
        return data

    def write(self, data: Any) -> int:
        """Write bytes; raises SerialTimeoutException if flow control holds them back too long."""
        whole = bytes(data)
        timeout = 3600.0 if self._write_timeout is None else self._write_timeout
        with self._lost():
            if not self._opened().write(self._epoch, whole, timeout):
                raise serial.SerialTimeoutException("Write timeout")
        return len(whole)

    def flush(self) -> None:
        """Do nothing: what is written has left."""

    def reset_input_buffer(self) -> None:
        """Throw away what has come."""
        with self._lost():
            self._opened().drop(self._epoch)

    def reset_output_buffer(self) -> None:
        """Do nothing: nothing waits."""

    def _opened(self) -> wires.Wire:
        if not self.is_open or self._wire is None:
            raise serial.PortNotOpenError
        return self._wire

    def _settings(self) -> wires.PortSettings:
        return wires.PortSettings(
            self._baudrate, self._bytesize, self._parity, self._stopbits, self._dtr_state,
            self._rts_state,
        )  # fmt: skip

    def _reconfigure_port(self) -> None:
        if self.is_open and self._wire is not None:
            self._wire.set(self._epoch, self._settings())

    _update_dtr_state = _update_rts_state = _reconfigure_port

    def _update_break_state(self) -> None:
        """Do nothing: no simulator knows a break."""

    @property
    def cts(self) -> bool:
        """Whether the other end may be sent to."""
        return not self._opened().is_held

    @property
    def dsr(self) -> bool:
        """Whether the instrument is there."""
        return self._opened().is_plugged

    @property
    def ri(self) -> bool:
        """False: nobody rings."""
        return False

    @property
    def cd(self) -> bool:
        """The same as ``dsr``."""
        return self.dsr

    @contextlib.contextmanager
    def _lost(self) -> Any:
        """Turn what a lost wire raises into what pyserial would."""
        try:
            yield
        except serial.SerialException:
            raise
        except OSError as error:
            raise serial.SerialException(f"{self._port}: {error}") from error
