"""Push sockets: take named values from whoever sends them, and do something with them."""

from __future__ import annotations

import logging
import queue as queues
import threading
import time
from collections.abc import Callable
from typing import Any, Final, Literal, TypeAlias

from labframe.protocol import push
from labframe.protocol.wire import MAX_DATAGRAM, encode, is_answer
from labframe.sockets import registry
from labframe.sockets.arguments import check_push
from labframe.sockets.callbacks import Callback, CallBackThread, DirectCallbacks
from labframe.sockets.serving import ServingSocket
from labframe.sockets.status import status_answer
from labframe.sockets.transport import UdpServer

__all__ = ["Action", "DataPushSocket", "PushUDPHandler"]

_LOG = logging.getLogger(__name__)

Action: TypeAlias = Literal["store_last", "enqueue", "callback_async", "callback_direct"]

_DRAIN_S: Final = 5.0
"""How long ``stop`` waits for ``callback_async`` to handle what is queued."""


class PushUDPHandler:
    """Understands push requests; see :mod:`labframe.protocol.push` for them.

    Args:
        name: What the request ``name`` answers.
        strict: Whether a ``#`` within the data makes a request unknown, as it did in the original.
    """

    def __init__(self, name: str, strict: bool = False) -> None:
        self.name = name
        self.strict = strict

    def reply(self, request: bytes) -> bytes | dict[str, Any] | None:
        """Return the answer to one datagram, or the values that it brings.

        None, and so no answer, to what is itself an answer.
        """
        if not self.strict or request.count(b"#") == 1:
            if request.startswith(b"json_wn#"):
                return self._values(push.parse_json, request[8:])
            if request.startswith(b"raw_wn#"):
                return self._values(push.parse_raw, request[7:])
        if request == b"name":
            return _limited(f"{push.PUSH_RET}#{self.name}", push.PUSH_ERROR, "The name")
        if request == b"commands":
            return encode(push.COMMANDS_ANSWER)
        if request == b"status":
            return _limited(status_answer(), push.PUSH_ERROR, "The status")
        return None if is_answer(request) else encode(push.UNKNOWN)

    @staticmethod
    def _values(parse: Callable[[str], dict[str, Any]], data: bytes) -> bytes | dict[str, Any]:
        try:
            return parse(data.decode())
        except UnicodeDecodeError as error:
            return encode(
                push.error(f"The data are not UTF-8 text: {error.reason} at {error.start}")
            )
        except ValueError as error:
            return _limited(push.error(str(error)), push.PUSH_ERROR, "What is wrong with the data")


class DataPushSocket(ServingSocket):
    """Takes named values that clients send, and stores, queues or hands them to a callback.

    Args:
        name: What the request ``name`` answers.
        port: The UDP port to listen on; 0 takes a free one.
        action: What to do with received values, beside storing them in ``last`` and ``updated``:
            ``"store_last"`` nothing more; ``"enqueue"`` put them in ``queue``; ``"callback_async"``
            call ``callback`` in a thread of its own; ``"callback_direct"`` call it and answer its
            value.
        queue: With ``"enqueue"``: the queue to put values in, anything with ``put_nowait`` and
            ``qsize``; None makes a new ``queue.Queue``.
        callback: Called with a dict of the values.
        return_format: How the value of a direct callback is written: ``"json"``, ``"raw"`` or
            ``"string"``.
        check_activity: Whether ``status`` watches for activity.
        activity_timeout: Seconds without activity after which ``status`` says ``INACTIVE``.
        host: The address to listen on; empty is every IPv4 address of the computer, ``"::"`` every
            IPv4 and IPv6 address.
        max_queue: With a queue of the socket's own: how many items it holds. When it is full, the
            answer is ``ERROR#`` at once and nothing is stored. None is no limit.
        callback_timeout: With ``"callback_direct"``: seconds after which a call that has not
            returned is answered ``EXCEP#``, and one that waits behind it ``ERROR#``; None is never.
        poke_on_receive: Whether receiving values counts as activity.
        strict: Whether a ``#`` within the data makes a request unknown, as it did in the original.

    Raises:
        ValueError: If the arguments do not fit together, or another socket of this process serves
            the port.
        PortStillReserved: If another program has the port.
        OSError: If the system refuses the address for another reason.

    A callback is called with one set of values at a time, never twice at once. A direct callback
    that is slow blocks neither ``name``, ``commands`` and ``status`` nor the receiving: other
    values wait in line for it.

    Example:
        >>> from labframe.sockets import DataPushSocket
        >>> with DataPushSocket("laser", action="callback_direct", callback=len) as socket:
        ...     print(socket.action)
        callback_direct
    """

    kind = "push"

    def __init__(
        self,
        name: str,
        port: int = 8500,
        action: Action = "store_last",
        queue: Any = None,
        callback: Callback | None = None,
        return_format: push.ReturnFormat = "json",
        check_activity: bool = False,
        activity_timeout: float = 900,
        *,
        host: str = "",
        max_queue: int | None = None,
        callback_timeout: float | None = 60.0,
        poke_on_receive: bool = False,
        strict: bool = False,
    ) -> None:
        check_push(action, queue, callback, return_format, max_queue)
        registry.vacant(port)
        self.action = action
        self.return_format = return_format
        self.poke_on_receive = poke_on_receive
        self._callback = callback
        self._handler = PushUDPHandler(name, strict)
        self._activity = registry.Activity(check_activity, activity_timeout)
        self._last_activity = time.time()
        self._lock = threading.RLock()  # a queue of the user's may look at last
        self._last: dict[str, Any] | None = None
        self._last_time: float | None = None
        self._updated: dict[str, Any] = {}
        self._updated_time: float | None = None
        if queue is None and action in ("enqueue", "callback_async"):
            queue = queues.Queue(max_queue or 0)
        self._queue = queue
        self._callbacks: CallBackThread | None = None
        self._direct: DirectCallbacks | None = None
        super().__init__(name, UdpServer(host, port))
        if action == "callback_async":
            assert callback is not None
            self._callbacks = CallBackThread(queue, callback)
        elif action == "callback_direct":
            self._direct = DirectCallbacks(
                self.server, self._handler.reply, self._take_and_call, callback_timeout
            )
        registry.claim(self.port, self)

    # What came in.

    @property
    def last(self) -> tuple[float | None, dict[str, Any] | None]:
        """The newest reception: ``(unix time, copy of its values)``; ``(None, None)`` before any.

        After ``callback_direct`` these are the values as the callback left them: the dict is the
        one that it was called with.

        Raises:
            KeyError: With the port, after ``stop``.
        """
        self._check_open()
        with self._lock:
            moment, values = self._last_time, self._last
        return moment, None if values is None else push.private_copy(values)

    @property
    def updated(self) -> tuple[float | None, dict[str, Any]]:
        """The newest value of every name: ``(unix time of the newest reception, copy)``.

        Raises:
            KeyError: With the port, after ``stop``.
        """
        self._check_open()
        with self._lock:
            return self._updated_time, push.private_copy(self._updated)

    @property
    def queue(self) -> Any:
        """The queue that received values go to; None unless the action uses one.

        Raises:
            KeyError: With the port, after ``stop``.
        """
        self._check_open()
        return self._queue

    def set_last_to_none(self) -> None:
        """Forget the newest reception.

        Raises:
            KeyError: With the port, after ``stop``.
        """
        self._check_open()
        with self._lock:
            self._last = self._last_time = None

    def clear_updated(self) -> None:
        """Forget the newest values of all names.

        Raises:
            KeyError: With the port, after ``stop``.
        """
        self._check_open()
        with self._lock:
            self._updated, self._updated_time = {}, None

    def poke(self) -> None:
        """Note that there is activity: ``status`` counts from now.

        Raises:
            KeyError: With the port, after ``stop``.
        """
        self._check_open()
        if self._activity.check:
            self._last_activity = time.time()

    # Receiving: on the serving threads.

    def _begin(self) -> None:
        if self._direct is not None:
            self._direct.start()
        if self._callbacks is not None:
            self._callbacks.start()

    def _serve(self) -> None:
        if self._direct is not None:
            self._direct.serve()
            return
        self.server.serve(self._reply, lambda: None)

    def _wake(self) -> None:
        if self._direct is not None:
            self._direct.wake()

    def join(self, timeout: float | None = None) -> None:
        """Wait until the serving threads have ended, at most ``timeout`` seconds for each."""
        super().join(timeout)
        if self._direct is not None:
            self._direct.join(timeout)

    def _finish(self) -> None:
        if self._direct is not None:
            self._direct.finish()
        if self._callbacks is not None:
            self._callbacks.stop(_DRAIN_S)
            left: int | None = self._callbacks.left()
        else:
            left = self._depth()
        if left:
            _LOG.warning("port %d: stopped with %d items still in the queue", self.port, left)

    def _reply(self, request: bytes) -> bytes | None:
        values = self._handler.reply(request)
        if not isinstance(values, dict):
            return values
        try:
            answer = _limited(
                push.acknowledge(values), push.PUSH_ERROR, "Nothing was stored: the answer"
            )
            shown, queued = push.unshared(values), push.private_copy(values)
        except RecursionError:
            return encode(push.error(push.TOO_DEEP))
        if answer.startswith(b"ERROR"):
            return answer
        with self._lock:  # whoever takes the item from the queue finds it in last
            try:
                if self._queue is not None:
                    self._queue.put_nowait(queued)
            except queues.Full:
                depth = self._depth()
                return encode(
                    push.error(f"The queue is full: it holds {depth} items. Try again later")
                )
            self._store(values, shown)
        return answer

    def _take_and_call(self, values: dict[str, Any]) -> bytes:
        assert self._callback is not None
        try:
            self._store(values, push.unshared(values))
        except RecursionError:
            return encode(push.error(push.TOO_DEEP))
        try:
            value = self._callback(values)
        except BaseException as error:  # noqa: BLE001  # SystemExit is an answer too
            return _limited(push.exception(error), push.PUSH_EXCEP, "The text of the exception")
        answer = push.returned(value, self.return_format)
        return _limited(answer, push.PUSH_EXCEP, "The callback was called, but its value")

    def _store(self, values: dict[str, Any], shown: dict[str, Any]) -> None:
        """Make ``values`` the newest; ``shown`` are the same for ``updated``, unshared."""
        with self._lock:
            self._last = values
            self._updated.update(shown)
            self._last_time = self._updated_time = time.time()
        if self.poke_on_receive and self._activity.check:
            self._last_activity = time.time()

    # What is shown.

    def data_entry(self) -> dict[str, Any]:
        """Return a copy of the socket's state, as ``DATA[port]`` shows it."""
        last_time, last = self.last
        updated_time, updated = self.updated
        entry: dict[str, Any] = {
            "action": self.action,
            "last": last,
            "type": self.kind,
            "updated": updated,
            "last_time": last_time,
            "updated_time": updated_time,
            "name": self.name,
            "activity": self._activity.entry(self._last_activity),
        }
        if self._queue is not None:
            entry["queue"] = self._queue
        if self._direct is not None:
            entry |= {"callback": self._callback, "return_format": self.return_format}
        return entry

    def server_status(self) -> dict[str, Any]:
        """Return the socket's entry in a status answer."""
        status = {
            "name": self.name,
            "type": self.kind,
            **self._activity.status(self._last_activity),
        }
        if self._queue is not None:
            status["queue_depth"] = self._depth()
            limit: int = getattr(self._queue, "maxsize", 0)
            status["max_queue"] = limit if limit > 0 else None
        return status

    def _depth(self) -> int | None:
        """Return how many items the queue holds; None if it cannot tell, as some on macOS."""
        try:
            return None if self._queue is None else int(self._queue.qsize())
        except NotImplementedError:
            return None


def _limited(answer: str | bytes, kind: str, what: str) -> bytes:
    """Return the answer as bytes; if a datagram cannot carry it, one that says ``what`` it was."""
    whole = encode(answer) if isinstance(answer, str) else answer
    if len(whole) <= MAX_DATAGRAM:
        return whole
    _LOG.warning("%s of an answer is too long: %d bytes", what, len(whole))
    return encode(
        f"{kind}#{what} is {len(whole)} bytes long, a datagram carries {MAX_DATAGRAM}. "
        "Use less at once."
    )
