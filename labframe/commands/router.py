"""From a request to the instrument: find, check, refuse, remember, execute once, answer."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from time import monotonic
from typing import Any, Final

from labframe.commands import answers
from labframe.commands.audit import Audit
from labframe.commands.deadlines import Deadlines
from labframe.commands.execution import Execution
from labframe.commands.interlocks import Interlocks
from labframe.commands.memory import KEPT_S, Memory, Remembered
from labframe.commands.methods import Methods
from labframe.commands.pending import Pending, Waiter
from labframe.commands.records import Records
from labframe.commands.request import Request, parsed
from labframe.errors import ArgumentError, Refusal
from labframe.points import Reading
from labframe.protocol.push import ReturnFormat
from labframe.worker import Outlet

__all__ = ["Router"]

_LOG = logging.getLogger("labframe.host")

_MOST_WAITING: Final = 1000
_SHOWN: Final = 200


class Router:
    """Takes commands from anywhere, and has each executed once or not at all.

    Args:
        methods: What may be called.
        interlocks: What must allow it.
        audit: Where every command is written.
        look: Returns the newest reading of a codename with its present quality.
        outlet: Where events go.
        must_audit: Whether a command that cannot be written there is refused.
        return_format: How what a command returned is written.
    """

    def __init__(
        self,
        methods: Methods,
        interlocks: Interlocks,
        audit: Audit,
        look: Callable[[str], Reading | None],
        outlet: Outlet,
        *,
        must_audit: bool,
        return_format: ReturnFormat,
    ) -> None:
        self.methods = methods
        self.interlocks = interlocks
        self.return_format = return_format
        self._records = Records(audit, outlet)
        self._must_audit = must_audit
        self._execution = Execution(interlocks, look, return_format)
        self._deadlines = Deadlines()
        self._memory: Memory[Pending] = Memory()
        self._under_way: set[Pending] = set()
        self._lock = threading.Lock()
        self._is_stopping = False

    def start(self) -> None:
        """Remember what the audit tells of the last ten minutes, and begin to take commands."""
        now, wall = monotonic(), time.time()
        for key, remembered, age_s in self._records.remembered(wall, KEPT_S):
            self._memory.end(key, remembered, now - age_s)
        self._deadlines.start()

    def refuse(self) -> None:
        """Take no more commands; those that wait are cancelled by their workers."""
        self._is_stopping = True

    def stop(self) -> None:
        """End, after the workers; who waits for a driver that hangs is answered."""
        self._is_stopping = True
        self._deadlines.stop()
        with self._lock:
            left = list(self._under_way)
        for pending in left:
            pending.abandon()
        self.interlocks.stop()
        self._records.close()

    @property
    def problems(self) -> tuple[str, ...]:
        """What is wrong with interlocks and audit."""
        return (*self.interlocks.problems, *self._records.problems)

    def refused_elsewhere(self, sender: str, request: bytes, answer: bytes) -> None:
        """Write down a command from another computer that was refused unread."""
        shown = request[:_SHOWN].decode(errors="replace")
        self._records.refused(None, sender, answer, {"method": shown})

    def take(
        self,
        values: Mapping[str, Any],
        sender: str,
        reply: Callable[[bytes], None],
        address: object = None,
    ) -> None:
        """Take the values of a push request; the answer comes when there is one.

        Args:
            values: What was sent.
            sender: Who sent it: an IP address.
            reply: Called with the answer, on any thread; must not block.
            address: Where the answer goes: the same one is answered once.
        """
        try:
            request = parsed(values)
        except Refusal as error:
            answer = answers.refused(error)
            self._records.refused(None, sender, answer, values)
            reply(answer)
            return
        waiter = Waiter(address if address is not None else reply, reply,
                        monotonic() + request.deadline_s)  # fmt: skip
        pending = Pending(request, sender, waiter)
        if request.id and not self._is_new(pending, waiter):
            return
        try:
            self._begin(pending)
        except (Refusal, ArgumentError) as error:
            self._settle(pending, answers.refused(error))
        except Exception as error:  # noqa: BLE001  # or it would be remembered as under way
            text = f"{request.method}: {type(error).__name__}: {answers.told(error)}"
            self._settle(pending, answers.refused(Refusal("BAD_REQUEST", text)))

    def reapply(self, instrument: str) -> None:
        """Set again what was set before an instrument was gone; on its worker's thread.

        Raises:
            LineError: If it is gone again.
        """
        for method in self.methods.of(instrument):
            settings = self._execution.after_reconnect(method)
            if settings is None:
                continue
            request = Request(method.method, settings, "", 0.0, False)
            pending = Pending(request, "labframe, after a reconnect", None)
            pending.assign(method, settings, None)
            try:
                self._write_down(pending)
            except Refusal as refusal:
                self._settle(pending, answers.refused(refusal))
                continue
            answer, error = self._execution.run_again(pending)
            self._settle(pending, answer)
            if error is not None:
                raise error

    # On the way to the worker.

    def _is_new(self, pending: Pending, waiter: Waiter) -> bool:
        """Remember a command; answer it if it is known already, and tell whether it is not."""
        try:
            with self._lock:
                known = self._memory.get(pending.key, monotonic())
                if known is None:
                    self._memory.begin(pending.key, pending)
                    return True
            if known.digest != pending.digest:
                raise Refusal(
                    "ID_REUSED",
                    f"{pending.request.method}: _id = {pending.request.id!r} was another command "
                    "of this sender's within the last ten minutes; give each command an id of its "
                    "own",
                )
        except Refusal as error:
            answer = answers.refused(error)
            sent = {"method": pending.request.method, **pending.request.arguments}
            self._records.refused(None, pending.sender, answer, sent)  # it is nobody's answer later
            waiter.reply(answer)
            return False
        if isinstance(known, Remembered):
            waiter.reply(known.answer)
        elif known.join(waiter):
            self._deadlines.at(waiter.until, known.overdue)
        return False

    def _begin(self, pending: Pending) -> None:
        if self._is_stopping:
            raise Refusal("STOPPING", f"{pending.request.method}: the host is being stopped")
        method = self.methods.find(pending.request.method)
        arguments = method.checked(pending.request.arguments)
        pending.assign(method, arguments, self._execution.old_value(method))
        self._execution.check_connected(method)
        if method.worker.waiting >= _MOST_WAITING:
            raise Refusal(
                "BUSY",
                f"{method.method}: {method.worker.waiting} commands wait for its line already",
            )
        if not pending.is_only_looking:
            self._write_down(pending)
        with self._lock:
            self._under_way.add(pending)
        pending.submit(
            lambda: self._settle(pending, self._execution.run(pending)),
            lambda answer: self._settle(pending, answer),
        )
        self._deadlines.at(pending.begin_by, pending.overdue)

    def _write_down(self, pending: Pending) -> None:
        """Write that a command is handed on; raise Refusal if it must be written, and cannot."""
        if not self._records.begin(pending) and self._must_audit:
            raise Refusal(
                "NOT_AUDITED",
                f'{pending.request.method}: [audit] on_failure = "refuse", and the audit cannot be '
                f"written: {self._records.problem}",
            )

    def _settle(self, pending: Pending, answer: bytes) -> None:
        """Write down, remember and send the final answer to a command, then tell the sinks."""
        is_told = pending.method is not None and not pending.is_only_looking
        if pending.method is None:
            self._records.refused(pending, pending.sender, answer, pending.request.arguments)
        elif is_told:
            self._records.end(pending, answer)
        with self._lock:
            self._under_way.discard(pending)
            if pending.request.id:
                self._memory.end(pending.key, Remembered(pending.digest, answer), monotonic())
        for waiter in pending.finish(answer):
            waiter.reply(answer)
        if is_told:
            self._records.tell(pending, answer)
