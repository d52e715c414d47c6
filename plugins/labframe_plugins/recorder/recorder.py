"""The sink: takes readings and events, decides what is kept, and writes it twice a second.

What cannot be written waits in memory, in order; when that is full the oldest points are given up,
and the history says so once it can be written again.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from collections.abc import Sequence
from typing import Final

from labframe import Event, LabframeError, Reading, Sweep
from labframe.hookspecs import SinkHealth
from labframe_plugins.recorder.background import Background
from labframe_plugins.recorder.entries import Batch
from labframe_plugins.recorder.intake import Intake
from labframe_plugins.recorder.settings import Settings
from labframe_plugins.recorder.store import Store
from labframe_plugins.recorder.trouble import is_damaged, put_aside

__all__ = ["Recorder"]

_PERIOD_S: Final = 0.4
"""From commit to commit. What comes meanwhile is lost with the program, and ``gather_s`` of it."""
_RETRY_S: Final = 1.0
_AT_ONCE: Final = 50_000
_FAULTS: Final = (sqlite3.Error, OSError, LabframeError)


class Recorder:
    """Records what a host measures.

    Args:
        settings: What is kept, and where.
        log: Where it logs to.
    """

    name = "recorder"
    gather_s = 0.05

    def __init__(self, settings: Settings, log: logging.Logger) -> None:
        self.history = settings.file.absolute()
        self._settings = settings
        self._log = log
        self._arrived: list[Reading | Sweep | Event] = []
        self._refused = 0
        self._intake = Intake(settings, log)
        self._waiting = Batch()
        self._attempt: tuple[int, Batch] | None = None
        self._store: Store | None = None
        self._background = Background(settings, log)
        self._problem = ""
        self._was_open = False
        self._retry_at = 0.0
        self._given_up = 0
        self._is_stopping = False
        self._bell = threading.Event()
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="labframe recorder", daemon=True)

    # What the host calls, on the sink's thread.

    def write(self, readings: Sequence[Reading | Sweep]) -> None:
        """Take readings; never waits for the file."""
        self._take(readings)

    def event(self, event: Event) -> None:
        """Take an event."""
        self._take((event,))

    def _take(self, items: Sequence[Reading | Sweep | Event]) -> None:
        with self._lock:
            if len(self._arrived) >= self._settings.spool:
                self._refused += len(items)
                return
            self._arrived.extend(items)
        if self._thread.ident is None:
            self._thread.start()
        if len(self._arrived) > _AT_ONCE:
            self._bell.set()

    def health(self) -> SinkHealth:
        """Return how it is; any thread may ask."""
        attempt = self._attempt
        queued = len(self._arrived) + len(self._waiting) + (len(attempt[1]) if attempt else 0)
        return SinkHealth(
            queued if self._problem else 0,
            self._refused + self._given_up + self._intake.refused,
            self._problem or self._background.problem,
        )

    def close(self) -> None:
        """Write what is left, and close the file."""
        self._is_stopping = True
        self._bell.set()
        if self._thread.ident is not None:
            self._thread.join()  # the host waits as long as it wants to

    # The recorder's own thread.

    def _run(self) -> None:
        due = time.monotonic() + _PERIOD_S
        is_last = False
        while not is_last:
            self._bell.wait(max(0.0, due - time.monotonic()))
            self._bell.clear()
            due = time.monotonic() + _PERIOD_S
            is_last = self._is_stopping
            self._collect(is_last=is_last)
            self._write_all(is_last=is_last)
        self._background.stop()
        if self._store is not None:
            self._store.close()
        if self._problem:
            left = len(self._waiting) + (len(self._attempt[1]) if self._attempt else 0)
            self._log.error("the history ends without %d points: %s", left, self._problem)

    def _collect(self, *, is_last: bool) -> None:
        with self._lock:
            arrived, self._arrived = self._arrived, []
        self._intake.take(arrived, self._waiting)
        if is_last:
            self._intake.flush(self._waiting)
        self._given_up += self._intake.limit(
            self._waiting, self._settings.spool - (len(self._attempt[1]) if self._attempt else 0)
        )

    def _write_all(self, *, is_last: bool) -> None:
        if self._problem and time.monotonic() < self._retry_at and not is_last:
            return
        try:
            if self._background.damage is not None:
                raise self._background.damage
            while self._attempt or self._waiting:
                store = self._opened()
                self._intake.tell_lost(self._waiting)
                if self._attempt is None:
                    self._attempt = (store.batch + 1, self._waiting.take(_AT_ONCE))
                store.write(self._attempt[1])
                self._attempt = None
        except _FAULTS as error:
            self._failed(error)
        except Exception as error:  # noqa: BLE001  # one entry must not end all recording
            self._log.exception("the recorder cannot write what came; it is left out")
            self._given_up += len(self._attempt[1]) if self._attempt else 0
            self._attempt = None
            self._failed(error)
        else:
            self._well()

    def _opened(self) -> Store:
        """Return the open file; open it again if somebody has moved it away."""
        store = self._store
        if store is not None and not store.is_there():
            self._log.warning("%s is not there any more; a new one is begun", store.file)
            self._shut()
            store = None
        if store is None:
            store = Store(self._settings.file, sync=self._settings.sync)
            self._store, self._was_open = store, True
            if self._attempt is not None:
                number, batch = self._attempt
                # The commit may have failed after all of it was in the file.
                self._attempt = None if store.batch == number else (store.batch + 1, batch)
                if self._attempt is None:
                    batch.parts.clear()
            self._background.begin(store)
        return store

    def _shut(self) -> None:
        self._background.pause()
        if self._store is not None:
            self._store.close()
        self._store = None

    def _failed(self, error: Exception) -> None:
        self._shut()
        self._retry_at = time.monotonic() + _RETRY_S
        text = f"{self._settings.file}: {error}"
        if not self._problem:
            self._log.error("the history cannot be written, points wait in memory: %s", text)
        self._problem = text
        if self._was_open and is_damaged(error):
            self._background.damage = None
            self._set_aside()

    def _set_aside(self) -> None:
        try:
            aside = put_aside(self._settings.file)
        except OSError as error:
            self._problem += f"; it cannot be put aside: {error}"
            return
        self._log.error("the history was damaged and is now %s; a new one is begun", aside)
        self._was_open = False
        self._retry_at = 0.0
        batch = self._attempt[1] if self._attempt else self._waiting
        self._intake.begin_anew(batch, time.time(), f"what was before is in {aside}: damaged")

    def _well(self) -> None:
        if self._problem:
            self._log.warning("the history is written again: %s", self._settings.file)
        self._problem = ""
