"""Requests and what came back: the chunks of a transcript, grouped."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass

from labframe.transcripts.entries import Chunk, Entry

__all__ = ["Exchange", "exchanges"]


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and all that came until the next one.

    Attributes:
        sent: The chunks of the request; none for what came before the first one.
        received: The chunks that came; none if it was not answered.
    """

    sent: tuple[Chunk, ...]
    received: tuple[Chunk, ...]

    @property
    def request(self) -> bytes:
        """The bytes of the request."""
        return b"".join(chunk.data for chunk in self.sent)

    @property
    def answer(self) -> bytes:
        """All bytes that came."""
        return b"".join(chunk.data for chunk in self.received)

    @property
    def time_s(self) -> float:
        """When the last part of the request was sent; without one, when the first bytes came."""
        return (self.sent[-1:] or self.received)[0].time_s

    @property
    def replies(self) -> tuple[tuple[float, bytes], ...]:
        """The chunks that came, each with the seconds since ``time_s``."""
        began = self.time_s
        return tuple((max(chunk.time_s - began, 0.0), chunk.data) for chunk in self.received)


def exchanges(entries: Iterable[Entry]) -> tuple[Exchange, ...]:
    """Group the chunks into requests with their answers; incidents are left out.

    A program may send a request in parts, or several without an answer in between. So a request is
    taken to end where bytes came, or with a chunk whose last byte is one with which a request ended
    that was answered: the terminator, for most instruments.
    """
    chunks = [entry for entry in entries if isinstance(entry, Chunk) and entry.data]
    ends = _ends(chunks)
    found: list[Exchange] = []
    sent: list[Chunk] = []
    received: list[Chunk] = []
    for chunk in chunks:
        if not chunk.sent:
            received.append(chunk)
            continue
        if received or (sent and sent[-1].data[-1] in ends):
            found.append(Exchange(tuple(sent), tuple(received)))
            sent, received = [], []
        sent.append(chunk)
    if sent or received:
        found.append(Exchange(tuple(sent), tuple(received)))
    return tuple(found)


def _ends(chunks: list[Chunk]) -> frozenset[int]:
    return frozenset(
        before.data[-1]
        for before, after in itertools.pairwise(chunks)
        if before.sent and not after.sent
    )
