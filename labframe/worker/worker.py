"""One thread for each line: it connects the instruments on it, and polls them in time."""

from __future__ import annotations

import contextlib
import heapq
import itertools
import logging
import math
import random
import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from time import monotonic
from typing import Any, Final, TypeVar

from labframe.errors import Expired, LabframeError, LineError, NoReply, NoValue, PortGone
from labframe.line import Line
from labframe.worker.member import Member
from labframe.worker.poll import Poll

__all__ = ["Worker"]

_LOG = logging.getLogger("labframe.host")

T = TypeVar("T")

_LOST_AFTER: Final = 2
"""So many errors of the line in a row, and the instrument is identified anew."""
_LOST_AFTER_RAISING: Final = 3
"""The same for an instrument without a line, whose library may raise anything."""
_LOOK_S: Final = 0.5
"""How long an idle line goes without a look whether its port is still there."""
_LISTENING_LOOK_S: Final = 0.25
"""The same where frames come unasked: nothing is ever asked there that would fail."""
_PATIENCE: Final = 0.5
"""A poll lets jobs go first until so much of its interval has passed."""
_LONGEST_S: Final = 60.0
_SOON_S: Final = 1.0
"""A poll that failed for the line's sake is repeated after so long at most."""


class Worker:
    """Owns a line and the instruments on it; nobody else calls their drivers.

    A poll is due at a time that does not depend on how long the last one took, so there is no
    drift; what was missed is not made up for. Jobs that were submitted go before polls, but a poll
    that has waited for half its interval goes before all jobs but one: so a flood of jobs delays
    polls by no more than that, and polls that take all the time there is still let jobs through.
    Where an instrument sends without being asked, its frames are waited for in between.

    Args:
        name: What the line is called.
        members: The instruments.
        line: The line; None for an instrument without one.
    """

    def __init__(self, name: str, members: Sequence[Member], line: Line | None) -> None:
        self.name = name
        self.members = tuple(members)
        self._line = line
        self._heap: list[tuple[float, int, Member, Poll]] = []
        self._order = itertools.count()
        self._jobs: deque[tuple[Future[Any], Callable[[], Any]]] = deque()
        self._stopping = False
        self._bell = threading.Lock()
        self._bell.acquire()
        self._look_at = 0.0
        self._pushed = next(
            ((member, poll) for member in members for poll in member.polls if poll.is_pushed), None
        )
        self._look_s = _LOOK_S if self._pushed is None else _LISTENING_LOOK_S
        self._thread = threading.Thread(target=self._run, name=f"labframe {name}", daemon=True)

    # Called by the host.

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """Tell the thread to end, and interrupt what waits on the line; does not wait.

        Jobs that were not begun are cancelled here: the thread may hang in a driver.
        """
        self._stopping = True
        self._ring()
        if self._line is not None:
            self._line.interrupt()
        self._cancel_jobs()

    def join(self, timeout_s: float) -> bool:
        """Wait until the thread has ended; tell whether it has."""
        if self._thread.ident is not None:
            self._thread.join(max(0.0, timeout_s))
        return not self._thread.is_alive()

    def submit(self, job: Callable[[], T]) -> Future[T]:
        """Have a job done on the thread, before the next poll; any thread may call it.

        The job is not begun any more once its future was cancelled, or the worker is stopped.
        """
        future: Future[T] = Future()
        self._jobs.append((future, job))
        self._ring()
        if self._stopping:
            self._cancel_jobs()
        return future

    def read(self, member: Member, poll: Poll) -> Future[None]:
        """Have one reading taken now, in time or on demand."""

        def job() -> None:
            if not member.connected:
                raise LineError(f"{member.name}: not connected: {member.status().error}")
            error = member.poll(poll, monotonic())
            if error is not None:
                raise error

        return self.submit(job)

    @property
    def waiting(self) -> int:
        """How many jobs wait for their turn."""
        return len(self._jobs)

    def perform(
        self, member: Member, what: str, call: Callable[[], T], *, is_connecting: bool = False
    ) -> T:
        """Call a method of an instrument's driver; only within a job, on the thread.

        Args:
            member: The instrument.
            what: What is done, for the status of one that hangs.
            call: Calls the driver.
            is_connecting: Whether this belongs to connecting, which sees to a lost port itself.

        Raises:
            BaseException: Whatever the driver raises. If the port is gone the instrument is lost,
                as after a poll.
        """
        try:
            with member.busy(what):
                return call()
        except Expired:
            raise
        except BaseException as error:
            line = member.line
            if isinstance(error, PortGone) or (line is not None and not line.is_open):
                if not is_connecting:
                    self._lose(member, error)
            elif line is not None and not isinstance(error, LabframeError):
                line.doubt()  # the driver made nothing of the answer: whose was it?
            raise

    def _ring(self) -> None:
        with contextlib.suppress(RuntimeError):  # it rings already
            self._bell.release()
        if self._pushed is not None and self._line is not None:
            self._line.wake()

    # On the thread.

    def _run(self) -> None:
        try:
            while not self._stopping:
                wait_s = self._step()
                if self._pushed is not None and self._pushed[0].connected:
                    self._listen(*self._pushed, wait_s)
                elif wait_s > 0.0:
                    self._bell.acquire(timeout=wait_s)
        except BaseException:
            _LOG.exception("%s: the worker ended; this is a mistake in labframe", self.name)
            raise
        finally:
            for member in self.members:
                member.close()
            if self._line is not None:
                self._line.close()
            self._cancel_jobs()

    def _step(self) -> float:
        """Do what is due; return how long there is nothing to do, in seconds."""
        if self._jobs:
            self._do_job()
            while self._jobs and not self._stopping and not self._is_pressing():
                self._do_job()
        now = monotonic()
        for member in self.members:
            if self._stopping:  # which interrupted the line; connecting would open it again
                return 0.0
            if not member.connected and member.retry_at <= now:
                self._connect(member)
                now = monotonic()
        while self._heap and self._heap[0][0] <= now and not self._stopping:
            due, _, member, poll = heapq.heappop(self._heap)
            self._poll(member, poll, due)
            if self._jobs or not all(one.connected for one in self.members):
                return 0.0
            now = monotonic()
        until = min(now + _LONGEST_S, self._look(now))
        if self._heap:
            until = min(until, self._heap[0][0])
        for member in self.members:
            if not member.connected:
                until = min(until, member.retry_at)
        return max(0.0, until - monotonic())

    def _listen(self, member: Member, poll: Poll, wait_s: float) -> None:
        """Wait for one frame that comes unasked; no longer than until there is something to do."""
        line = self._line
        assert line is not None  # or it could not be pushed
        try:
            frame = line.listen(wait_s)
        except Exception as error:  # noqa: BLE001  # also what a framing of a driver raises
            if not self._stopping:
                self._lose(member, error)
            return
        if frame is None:
            return
        wrong = member.hear(poll, frame)
        if wrong is None:
            self._look_at = monotonic() + self._look_s
        elif not line.is_open:
            self._lose(member, wrong)
        else:
            if isinstance(wrong, NoValue):
                poll.heard_at = frame.arrival
                member.must_speak = False
                member.prove()
            member.is_failing(poll, wrong)

    def _check_heard(self, member: Member, poll: Poll) -> None:
        """Lose an instrument that sends nothing any more, so that it is reached anew."""
        if poll.heard_at + poll.silence_s <= monotonic():
            self._listen(member, poll, 0.0)  # what came while others had the line
        if not member.connected or self._stopping:
            return
        due = poll.heard_at + poll.silence_s
        if due > monotonic():
            self._schedule(member, poll, due)
            return
        member.must_speak = True
        self._lose(member, NoReply(
            f"{member.name}: {poll.name}: nothing came by itself for {poll.silence_s:g} s"
            + (f"; the last was wrong: {poll.error}" if poll.error else "")
        ))  # fmt: skip

    def _is_pressing(self) -> bool:
        """Tell whether any poll has waited long enough; not always the one that is due first."""
        now = monotonic()
        return any(
            poll.every is not None and now - due > _PATIENCE * poll.every
            for due, _, _, poll in self._heap
        )

    def _do_job(self) -> None:
        try:
            future, job = self._jobs.popleft()
        except IndexError:  # another thread cancelled it, to stop
            return
        if self._stopping:
            future.cancel()
        if not future.set_running_or_notify_cancel():
            return
        try:
            future.set_result(job())
        except BaseException as error:  # noqa: BLE001  # it is the caller's
            future.set_exception(error)

    def _cancel_jobs(self) -> None:
        with contextlib.suppress(IndexError):
            while True:
                self._jobs.popleft()[0].cancel()

    def _connect(self, member: Member) -> None:
        if not member.try_to_connect():
            return
        now = monotonic()
        for poll in member.polls:
            if poll.every is None:
                continue
            if poll.is_pushed:
                poll.heard_at = now
                self._schedule(member, poll, now + poll.silence_s)
                continue
            # The first at once; the others at times that many instruments do not share.
            poll.anchor = now + random.random() * poll.every
            self._schedule(member, poll, now)

    def _schedule(self, member: Member, poll: Poll, due: float) -> None:
        poll.due = due
        heapq.heappush(self._heap, (due, next(self._order), member, poll))

    def _poll(self, member: Member, poll: Poll, due: float) -> None:
        if poll.is_pushed:
            self._check_heard(member, poll)
            return
        error = member.poll(poll, due)
        if error is None:
            self._schedule(member, poll, self._following(poll, due))
            self._look_at = due + self._look_s
            return
        if self._stopping:
            return
        if self._is_lost(member, poll, error):
            self._lose(member, error)
            return
        self._schedule(member, poll, self._retry(poll, due, error))

    def _following(self, poll: Poll, due: float) -> float:
        """Return when the poll after the one of ``due`` is: a whole number of intervals later."""
        assert poll.every is not None
        following = poll.anchor if due < poll.anchor else due + poll.every
        behind = monotonic() - following
        if behind >= 0:
            following += (behind // poll.every + 1) * poll.every
        poll.anchor = following
        return following

    def _retry(self, poll: Poll, due: float, error: BaseException) -> float:
        following = self._following(poll, due)
        soon = isinstance(error, LineError)
        return min(following, monotonic() + _SOON_S) if soon else following

    def _is_lost(self, member: Member, poll: Poll, error: BaseException) -> bool:
        """Tell whether the instrument has to be reached anew; note the error if not."""
        line = member.line
        if isinstance(error, PortGone) or (line is not None and not line.is_open):
            return True
        if isinstance(error, NoValue):
            member.prove()
            member.is_failing(poll, error)
            return False
        is_line_error = isinstance(error, LineError)
        if line is None or is_line_error:
            member.failed_in_row += 1
            most = _LOST_AFTER if is_line_error else _LOST_AFTER_RAISING
            if not member.is_proven or member.failed_in_row >= most:
                return True
        else:
            line.doubt()  # the driver made nothing of the answer: whose was it?
        if not is_line_error or poll.failures >= _LOST_AFTER:
            member.is_failing(poll, error)
        return False

    def _lose(self, member: Member, error: BaseException) -> None:
        lost = [member]
        if self._line is not None and not self._line.is_open:  # they share the cable
            lost += [other for other in self.members if other.connected and other is not member]
        for one in lost:
            one.lose(error)
        self._heap = [item for item in self._heap if item[2].connected]
        heapq.heapify(self._heap)

    def _look(self, now: float) -> float:
        """See whether the port of an idle line is still there; return when to look again."""
        line = self._line
        if line is None or not any(member.connected for member in self.members):
            return math.inf
        if now < self._look_at:
            return self._look_at
        self._look_at = now + self._look_s
        if not line.present():
            line.close()
            error = PortGone(f"{line.port_url}: the port is gone. Was the cable pulled?")
            first = next(member for member in self.members if member.connected)
            self._lose(first, error)
            return now
        return self._look_at
