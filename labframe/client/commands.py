"""Commands for a host: sent again under the same id until an answer comes, and executed once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from uuid import uuid4

from labframe.client.peer import Conversation, Request
from labframe.errors import OutcomeUnknown
from labframe.protocol import outcomes
from labframe.protocol.commands import LONGEST_DEADLINE_S, SHORTEST_DEADLINE_S
from labframe.protocol.outcomes import json_request
from labframe.protocol.push import ReturnFormat

__all__ = ["command", "waits_s"]

# A tenth of the datagrams lost in each direction leaves 2 of 10^6 commands without an answer.
_FIRST_S: Final = 0.2
_GROWTH: Final = 1.1
_RAREST_S: Final = 5.0
_MARGIN_S: Final = 1.0
"""How long after the deadline the host may still say what became of the command."""


def command(
    method: str,
    arguments: Mapping[str, Any],
    form: ReturnFormat,
    identity: str | None,
    deadline_s: float,
    dry_run: bool,
) -> Conversation[Any]:
    """Return what a command returned.

    A repetition carries what is left of the deadline, so that the command is never begun later than
    the deadline after it was first sent, whichever of the datagrams arrives.

    Args:
        method: ``INSTRUMENT.COMMAND``.
        arguments: Its arguments.
        form: How the host writes what it returned.
        identity: Its id; None, or an empty one, gives it a new one.
        deadline_s: Seconds after which it is not begun any more.
        dry_run: Whether it is only to be checked.
    """
    longest = waits_s(deadline_s)
    identity = identity or uuid4().hex  # without one it would be executed as often as it arrives
    own = {"_id": identity, "_deadline": deadline_s, **({"_dry_run": True} if dry_run else {})}
    values = {"method": method, **arguments, **own}

    def later(passed_s: float) -> bytes:
        left_s = max(round(deadline_s - passed_s, 3), SHORTEST_DEADLINE_S)
        return json_request({**values, "_deadline": left_s}).encode()

    request = Request(json_request(values).encode(), True, longest, later, identity)
    try:
        return outcomes.outcome((yield request), form)
    except OutcomeUnknown as error:
        error.id = identity
        raise


def waits_s(deadline_s: float) -> tuple[float, ...]:
    """Return how long to wait for an answer after each sending: growing, the last until the end.

    Raises:
        ValueError: If it is no deadline.
    """
    if (
        not SHORTEST_DEADLINE_S <= deadline_s <= LONGEST_DEADLINE_S
    ):  # not a number is none of them either
        raise ValueError(
            f"_deadline = {deadline_s!r}: not a number of seconds, {SHORTEST_DEADLINE_S} to "
            f"{LONGEST_DEADLINE_S:g}"
        )
    waits = []
    wait_s, left_s = min(_FIRST_S, deadline_s / 8), deadline_s
    while left_s > wait_s:
        waits.append(wait_s)
        left_s -= wait_s
        wait_s = min(wait_s * _GROWTH, _RAREST_S)
    return (*waits, left_s + _MARGIN_S)
