"""Websocket frames that are made once and written to many clients.

An ASGI server makes each client's frame anew and wakes a task for it, which costs more than all
else. A server's frames are the same for all clients, so uvicorn's protocol is given one more way
out: bytes that are a whole frame already.
"""

from __future__ import annotations

import os
import struct
from typing import Any, Final, Protocol

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

__all__ = ["EXTENSION", "FrameProtocol", "Pipe", "text_frame"]

EXTENSION: Final = "labframe.frames"
"""Where a websocket's ASGI scope has its ``Pipe``."""

_FULL_BYTES: Final = 65536
"""So much may wait in this program for a client, beside what the system keeps."""
_TEXT: Final = 0x81  # the whole message, as text


class Pipe(Protocol):
    """Writes frames to one client."""

    @property
    def is_free(self) -> bool:
        """Whether it takes another one: not while the client is slow, or has gone."""

    def write_frame(self, frame: bytes) -> bool:
        """Write a frame, unless the client is slow or has gone; return whether it did."""


def text_frame(message: bytes) -> bytes:
    """Return the frame of a text message, as a server sends it."""
    length = len(message)
    if length < 126:
        return bytes((_TEXT, length)) + message
    if length < 65536:
        return struct.pack("!BBH", _TEXT, 126, length) + message
    return struct.pack("!BBQ", _TEXT, 127, length) + message


class FrameProtocol(WebSocketsSansIOProtocol):
    """uvicorn's websocket protocol, which takes frames that were made elsewhere."""

    _number: int | None = None  # of the system's socket, if frames may be written to it

    def connection_made(self, transport: Any) -> None:
        """Note whether there is a shorter way than the transport's: it costs as much as sending."""
        super().connection_made(transport)
        if os.name == "posix" and transport.get_extra_info("sslcontext") is None:
            self._number = transport.get_extra_info("socket").fileno()

    def connection_lost(self, exc: Exception | None) -> None:
        """Write no more: the number is soon another one's."""
        self._number = None
        super().connection_lost(exc)

    def handle_connect(self, event: Any) -> None:
        """Put the way out into the scope, before the application sees it."""
        super().handle_connect(event)
        scope = getattr(self, "scope", None)
        if scope is not None:  # the handshake was well
            scope["extensions"][EXTENSION] = self

    @property
    def is_free(self) -> bool:
        """Whether it takes another frame."""
        return self._is_open and self.transport.get_write_buffer_size() < _FULL_BYTES

    def write_frame(self, frame: bytes) -> bool:
        """Write a frame, unless the client is slow or has gone; return whether it did."""
        if self.close_sent or not self.handshake_complete:
            return False
        waiting = self.transport.get_write_buffer_size()
        if self._number is None or waiting:
            return self._write_behind(frame, waiting)
        try:
            written = os.write(self._number, frame)
        except OSError:  # it takes nothing now, or was lost: the transport knows what to do
            written = 0
        if written < len(frame):
            return self._write_behind(frame[written:], 0)
        return True

    def _write_behind(self, frame: bytes, waiting: int) -> bool:
        if waiting >= _FULL_BYTES or self.transport.is_closing():
            return False
        self.transport.write(frame)
        return True

    @property
    def _is_open(self) -> bool:
        return self.handshake_complete and not self.close_sent and not self.transport.is_closing()
