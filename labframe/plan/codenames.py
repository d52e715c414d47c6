"""Codenames: what they may be, and that each is there once."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

from labframe.plan.planned import Channel

__all__ = ["repeated"]

_NAME: Final = re.compile(r"[A-Za-z0-9_]{1,64}")


def repeated(groups: Iterable[tuple[str, Sequence[Channel]]]) -> list[str]:
    """Return what is wrong with the codenames of all ``(section, channels)`` together."""
    problems = []
    seen: dict[str, tuple[str, str]] = {}
    for section, channels in groups:
        for channel in channels:
            name = channel.codename
            if not _NAME.fullmatch(name):
                problems.append(
                    f"{section} codename = {name!r}: letters, digits and _ only, at most 64"
                )
            before = seen.get(name.lower())
            if before is not None:
                problems.append(
                    f"{section} codename = {name!r}: {before[0].rpartition(': ')[2]} has the "
                    f"codename {before[1]!r} already; give one of them another with "
                    "[instrument.NAME.reading.READING] codename"
                )
            seen.setdefault(name.lower(), (section, name))
    return problems
