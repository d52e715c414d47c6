"""Pull sockets: serve the newest points to whoever asks."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from labframe.board import Board, Entry, Reference
from labframe.points import Number, Value, checked_codenames, checked_point
from labframe.protocol.pull import too_long
from labframe.protocol.wire import MAX_DATAGRAM, UNKNOWN_COMMAND, encode, is_answer
from labframe.sockets import registry
from labframe.sockets.arguments import (
    Timeouts,
    check_no_echo,
    checked_timeouts,
    unix_time,
    unknown_codename,
)
from labframe.sockets.serving import ServingSocket
from labframe.sockets.status import status_answer
from labframe.sockets.transport import UdpServer

__all__ = [
    "CommonDataPullSocket",
    "DataPullSocket",
    "DateDataPullSocket",
    "PullUDPHandler",
]

_LOG = logging.getLogger(__name__)

_UNKNOWN: Final = UNKNOWN_COMMAND.encode()


class PullUDPHandler:
    """Gives the answer to each pull request; see :mod:`labframe.protocol.pull` for the requests.

    A subclass that is handed to :class:`CommonDataPullSocket` may add requests of its own in
    :meth:`reply`.

    Args:
        name: What the request ``name`` answers.
        board: Where the points are.
        more: Answers requests that are neither for points nor for the socket itself, on the serving
            thread; None to those that it does not know either.
    """

    def __init__(
        self, name: str, board: Board, more: Callable[[bytes], bytes | None] | None = None
    ) -> None:
        self.name = name
        self.board = board
        self._points = board.answer
        self._more = more

    def reply(self, request: bytes) -> bytes | None:
        """Return the answer to one datagram; None, and so no answer, to what is itself an answer.

        Called on the serving thread, for one request after the other.
        """
        answer = self._points(request)
        if answer is not None:
            return answer
        if request == b"name":
            answer = encode(self.name)
        elif request == b"status":
            answer = status_answer()
        else:
            more = None if self._more is None else self._more(request)
            if more is None:
                return None if is_answer(request) else _UNKNOWN
            answer = more
        if len(answer) <= MAX_DATAGRAM:
            return answer
        _LOG.warning("the answer to %r is too long: %d bytes", request, len(answer))
        return too_long(request, len(answer))


class CommonDataPullSocket(ServingSocket):
    """What both pull sockets have in common: codenames, timeouts, activity, and the server.

    Args:
        name: What the request ``name`` answers.
        codenames: The codenames, in the order of the answers: unique, without any of ``# , ; : &``.
        port: The UDP port to listen on; 0 takes a free one.
        default_x: The x of a codename that was never set.
        default_y: The y of a codename that was never set.
        timeouts: Seconds after which a point is answered as ``OLD_DATA``: one number for all
            codenames, or a list with one item for each; None is never.
        check_activity: Whether ``status`` watches that points are being set.
        activity_timeout: Seconds without activity after which ``status`` says ``INACTIVE``.
        init_timeouts: Whether to apply ``timeouts`` at all.
        handler_class: Gives the answers; called with the name and the board.
        poke_on_set: Whether setting a point counts as activity.
        host: The address to listen on; empty is every IPv4 address of the computer, ``"::"`` every
            IPv4 and IPv6 address.

    Raises:
        ValueError: If another socket of this process serves the port, the number of timeouts is not
            that of the codenames, a codename is there twice or holds a forbidden character.
        PortStillReserved: If another program has the port.
        OSError: If the system refuses the address for another reason.
    """

    reference: Reference = "x"
    kind = "date"

    def __init__(
        self,
        name: str,
        codenames: Iterable[str],
        port: int,
        default_x: Value,
        default_y: Value,
        timeouts: Timeouts,
        check_activity: bool,
        activity_timeout: float,
        init_timeouts: bool = True,
        handler_class: Callable[[str, Board], PullUDPHandler] = PullUDPHandler,
        *,
        poke_on_set: bool = True,
        host: str = "",
    ) -> None:
        registry.vacant(port)
        if not isinstance(codenames, (Sequence, str)):
            codenames = list(codenames)
        limits = checked_timeouts(timeouts if init_timeouts else None, codenames)
        names = checked_codenames(codenames)
        check_no_echo(name, names)
        default = checked_point("default_x, default_y", (default_x, default_y))
        self._codenames = codenames if isinstance(codenames, tuple) else names
        self._timeouts = dict(zip(names, limits, strict=True))
        self._board = Board(names, default, limits, self.reference)
        self._cells = self._board.cells
        self._mark = self._board.mark
        self._activity = registry.Activity(check_activity, activity_timeout)
        self.poke_on_set = poke_on_set
        self._handler = handler_class(name, self._board)
        wake_s = min(1.0, max(0.02, activity_timeout / 10)) if check_activity else None
        super().__init__(name, UdpServer(host, port, wake_s))
        registry.claim(self.port, self)

    @property
    def poke_on_set(self) -> bool:
        """Whether setting a point counts as activity; may be changed at any time."""
        return self._poke_on_set

    @poke_on_set.setter
    def poke_on_set(self, value: bool) -> None:
        self._poke_on_set = value
        self._board.touch_on_set = value and self._activity.check

    @property
    def codenames(self) -> tuple[str, ...]:
        """The codenames, in the order of the answers."""
        return tuple(self._codenames)

    def poke(self) -> None:
        """Note that there is activity: ``status`` counts from now.

        Raises:
            KeyError: After ``stop``.
        """
        self._check_open()
        if self._activity.check:
            self._board.touch()

    def _serve(self) -> None:
        handler, board = self._handler, self._board
        own = type(handler).reply is not PullUDPHandler.reply  # then it is asked each time
        self.server.serve(handler.reply, board.settle, dict if own else board.prepared)

    def _finish(self) -> None:
        self._board.close(self.port)
        self._cells = self._board.cells

    def _check(self, codename: str, point: Iterable[object]) -> tuple[Value, Value]:
        """Return the point ready to be stored; raise what is wrong with it."""
        self._check_open()
        if codename not in self._board.cells:
            raise unknown_codename(codename, self._board.cells)
        return self._board.check(codename, point)

    def data_entry(self) -> dict[str, Any]:
        """Return a copy of the socket's state, as ``DATA[port]`` shows it."""
        entries = self._board.entries()
        entry: dict[str, Any] = {
            "codenames": self._codenames,
            "data": {name: value[:2] for name, value in entries.items()},
            "name": self.name,
            "activity": self._activity.entry(self._board.last_activity),
            "timeouts": dict(self._timeouts),
            "type": self.kind,
        }
        if self.reference == "timestamp":
            entry["timestamps"] = {name: value[-1] for name, value in entries.items()}
        return entry

    def server_status(self) -> dict[str, Any]:
        """Return the socket's entry in a status answer."""
        self._board.settle()
        status = self._activity.status(self._board.last_activity)
        return {"name": self.name, "type": self.kind, **status}


class DateDataPullSocket(CommonDataPullSocket):
    """Serves the newest points of measurements over time: x is unix time in seconds.

    The age of a point is counted from its x: it is old when ``time.time() - x`` is more than the
    codename's timeout. A point that was never set has x ``default_x``.

    The arguments are those of :class:`CommonDataPullSocket`; see there for what is raised.

    Example:
        >>> from labframe.sockets import DateDataPullSocket
        >>> with DateDataPullSocket("cryostat", ["cryo_temperature"], timeouts=3.0) as socket:
        ...     socket.set_point_now("cryo_temperature", 77.3)
    """

    def __init__(
        self,
        name: str,
        codenames: Iterable[str],
        port: int = 9000,
        default_x: Value = 0.0,
        default_y: Value = 0.0,
        timeouts: Timeouts = None,
        check_activity: bool = True,
        activity_timeout: float = 900,
        poke_on_set: bool = True,
        *,
        host: str = "",
    ) -> None:
        super().__init__(
            name, codenames, port, default_x, default_y, timeouts, check_activity,
            activity_timeout, poke_on_set=poke_on_set, host=host,
        )  # fmt: skip

    def set_point(self, codename: str, point: Iterable[Value]) -> None:
        """Set the newest point of a codename.

        May be called from any thread.

        Args:
            codename: One of the codenames that the socket was made with.
            point: ``(x, y)``: x in unix time (seconds), y anything that JSON knows.

        Raises:
            UnknownCodename: If the socket was not made with the codename.
            PointError: If the point has not two parts.
            TypeError: If a part cannot be written as JSON, or the age cannot be told from x.
            KeyError: With the port, after ``stop``.
        """
        # Asking for __class__ takes less time than calling type(); the usual point must be quick.
        if point.__class__ is tuple:  # what is not may be an iterator, which can be read only once
            try:
                x, y = point
                if x.__class__ is float and y.__class__ is float:
                    cell = self._cells[codename]
                    cell.entry = point
                    if cell.clean:
                        self._mark(cell)
                    return
            except (KeyError, TypeError, ValueError):
                pass  # told apart below
        self._board.put(codename, self._check(codename, point))

    def set_point_now(self, codename: str, value: Value) -> None:
        """Set the newest y of a codename, with the present time as x.

        Args:
            codename: One of the codenames that the socket was made with.
            value: y, anything that JSON knows.

        Raises:
            UnknownCodename, TypeError, KeyError: As for ``set_point``.
        """
        self.set_point(codename, (time.time(), value))

    def handle(self, codename: str) -> Callable[[tuple[Number, Value]], None]:
        """Return the fastest setter there is, for one codename.

        It takes the point, a tuple ``(x, y)``, and checks nothing. What turns out not to be a point
        when it is about to be answered is logged, and the point that was answered before stays.

        Raises:
            UnknownCodename: If the socket was not made with the codename.
        """
        self._check(codename, (0.0, 0.0))
        cell = self._board.cells[codename]
        mark = self._board.mark

        def set_unchecked(point: tuple[Number, Value]) -> None:
            cell.entry = point
            if cell.clean:
                mark(cell)

        return set_unchecked

    def set_batch(self, points: Mapping[str, Iterable[Value]]) -> None:
        """Set several points at once: every answer has all of them or none.

        Args:
            points: ``(x, y)`` by codename.

        Raises:
            UnknownCodename, PointError, TypeError, KeyError: As ``set_point``; then none is set.
        """
        checked: dict[str, Entry] = {
            name: self._check(name, point) for name, point in points.items()
        }
        self._board.put_batch(checked)


class DataPullSocket(CommonDataPullSocket):
    """Serves the newest points of any measurement: x is any number.

    The age of a point is counted from its time stamp, which is the time when it was set unless
    ``set_point`` is told another one.

    The arguments are those of :class:`CommonDataPullSocket`; see there for what is raised.

    Example:
        >>> from labframe.sockets import DataPullSocket
        >>> with DataPullSocket("laser", ["moon_laser_power"], timeouts=60.0) as socket:
        ...     socket.set_point("moon_laser_power", (9.7, 100))
    """

    reference: Reference = "timestamp"
    kind = "data"

    def __init__(
        self,
        name: str,
        codenames: Iterable[str],
        port: int = 9010,
        default_x: Value = 0.0,
        default_y: Value = 0.0,
        timeouts: Timeouts = None,
        check_activity: bool = True,
        activity_timeout: float = 900,
        poke_on_set: bool = True,
        *,
        host: str = "",
    ) -> None:
        super().__init__(
            name, codenames, port, default_x, default_y, timeouts, check_activity,
            activity_timeout, poke_on_set=poke_on_set, host=host,
        )  # fmt: skip

    def set_point(
        self, codename: str, point: Iterable[Value], timestamp: float | None = None
    ) -> None:
        """Set the newest point of a codename.

        May be called from any thread.

        Args:
            codename: One of the codenames that the socket was made with.
            point: ``(x, y)``, each anything that JSON knows.
            timestamp: Unix time (seconds) when the point was measured; None is now.

        Raises:
            UnknownCodename: If the socket was not made with the codename.
            PointError: If the point has not two parts.
            TypeError: If a part cannot be written as JSON, or ``timestamp`` is no number.
            KeyError: With the port, after ``stop``.
        """
        x, y = self._check(codename, point)
        self._board.put(codename, (x, y, unix_time(timestamp)))

    def set_batch(
        self, points: Mapping[str, Iterable[Value]], timestamp: float | None = None
    ) -> None:
        """Set several points at once: every answer has all of them or none.

        Args:
            points: ``(x, y)`` by codename.
            timestamp: Unix time (seconds) when they were measured; None is now.

        Raises:
            UnknownCodename, PointError, TypeError, KeyError: As ``set_point``; then none is set.
        """
        stamp = unix_time(timestamp)
        checked: dict[str, Entry] = {
            name: (*self._check(name, point), stamp) for name, point in points.items()
        }
        self._board.put_batch(checked)
