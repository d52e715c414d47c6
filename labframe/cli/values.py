"""How values, ages and their course are written for people."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Final

from labframe.points import Number, Value

__all__ = [
    "age_in_words", "counted", "pace", "printable", "short_value", "sparkline", "unit_in_words",
]  # fmt: skip

_BARS: Final = "▁▂▃▄▅▆▇█"
_GAP: Final = "·"


def printable(text: str) -> str:
    """Return ``text`` with what is no visible character escaped.

    Texts come from the network: one must not move the cursor, or ring the bell.
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def counted(number: int, thing: str) -> str:
    """Return ``1 codename``, ``2 codenames``."""
    return f"{number} {thing}{'' if number == 1 else 's'}"


def pace(every: float | None, *, is_pushed: bool = False) -> str:
    """Return how often something is read: ``1 s``, ``on demand``, ``pushed, 10 s``."""
    if every is None:
        return "on demand"
    return f"pushed, {every:g} s" if is_pushed else f"{every:g} s"


def short_value(value: Value) -> str:
    """Return a value for a narrow column: a float with six digits."""
    return f"{value:.6g}" if isinstance(value, float) else printable(str(value))


def unit_in_words(unit: str) -> str:
    """Return the unit as it stands behind a number: that of one without dimension is empty."""
    return "" if unit == "1" else printable(unit)


def age_in_words(age_s: float | None) -> str:
    """Return how long ago something was: ``0.4 s``, ``5 min 2 s``, ``3 d 4 h``."""
    if age_s is None or not math.isfinite(age_s):
        return ""
    sign, age_s = ("-", -age_s) if age_s < -0.5 else ("", max(age_s, 0.0))
    if age_s < 9.95:
        return f"{sign}{age_s:.1f} s"
    seconds = round(age_s)
    for size_s, unit, below_s, below in (
        (86400, "d", 3600, "h"),
        (3600, "h", 60, "min"),
        (60, "min", 1, "s"),
    ):
        if seconds >= size_s:
            return f"{sign}{seconds // size_s} {unit} {seconds % size_s // below_s} {below}"
    return f"{sign}{seconds} s"


def sparkline(values: Sequence[Value | None]) -> str:
    """Return a line of bars, one for each value; what is no finite number is a gap."""
    numbers = list(_numbers(values))
    known = [number for number in numbers if number is not None]
    if not known:
        return ""
    low, span = min(known), max(known) - min(known)
    return "".join(_GAP if number is None else _bar(number, low, span) for number in numbers)


def _bar(number: Number, low: Number, span: Number) -> str:
    if not span or not math.isfinite(span):
        return _BARS[len(_BARS) // 2]
    return _BARS[min(int((number - low) / span * len(_BARS)), len(_BARS) - 1)]


def _numbers(values: Iterable[Value | None]) -> Iterable[float | None]:
    for value in values:
        if isinstance(value, (int, float)) and abs(value) <= 1e300:
            yield float(value)
        else:
            yield None
