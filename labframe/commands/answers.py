"""What a host answers to a command: one word for programs, and a sentence for people.

``RET#`` and what the command returned; ``ERROR#CODE: text`` when it was not executed; ``EXCEP#CODE:
text`` when it was begun, and failed, or when nobody knows.
"""

from __future__ import annotations

import json
from typing import Any, Final

from labframe.errors import ArgumentError, NoValue, Refusal
from labframe.protocol import push
from labframe.protocol.commands import OUTCOME_UNKNOWN
from labframe.protocol.wire import MAX_DATAGRAM, encode

__all__ = ["CODES", "FAILED", "UNKNOWN", "failed", "refused", "returned", "told"]

UNKNOWN: Final = OUTCOME_UNKNOWN
FAILED: Final = "FAILED"

CODES: Final = {
    "BAD_REQUEST": "The request names no method, or has a key with _ that there is not.",
    "UNKNOWN_METHOD": "There is no such command.",
    "MISSING_ARGUMENT": "An argument without a default was not given.",
    "UNKNOWN_ARGUMENT": "The command has no such argument.",
    "WRONG_TYPE": "An argument is of another type.",
    "OUT_OF_RANGE": "An argument is outside its limits, or none of its choices.",
    "NOT_ALLOWED": "It came from another computer, and the configuration does not allow that.",
    "NOT_CONNECTED": "The instrument is not connected now.",
    "INTERLOCKED": "An interlock refused it, did not answer in time, or could not be loaded.",
    "EXPIRED": "Its deadline passed before its first byte was sent.",
    "BUSY": "Too many commands wait for this instrument's line.",
    "NOT_AUDITED": "It could not be written to the audit file, and the configuration wants that.",
    "ID_REUSED": "The sender used this id for another command within the last ten minutes.",
    "TOO_MANY_IDS": "The host remembers no more ids; it forgets each after ten minutes.",
    "STOPPING": "The host is being stopped.",
    FAILED: "The instrument, or its driver, reports that it went wrong.",
    "READ_BACK": "The setting was sent, but the instrument tells another value.",
    UNKNOWN: "It was begun. Whether and how it ended is not known, or not yet.",
}
"""Every word that an answer may begin with, after ``ERROR#`` (the first ones) or ``EXCEP#``."""

_LONGEST: Final = 2000
"""Characters of a text that tells what went wrong."""


def refused(error: Refusal | ArgumentError) -> bytes:
    """Return the answer to a command that was not executed."""
    return encode(push.error(f"{error.code}: {error}"[:_LONGEST]))


def failed(code: str, text: str) -> bytes:
    """Return the answer to a command that was begun."""
    return encode(f"{push.PUSH_EXCEP}#{code}: {text}"[:_LONGEST])


def returned(where: str, value: Any, form: push.ReturnFormat) -> bytes:
    """Return the answer that carries what a command returned.

    Args:
        where: The command, for messages.
        value: What it returned; numpy arrays become lists.
        form: The return format. In the raw format a single value goes out as ``value:TYPE:V``.
    """
    try:
        plain = json.loads(json.dumps(value, default=_plain)) if _is_nested(value) else value
    except (TypeError, ValueError, RecursionError) as error:
        return failed(FAILED, f"{where}: executed, but what it returned cannot be sent: {error}")
    if form == "raw" and isinstance(plain, (str, int, float)):
        plain = {"value": plain}
    answer = encode(push.returned(plain, form))
    if len(answer) > MAX_DATAGRAM:
        return failed(
            FAILED,
            f"{where}: executed, but what it returned is {len(answer)} bytes long; a datagram "
            f"carries {MAX_DATAGRAM}",
        )
    return answer


def told(error: BaseException) -> str:
    """Return the text of what a plugin raised, which may be anything; its kind if it has none."""
    try:
        return str(error) or type(error).__name__
    except Exception:  # noqa: BLE001  # its own __str__ may raise anything
        return type(error).__name__


def _is_nested(value: Any) -> bool:
    return type(value) not in (str, int, float, bool, type(None))


def _plain(value: Any) -> Any:
    if isinstance(value, NoValue):  # one of several values, which the instrument does not have now
        return None
    if hasattr(value, "tolist"):
        return value.tolist()
    if hasattr(value, "_asdict"):
        return value._asdict()
    raise TypeError(f"a {type(value).__name__} is nothing that JSON knows")
