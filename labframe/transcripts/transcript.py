"""A whole transcript."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from labframe.errors import TranscriptError
from labframe.transcripts.entries import (
    Chunk,
    Entry,
    Header,
    entry_line,
    header_line,
    parsed_entry,
    parsed_header,
)
from labframe.transcripts.exchanges import Exchange, exchanges

__all__ = ["Transcript"]


@dataclass(frozen=True, slots=True)
class Transcript:
    """What went over a serial line, and when.

    Attributes:
        header: Which instrument, how the port was set.
        entries: Chunks and incidents, in order of time.
        is_torn: Whether the last line was not whole: the program that recorded it was killed. What
            there is of it is left out.
    """

    header: Header
    entries: tuple[Entry, ...]
    is_torn: bool = False

    @classmethod
    def of(cls, header: Header, entries: Iterable[Entry]) -> Self:
        """Return a transcript with these entries."""
        return cls(header, tuple(entries))

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Read a file.

        Raises:
            TranscriptError: If it is no transcript; it names file, line and what is wrong.
            OSError: If it cannot be read.
        """
        data = Path(path).read_bytes()
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError as error:
            number = data.count(b"\n", 0, error.start) + 1
            raise TranscriptError(
                f"{path}, line {number}: not UTF-8 text; bytes are written as \\u0000 to \\u00ff"
            ) from error
        return cls.loads(text, str(path))

    @classmethod
    def loads(cls, text: str, name: str = "transcript") -> Self:
        """Return the transcript that a text is.

        Args:
            text: All lines.
            name: What messages call it.

        Raises:
            TranscriptError: If it is none.
        """
        first, *lines = text.split("\n")
        try:
            header = parsed_header(first)
        except ValueError as error:
            raise TranscriptError(f"{name}, line 1: {error}") from error
        rest = lines.pop() if lines else ""
        entries: list[Entry] = []
        before_s = 0.0
        for number, line in enumerate([*lines, *([rest] if rest else [])], 2):
            try:
                entry = parsed_entry(line)
                if entry.time_s < before_s:
                    raise ValueError(f'"t" = {entry.time_s:g}: earlier than the line before')
            except ValueError as error:
                if rest and number == len(lines) + 2:
                    return cls(header, tuple(entries), is_torn=True)
                raise TranscriptError(f"{name}, line {number}: {error}") from error
            before_s = entry.time_s
            entries.append(entry)
        return cls(header, tuple(entries))

    def dumps(self) -> str:
        """Return all lines as text; ASCII."""
        return header_line(self.header) + "".join(map(entry_line, self.entries))

    def save(self, path: str | Path) -> None:
        """Write a file: all of it, or, where that fails, nothing.

        Raises:
            OSError: If it cannot be written.
        """
        whole = Path(path)
        partial = whole.with_name(f".{whole.name}.{os.getpid()}")
        try:
            partial.write_text(self.dumps(), "ascii")
            partial.replace(whole)
        except OSError:
            partial.unlink(missing_ok=True)
            raise

    @property
    def chunks(self) -> tuple[Chunk, ...]:
        """The bytes alone."""
        return tuple(entry for entry in self.entries if isinstance(entry, Chunk))

    @property
    def exchanges(self) -> tuple[Exchange, ...]:
        """The requests, each with what came back; see ``labframe.transcripts.exchanges``."""
        return exchanges(self.entries)
