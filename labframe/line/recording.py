"""``record://``: a port whose bytes are written into a transcript as well."""

from __future__ import annotations

import itertools
import logging
import time
from collections.abc import Callable
from pathlib import Path
from time import monotonic
from typing import Final

from labframe.line.ports import PortSpec
from labframe.line.settings import SerialLine
from labframe.transcripts import Chunk, Entry, Header, Incident, PortSettings, TranscriptWriter

__all__ = ["Recorder", "port_and_file", "port_settings"]

_LOG = logging.getLogger("labframe.line")

_SCHEME: Final = "record://"
_WHERE: Final = "?url="


def port_and_file(port: PortSpec) -> tuple[PortSpec, Path | None]:
    """Return the port that is meant, and the file to record it into; None for none.

    ``record:///home/me/cryo.jsonl?url=/dev/ttyUSB0``: a path, and after ``?url=``, to the end and
    taken as it stands, any port that a line can open.

    Raises:
        ValueError: If path or port are missing.
    """
    if not isinstance(port, str) or not port.lower().startswith(_SCHEME):
        return port, None
    path, separator, inner = port[len(_SCHEME) :].partition(_WHERE)
    if not path or not separator or not inner:
        raise ValueError(
            f"{port!r}: write record://FILE?url=PORT, for example "
            "record:///home/me/cryo.jsonl?url=/dev/ttyUSB0"
        )
    return inner, Path(path)


def port_settings(settings: SerialLine) -> PortSettings:
    """Return what a transcript's header says of how a port is set."""
    return PortSettings(
        baud=settings.baudrate,
        bytesize=settings.bytesize,
        parity=settings.parity,
        stopbits=settings.stopbits,
    )


class Recorder:
    """Writes what a line does into a transcript, from the first time that it is opened.

    Where the file exists, ``NAME-2.jsonl`` is written, and so on: nothing is written over. If it
    cannot be written that is logged, once until it can; the line goes on.

    Args:
        path: The file.
        settings: How the port is set.
    """

    def __init__(self, path: Path, settings: SerialLine) -> None:
        self._path = path
        self._settings = settings
        self._writer: TranscriptWriter | None = None
        self._began = 0.0
        self._is_failing = False

    def chunk(self, at: float, sent: bool, data: bytes) -> None:
        """Write bytes; ``at`` is on the monotonic clock."""
        self._write(at, lambda time_s: Chunk(time_s, sent, data))

    def incident(self, at: float, event: str, text: str = "") -> None:
        """Write what happened to the line."""
        self._write(at, lambda time_s: Incident(time_s, event, text))

    def close(self) -> None:
        """Give the descriptor back; what comes later is appended all the same."""
        if self._writer is not None:
            self._writer.close()

    def _write(self, at: float, entry: Callable[[float], Entry]) -> None:
        try:
            writer = self._writer or self._begun(at)
            writer.write(entry(max(0.0, round(at - self._began, 6))))
        except OSError as error:
            if not self._is_failing:
                _LOG.warning("%s: it cannot be recorded: %s", self._path, error)
            self._is_failing = True
        else:
            self._is_failing = False

    def _begun(self, at: float) -> TranscriptWriter:
        started = time.time() - (monotonic() - at)
        header = Header(port=port_settings(self._settings), started=round(started, 3))
        self._path.parent.mkdir(parents=True, exist_ok=True)
        for number in itertools.count(1):
            name = (
                self._path.name if number == 1 else f"{self._path.stem}-{number}{self._path.suffix}"
            )
            try:
                self._writer = TranscriptWriter(self._path.with_name(name), header)
            except FileExistsError:
                continue
            break
        assert self._writer is not None
        self._began = at
        return self._writer
