"""Datagrams that were received together, and what is answered when answering fails."""

from __future__ import annotations

import logging
from typing import Any, Protocol, TypeAlias

from labframe.protocol.wire import PUSH_ERROR, encode

__all__ = ["Address", "Mail", "failed"]

_LOG = logging.getLogger(__name__)

Address: TypeAlias = Any
"""The sender's address as the socket module gives it; it is only ever handed back to it."""


class Mail(Protocol):
    """Datagrams that were received together, and their answers: in slots, from 0."""

    def receive(self) -> list[bytes]:
        """Wait for datagrams; return them by slot, none when none came in time."""

    def address(self, slot: int) -> Address:
        """Return the address that a datagram came from."""

    def send(self, first: int, answers: list[bytes | None]) -> None:
        """Send the answers to the datagrams from slot ``first`` on; None is no answer."""


def failed(request: bytes, error: Exception) -> bytes:
    """Log that a handler raised, and return the answer that tells the client."""
    _LOG.error("the request %r could not be answered", request[:200], exc_info=error)
    return encode(f"{PUSH_ERROR}#The request could not be answered: {error!r}"[:1000])
