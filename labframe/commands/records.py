"""What is told of each command: to the audit file, and to the sinks as an event."""

from __future__ import annotations

import itertools
import json
import math
import os
import time
from collections.abc import Iterator, Mapping
from typing import Any, Final

from labframe.commands import answers
from labframe.commands.audit import Audit
from labframe.commands.memory import Key, Remembered
from labframe.commands.pending import Pending
from labframe.points import Event
from labframe.protocol.push import PUSH_ERROR, PUSH_EXCEP
from labframe.protocol.wire import shortened
from labframe.worker import Outlet

__all__ = ["Records"]

_LONGEST_ANSWER: Final = 8000
"""Bytes of an answer that are written down; a longer one is not known after a restart."""
_SHOWN: Final = 300


class Records:
    """Writes down what becomes of commands.

    Args:
        audit: The file.
        outlet: Where events go.
    """

    def __init__(self, audit: Audit, outlet: Outlet) -> None:
        self._audit = audit
        self._outlet = outlet
        self._run = f"{int(time.time()):x}-{os.getpid():x}"
        self._count = itertools.count(1)

    @property
    def problem(self) -> str:
        """Why the last record could not be written; empty if it was."""
        return self._audit.problem

    @property
    def problems(self) -> tuple[str, ...]:
        """The same for the status."""
        problem = self._audit.problem
        return (f"the audit of commands is not written: {problem}",) if problem else ()

    def close(self) -> None:
        """Close the file."""
        self._audit.close()

    def begin(self, pending: Pending) -> bool:
        """Write that a command is handed to its instrument; tell whether it was written."""
        pending.number = f"{self._run}-{next(self._count)}"
        record = {
            "event": "begin", "time": pending.received, "command": pending.number,
            "sender": pending.sender, "method": pending.command.method,
            "arguments": pending.arguments, "old": pending.old,
        }  # fmt: skip
        if pending.request.id:
            record |= {"id": pending.request.id, "digest": pending.digest.hex()}
        return self._audit.write(record)

    def end(self, pending: Pending, answer: bytes) -> None:
        """Write what became of a command."""
        text = answer.decode(errors="replace")
        record: dict[str, Any] = {
            "event": "end" if pending.number else "refused", "time": time.time(),
            "command": pending.number, "sender": pending.sender,
            "method": pending.command.method, "outcome": _outcome(answer),
            "duration_s": round(time.monotonic() - pending.came, 6),
            "answer": text if len(answer) <= _LONGEST_ANSWER else None,
        }  # fmt: skip
        if not pending.number:
            del record["command"]
            record["arguments"] = pending.arguments
        if pending.request.id:
            record |= {"id": pending.request.id, "digest": pending.digest.hex()}
        self._audit.write(record)

    def tell(self, pending: Pending, answer: bytes) -> None:
        """Tell the sinks what became of a command."""
        now, outcome = time.time(), _outcome(answer)
        told = ", ".join(f"{name}={value!r}" for name, value in pending.arguments.items())
        self._outlet.event(
            Event(
                "command",
                pending.command.instrument,
                now,
                f"{pending.sender}: {pending.command.method}({told}): {outcome}",
                {
                    "method": pending.command.method,
                    "arguments": dict(pending.arguments),
                    "sender": pending.sender,
                    "id": pending.request.id,
                    "old": pending.old,
                    "outcome": outcome,
                    "answer": shortened(answer.decode(errors="replace"), _SHOWN),
                    "received": pending.received,
                    "duration_s": round(time.monotonic() - pending.came, 6),
                },
            )
        )

    def refused(
        self, pending: Pending | None, sender: str, answer: bytes, values: Mapping[str, Any]
    ) -> None:
        """Write that something was refused before it was known to be a command."""
        now, text = time.time(), answer.decode(errors="replace")
        method = values.get("method") if pending is None else pending.request.method
        shown = shortened(str(method), 80)
        record = {
            "event": "refused", "time": now, "sender": sender, "method": shown,
            "arguments": _kept(values), "outcome": "refused",
            "answer": shortened(text, _SHOWN),
        }  # fmt: skip
        if pending is not None and pending.request.id:
            record |= {"id": pending.request.id, "digest": pending.digest.hex(), "answer": text}
        self._audit.write(record)
        kept = _kept({key: y for key, y in values.items() if key != "method" and key[:1] != "_"})
        fields: dict[str, Any] = {
            "method": shown, "arguments": kept if isinstance(kept, Mapping) else {},
            "sender": sender, "outcome": "refused", "answer": text,
        }  # fmt: skip
        self._outlet.event(Event("command", "host", now, f"{sender}: {shown}: refused", fields))

    def remembered(self, now: float, kept_s: float) -> Iterator[tuple[Key, Remembered, float]]:
        """Return what became of the commands of before a restart, with the age of their ends.

        One from the future, since the clock was set back, is as good as new.
        """
        found: dict[Key, tuple[bytes, bytes, float]] = {}
        for record in self._audit.records(now - kept_s):
            try:
                key = (str(record["sender"]), str(record["id"]))
                digest, then = bytes.fromhex(record["digest"]), float(record["time"])
            except (KeyError, ValueError, TypeError):
                continue
            if math.isfinite(then) and now - then < kept_s:
                found[key] = (digest, _answer_of(record), then)
        by_age = sorted(found.items(), key=lambda item: item[1][2])
        for key, (digest, answer, then) in by_age:
            yield key, Remembered(digest, answer), max(0.0, now - then)


def _kept(values: Mapping[str, Any]) -> Any:
    """Return what somebody sent, unless it is long: nobody shall fill the disk with it."""
    text = json.dumps(values, default=str)
    return values if len(text) <= _SHOWN else shortened(text, _SHOWN)


def _answer_of(record: Mapping[str, Any]) -> bytes:
    """Return the answer to a command of before a restart."""
    method = record.get("method")
    if record.get("event") == "begin":
        return answers.failed(
            answers.UNKNOWN, f"{method}: the host ended before it was known how the command ended"
        )
    answer = record.get("answer")
    if isinstance(answer, str):
        return answer.encode()
    return answers.failed(
        answers.FAILED,
        f"{method}: {record.get('outcome')} before the host was restarted; its answer was not kept",
    )


def _outcome(answer: bytes) -> str:
    """Return what became of a command, by its final answer."""
    if answer.startswith(f"{PUSH_ERROR}#".encode()):
        return "refused"
    if answer.startswith(f"{PUSH_EXCEP}#{answers.UNKNOWN}".encode()):
        return "unknown"
    return "failed" if answer.startswith(PUSH_EXCEP.encode()) else "done"
