"""A command on its way: who waits for its answer, and until when it may still be begun."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from time import monotonic
from typing import Any, Final, NamedTuple

from labframe.commands import answers
from labframe.commands.memory import Key
from labframe.commands.methods import Method
from labframe.commands.request import Request
from labframe.errors import Refusal
from labframe.points import Command, Value

__all__ = ["Pending", "Waiter"]

_LOG = logging.getLogger("labframe.host")

_GRACE_S: Final = 0.6
"""So long after its deadline an interlock may still be asked: then it is refused, not unknown."""
_LOOK_S: Final = 0.02


class Waiter(NamedTuple):
    """Somebody who waits for an answer.

    Attributes:
        address: Where it goes; each address is answered once.
        reply: Sends it.
        until: Monotonic time at which it is answered, whatever there is to say.
    """

    address: object
    reply: Callable[[bytes], None]
    until: float


class Pending:
    """One command, from its request to its final answer.

    Args:
        request: What was sent.
        sender: Who sent it.
        waiter: Who waits for its answer; None if nobody does.

    Attributes:
        digest: The same for the same command.
        number: Its number in the audit, given there.
        method: What is called; None until it was found.
        arguments: Checked, with their defaults.
        received: Unix time at which it came.
        begin_by: Monotonic time after which it is not begun any more.
        old: What it sets was before, if that is known.
        has_begun: Whether its driver was called, set by who calls it.
    """

    def __init__(self, request: Request, sender: str, waiter: Waiter | None) -> None:
        self.request = request
        self.sender = sender
        self.digest = request.digest() if request.id else b""
        self.number = ""
        self.method: Method | None = None
        self.arguments: Mapping[str, Any] = {}
        self.received = time.time()
        self.came = monotonic()
        self.begin_by = self.came + request.deadline_s
        self.old: Value = None
        self.has_begun = False
        self._waiters: list[Waiter] = [] if waiter is None else [waiter]
        self._lock = threading.Lock()
        self._future: Future[None] | None = None
        self._answer: bytes | None = None
        self._is_late = False

    @property
    def key(self) -> Key:
        """What it is remembered by."""
        return self.sender, self.request.id

    @property
    def is_only_looking(self) -> bool:
        """Whether it changes nothing: a dry run, or a reading."""
        return self.request.dry_run or (self.method is not None and not self.method.is_command)

    @property
    def command(self) -> Command:
        """Return it as interlocks see it."""
        assert self.method is not None
        return Command(
            self.method.method, self.method.member.name, self.method.name, self.arguments,
            self.sender, self.request.id,
        )  # fmt: skip

    def assign(self, method: Method, arguments: Mapping[str, Any], old: Value) -> None:
        """Note what it calls, and what that was set to before."""
        self.method, self.arguments, self.old = method, arguments, old

    def submit(self, job: Callable[[], None], settle: Callable[[bytes], None]) -> None:
        """Hand it to its worker.

        Args:
            job: Executes and settles it, on the worker's thread.
            settle: Called with the answer if it was cancelled before, or if the job raises: a
                mistake in labframe must not leave its sender without an answer.
        """
        assert self.method is not None
        future = self.method.worker.submit(job)
        with self._lock:
            if self._answer is None:
                self._future = future

        def ended(done: Future[None]) -> None:
            if done.cancelled():
                settle(self._not_begun())
            elif (error := done.exception()) is not None:
                _LOG.error("%s: a mistake in labframe", self.request.method, exc_info=error)
                text = f"{self.request.method}: {answers.told(error)}"
                settle(answers.failed(answers.UNKNOWN, text))

        future.add_done_callback(ended)

    def join(self, waiter: Waiter) -> bool:
        """Wait for the answer too; False, and the answer at once, if it is there already."""
        with self._lock:
            answer = self._answer
            if answer is None:
                self._waiters = [one for one in self._waiters if one.address != waiter.address]
                self._waiters.append(waiter)
        if answer is not None:
            waiter.reply(answer)
        return answer is None

    def finish(self, answer: bytes) -> list[Waiter]:
        """Note the final answer; return who waits for it. Nobody, if there was one already."""
        with self._lock:
            if self._answer is not None:
                return []
            self._answer = answer
            self._future = None  # which refers to this: no garbage that only a long pause collects
            waiters, self._waiters = self._waiters, []
            return waiters

    def overdue(self) -> float | None:
        """Cancel it if it was not begun in time; if it was, tell those who waited long enough.

        Returns:
            When to look again, while it is about to be refused without having been begun.
        """
        now = monotonic()
        if now >= self.begin_by:
            self._is_late = True
            future = self._future
            if future is not None and future.cancel():
                return None  # which settled it
            if now < self.begin_by + _GRACE_S and self._is_held_back():
                return now + _LOOK_S
        with self._lock:
            late = [one for one in self._waiters if one.until <= now]
            self._waiters = [one for one in self._waiters if one.until > now]
        for waiter in late:
            waiter.reply(self._unfinished(f"{now - self.came:.3g} s after it came"))
        return None

    def abandon(self) -> None:
        """Tell everybody who waits that the host was stopped meanwhile."""
        with self._lock:
            waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            waiter.reply(self._unfinished("when the host was stopped"))

    def _is_held_back(self) -> bool:
        """Tell whether no byte was sent: an interlock is asked, or the line falls silent."""
        if not self.has_begun:
            return self._answer is None
        line = None if self.method is None else self.method.member.line
        return line is not None and line.begin_by == self.begin_by

    def _unfinished(self, when: str) -> bytes:
        fetch = (
            f"ask again with _id = {self.request.id!r} for its outcome"
            if self.request.id
            else "without an _id its outcome cannot be asked for"
        )
        return answers.failed(
            answers.UNKNOWN,
            f"{self.request.method}: {'begun, and ' if self.has_begun else ''}not finished {when}; "
            f"{fetch}",
        )

    def _not_begun(self) -> bytes:
        method = self.request.method
        if not self._is_late:
            return answers.refused(
                Refusal("STOPPING", f"{method}: not executed: the host is being stopped")
            )
        assert self.method is not None
        why = self.method.member.status()
        what = f"{why.name} is {why.state}" + (f": {why.error}" if why.error else "")
        return answers.refused(
            Refusal(
                "EXPIRED",
                f"{method}: not executed: its turn did not come within "
                f"{self.request.deadline_s:g} s ({what})",
            )
        )
