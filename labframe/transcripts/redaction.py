"""Taking out of a transcript what is nobody's business."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from labframe.transcripts.entries import Chunk, Entry, Header
from labframe.transcripts.transcript import Transcript

__all__ = ["redacted"]


def redacted(transcript: Transcript, patterns: Iterable[str]) -> Transcript:
    r"""Return a transcript with placeholders of the same length for what the patterns match.

    Letters become ``X``, digits ``0``, other bytes stay. In the bytes of each direction a match may
    go over the borders of chunks; the header's and the incidents' texts are redacted too. What a
    checksum covers has another one afterwards: a line with a checksum has to be mended by hand.

    Args:
        transcript: The transcript.
        patterns: Regular expressions; each character stands for one byte. Where one has groups,
            only the groups are replaced: ``SN:(\w+)`` leaves ``SN:``.

    Raises:
        ValueError: If one is no regular expression.
    """
    compiled = [_compiled(pattern) for pattern in patterns]
    sent = _cleaned_chunks([c for c in transcript.chunks if c.sent], compiled)
    received = _cleaned_chunks([c for c in transcript.chunks if not c.sent], compiled)
    entries: list[Entry] = []
    for entry in transcript.entries:
        if isinstance(entry, Chunk):
            entries.append(next(sent if entry.sent else received))
        else:
            entries.append(replace(entry, text=_cleaned(entry.text, compiled)))
    return replace(transcript, header=_header(transcript.header, compiled), entries=tuple(entries))


def _compiled(pattern: str) -> re.Pattern[str]:
    try:
        return re.compile(pattern)
    except re.error as error:
        raise ValueError(f"{pattern!r} is no regular expression: {error}") from error


def _cleaned_chunks(chunks: Sequence[Chunk], patterns: list[re.Pattern[str]]) -> Iterator[Chunk]:
    whole = b"".join(chunk.data for chunk in chunks).decode("latin-1")
    data = _cleaned(whole, patterns).encode("latin-1")
    start = 0
    for chunk in chunks:
        end = start + len(chunk.data)
        yield replace(chunk, data=data[start:end])
        start = end


def _header(header: Header, patterns: list[re.Pattern[str]]) -> Header:
    return replace(
        header,
        note=_cleaned(header.note, patterns),
        simulate=_cleaned_json(header.simulate, patterns),
        more=_cleaned_json(header.more, patterns),
    )


def _cleaned_json(value: Any, patterns: list[re.Pattern[str]]) -> Any:
    if isinstance(value, str):
        return _cleaned(value, patterns)
    if isinstance(value, dict):
        return {key: _cleaned_json(one, patterns) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_cleaned_json(one, patterns) for one in value]
    return value


def _cleaned(text: str, patterns: list[re.Pattern[str]]) -> str:
    characters = list(text)
    for pattern in patterns:
        for match in pattern.finditer(text):
            for group in range(1, pattern.groups + 1) if pattern.groups else [0]:
                start, end = match.span(group)
                for index in range(max(start, 0), max(end, 0)):
                    characters[index] = _placeholder(text[index])
    return "".join(characters)


def _placeholder(character: str) -> str:
    if character.isascii() and character.isdigit():
        return "0"
    return "X" if character.isascii() and character.isalpha() else character
