"""What the sockets' constructors and setters are given: checked, and refused in words."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from typing import Final, TypeAlias

from labframe.errors import UnknownCodename

__all__ = [
    "Timeouts",
    "check_no_echo",
    "check_push",
    "checked_timeouts",
    "unix_time",
    "unknown_codename",
]

Timeouts: TypeAlias = float | Sequence[float | None] | None
"""Seconds after which points are old: for all codenames, or for each one; None is never."""

_ACTIONS: Final = ("store_last", "enqueue", "callback_async", "callback_direct")
_RETURN_FORMATS: Final = ("json", "raw", "string")


def unix_time(timestamp: float | None) -> float:
    """Return ``timestamp``, or the present time for None.

    Raises:
        TypeError: If it is no number.
    """
    if timestamp is None:
        return time.time()
    try:
        return float(timestamp)
    except (TypeError, ValueError):
        raise TypeError(f"timestamp must be unix time in seconds, not {timestamp!r}") from None


def checked_timeouts(timeouts: Timeouts, codenames: Sequence[str]) -> list[float | None]:
    """Return a timeout in seconds for each codename.

    Raises:
        ValueError: If there are not as many as codenames, or one is too long for a number.
        TypeError: If one is no number.
    """
    if timeouts is None or isinstance(timeouts, (int, float)):
        limits: list[float | None] = [timeouts] * len(codenames)
    else:
        limits = list(timeouts)
        if len(limits) != len(codenames):
            raise ValueError(
                "If a list of timeouts is supplied, it must have as many items as there are in "
                "codenames"
            )
    for limit in limits:
        if limit is None:
            continue
        if not isinstance(limit, (int, float)):
            raise TypeError(f"a timeout is a number of seconds or None, not {limit!r}")
        try:
            float(limit)
        except OverflowError:
            raise ValueError("a timeout is too long for a number of seconds: use None") from None
    return limits


def check_no_echo(name: str, codenames: list[str]) -> None:
    """Check that no answer of a pull socket is itself a request.

    Raises:
        ValueError: If one is.
    """
    # Two such sockets that a forged sender address points at each other would talk for ever.
    for what, answer in (("name", name), ("codenames", ",".join(codenames))):
        if answer in ("name", "codenames_raw") and not (what == "codenames" and answer == "name"):
            raise ValueError(
                f"{what} = '{answer}': this answer would be a request itself; choose another"
            )


def unknown_codename(codename: str, known: Iterable[str]) -> UnknownCodename:
    """Return the error of a codename that the socket was not made with."""
    import difflib  # needed for this message only

    near = difflib.get_close_matches(str(codename), list(known), 1)
    hint = f" Did you mean '{near[0]}'?" if near else ""
    return UnknownCodename(
        f"The codename: '{codename}' is not registered; give it to the socket's constructor.{hint}"
    )


def check_push(
    action: str,
    queue: object,
    callback: object,
    return_format: str,
    max_queue: int | None,
) -> None:
    """Check that the arguments of a push socket fit together.

    Raises:
        ValueError: If they do not; the tests are in the order of the original's.
    """
    if queue is not None and action != "enqueue":
        raise ValueError("The 'queue' argument can only be used when the action is 'enqueue'")
    calls = action in ("callback_async", "callback_direct")
    if callback is not None and not calls:
        raise ValueError(
            "The 'callback' argument can only be used when the action is 'callback_async' or "
            "'callback_direct'"
        )
    if calls and not callable(callback):
        raise ValueError(f"Value for callback: '{callback}' is not callable")
    if return_format not in _RETURN_FORMATS:
        raise ValueError(
            "The 'return_format' argument may only be one of the 'json', 'raw' or 'string' values"
        )
    if action not in _ACTIONS:
        raise ValueError(f"Unknown action '{action}'. Must be one of: {list(_ACTIONS)}")
    if max_queue is not None:
        if queue is not None or action not in ("enqueue", "callback_async"):
            raise ValueError(
                "The 'max_queue' argument can only be used with a queue of the socket's own: with "
                "'callback_async', or 'enqueue' without 'queue'. Bound your own with Queue(maxsize)"
            )
        if max_queue < 1:
            raise ValueError(f"max_queue must be a positive number of items, not {max_queue!r}")
