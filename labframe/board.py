"""The newest point of every codename, and the answers prepared from them.

Setting a point is one store and a mark; nothing is rendered, locked or logged on the caller's
path. Whoever answers first *settles*: it takes the marks away, reads the points, and drops the
prepared answers that they change. So an answer is put together once, however often it is asked
for, and only from the parts that changed.

Rules that keep this right without a lock on the setting side:

* a setter stores the point first and looks at the mark second; the settler takes the mark first
  and reads the point second. So no point is ever left unseen;
* the settler drops the prepared answers before it takes the cell out of ``dirty``. So a reader that
  finds ``dirty`` empty never picks up an answer from before;
* a batch is stored, and a settling done, under the same lock. So a batch is seen whole.
"""

from __future__ import annotations

import logging
import math
import threading
import time
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, Literal, TypeAlias

from labframe.points import Value, checked_point
from labframe.protocol import pull
from labframe.protocol.wire import MAX_DATAGRAM, encode, shortened

__all__ = ["Board", "Cell", "Entry", "Reference"]

_LOG = logging.getLogger(__name__)

Entry: TypeAlias = "tuple[Value, Value] | tuple[Value, Value, float]"
"""What a cell holds: ``(x, y)``, or ``(x, y, time that its age is counted from)``."""

Reference: TypeAlias = Literal["x", "timestamp", "arrival"]
"""What the age of a point is counted from.

``x``: its x, in unix time. ``timestamp``: unix time of its own. ``arrival``: when it came, on the
monotonic clock, so that setting the computer's clock makes no point old, and none fresh.
"""

_INFINITY = math.inf
_EDGE_S: Final = 0.001
"""So close to an expiry prepared answers are not trusted, and the age is computed exactly."""

_BLOCK: Final = 64
"""How many points are joined together before the blocks are: one change joins two short lists."""

_NUMBERS = frozenset({float, int, bool})


class Cell:
    """The place of one codename: setters write ``entry``, everything else is the settler's.

    Attributes:
        name: The codename.
        entry: The newest point, as a setter stored it.
        clean: Whether no setter has marked the cell since it was last settled.
    """

    __slots__ = (
        "asked", "clean", "current", "entry", "index", "json", "name", "old", "raw", "reference",
        "timeout",
    )  # fmt: skip

    def __init__(self, name: str, index: int, entry: Entry, timeout: float | None) -> None:
        self.name = name
        self.index = index
        self.entry = entry
        self.clean = True
        self.current = entry
        self.timeout = timeout
        self.reference = -_INFINITY
        self.old = False
        self.raw: bytes | None = None
        self.json: bytes | None = None
        self.asked: tuple[bytes, ...] = ()


class _Whole:
    """One prepared answer with every point, kept as blocks of parts."""

    __slots__ = ("blocks", "form", "labels", "parts", "stale")

    def __init__(self, form: pull.WholeFormat, names: Sequence[str]) -> None:
        self.form = form
        self.labels = [form.label(name) for name in names]
        self.parts = [b""] * len(names)
        self.blocks = [b""] * max(1, math.ceil(len(names) / _BLOCK))
        self.stale = set(range(len(names)))

    def render(self, cells: Sequence[Cell]) -> bytes:
        """Return the answer; only what is stale is put together anew."""
        parts, blocks, labels, separator = self.parts, self.blocks, self.labels, self.form.separator
        render = _raw if self.form.part == "raw" else _json
        for index in self.stale:
            parts[index] = labels[index] + render(cells[index])
            blocks[index // _BLOCK] = b""
        self.stale.clear()
        for number, block in enumerate(blocks):
            if not block:
                blocks[number] = separator.join(parts[number * _BLOCK : (number + 1) * _BLOCK])
                if not number:
                    blocks[0] = self.form.opening + blocks[0]
        return separator.join(blocks) + self.form.closing


class Board:
    """The newest points of one socket.

    Args:
        codenames: The codenames, in the order of the answers.
        default: ``(x, y)`` of a codename that was never set.
        timeouts: Seconds after which the point of a codename is old; None is never.
        reference: What the age is counted from.

    Attributes:
        cells: The cells by codename, for setters that cannot afford a method call.
        dirty: The cells that were marked since the last settling, the first first.
        touch_on_set: Whether setting a point counts as activity.
        last_activity: Unix time of the last activity. What is set again and again without being
            settled counts when it was first set: settle often enough.
    """

    def __init__(
        self,
        codenames: Sequence[str],
        default: tuple[Value, Value],
        timeouts: Sequence[float | None],
        reference: Reference,
    ) -> None:
        self.reference: Reference = reference
        self._is_monotonic = reference == "arrival"
        entry: Entry = default
        if reference != "x":
            entry = (*default, 0.0 if reference == "timestamp" else -_INFINITY)
        self._cells = [
            Cell(name, index, entry, timeout)
            for index, (name, timeout) in enumerate(zip(codenames, timeouts, strict=True))
        ]
        self.cells = {cell.name: cell for cell in self._cells}
        self.dirty: deque[Cell] = deque()
        self.lock = threading.Lock()
        self.touch_on_set = True
        self.last_activity = time.time()
        self._parts = len(entry)
        self._dated = 0 if reference == "x" else -1
        self._closed: object = None
        self._ready: dict[bytes, bytes] = {}
        self._wholes: dict[bytes, _Whole] = {}
        self._too_long_told: set[bytes] = set()
        self._timed = [cell for cell in self._cells if cell.timeout is not None]
        for cell in self._timed:
            cell.reference = self._age_from(entry, -_INFINITY)
        # Between these two times nothing that is prepared becomes old, or fresh again.
        self._valid_from = _INFINITY if self._timed else -_INFINITY
        self._valid_until = -_INFINITY if self._timed else _INFINITY

    # Setting: on any thread.

    def check(self, codename: str, point: Iterable[object]) -> tuple[Value, Value]:
        """Return ``point`` as ``(x, y)``, ready to be stored.

        Raises:
            KeyError: For a codename that is not on the board.
            PointError, TypeError: For a point that cannot be served, or whose age cannot be told.
        """
        cell = self.cells[codename]
        x, y = checked_point(codename, point)
        if self.reference == "x" and cell.timeout is not None and type(x) not in _NUMBERS:
            raise TypeError(
                f"codename '{codename}' has a timeout, so its x must be unix time, a number, "
                f"not {x!r}"
            )
        return x, y

    def mark(self, cell: Cell) -> None:
        """Note that a setter has stored an entry in a clean cell.

        Raises:
            KeyError: After ``close``.
        """
        if self._closed is not None:
            raise KeyError(self._closed)
        cell.clean = False
        self.dirty.append(cell)
        if self.touch_on_set:
            self.last_activity = time.time()

    def put(self, codename: str, entry: Entry) -> None:
        """Store an entry that ``check`` has passed."""
        cell = self.cells[codename]
        cell.entry = entry
        if cell.clean:
            self.mark(cell)

    def put_batch(self, entries: Mapping[str, Entry]) -> None:
        """Store entries that ``check`` has passed; every answer has all of them or none."""
        with self.lock:
            cells = [(self.cells[codename], entry) for codename, entry in entries.items()]
            for cell, entry in cells:
                cell.entry = entry
                if cell.clean:
                    self.mark(cell)

    def touch(self) -> None:
        """Note that there is activity."""
        self.last_activity = time.time()

    def close(self, key: object) -> None:
        """Make every later setting raise ``KeyError(key)``."""
        with self.lock:
            self._settle()
            self._closed = key
            self.cells = {}

    # Answering: on any thread.

    def answer(self, request: bytes) -> bytes | None:
        """Return the answer to a request for points, None for any other request."""
        if not self.dirty and (
            not self._timed or self._valid_from < self._now() < self._valid_until
        ):
            ready = self._ready.get(request)
            if ready is not None:
                return ready
        with self.lock:
            self._settle()
            ready = self._ready.get(request)
            return self._prepare(request) if ready is None else ready

    def prepared(self) -> Mapping[bytes, bytes]:
        """Return the answers that are right at this moment, as far as they are prepared.

        They are to be used at once, for requests that are there already.
        """
        if self.dirty or (self._timed and not self._valid_from < self._now() < self._valid_until):
            with self.lock:
                self._settle()
        return self._ready

    def entries(self) -> dict[str, Entry]:
        """Return the newest entry of every codename."""
        with self.lock:
            self._settle()
            return {cell.name: cell.current for cell in self._cells}

    def _now(self) -> float:
        """Return the time that the ages are counted to."""
        return time.monotonic() if self._is_monotonic else time.time()

    def settle(self) -> bool:
        """Take in what was set; tell whether anything was."""
        if not self.dirty:
            return False
        with self.lock:
            self._settle()
        return True

    # With the lock held.

    def _settle(self) -> None:
        now = self._now() if self._timed else 0.0
        dirty = self.dirty
        if dirty:
            for request in self._wholes:
                self._ready.pop(request, None)
            stale = [whole.stale for whole in self._wholes.values()]
            while dirty:
                cell = dirty[0]
                cell.clean = True
                self._read(cell)
                cell.raw = cell.json = None
                if cell.asked:
                    self._forget(cell)
                for indices in stale:
                    indices.add(cell.index)
                if cell.timeout is not None:
                    cell.old = _is_old(cell, now)
                    self._narrow(cell)
                dirty.popleft()
        if self._timed and not self._valid_from < now < self._valid_until:
            self._judge(now)

    def _read(self, cell: Cell) -> None:
        """Take the entry over as the current one, unless it cannot be served."""
        entry = cell.entry
        if (  # the usual
            type(entry) is tuple
            and len(entry) == self._parts
            and type(entry[0]) is type(entry[1]) is type(entry[-1]) is float
        ):
            cell.current = entry
            cell.reference = entry[self._dated]  # type: ignore[assignment]  # a float, as was seen
            return
        try:
            entry = self._checked(cell, entry)
            if cell.timeout is not None:
                cell.reference = self._age_from(entry, cell.reference)
        except Exception as error:  # noqa: BLE001  # an entry of a handle may be anything
            _LOG.error(
                "codename '%s': the point %s is left out: %s", cell.name, _shown(entry), error
            )
            if cell.entry is entry:
                cell.entry = cell.current
        else:
            cell.current = entry

    def _checked(self, cell: Cell, entry: Entry) -> Entry:
        if self.reference == "x":
            return self.check(cell.name, entry)
        x, y, stamp = entry  # type: ignore[misc]  # a board with time stamps has three parts
        return (*self.check(cell.name, (x, y)), stamp)

    def _age_from(self, entry: Entry, otherwise: float) -> float:
        reference = entry[0] if self.reference == "x" else entry[-1]
        if not isinstance(reference, (int, float)):
            return otherwise
        try:
            return float(reference)
        except OverflowError:
            return _INFINITY if reference > 0 else -_INFINITY

    def _forget(self, cell: Cell) -> None:
        cell.raw = cell.json = None
        for request in cell.asked:
            self._ready.pop(request, None)
        cell.asked = ()

    def _judge(self, now: float) -> None:
        """Find out which points are old now, and until when that stays so."""
        self._valid_from = _INFINITY  # readers without the lock wait for it, from here on
        changed = False
        for cell in self._timed:
            old = _is_old(cell, now)
            if old is not cell.old:
                changed = True
                cell.old = old
                self._forget(cell)
                for whole in self._wholes.values():
                    whole.stale.add(cell.index)
        if changed:
            for request in self._wholes:
                self._ready.pop(request, None)
        valid_from, valid_until = -_INFINITY, _INFINITY
        for cell in self._timed:
            since, until = _trusted(cell)
            valid_from, valid_until = max(valid_from, since), min(valid_until, until)
        self._valid_until = valid_until
        self._valid_from = valid_from

    def _narrow(self, cell: Cell) -> None:
        since, until = _trusted(cell)
        self._valid_from = max(self._valid_from, since)
        self._valid_until = min(self._valid_until, until)

    def _prepare(self, request: bytes) -> bytes | None:
        form = pull.WHOLE.get(request)
        if form is not None:
            whole = self._wholes.get(request)
            if whole is None:
                whole = self._wholes[request] = _Whole(form, list(self.cells))
            answer = whole.render(self._cells)
        elif request == b"codenames_raw":
            answer = encode(",".join(self.cells))
        elif request == b"codenames_json":
            answer = pull.json_names(self.cells)
        else:
            single = self._single(request)
            if single is None:
                return None
            answer = single
        if len(answer) > MAX_DATAGRAM:
            if request not in self._too_long_told:
                self._too_long_told.add(request)
                _LOG.warning("%s", pull.too_long(request, len(answer)).decode())
            answer = pull.too_long(request, len(answer))
        self._ready[request] = answer
        return answer

    def _single(self, request: bytes) -> bytes | None:
        name, separator, form = request.partition(b"#")
        if not separator or form not in (b"raw", b"json"):
            return None
        try:
            cell = self.cells.get(name.decode())
        except UnicodeDecodeError:
            return None
        if cell is None:
            return None
        cell.asked += (request,)
        return _raw(cell) if form == b"raw" else _json(cell)


def _is_old(cell: Cell, now: float) -> bool:
    # The same subtraction as the original's, so that the edge falls on the same bit.
    return now - cell.reference > cell.timeout  # type: ignore[operator]  # asked for timed cells


def _trusted(cell: Cell) -> tuple[float, float]:
    """Return the two times between which the cell's point stays as old, or fresh, as it is."""
    expiry = cell.reference + cell.timeout  # type: ignore[operator]  # asked for timed cells
    return (expiry + _EDGE_S, _INFINITY) if cell.old else (-_INFINITY, expiry - _EDGE_S)


def _shown(entry: object) -> str:
    try:
        return shortened(repr(entry), 200)
    except Exception:  # noqa: BLE001  # an entry of a handle may be anything
        return f"of type {type(entry).__name__}"


def _raw(cell: Cell) -> bytes:
    part = cell.raw
    if part is None:
        entry = cell.current
        part = cell.raw = pull.OLD_RAW if cell.old else pull.raw_point(entry[0], entry[1])
    return part


def _json(cell: Cell) -> bytes:
    part = cell.json
    if part is None:
        entry = cell.current
        part = cell.json = pull.OLD_JSON if cell.old else pull.json_point(entry[0], entry[1])
    return part
