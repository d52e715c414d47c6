"""The flight recorder of a host: when a line fails, its last bytes become a file."""

from __future__ import annotations

import contextlib
import logging
import re
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from time import monotonic
from typing import Final

from labframe.errors import LabframeError
from labframe.line import FLIGHT_BYTES, Line, port_settings
from labframe.nearest import did_you_mean
from labframe.points import Event, Reading, Sweep
from labframe.transcripts import Header, Transcript
from labframe.worker import Member, State

__all__ = ["Flights", "bytes_for_each"]

_LOG = logging.getLogger("labframe.host")

_ALL_BYTES: Final = 64_000_000
"""The memory for the flight recorders of all lines together."""
_LAST_S: Final = 600.0
"""How far back a file goes."""
_KEPT: Final = 50
"""So many files are kept; the oldest go first."""
_PAUSE_S: Final = 60.0
"""A line that fails again and again gives one file in this time."""
_SAME_S: Final = 3600.0
"""And one in this time where it is the same failure."""
_NAME: Final = re.compile(r".+-\d{8}T\d{6}Z(-\d+)?\.jsonl")


def bytes_for_each(lines: int) -> int:
    """Return the memory for the flight recorder of one of so many lines."""
    return min(FLIGHT_BYTES, _ALL_BYTES // max(lines, 1))


class Flights:
    """Listens for instruments that are lost and readings that begin to fail.

    It has the form of a sink, but is handed events alone; on a thread of its own, so that a slow
    disk delays nobody.

    Args:
        directory: Where the files are; it is made with the first one.
        members: The instruments.
        clock: Tells the monotonic time.

    Attributes:
        problem: Why the last file was not written; empty when it was.
    """

    name = "flight recorder"

    def __init__(
        self,
        directory: Path,
        members: Sequence[Member],
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self.directory = directory
        self.problem = ""
        self._members = {member.name: member for member in members}
        self._clock = clock
        self._written: dict[int, tuple[float, str]] = {}

    def write(self, readings: Sequence[Reading | Sweep]) -> None:
        """Do nothing: it is given no readings."""

    def event(self, event: Event) -> None:
        """Write a file if this is a failure of a line."""
        if event.kind != "state":
            return
        state, why = event.fields.get("state"), str(event.fields.get("error", ""))
        member = self._members.get(event.source)
        if member is None or member.line is None or state not in (State.DISCONNECTED, State.ERROR):
            return
        if self._is_due(member.line, why):
            self._save(member, why)

    def close(self) -> None:
        """Do nothing: every file is closed when it was written."""

    def transcript(self, instrument: str) -> Transcript:
        """Return the last minutes of an instrument's line.

        Raises:
            LabframeError: If there is no such instrument, or it has no line.
        """
        member = self._members.get(instrument)
        if member is None:
            raise LabframeError(
                f"the host has no instrument {instrument!r}"
                f"{did_you_mean(instrument, self._members)} It has: "
                f"{', '.join(self._members) or 'none'}"
            )
        if member.line is None:
            raise LabframeError(f"{instrument} has no serial line, so there is nothing to record")
        return _transcript(member, member.line, "")

    def _is_due(self, line: Line, why: str) -> bool:
        now = self._clock()
        at, before = self._written.get(id(line), (-_SAME_S, ""))
        if now - at < (_SAME_S if why == before else _PAUSE_S):
            return False
        return any(isinstance(what, bytes) for _, _, what in line.flight.noted())

    def _save(self, member: Member, why: str) -> None:
        assert member.line is not None
        transcript = _transcript(member, member.line, why)
        try:
            self.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._make_room()
            path = self._free(member.name)
            transcript.save(path)
        except OSError as error:
            if not self.problem:
                _LOG.warning("%s: its last bytes cannot be kept: %s", member.name, error)
            self.problem = f"the flight recorder cannot write: {error}"
            return
        self.problem = ""
        self._written[id(member.line)] = (self._clock(), why)
        _LOG.info("%s: its last bytes are in %s", member.name, path)

    def _free(self, instrument: str) -> Path:
        stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
        path = self.directory / f"{instrument}-{stamp}.jsonl"
        number = 1
        while path.exists():
            number += 1
            path = self.directory / f"{instrument}-{stamp}-{number}.jsonl"
        return path

    def _make_room(self) -> None:
        there = [path for path in self.directory.iterdir() if _NAME.fullmatch(path.name)]
        if len(there) < _KEPT:
            return
        ages = []
        for path in there:
            with contextlib.suppress(OSError):
                ages.append((path.stat().st_mtime, path))
        for _, path in sorted(ages)[: len(ages) - _KEPT + 1]:
            path.unlink(missing_ok=True)


def _transcript(member: Member, line: Line, why: str) -> Transcript:
    instrument = member.instrument
    more: dict[str, object] = {"name": member.name}
    if instrument.address is not None:
        more["address"] = instrument.address
    header = Header(
        instrument=instrument.driver, port=port_settings(line.settings), note=why, more=more
    )
    return line.flight.transcript(header, _LAST_S)
