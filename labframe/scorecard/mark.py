"""One line of a scorecard."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

__all__ = ["Mark", "mark"]


@dataclass(frozen=True, slots=True)
class Mark:
    """What was looked at, and how it is.

    Attributes:
        check: What was looked at: ``units``.
        ok: Whether it is there.
        essential: Whether a driver is not to be used without it.
        says: What was found, or what is missing.
        next_step: What to do about what is missing; empty when nothing is.
    """

    check: str
    ok: bool
    essential: bool
    says: str
    next_step: str = ""


def mark(
    check: str, lacking: Iterable[str], next_step: str, *, well: str, essential: bool = False
) -> Mark:
    """Return a mark from what is lacking; ``well`` is what it says when nothing is."""
    names = list(lacking)
    if not names:
        return Mark(check, True, essential, well)
    return Mark(check, False, essential, f"none for {', '.join(names)}", next_step)
