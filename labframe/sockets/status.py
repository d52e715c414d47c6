"""What the command ``status`` tells: of the computer, and of every socket of the process.

Nothing here asks the network or starts another program. Each item is read by itself: one that
cannot be read is null.
"""

from __future__ import annotations

import contextlib
import json
import os
import platform
import shutil
import socket
import sys
import threading
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, Final

from labframe.protocol.wire import encode
from labframe.sockets.registry import socket_server_status

__all__ = ["SYSTEM_STATUS", "SystemStatus", "status_answer"]


class SystemStatus:
    """Reads the state of the computer.

    On Linux: ``filesystem_usage`` (bytes), ``last_apt_cache_change_unixtime``,
    ``last_git_fetch_unixtime`` by checkout, ``load_average``, ``mac_address``, ``machine_name``,
    ``max_python_mem_usage_bytes``, ``number_of_python_threads``, ``os_version``, ``purpose`` (from
    the file ``PURPOSE`` in the home folder: lines ``id:...`` and ``purpose:...``, the rest is the
    long description), ``python_version``, ``rpi_model``, ``rpi_temperature`` (°C),
    ``sd_card_serial``, ``uptime`` (seconds). Elsewhere only what does not depend on Linux.
    """

    def complete_status(self) -> dict[str, Any]:
        """Return every item of this platform; an item that cannot be read is None."""
        items = dict(_ANYWHERE)
        if sys.platform == "linux":
            items |= _LINUX
        return {name: _attempt(items[name]) for name in sorted(items)}


SYSTEM_STATUS: Final = SystemStatus()


def status_answer() -> bytes:
    """Return the answer to ``status``, which is the same for every kind of socket."""
    return encode(
        json.dumps(
            {
                "system_status": SYSTEM_STATUS.complete_status(),
                "socket_server_status": socket_server_status(),
            }
        )
    )


def _attempt(read: Callable[[], Any]) -> Any:
    try:
        return read()
    except Exception:  # noqa: BLE001  # one item must not silence the others
        return None


def _filesystem_usage() -> dict[str, int]:
    usage = shutil.disk_usage("/")
    return {"total_bytes": usage.total, "free_bytes": usage.free}


def _last_apt_cache_change() -> float:
    return Path("/var/cache/apt").stat().st_mtime


def _last_git_fetch() -> dict[str, float | None]:
    fetched: dict[str, float | None] = {}
    for checkout in ("PyExpLabSys", "machines"):
        fetched[checkout] = None
        with contextlib.suppress(OSError):
            fetched[checkout] = (Path.home() / checkout / ".git/FETCH_HEAD").stat().st_mtime
    return fetched


def _load_average() -> dict[str, float]:
    return dict(zip(("1m", "5m", "15m"), os.getloadavg(), strict=True))


@cache
def _mac_address() -> str | None:
    for interface in sorted(Path("/sys/class/net").iterdir()):
        address = (interface / "address").read_text().strip()
        if address and address != "00:00:00:00:00:00":
            return address
    return None


def _max_memory() -> int:
    import resource  # there is none on Windows

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024  # Linux counts kB


@cache
def _os_version() -> str:
    release = platform.freedesktop_os_release()
    return release.get("PRETTY_NAME") or platform.release()


def _purpose() -> dict[str, str | None]:
    purpose: dict[str, str | None] = {"id": None, "purpose": None, "long_description": None}
    with contextlib.suppress(OSError):
        rest = []
        for line in (Path.home() / "PURPOSE").read_text("utf-8").splitlines():
            key, found, text = line.partition(":")
            if found and key in ("id", "purpose"):
                purpose[key] = text.strip()
            else:
                rest.append(line)
        purpose["long_description"] = "\n".join(rest).strip() or None
    return purpose


@cache
def _rpi_model() -> str | None:
    path = Path("/proc/device-tree/model")
    return path.read_text().rstrip("\0") if path.exists() else None


def _rpi_temperature() -> float | None:
    if _rpi_model() is None:
        return None
    return int(Path("/sys/class/thermal/thermal_zone0/temp").read_text()) / 1000


@cache
def _sd_card_serial() -> str | None:
    path = Path("/sys/block/mmcblk0/device/serial")
    return path.read_text().strip() if path.exists() else None


def _uptime() -> dict[str, float]:
    up, idle = Path("/proc/uptime").read_text().split()
    return {"uptime_sec": float(up), "idle_sec": float(idle)}


_ANYWHERE: Final[dict[str, Callable[[], Any]]] = {
    "last_git_fetch_unixtime": _last_git_fetch,
    "number_of_python_threads": threading.active_count,
    "python_version": platform.python_version,
}

_LINUX: Final[dict[str, Callable[[], Any]]] = {
    "filesystem_usage": _filesystem_usage,
    "last_apt_cache_change_unixtime": _last_apt_cache_change,
    "load_average": _load_average,
    "mac_address": _mac_address,
    "machine_name": socket.gethostname,
    "max_python_mem_usage_bytes": _max_memory,
    "os_version": _os_version,
    "purpose": _purpose,
    "rpi_model": _rpi_model,
    "rpi_temperature": _rpi_temperature,
    "sd_card_serial": _sd_card_serial,
    "uptime": _uptime,
}
