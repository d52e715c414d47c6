"""What the live server counts of itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Final

__all__ = ["Health", "dropped_by_system"]

_NOW: Final = ("uptime_s", "clients", "legacy_clients", "hosts", "codenames", "batch_ms")


@dataclass(slots=True)
class Health:
    """Numbers that only grow, unless they are named in ``gauges``; and two texts.

    ``docs/reference/live-server.md`` says what each is.
    """

    uptime_s: float = 0.0
    clients: int = 0
    legacy_clients: int = 0
    hosts: int = 0
    codenames: int = 0
    received: int = 0
    received_bytes: int = 0
    points: int = 0
    malformed: int = 0
    oversized: int = 0
    unwelcome: int = 0
    lost: int = 0
    last_malformed: str = ""
    last_unwelcome: str = ""
    sent: int = 0
    sent_bytes: int = 0
    skipped: int = 0
    resynchronised: int = 0
    commands: int = 0
    commands_refused: int = 0
    batch_ms: float = 0.0

    def told(self) -> dict[str, Any]:
        """Return all of it, as JSON knows it."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @staticmethod
    def is_gauge(name: str) -> bool:
        """Tell whether a number tells of now, and does not only grow."""
        return name in _NOW


def dropped_by_system(port: int, is_v6: bool) -> Callable[[], int]:
    """Return what tells how many datagrams for a port the system threw away.

    Only Linux tells; elsewhere it is 0.
    """
    table = Path("/proc/net/udp6" if is_v6 else "/proc/net/udp")
    end = f":{port:04X}"

    def dropped() -> int:
        try:
            lines = table.read_text().splitlines()[1:]
        except OSError:
            return 0
        found = (line.split() for line in lines)
        return sum(int(one[12]) for one in found if len(one) > 12 and one[1].endswith(end))

    return dropped
