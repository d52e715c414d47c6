"""What a host of labframe and its clients agree on about commands, beyond the push protocol."""

from __future__ import annotations

from typing import Final

__all__ = ["DEADLINE_S", "LONGEST_DEADLINE_S", "OUTCOME_UNKNOWN", "SHORTEST_DEADLINE_S"]

DEADLINE_S: Final = 2.0
"""Seconds after which a command is not begun any more, if nothing else is said."""
SHORTEST_DEADLINE_S: Final = 0.001
LONGEST_DEADLINE_S: Final = 600.0

OUTCOME_UNKNOWN: Final = "OUTCOME_UNKNOWN"
"""The word of an answer when nobody knows how a command ended."""
