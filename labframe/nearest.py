"""The nearest of the names that there are, for messages about one that there is not."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["did_you_mean"]


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return ``; did you mean 'x'?``, or a full stop when nothing is near."""
    import difflib  # needed for messages only

    by_lower = {one.lower(): one for one in known}
    near = difflib.get_close_matches(str(name).lower(), by_lower, 1, 0.5)
    return f"; did you mean {by_lower[near[0]]!r}?" if near else "."
