"""When a codename last began to be above or below something: ``chamber_pressure > 1e-5``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from labframe_plugins.recorder.command_line.choice import Span, ends, selected
from labframe_plugins.recorder.history import History, HistoryError

__all__ = ["instant"]

_CONDITION: Final = re.compile(r"\s*([A-Za-z0-9_]+)\s*([<>])\s*([-+0-9.eE]+)\s*")
_FEW: Final = 5000
_PARTS: Final = 200


def instant(history: History, text: str) -> float | None:
    """Return the unix time of the first point for which a condition last came true.

    Args:
        history: The history.
        text: What was typed.

    Returns:
        The time; None if the text is no condition.

    Raises:
        HistoryError: If it never came true, or there is no such codename.
    """
    parts = _CONDITION.fullmatch(text)
    if parts is None:
        return None
    try:
        limit = float(parts[3])
    except ValueError:
        return None
    (name,) = selected(history, [parts[1]])
    begin, end = ends(history, [name], Span(None, None))
    time = _last_rise(history, name, (begin, end), 1 if parts[2] == ">" else -1, limit)
    if time is None:
        raise HistoryError(f"{history.file}: {name} never went to {parts[2]} {limit:g}")
    return time


def _last_rise(
    history: History, name: str, span: tuple[float, float], sign: int, limit: float
) -> float | None:
    """Find the last step over a limit: among few points, or in the part that must have it.

    Args:
        history: The history.
        name: The codename.
        span: From when to when.
        sign: -1 for steps to below the limit.
        limit: The limit.
    """
    begin, end = span
    if history.count([name], begin, end) <= _FEW or end - begin < 1:
        points = history.points(name, begin, end)
        above = [sign * value > sign * limit for value in points.values]
        return _last_step(points.times, above)
    found = history.buckets(name, begin, end, count=_PARTS)
    half = found.every / 2
    parts = [(max(begin, float(one) - half), min(end, float(one) + half)) for one in found.times]
    lows, highs = (found.lows, found.highs) if sign > 0 else (found.highs, found.lows)
    for number in reversed(range(len(parts))):
        if sign * highs[number] <= sign * limit:
            continue
        time = None
        if sign * lows[number] <= sign * limit:
            time = _last_rise(history, name, parts[number], sign, limit)
        if time is None and number and sign * lows[number - 1] <= sign * limit:
            time = _step_between(history, name, parts[number - 1], parts[number], sign, limit)
        if time is not None:
            return time
    return None


def _step_between(
    history: History,
    name: str,
    before: tuple[float, float],
    after: tuple[float, float],
    sign: int,
    limit: float,
) -> float | None:
    """Return the first time of a part, if it begins over the limit and that before ends under."""
    first, last = history.points(name, *after), history.points(name, *before)
    if sign * first.values[0] > sign * limit >= sign * last.values[-1]:
        return float(first.times[0])
    return None


def _last_step(times: Sequence[float], above: Sequence[bool]) -> float | None:
    for number in reversed(range(1, len(above))):
        if above[number] and not above[number - 1]:
            return float(times[number])
    return None
