"""What tidies a history up while it is written: compaction, then retention."""

from __future__ import annotations

import contextlib
import logging
import sqlite3
import threading
import time
from collections.abc import Iterator
from typing import Final

from labframe_plugins.recorder.compaction import compact, forget_unfinished
from labframe_plugins.recorder.retention import retain
from labframe_plugins.recorder.settings import Settings
from labframe_plugins.recorder.store import Store, connect
from labframe_plugins.recorder.trouble import is_damaged

__all__ = ["Background", "transactions"]

_LOOK_S: Final = 1.0
_FRESH_ROWS: Final = 200_000
"""So many fresh rows are compacted: a query that looks through them takes some 20 ms."""
_FRESH_S: Final = 86_400.0
_RETAIN_S: Final = 600.0
_REST_S: Final = 0.005
"""The pause after each transaction, in which others may write."""


class Background:
    """Tidies up on a thread of its own, while a store is open.

    Args:
        settings: For how long what is kept.
        log: Where it logs to.

    Attributes:
        problem: Why it does not work; empty when it is well.
        damage: What says that the file is damaged; None as long as nothing does.
    """

    def __init__(self, settings: Settings, log: logging.Logger) -> None:
        self.problem = ""
        self.damage: sqlite3.Error | None = None
        self._settings = settings
        self._log = log
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None

    def begin(self, store: Store) -> None:
        """Begin with a store that was opened."""
        self.pause()
        self.problem, self.damage = "", None
        self._ended = threading.Event()
        self._thread = threading.Thread(
            target=self._run, args=(store, self._ended), name="labframe recorder tidies up",
            daemon=True,
        )  # fmt: skip
        self._thread.start()

    def pause(self) -> None:
        """End with the store; what was begun is found again."""
        self._ended.set()
        if self._thread is not None:
            self._thread.join()
        self._thread = None

    stop = pause

    def _run(self, store: Store, ended: threading.Event) -> None:
        try:
            connection = connect(
                store.file, sync=False
            )  # the next commit of the store waits for both
        except sqlite3.Error as error:
            self._failed(error)
            return
        with contextlib.closing(connection):
            try:
                forget_unfinished(connection, transactions(connection, store.turn))
                _look_over(connection)
            except sqlite3.Error as error:
                self._failed(error)
            retain_at = 0.0
            while not ended.wait(_LOOK_S):
                is_due = time.monotonic() >= retain_at
                if is_due:
                    retain_at = time.monotonic() + _RETAIN_S
                try:
                    for _ in self._steps(connection, store, is_due=is_due):
                        if ended.wait(_REST_S):
                            return
                    self._well()
                except sqlite3.Error as error:
                    self._failed(error)

    def _steps(
        self, connection: sqlite3.Connection, store: Store, *, is_due: bool
    ) -> Iterator[int]:
        transaction = transactions(connection, store.turn)
        if _is_full(connection):
            yield from compact(connection, transaction)
        if is_due and self._settings.retain:
            yield from retain(connection, transaction, self._settings.retain, time.time())

    def _failed(self, error: sqlite3.Error) -> None:
        if not self.problem:
            self._log.warning("the history is not compacted: %s", error)
        self.problem = f"not compacted: {error}"
        if is_damaged(error):
            self.damage = error

    def _well(self) -> None:
        self.problem = ""


class transactions:  # noqa: N801  # reads as what it gives
    """Makes transactions in which nobody else of this program writes.

    Args:
        connection: Where.
        turn: What the others hold meanwhile.
    """

    def __init__(self, connection: sqlite3.Connection, turn: threading.Lock) -> None:
        self._connection = connection
        self._turn = turn

    @contextlib.contextmanager
    def __call__(self) -> Iterator[None]:
        """Begin one, and commit it at the end, or roll it back."""
        with self._turn:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._connection.execute("COMMIT")
            except BaseException:
                with contextlib.suppress(sqlite3.Error):
                    self._connection.execute("ROLLBACK")
                raise


def _is_full(connection: sqlite3.Connection) -> bool:
    """Tell whether there is enough to compact, or something that is old."""
    first, last = connection.execute(
        "SELECT (SELECT min(id) FROM fresh), (SELECT max(id) FROM fresh)"
    ).fetchone()
    if first is None:
        return False
    if last - first >= _FRESH_ROWS:
        return True
    (since,) = connection.execute("SELECT time FROM fresh WHERE id = ?", (first,)).fetchone()
    return bool(time.time() - since / 1e6 > _FRESH_S)


def _look_over(connection: sqlite3.Connection) -> None:
    """Read what is fresh once, so that damage is found before more is written behind it."""
    connection.execute("SELECT count(y) FROM fresh").fetchone()
