"""The local way to a running host: a Unix socket in its state directory, for its owner alone.

A request is one line of JSON, and so is its answer: ``{"request": "read", "codename": "x"}`` is
answered with ``{"result": ...}`` or ``{"error": "..."}``.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from labframe.errors import LabframeError
from labframe.host.host import Host

__all__ = ["Control", "NotRunning", "request"]

_NAME: Final = "control.sock"
_LONGEST: Final = 65536
_PATIENCE_S: Final = 5.0


class NotRunning(LabframeError):
    """No host of this configuration runs, or another one runs already."""


class Control:
    """Answers requests to a running host.

    Args:
        host: The host.
        stop: Called when somebody asks it to stop.

    Attributes:
        path: The path of the socket; None if there is none.
        problem: Why there is none, if there could be one; empty else.

    Raises:
        NotRunning: If a host with the same state directory runs already.
    """

    def __init__(self, host: Host, stop: Callable[[], None]) -> None:
        self._host = host
        self._stop = stop
        self.path: Path | None = None
        self.problem = ""
        self._socket: socket.socket | None = None
        if not hasattr(socket, "AF_UNIX"):
            return
        path = host.state_dir / _NAME
        try:
            host.state_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:  # a full disk keeps no values from anybody
            self.problem = f"no local control of this host: {error}"
            return
        if path.exists():
            with contextlib.suppress(NotRunning):
                pid = request(host.state_dir, {"request": "ping"}, timeout_s=1.0)
                raise LabframeError(
                    f"{host.config.name}: a host of this configuration runs already (process "
                    f"{pid}). Stop it with `labframe stop {host.config.name}`, or give this one "
                    "another directory with --state-dir."
                )
            path.unlink(missing_ok=True)  # left behind by a host that was killed
        try:
            self._socket = _bound(path)
        except OSError as error:
            self.problem = f"no local control of this host: {path}: {error}"
        else:
            self.path = path

    def start(self) -> None:
        """Start to answer."""
        if self._socket is not None:
            threading.Thread(target=self._serve, name="labframe control", daemon=True).start()

    def close(self) -> None:
        """Stop answering, and remove the socket."""
        if self._socket is not None:
            self._socket.close()
        if self.path is not None:
            self.path.unlink(missing_ok=True)

    def _serve(self) -> None:
        assert self._socket is not None
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:  # closed
                return
            threading.Thread(target=self._converse, args=(connection,), daemon=True).start()

    def _converse(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            connection.settimeout(_PATIENCE_S)
            line = _line(connection)
            answer: dict[str, Any]
            try:
                answer = {"result": self._answer(json.loads(line))}
            except (LabframeError, ValueError, KeyError, TypeError, AttributeError) as error:
                answer = {"error": f"{error}"}
            connection.sendall(json.dumps(answer).encode() + b"\n")

    def _answer(self, asked: Mapping[str, Any]) -> Any:
        match asked.get("request"):
            case "ping":
                return os.getpid()
            case "status":
                return self._host.status()
            case "read":
                reading = self._host.read(str(asked["codename"]))
                return {"x": reading.x, "y": reading.y, "unit": reading.unit, "time": reading.time}
            case "flight":
                return self._host.flights.transcript(str(asked["instrument"])).dumps()
            case "stop":
                self._stop()
                return "stopping"
        raise ValueError(f"{asked.get('request')!r}: known are ping, status, read, flight, stop")


def request(state_dir: Path, asked: Mapping[str, Any], timeout_s: float = _PATIENCE_S) -> Any:
    """Ask a running host.

    Args:
        state_dir: Its state directory.
        asked: The request.
        timeout_s: How long to wait, in seconds.

    Raises:
        NotRunning: If none runs there.
        LabframeError: What it answered, if that is an error.
    """
    path = state_dir / _NAME
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(timeout_s)
            connection.connect(_short(path))
            connection.sendall(json.dumps(asked).encode() + b"\n")
            answer = json.loads(_line(connection))
    except (OSError, ValueError) as error:
        raise NotRunning(
            f"no host runs with the state directory {state_dir} ({error}); start it with "
            "`labframe run`"
        ) from error
    if "error" in answer:
        raise LabframeError(answer["error"])
    return answer["result"]


def _line(connection: socket.socket) -> bytes:
    data = b""
    while not data.endswith(b"\n"):
        chunk = connection.recv(_LONGEST)
        if not chunk:
            break
        data += chunk
    return data


def _bound(path: Path) -> socket.socket:
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        before = os.umask(0o177)
        try:
            listener.bind(_short(path))
        finally:
            os.umask(before)
        listener.listen(8)
    except OSError:
        listener.close()
        raise
    return listener


def _short(path: Path) -> str:
    """Return a path that fits into a socket's address, which holds about 100 characters."""
    text = str(path)
    if len(text.encode()) < 100:
        return text
    with contextlib.suppress(ValueError):
        return os.path.relpath(path)
    return text
