"""Watches from outside: values that become old, the clock that is set, threads that die."""

from __future__ import annotations

import logging
import threading
import time
import types
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from labframe.hookspecs import Service
from labframe.points import Event
from labframe.worker import Feed, Outlet

__all__ = ["Supervisor", "ThreadWatch"]

_LOG = logging.getLogger("labframe.host")

_PACE_S: Final = 0.25
_STEP_S: Final = 1.0
"""The computer's clock was set if it moved by so much more than the time that passed."""
_SERVICE_S: Final = 1.0
_SERVICE_PAUSE_S: Final = 10.0


class Supervisor:
    """Looks at everything a few times a second, on a thread of its own.

    Args:
        feeds: The ways out of all codenames.
        services: What is started, watched and stopped.
        outlet: Where events go.
    """

    def __init__(self, feeds: Iterable[Feed], services: Sequence[Service], outlet: Outlet) -> None:
        self._feeds = tuple(feeds)
        self._services = tuple(services)
        self._outlet = outlet
        self._restart_at = dict.fromkeys(range(len(services)), 0.0)
        self._service_errors = [""] * len(services)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="labframe supervisor", daemon=True)

    def start(self) -> None:
        """Start the services and the thread."""
        for index in range(len(self._services)):
            self._start_service(index)
        self._thread.start()

    def stop(self) -> None:
        """Stop the services and end the thread."""
        self._ended.set()
        if self._thread.ident is not None:
            self._thread.join()
        for service in self._services:
            try:
                service.stop()
            except BaseException as error:  # noqa: BLE001  # a service is a plugin's
                _LOG.warning("service %s: stop() failed: %s", service.name, error)

    @property
    def problems(self) -> tuple[str, ...]:
        """What is wrong with services."""
        return tuple(error for error in self._service_errors if error)

    def _run(self) -> None:
        offset = time.time() - time.monotonic()
        look_at_services = 0.0
        while not self._ended.wait(_PACE_S):
            now = time.monotonic()
            for feed in self._feeds:
                feed.judge(now)
            offset = self._clock(offset)
            if now >= look_at_services:
                look_at_services = now + _SERVICE_S
                for index in range(len(self._services)):
                    self._look_at(index, now)

    def _clock(self, before: float) -> float:
        offset = time.time() - time.monotonic()
        step_s = offset - before
        if abs(step_s) < _STEP_S:
            return offset
        text = (
            f"the computer's clock was set {'forth' if step_s > 0 else 'back'} {abs(step_s):.1f} s"
        )
        _LOG.warning("%s", text)
        self._outlet.event(Event("clock", "host", time.time(), text, {"step_s": step_s}))
        return offset

    def _look_at(self, index: int, now: float) -> None:
        service = self._services[index]
        try:
            is_alive = service.alive()
        except BaseException as error:  # noqa: BLE001  # a service is a plugin's
            self._service_failed(index, f"alive() failed: {error}")
            return
        if is_alive:
            if self._service_errors[index]:
                _LOG.warning("service %s runs again", service.name)
            self._service_errors[index] = ""
        elif now >= self._restart_at[index]:
            self._service_failed(index, "it ended; it is started again")
            self._start_service(index)

    def _start_service(self, index: int) -> None:
        self._restart_at[index] = time.monotonic() + _SERVICE_PAUSE_S
        try:
            self._services[index].start()
        except BaseException as error:  # noqa: BLE001  # a service is a plugin's
            self._service_failed(index, f"it did not start: {type(error).__name__}: {error}")

    def _service_failed(self, index: int, why: str) -> None:
        if not self._service_errors[index]:
            _LOG.warning("service %s: %s", self._services[index].name, why)
        self._service_errors[index] = f"service {self._services[index].name}: {why}"


class ThreadWatch:
    """Notes threads that die of an exception, and whose they are.

    Args:
        owners: The names of drivers and plugins, by the module that their code is in.
        outlet: Where events go.
    """

    def __init__(self, owners: Callable[[str], str | None], outlet: Outlet) -> None:
        self._owners = owners
        self._outlet = outlet
        self._before = threading.excepthook
        self._seen: dict[str, int] = {}

    def install(self) -> None:
        """Take the place of ``threading.excepthook``."""
        self._before = threading.excepthook
        threading.excepthook = self._died

    def remove(self) -> None:
        """Give it back."""
        if threading.excepthook == self._died:
            threading.excepthook = self._before

    @property
    def problems(self) -> tuple[str, ...]:
        """What the threads died of."""
        return tuple(
            text + (f" ({count} times)" if count > 1 else "") for text, count in self._seen.items()
        )

    def _died(self, what: threading.ExceptHookArgs) -> None:
        owner = self._owner(what.exc_traceback)
        if owner is None:
            self._before(what)
            return
        text = f"{owner}: a thread of it died: {what.exc_type.__name__}: {what.exc_value}"
        self._seen[text] = self._seen.get(text, 0) + 1
        if self._seen[text] > 1:
            return
        trace = (what.exc_type, what.exc_value, what.exc_traceback)
        _LOG.warning("%s", text, exc_info=trace)  # type: ignore[arg-type]  # never all None
        self._outlet.event(Event("thread", owner, time.time(), text, {}))

    def _owner(self, trace: types.TracebackType | None) -> str | None:
        while trace is not None:
            owner = self._owners(trace.tb_frame.f_globals.get("__name__", ""))
            if owner is not None:
                return owner
            trace = trace.tb_next
        return None
