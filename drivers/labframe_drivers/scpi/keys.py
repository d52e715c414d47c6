"""What may stand in the section of a SCPI instrument, beside what ``ascii`` knows."""

from __future__ import annotations

from labframe_drivers.ascii.keys import AsciiKeys

__all__ = ["ScpiKeys"]


class ScpiKeys(AsciiKeys, frozen=True, kw_only=True):
    """Keys of ``[instrument.NAME]``: those of ``ascii``, and this one.

    Attributes:
        error_queue: What reads the oldest error, and forgets it; ``""``: it has no such queue.
    """

    error_queue: str = "SYST:ERR?"
