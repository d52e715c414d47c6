"""A command as somebody sent it: ``{"method": "cryo.setpoint", "target": 77, "_id": "a1"}``."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from labframe.errors import Refusal
from labframe.nearest import did_you_mean
from labframe.protocol.commands import DEADLINE_S, LONGEST_DEADLINE_S, SHORTEST_DEADLINE_S

__all__ = ["Request", "parsed"]

_LONGEST_ID: Final = 128
_OWN: Final = ("_id", "_deadline", "_dry_run")
_SHOWN: Final = 80


class Request(NamedTuple):
    """A command, before it is known whether there is such a method.

    Attributes:
        method: As it was sent: ``cryo.setpoint``, or ``setpoint``.
        arguments: As they were sent.
        id: The sender's id of it; empty if it has none.
        deadline_s: Seconds after which it is not begun any more.
        dry_run: Whether it is only to be checked.
    """

    method: str
    arguments: Mapping[str, Any]
    id: str
    deadline_s: float
    dry_run: bool

    def digest(self) -> bytes:
        """Return 16 bytes that are the same for the same command; the deadline is no part of it."""
        text = json.dumps([self.method, self.arguments, self.dry_run], sort_keys=True, default=str)
        return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def parsed(values: Mapping[str, Any]) -> Request:
    """Return the command in the values that a push request carries.

    Raises:
        Refusal: If they are none.
    """
    arguments = dict(values)
    method = arguments.pop("method", None)
    if not isinstance(method, str) or not method:
        given = "there is no method in it" if method is None else f"method = {_shown(method)}"
        raise Refusal(
            "BAD_REQUEST", f'{given}: send {{"method": "INSTRUMENT.COMMAND", "ARGUMENT": VALUE}}'
        )
    identity = _id(arguments.pop("_id", ""))
    deadline_s = _deadline(arguments.pop("_deadline", DEADLINE_S))
    dry_run = arguments.pop("_dry_run", False)
    if not isinstance(dry_run, bool):
        raise Refusal("BAD_REQUEST", f"_dry_run = {_shown(dry_run)}: not true or false")
    for key in arguments:
        if key.startswith("_"):
            raise Refusal(
                "BAD_REQUEST",
                f"there is no {key[:_SHOWN]!r}{did_you_mean(key, _OWN)} Of the names that begin "
                f"with _ there are: {', '.join(_OWN)}",
            )
    return Request(method, arguments, identity, deadline_s, dry_run)


def _id(value: Any) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if isinstance(value, str) and len(value) <= _LONGEST_ID and value.isprintable():
        return value
    raise Refusal(
        "BAD_REQUEST",
        f"_id = {_shown(value)}: not a text of at most {_LONGEST_ID} characters; a new one for "
        "each command, such as a UUID",
    )


def _deadline(value: Any) -> float:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if is_number and math.isfinite(value) and SHORTEST_DEADLINE_S <= value <= LONGEST_DEADLINE_S:
        return float(value)
    raise Refusal(
        "BAD_REQUEST",
        f"_deadline = {_shown(value)}: not a number of seconds, {SHORTEST_DEADLINE_S} to "
        f"{LONGEST_DEADLINE_S:g}",
    )


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 3]}..."
