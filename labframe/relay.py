"""Between a foreign program and a port: a pseudo-terminal whose bytes are recorded on their way."""

from __future__ import annotations

import contextlib
import os
import select
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final

from labframe.closing import Closing
from labframe.errors import LineError
from labframe.line import PortSpec, SerialLine, resolve
from labframe.line.channel import Channel, port_errors
from labframe.line.opening import open_channel
from labframe.line.recording import port_settings
from labframe.simulation.pseudo_terminal import PseudoTerminal
from labframe.transcripts import Chunk, Entry, Header, Incident, TranscriptWriter

__all__ = ["Relay"]

_CHUNK: Final = 65536
_WAIT_S: Final = 0.25
"""How soon the thread that reads the port notices that it is to stop."""
_LOOK_S: Final = 0.05
"""How often the baud rate is looked at while nothing is sent."""
_RETRY_S: Final = 0.25


class Relay(Closing):
    """Forwards bytes between a pseudo-terminal and a port, at once, and records them.

    The baud rate that the program sets is set on the port before its first byte goes there; the
    kernel's pseudo-terminals show no parity and no data bits, and carry no RTS, CTS, DTR, so those
    stay as ``settings`` say. When the port goes away the program finds its own hung up; when it
    comes back there is a new one behind the same link.

    Args:
        port: The real port.
        settings: How it is set at the beginning.
        path: The transcript; it must not exist.
        instrument: The driver's name for the header; empty if it is not known.
        said: Called with what people should know, on any thread.

    Attributes:
        url: The link's path: what the program opens.
        failure: Why nothing is recorded any more; empty while it is.

    Raises:
        LineError: If the port cannot be opened.
        FileExistsError: If the transcript's file exists.
        NoPseudoTerminal: If this computer has none.
    """

    def __init__(
        self,
        port: PortSpec,
        settings: SerialLine,
        path: Path,
        *,
        instrument: str = "",
        said: Callable[[str], object] = str,
    ) -> None:
        self.failure = ""
        self._port = port
        self._settings = settings
        self._said = said
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._is_gone = threading.Event()
        self._is_parked = threading.Event()
        with contextlib.ExitStack() as undo:
            self._channel = self._opened()
            undo.callback(lambda: self._channel.close())
            self._pty = PseudoTerminal.open(settings.baudrate)
            undo.callback(lambda: self._pty.close())
            self._wake, self._waker = os.pipe()
            undo.callback(os.close, self._wake)
            undo.callback(os.close, self._waker)
            directory = Path(tempfile.mkdtemp(prefix="labframe-record-"))
            undo.callback(directory.rmdir)
            link = directory / "port"
            link.symlink_to(self._pty.device)
            undo.callback(link.unlink, missing_ok=True)
            self.url = str(link)
            header = Header(
                instrument=instrument,
                port=port_settings(settings),
                started=round(time.time(), 3),
            )
            self._began = time.monotonic()
            self._writer = undo.enter_context(TranscriptWriter(path, header))
            self._undo = undo.pop_all()
        self._threads = [
            threading.Thread(target=target, name=f"labframe record {name}", daemon=True)
            for target, name in ((self._from_program, "sends"), (self._from_port, "receives"))
        ]
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        """Stop, and give everything back. May be called again."""
        if self._stop.is_set():
            return
        self._stop.set()
        os.write(self._waker, b"!")
        for thread in self._threads:
            thread.join()
        self._undo.close()

    def _opened(self) -> Channel:
        return open_channel(str(self._port), resolve(self._port), self._settings, self._stop)

    # The program's side: one thread.

    def _from_program(self) -> None:
        while not self._stop.is_set():
            fd = self._pty.instrument_fd
            readable, _, _ = select.select([fd, self._wake], [], [], _LOOK_S)
            if self._wake in readable and not self._stop.is_set():
                os.read(self._wake, 100)
            if self._is_gone.is_set():
                self._come_back()
                continue
            try:
                self._follow()
                if fd in readable:
                    self._send(os.read(fd, _CHUNK))
            except BlockingIOError:
                continue
            except port_errors() as error:
                self._lost(error)

    def _send(self, data: bytes) -> None:
        self._record(lambda time_s: Chunk(time_s, True, data))
        if not self._channel.write(data, len(data) * self._settings.byte_s + _WAIT_S):
            self._record(lambda time_s: Incident(time_s, "blocked"))

    def _follow(self) -> None:
        baudrate = self._pty.baudrate()
        if baudrate is None or baudrate == self._settings.baudrate:
            return
        self._settings = replace(self._settings, baudrate=baudrate)
        self._channel.set_baudrate(baudrate)
        self._record(lambda time_s: Incident(time_s, "baud", str(baudrate)))

    # The port's side: another thread.

    def _from_port(self) -> None:
        while not self._stop.is_set():
            if self._is_gone.is_set():
                self._is_parked.set()
                self._stop.wait(_LOOK_S)
                continue
            try:
                data = self._channel.receive(_WAIT_S)
            except port_errors() as error:
                self._lost(error)
                continue
            if data:
                self._give(data)

    def _give(self, data: bytes) -> None:
        """Hand bytes to the program; what it does not read is lost, as on a wire."""
        self._record(lambda time_s: Chunk(time_s, False, data))
        left = data
        fd = self._pty.instrument_fd
        while left and not self._stop.is_set() and not self._is_gone.is_set():
            try:
                left = left[os.write(fd, left) :]
            except BlockingIOError:
                if not select.select([], [fd], [], _WAIT_S)[1]:
                    self._said(f"{len(left)} bytes were not read, and are lost")
                    return

    # When the port goes away.

    def _lost(self, error: BaseException) -> None:
        with self._lock:
            if self._is_gone.is_set() or self._stop.is_set():
                return
            self._is_gone.set()
        self._record(lambda time_s: Incident(time_s, "unplug", str(error)))
        self._said(f"{self._port} is gone ({error}); it is waited for")
        os.write(self._waker, b"!")

    def _come_back(self) -> None:
        """Hang up, wait for the port, and make a new pseudo-terminal behind the same link."""
        while not self._is_parked.wait(_LOOK_S) and not self._stop.is_set():
            pass  # the other thread still uses what is closed here
        link = Path(self.url)
        link.unlink(missing_ok=True)
        self._channel.close()
        old = self._pty
        self._pty = PseudoTerminal.open(self._settings.baudrate)  # of another number
        old.close()
        while not self._stop.wait(_RETRY_S):
            try:
                self._channel = self._opened()
            except LineError:
                continue
            link.symlink_to(self._pty.device)
            self._record(lambda time_s: Incident(time_s, "replug"))
            self._said(f"{self._port} is there again: {self.url} leads to {self._pty.device}")
            self._is_parked.clear()
            self._is_gone.clear()
            return

    # The transcript.

    def _record(self, entry: Callable[[float], Entry]) -> None:
        with self._lock:
            try:
                self._writer.write(entry(round(time.monotonic() - self._began, 6)))
            except OSError as error:
                if not self.failure:
                    self.failure = f"{self._writer.path}: it cannot be recorded: {error}"
                    self._said(self.failure)
