"""Times as people write them: ``2h``, ``yesterday 14:00``, ``2026-11-24T10:00``, unix times."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime, time, timedelta
from typing import Final

import click

__all__ = ["Clock", "duration", "moment", "span_in_words"]

_UNITS: Final = {
    "us": 1e-6, "ms": 1e-3, "s": 1.0, "sec": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0,
    "d": 86400.0, "w": 7 * 86400.0, "y": 365.25 * 86400.0,
}  # fmt: skip
_PART: Final = re.compile(r"\s*([0-9]+(?:\.[0-9]+)?)\s*([a-z]+)")
_NUMBER: Final = re.compile(r"[0-9]+(\.[0-9]+)?")
_DAYS: Final = {"today": 0, "yesterday": 1}
_UNIX_FROM: Final = 1e8
"""Numbers from here on (1973) are unix times; smaller ones lack a unit."""
_EXAMPLES: Final = (
    "2h or 1h30min (ago), today, yesterday, yesterday 14:00, 14:00, 2026-11-24, 2026-11-24T10:00, "
    "2026-11-24T10:00:00+01:00, 1795518314"
)


def duration(text: str) -> float:
    """Return the seconds of ``10s``, ``500ms``, ``1h30min``, ``7d``; a number alone is seconds.

    Raises:
        click.BadParameter: If it is none of them, or not above 0.
    """
    seconds = float(text) if _NUMBER.fullmatch(text.strip()) else _parts(text)
    if not seconds or seconds <= 0:
        raise click.BadParameter(f"{text!r} is no duration; write for example 10s, 5min, 1h30min")
    return seconds


def _parts(text: str) -> float | None:
    total, place = 0.0, 0
    low = text.lower()
    for part in _PART.finditer(low):
        if part.start() != place or part[2] not in _UNITS:
            return None
        total += float(part[1]) * _UNITS[part[2]]
        place = part.end()
    return total if place and not low[place:].strip() else None


def moment(text: str, now: float, before: float, *, is_end: bool = False) -> float:
    """Return the unix time that a text means, in the local time zone.

    Args:
        text: What was typed.
        now: The unix time now.
        before: What a duration is counted back from.
        is_end: Whether a day alone means its end, and not its beginning.

    Raises:
        click.BadParameter: If it is no time.
    """
    text = text.strip()
    if _NUMBER.fullmatch(text):
        if float(text) < _UNIX_FROM:
            raise click.BadParameter(f"{text!r} has no unit; write for example {text}s or {text}h")
        return float(text)
    ago = _parts(text)
    if ago is not None:
        return before - ago
    if text.lower() == "now":
        return now
    try:
        return _dated(text, now, is_end=is_end)
    except (ValueError, OverflowError, OSError):
        raise click.BadParameter(f"{text!r} is no time; write for example {_EXAMPLES}") from None


def _dated(text: str, now: float, *, is_end: bool) -> float:
    word, _, rest = text.lower().partition(" ")
    today = datetime.fromtimestamp(now).date()
    if word in _DAYS:
        day = today - timedelta(days=_DAYS[word])
        if rest:
            return datetime.combine(day, time.fromisoformat(rest.strip())).timestamp()
    elif re.fullmatch(r"\d{1,2}:\d\d(:\d\d(\.\d+)?)?", text):
        return datetime.combine(today, time.fromisoformat(text.rjust(5, "0"))).timestamp()
    else:
        found = datetime.fromisoformat(text)
        if len(text) > len("2026-11-24"):
            return found.timestamp()
        day = found.date()
    if is_end:
        return datetime.combine(day + timedelta(days=1), time()).timestamp() - 1e-6
    return datetime.combine(day, time()).timestamp()


class Clock:
    """Writes times of the local zone; the zone stands once, in ``zone``, where there is only one.

    Args:
        times: Some of the times that will be written: the first and the last.
        digits: Digits behind the second's point.
    """

    def __init__(self, times: Iterable[float], digits: int = 0) -> None:
        self._digits = digits
        zones = list(dict.fromkeys(_zone(one) for one in times)) or [_zone(0.0)]
        self.zone = zones[0] if len(zones) == 1 else "local"
        self._is_one = len(zones) == 1

    def __call__(self, time: float) -> str:
        """Return a time as ``2026-11-24 10:00:00``, with its zone where there are several."""
        rounded = round(time, self._digits)
        moment = datetime.fromtimestamp(rounded, UTC).astimezone()
        text = f"{moment:%Y-%m-%d %H:%M:%S}"
        if self._digits:
            text += f"{moment.microsecond / 1e6:.{self._digits}f}"[1:]
        return text if self._is_one else f"{text} {_zone(time)}"


def _zone(time: float) -> str:
    moment = datetime.fromtimestamp(time, UTC).astimezone()
    offset = f"{moment:%z}"
    name = moment.tzname() or ""
    offset = f"UTC{offset[:3]}:{offset[3:]}" if offset.strip("+0") else "UTC"
    return f"{name} = {offset}" if name.isalpha() and name != "UTC" else offset


def span_in_words(seconds: float) -> str:
    """Return a length of time: ``250 ms``, ``10 s``, ``5 min``, ``2 h 30 min``, ``3 d``."""
    if seconds < 1:
        return f"{seconds * 1000:.3g} ms"
    if seconds < 60:
        return f"{seconds:.3g} s"
    rest, parts = round(seconds), []
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min"), (1, "s")):
        count, rest = divmod(rest, size)
        if count:
            parts.append(f"{count} {unit}")
    return " ".join(parts[:2])
