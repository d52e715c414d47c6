"""The service of a host: starts a live server as a process of its own, and watches it.

The process is in a session of its own, so that Ctrl-C reaches only the host, and a host that dies
takes no page with it. A live server that is there already, that of another host for example, is
used and left alone.
"""

from __future__ import annotations

import contextlib
import http.client
import ipaddress
import json
import logging
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, Final

import msgspec

from labframe_plugins.live.settings import Settings

__all__ = ["LiveService", "page_address"]

_ASK_S: Final = 0.25
_END_S: Final = 0.9
_READY_S: Final = 5.0
_SILENT_LOOKS: Final = 10
"""It says every second that it is there, and is looked at every second. Looks are counted, not
seconds: a computer that slept, or a host that was halted, would find a long silence."""


class LiveService:
    """Runs a live server beside the host.

    Args:
        settings: What the live server is to do.
        directory: Where it logs to.
        log: Where the host logs to.
    """

    name = "live server"

    def __init__(self, settings: Settings, directory: Path, log: logging.Logger) -> None:
        self._settings = settings
        self._directory = directory
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None
        self._is_anothers = False
        self._ready = threading.Event()
        self._port = settings.port
        self._told = ""
        self._silent_looks = 0

    def start(self) -> None:
        """Start a live server, unless one is there; one of its own that hangs is killed."""
        self._reap(0)
        self._is_anothers = self._settings.port != 0 and _is_there(self._settings)
        if self._is_anothers:
            self._ready.set()
            return
        self._ready.clear()
        self._silent_looks = 0
        self._directory.mkdir(parents=True, exist_ok=True)
        with (self._directory / "live.log").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "labframe", "live", "--service"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                start_new_session=True,
            )
        assert process.stdin is not None
        assert process.stdout is not None
        with contextlib.suppress(OSError):  # it ended at once, which `alive` tells
            process.stdin.write(msgspec.json.encode(self._settings) + b"\n")
            process.stdin.flush()
        threading.Thread(
            target=self._listen, args=(process.stdout,), name="labframe live service", daemon=True
        ).start()
        self._process = process

    def alive(self) -> bool:
        """Tell whether it runs, and does not hang; what it ended of is logged."""
        if self._is_anothers:
            return _is_there(self._settings)
        if self._process is None:
            return False
        has_ended = self._process.poll() is not None
        self._silent_looks += self._ready.is_set()
        if not has_ended and self._silent_looks <= _SILENT_LOOKS:
            return True
        why = self._last_words() if has_ended else "it hangs, and is killed"
        if why != self._told:
            self._log.warning("the live server ended: %s", why)
            self._told = why
        return False

    def stop(self) -> None:
        """End it, if it is this host's own."""
        if self._process is not None:
            self._process.terminate()
        self._reap(_END_S)

    def said(self) -> Iterator[str]:
        """Return where the page is; waits a little until it is there."""
        if not self._ready.wait(_READY_S):
            yield "Attention: the live server does not start; see the log"
            return
        if self._is_anothers:
            yield f"In a browser: {page_address(self._settings, self._port, with_token=False)}"
            yield "  (a live server that ran already)"
        else:
            yield f"In a browser: {page_address(self._settings, self._port)}"

    def _listen(self, answers: IO[bytes]) -> None:
        with contextlib.suppress(OSError, ValueError):
            for line in answers:
                self._silent_looks = 0
                if line.strip():
                    told: dict[str, Any] = json.loads(line)
                    self._port = told["http"]
                    self._ready.set()

    def _reap(self, patience_s: float) -> None:
        """Wait for its end, and kill it when that does not come."""
        process, self._process = self._process, None
        if process is None:
            return
        try:
            process.wait(patience_s)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(_END_S)
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()

    def _last_words(self) -> str:
        with contextlib.suppress(OSError):
            lines = (self._directory / "live.log").read_text(errors="replace").split("\n")
            said = [line.strip() for line in lines if line.strip()]
            if said:
                return said[-1][-500:]
        return "it said nothing"


def _is_there(settings: Settings) -> bool:
    """Tell whether a live server answers on the port, and takes what this host sends."""
    connection = http.client.HTTPConnection(
        _reachable(settings.listen), settings.port, timeout=_ASK_S
    )
    try:
        connection.request("GET", "/healthz")
        told = json.loads(connection.getresponse().read(1000))
    except (OSError, http.client.HTTPException, ValueError):
        return False
    finally:
        connection.close()
    is_live = isinstance(told, dict) and told.get("status") == "ok" and "protocol" in told
    return is_live and settings.udp_port in (0, told.get("udp_port"))


def _reachable(listen: str) -> str:
    address = ipaddress.ip_address(listen)
    if not address.is_unspecified:
        return listen
    return "127.0.0.1" if address.version == 4 else "::1"


def page_address(settings: Settings, port: int, *, with_token: bool = True) -> str:
    """Return the address of the page, for a browser of this computer."""
    host = _reachable(settings.listen)
    where = f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"
    return where + (f"#token={settings.token}" if settings.token and with_token else "")
