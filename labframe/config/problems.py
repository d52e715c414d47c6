"""Problems of a configuration: collected, so that one run shows them all."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from labframe.errors import LabframeError

__all__ = ["ConfigurationError", "did_you_mean"]


class ConfigurationError(LabframeError):
    """A configuration cannot be used.

    Args:
        problems: Every problem; each names the file, the key, the value, and what to do.

    Attributes:
        problems: The same.
    """

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(dict.fromkeys(problems))
        super().__init__("\n".join(self.problems))


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return ``; did you mean 'x'?``, or a full stop when nothing is near."""
    by_lower = {one.lower(): one for one in known}
    near = difflib.get_close_matches(str(name).lower(), by_lower, 1, 0.5)
    return f"; did you mean {by_lower[near[0]]!r}?" if near else "."
