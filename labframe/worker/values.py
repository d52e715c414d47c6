"""What a driver returned, made into what can be served; anything else is refused."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

from labframe.errors import LabframeError, PointError
from labframe.points import Number, Value, checked_point

__all__ = ["BadValue", "number", "pair", "parts", "plain", "sweep"]

_LONGEST: Final = 1000
"""Characters of a value that is no number: one codename must not fill everybody's answer."""


class BadValue(LabframeError):
    """A driver returned something that is no value."""


def number(value: Any) -> Number:
    """Return a finite number.

    Raises:
        BadValue: For None, text, NaN, infinity and everything else that is no number.
    """
    kind = value.__class__
    if kind is float:
        if value - value == 0.0:  # neither NaN nor infinite
            return value  # type: ignore[no-any-return]  # it is a float
        raise BadValue(f"it returned {value!r}, which is no measurement")
    if kind is int:
        if -(2**63) <= value < 2**63:
            return value  # type: ignore[no-any-return]  # it is an int
        raise BadValue("it returned a whole number of more than 64 bits")
    if value is None:
        raise BadValue("it returned None (is a `return` missing?)")
    if isinstance(value, (str, bytes)):
        raise BadValue(f"it returned the text {_shown(value)}, not a number; use float()")
    if getattr(value, "shape", ()) not in ((), (1,)) or isinstance(value, (Sequence, Mapping)):
        raise BadValue(f"it returned {_shown(value)}, not one number")
    try:
        value = value.item() if hasattr(value, "item") else float(value)
    except Exception as error:
        raise BadValue(f"it returned {_shown(value)}, not a number ({error})") from error
    return number(int(value) if isinstance(value, bool) else value)


def plain(value: Any) -> Value:
    """Return a value that is no number: text, a truth value, what JSON knows.

    Raises:
        BadValue: For None, for what JSON does not know, and for more than 1,000 characters.
    """
    kind = value.__class__
    if kind is bool or (kind is str and len(value) <= _LONGEST):
        return value  # type: ignore[no-any-return]  # it is one of both
    if value is None:
        raise BadValue("it returned None (is a `return` missing?)")
    try:
        _, made = checked_point("", (0.0, value))
        length = len(json.dumps(made, allow_nan=False))
    except (TypeError, PointError, ValueError) as error:
        raise BadValue(f"it returned {_shown(value)}, which cannot be served: {error}") from error
    if length > _LONGEST:
        raise BadValue(f"it returned {length} characters; at most {_LONGEST} can be served")
    return made


def pair(value: Any) -> tuple[Number, Number]:
    """Return an xy point; raises BadValue if it is none."""
    try:
        x, y = value
    except (TypeError, ValueError):
        raise BadValue(f"it returned {_shown(value)}, not a pair (x, y)") from None
    return number(x), number(y)


def sweep(value: Any) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return the xs and the ys of a sweep; raises BadValue if it is none."""
    try:
        xs, ys = value
        xs, ys = tuple(map(float, xs)), tuple(map(float, ys))
    except (TypeError, ValueError) as error:
        raise BadValue(
            f"it returned {_shown(value)}, not (xs, ys), two sequences of numbers ({error})"
        ) from None
    if len(xs) != len(ys):
        raise BadValue(f"it returned {len(xs)} x values and {len(ys)} y values")
    if not xs:
        raise BadValue("it returned a sweep without points")
    if not all(map(math.isfinite, xs)) or not all(map(math.isfinite, ys)):
        raise BadValue("it returned a sweep with NaN or infinity in it")
    return xs, ys


def parts(value: Any, names: Sequence[str]) -> Mapping[str, Any]:
    """Return several values by name.

    Args:
        value: What a driver returned: a mapping, or a sequence in the order of the names.
        names: The names; empty if only a mapping can tell which value is whose.

    Raises:
        BadValue: If it is neither, or a sequence of another length.
    """
    if isinstance(value, Mapping):
        return value
    if hasattr(value, "_asdict"):
        return value._asdict()  # type: ignore[no-any-return]  # a named tuple's
    is_sequence = isinstance(value, Sequence) and not isinstance(value, (str, bytes))
    if not names or not (is_sequence or hasattr(value, "tolist")):
        with_names = f" with {', '.join(names)}" if names else " by channel"
        raise BadValue(f"it returned {_shown(value)}, not a mapping{with_names}")
    if len(value) != len(names):
        raise BadValue(f"it returned {len(value)} values, not {len(names)}: {', '.join(names)}")
    return dict(zip(names, value, strict=True))


def _shown(value: object) -> str:
    try:
        text = repr(value)
    except Exception:  # noqa: BLE001  # a value may be anything
        return f"a {type(value).__name__}"
    return text if len(text) <= 80 else f"{text[:77]}..."
