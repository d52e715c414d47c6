"""Calling what the user wrote when a push socket receives values: later, or for an answer.

A callback may be slow, hang, raise anything. Two arrangements keep the socket alive:

* :class:`CallBackThread` takes values from a queue and calls the callback in a thread of its own;
* :class:`DirectCallbacks` calls it on the thread that received the values, which costs nothing
  while it is quick. A second thread, the relief, watches: when a call takes longer than 50 ms, the
  relief receives in its place, and the first thread sends its answer when the call returns. Calls
  never overlap: values that come meanwhile wait in line.
"""

from __future__ import annotations

import contextlib
import logging
import queue as queues
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any, Final

from labframe.protocol import push
from labframe.protocol.wire import encode
from labframe.sockets.mail import Address, Mail, failed
from labframe.sockets.transport import UdpServer

__all__ = ["CallBackThread", "DirectCallbacks"]

_LOG = logging.getLogger(__name__)

_GRACE_S: Final = 0.05
"""A callback that takes longer is slow: another thread goes on receiving."""

_HURRY_S: Final = 0.0005
"""Answers of datagrams that came together wait for each other no longer than this."""

_QUIET_LOOKS: Final = 20
"""After so many looks at a socket that received nothing, the relief sleeps until woken."""

_LINE: Final = 1000
"""How many requests may wait for a slow callback."""

_QUEUE_WAIT_S: Final = 0.5

Callback = Callable[[dict[str, Any]], Any]


class CallBackThread:
    """Calls ``callback`` with each item of ``queue``, in a daemon thread.

    An exception of the callback is logged, and the next item is handled.

    Args:
        queue: Where the items come from; anything with ``get(block, timeout)``.
        callback: Called with one item at a time.
    """

    def __init__(self, queue: Any, callback: Callback) -> None:
        self.queue = queue
        self.callback = callback
        self.daemon = True
        self._stop = False
        self._ends = 0
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to handle items."""
        thread = threading.Thread(target=self.run, name="push callbacks", daemon=True)
        thread.start()
        self._thread = thread

    def run(self) -> None:
        """Handle items until ``stop`` was called and the queue is empty."""
        while True:
            try:
                item = self.queue.get(True, _QUEUE_WAIT_S)
            except queues.Empty:
                if self._stop:
                    return
                continue
            if item is _END:
                return
            try:
                self.callback(item)
            except BaseException:  # noqa: BLE001  # the next item must be handled
                _LOG.exception("the callback %r failed for %r", self.callback, item)

    def stop(self, timeout: float | None = 0.0) -> None:
        """Handle what is in the queue already, then end.

        Args:
            timeout: Seconds to wait for that; None waits as long as it takes.
        """
        self._stop = True
        if self._thread is None:
            return
        with contextlib.suppress(queues.Full):  # then the thread finds out by itself
            self.queue.put_nowait(_END)
            self._ends = 1
        if self._thread is not threading.current_thread():
            self._thread.join(timeout)

    def left(self) -> int:
        """Return how many items wait in the queue, after ``stop``."""
        return max(0, int(self.queue.qsize()) - self._ends)

    def is_alive(self) -> bool:
        """Tell whether items are still handled."""
        return self._thread is not None and self._thread.is_alive()

    def join(self, timeout: float | None = None) -> None:
        """Wait until the thread has ended."""
        if self._thread is not None:
            self._thread.join(timeout)


_END: Final = object()


class _Call:
    """One request for a callback that is slow: it is running, or waits for another to return."""

    __slots__ = ("address", "answered", "since", "values")

    def __init__(self, values: dict[str, Any], address: Address, since: float) -> None:
        self.values = values
        self.address = address
        self.since = since
        self.answered = False


class DirectCallbacks:
    """Serves a push socket whose answers are the values of a callback.

    Args:
        server: Where requests come from.
        reply: Takes a request's bytes; returns its answer, or the values for the callback.
        call: Calls the callback with values and returns the answer; never raises.
        timeout_s: Seconds after which a call, or the wait for one, is answered without its result;
            None is never.

    The thread that receives is the only one that touches the mail, and the only one that starts a
    call while none is slow. Becoming the receiver in another's place happens with the lock held,
    and so does the look, after each call, whether that has happened.
    """

    def __init__(
        self,
        server: UdpServer,
        reply: Callable[[bytes], bytes | dict[str, Any] | None],
        call: Callable[[dict[str, Any]], bytes],
        timeout_s: float | None,
    ) -> None:
        self._server = server
        self._reply = reply
        self._call = call
        self._timeout_s = timeout_s
        self._lock = threading.Lock()
        self._receiver: int | None = None  # the identity of the thread that receives
        self._mail: Mail | None = None
        self._slot = 0  # the next datagram to be looked at, of those that were received together
        self._requests: list[bytes] = []
        self._first = 0  # the slot of the first of these answers, which are not sent yet
        self._answers: list[bytes | None] = []
        self._running: dict[str, Any] | None = None  # the values in the receiver's own call,
        self._since = 0.0  # and when it began
        self._slow: _Call | None = None  # a call in a thread that has been relieved
        self._line: deque[_Call] = deque()
        self._calls = 0
        self._watching = False
        self._wake = threading.Event()
        self._relief: threading.Thread | None = None

    def start(self) -> None:
        """Have the relief ready."""
        self._mail = self._server.mail()
        relief = threading.Thread(target=self._alternate, name="push relief", daemon=True)
        relief.start()
        self._relief = relief

    def serve(self) -> None:
        """Answer datagrams until the server is closing; blocks."""
        self._receiver = threading.get_ident()
        self._alternate()

    def join(self, timeout: float | None) -> None:
        """Wait until the relief has ended, unless that is who calls."""
        relief = self._relief
        if relief is not None and relief is not threading.current_thread():
            relief.join(timeout)

    def wake(self) -> None:
        """Let the thread that watches find out that the server is closing."""
        self._wake.set()

    def finish(self) -> None:
        """Say what the end of the socket leaves undone."""
        with self._lock:
            busy = self._running or (self._slow.values if self._slow else None)
            dropped = list(self._line)
            self._line.clear()
        port = self._server.port
        if busy is not None:
            _LOG.warning("port %d: stopped while the callback was still busy with %r", port, busy)
        for call in dropped:
            _LOG.warning("port %d: stopped; nothing was done with %r", port, call.values)

    def _alternate(self) -> None:
        me = threading.get_ident()
        while not self._server.closing:
            if self._receiver == me:
                self._receive(me)
            else:
                self._watch(me)

    # The receiver.

    def _receive(self, me: int) -> None:
        server, mail = self._server, self._mail
        assert mail is not None
        waits = None
        while self._receiver == me and not server.closing:
            slow = self._slow is not None
            if slow:
                self._give_up_waiting()
            try:
                if waits is not slow:
                    server.set_wake(_GRACE_S if slow else None)
                    waits = slow
                if self._slot >= len(self._requests):
                    self._requests = self._received(mail)
                    self._slot = self._first = 0
                if self._work_through(mail, me):
                    self._flush()
            except OSError as error:
                if not server.closing:
                    _LOG.warning("port %d: receiving failed: %s", server.port, error)
                    time.sleep(_GRACE_S)  # do not spin on a socket that is gone

    def _received(self, mail: Mail) -> list[bytes]:
        """Wait for datagrams; return them, other than the one that ends the wait."""
        requests = mail.receive()
        return [] if self._server.closing else requests

    def _work_through(self, mail: Mail, me: int) -> bool:
        """Answer what was received; False when another thread has become the receiver."""
        reply, requests, answers = self._reply, self._requests, self._answers
        hurry = time.monotonic() + _HURRY_S
        for slot in range(self._slot, len(requests)):
            self._slot = slot + 1
            request = requests[slot]
            try:
                answer = reply(request)
            except Exception as error:  # noqa: BLE001  # nothing may silence the socket
                answer = failed(request, error)
            if isinstance(answer, dict):
                if self._slow is not None and self._queued(answer, mail.address(slot)):
                    answers.append(None)
                    continue
                answer = self._call_now(answer, me)
                if answer is None:
                    return False
            answers.append(answer)
            if self._since > hurry:
                self._flush()
                hurry = time.monotonic() + _HURRY_S
        return True

    def _flush(self) -> None:
        """Send the answers that there are."""
        assert self._mail is not None
        self._mail.send(self._first, self._answers)
        self._first += len(self._answers)
        self._answers.clear()

    def _call_now(self, values: dict[str, Any], me: int) -> bytes | None:
        """Return the answer of the callback; None when it was slow, and all is done."""
        self._since = time.monotonic()
        self._running = values
        self._calls += 1
        if not self._watching:
            self._watching = True
            self._wake.set()
        answer = self._call(values)
        with self._lock:
            if self._receiver == me:  # it was quick, as usual
                self._running = None
                return answer
            slow = self._slow
        assert slow is not None
        self._answer(slow, answer)
        self._work_off()
        return None

    def _queued(self, values: dict[str, Any], address: Address) -> bool:
        """Put a request in line behind the slow one, unless that has returned meanwhile."""
        with self._lock:
            if self._slow is None:
                return False
            if len(self._line) < _LINE:
                self._line.append(_Call(values, address, time.monotonic()))
                return True
        refused = encode(push.error(f"{_BUSY}, and {_LINE} requests wait already"))
        self._server.send(b"", refused, address)
        return True

    def _answer(self, call: _Call, answer: bytes) -> None:
        with self._lock:
            if call.answered:
                return
            call.answered = True
        self._server.send(b"", answer, call.address)

    def _work_off(self) -> None:
        """Make the calls that wait in line."""
        while True:
            with self._lock:
                if not self._line or self._server.closing:
                    self._slow = None
                    return
                call = self._slow = self._line.popleft()
                call.since = time.monotonic()
            self._answer(call, self._call(call.values))

    def _give_up_waiting(self) -> None:
        """Answer what has waited for the callback, or been in it, for too long."""
        if self._timeout_s is None:
            return
        limit = time.monotonic() - self._timeout_s
        with self._lock:
            slow = self._slow
            late = [call for call in self._line if call.since < limit]
            for call in late:
                self._line.remove(call)
        if slow is not None and slow.since < limit:
            text = (
                f"The callback has not returned within {self._timeout_s:g} s. It is still running; "
                "its value will not be sent."
            )
            self._answer(slow, encode(f"{push.PUSH_EXCEP}#{text}"))
        for call in late:
            self._answer(call, encode(push.error(f"{_BUSY} for {self._timeout_s:g} s")))

    # The relief.

    def _watch(self, me: int) -> None:
        """Look after the receiver; become the receiver when its callback is slow."""
        self._wake.wait()
        quiet, seen = 0, -1
        while quiet < _QUIET_LOOKS and not self._server.closing:
            time.sleep(_GRACE_S)
            if self._relieve(me):
                return
            quiet, seen = (quiet + 1, seen) if self._calls == seen else (0, self._calls)
        # Say that nobody watches before the last look: whoever starts a call says so before it
        # looks whether somebody watches.
        self._wake.clear()
        self._watching = False
        if self._running is not None or self._server.closing:
            self._watching = True
            self._wake.set()

    def _relieve(self, me: int) -> bool:
        """Become the receiver if its call is slow; tell whether it was."""
        with self._lock:
            running = self._running
            if running is None or time.monotonic() - self._since <= _GRACE_S:
                return False
            assert self._mail is not None
            address = self._mail.address(self._slot - 1)
            self._slow = _Call(running, address, self._since)
            self._running = None
            self._receiver = me
        self._answers.append(None)
        self._flush()
        return True


_BUSY: Final = "Nothing was done: the callback has been busy with an earlier request"
