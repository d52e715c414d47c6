"""The flight recorder of a line: its last bytes with their times, in memory."""

from __future__ import annotations

import dataclasses
import time
from collections import deque
from time import monotonic
from typing import Final, TypeAlias

from labframe.transcripts import Chunk, Entry, Header, Incident, Transcript

__all__ = ["FLIGHT_BYTES", "FlightRecorder"]

FLIGHT_BYTES: Final = 256_000
"""The memory of one line's flight recorder; a chunk costs its bytes and 120 more."""

_OVERHEAD: Final = 120
"""What the times and objects of a chunk take beside its bytes."""

_Noted: TypeAlias = "tuple[float, bool | None, bytes | str]"


class FlightRecorder:
    """Keeps the newest chunks and incidents of a line; the oldest go when it is full.

    One thread at a time may note, any thread may read.

    Args:
        most_bytes: The memory that it may take; 0: it keeps nothing.
    """

    __slots__ = ("_entries", "_most", "_size")

    def __init__(self, most_bytes: int = FLIGHT_BYTES) -> None:
        self._most = most_bytes
        self._size = 0
        self._entries: deque[_Noted] = deque()

    def chunk(self, at: float, sent: bool, data: bytes) -> None:
        """Note bytes.

        Args:
            at: When, on the monotonic clock.
            sent: Whether they go to the instrument.
            data: The bytes.
        """
        self._entries.append((at, sent, data))
        self._size += len(data) + _OVERHEAD
        if self._size > self._most:
            self._make_room()

    def incident(self, at: float, event: str, text: str = "") -> None:
        """Note what happened to the line."""
        what = f"{event} {text}"
        self._entries.append((at, None, what))
        self._size += len(what) + _OVERHEAD
        if self._size > self._most:
            self._make_room()

    def _make_room(self) -> None:
        entries = self._entries
        while self._size > self._most and entries:
            self._size -= len(entries.popleft()[2]) + _OVERHEAD

    def transcript(self, header: Header, last_s: float = float("inf")) -> Transcript:
        """Return what there is as a transcript.

        Args:
            header: Its header; ``started`` is filled in.
            last_s: How far back it goes, in seconds.
        """
        now = monotonic()
        noted = [one for one in self.noted() if one[0] >= now - last_s]
        began = noted[0][0] if noted else now
        entries: list[Entry] = []
        latest = 0.0
        for at, sent, what in noted:
            latest = max(latest, round(at - began, 6))
            if isinstance(what, bytes):
                entries.append(Chunk(latest, bool(sent), what))
            else:
                event, _, text = what.partition(" ")
                entries.append(Incident(latest, event, text))
        started = round(time.time() - (now - began), 3)
        return Transcript.of(dataclasses.replace(header, started=started), entries)

    def noted(self) -> list[_Noted]:
        """Return what there is: time, whether it was sent, bytes; an incident is a text."""
        while True:
            try:
                return list(self._entries)
            except RuntimeError:  # another thread noted something meanwhile
                continue
