"""Transcripts: the bytes of a serial line with their times, as they were recorded.

They are read, written, grouped, compared and redacted here. Pure but for the files themselves: no
port, no socket, no clock. ``docs/reference/transcripts.md`` has the format.
"""

from labframe.transcripts.entries import VERSION, Chunk, Entry, Header, Incident, PortSettings
from labframe.transcripts.exchanges import Exchange, exchanges
from labframe.transcripts.redaction import redacted
from labframe.transcripts.shown import escaped
from labframe.transcripts.transcript import Transcript
from labframe.transcripts.writing import TranscriptWriter

__all__ = [
    "VERSION",
    "Chunk",
    "Entry",
    "Exchange",
    "Header",
    "Incident",
    "PortSettings",
    "Transcript",
    "TranscriptWriter",
    "escaped",
    "exchanges",
    "redacted",
]
