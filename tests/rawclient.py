"""A client of a pseudo-terminal that knows nothing of pyserial."""

from __future__ import annotations

import os
import select

__all__ = ["RawClient"]


class RawClient:
    """Opens it with ``os.open``, as any program would."""

    def __init__(self, path: str) -> None:
        self.fd = os.open(path, os.O_RDWR | os.O_NOCTTY)

    def read(self, count: int, wait_s: float = 5.0) -> bytes:
        """Return ``count`` bytes, fewer if for ``wait_s`` nothing came or the line was hung up."""
        got = b""
        while len(got) < count and select.select([self.fd], [], [], wait_s)[0]:
            try:
                chunk = os.read(self.fd, count - len(got))
            except OSError:
                break
            if not chunk:
                break
            got += chunk
        return got

    def ask(self, data: bytes, count: int) -> bytes:
        os.write(self.fd, data)
        return self.read(count)
