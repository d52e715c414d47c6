"""One instrument on its worker: connected or not, well or not, and since when."""

from __future__ import annotations

import contextlib
import dataclasses
import logging
import random
import time
from array import array
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from time import monotonic
from typing import Final

from labframe.errors import LineError
from labframe.instrument import Instrument
from labframe.line import Frame, Line
from labframe.points import Event, Quality
from labframe.worker.feed import Feed, Outlet
from labframe.worker.poll import Poll

__all__ = ["InstrumentStatus", "Member", "State"]

_LOG = logging.getLogger("labframe.host")

_PRESENCE_S: Final = 0.25
_FIRST_RETRY_S: Final = 0.5
_LAST_RETRY_S: Final = 5.0
_BUS_SHARE: Final = 10
"""An instrument that does not answer gets a tenth of its line's time at most."""
_BUS_RETRY_S: Final = 28.0
"""And is asked again after so long at the latest; with its own time that is less than 30 s."""
_LATENESSES: Final = 256
_HUNG_S: Final = 5.0


class State(StrEnum):
    """How an instrument is."""

    STARTING = "starting"
    """It was not reached yet."""
    OK = "ok"
    """It answers, and every reading gives values."""
    ERROR = "error"
    """It answers, but a reading gives none."""
    DISCONNECTED = "disconnected"
    """Its port is gone, it does not answer, or it is another instrument."""
    HUNG = "hung"
    """A method of its driver does not return."""
    DISABLED = "disabled"
    """The configuration switched it off."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InstrumentStatus:
    """How an instrument is, at one moment.

    Attributes:
        name: Its name.
        driver: Its driver's name.
        state: How it is.
        since: Unix time of its last change of state.
        error: What is wrong; empty when it is well.
        identity: What it answered when it was identified; empty if it was not asked.
        port: Where it is.
        reconnects: How often it came back.
        polls: How many polls there were, and frames that came without one.
        failures: How many of them failed.
        lateness_s: How late the 99th percentile of its last polls began; 0.0 without polls.
    """

    name: str
    driver: str
    state: State
    since: float
    error: str
    identity: str
    port: str
    reconnects: int
    polls: int
    failures: int
    lateness_s: float


class Member:
    """An instrument's state; changed on the worker's thread only, read on any.

    Args:
        instrument: The instrument.
        polls: Its readings.
        outlet: Where its events go.
        line: Its line; None if it has none.
        shares: Whether other instruments are on the line.

    Attributes:
        connected: Whether it was reached, and is polled.
        is_proven: Whether it was identified, or gave a value, since it was connected.
        retry_at: Monotonic time of the next attempt to reach it.
        failed_in_row: How many polls failed since the last one that did not.
        must_speak: Whether it fell silent, and has to send something before it is held to be there.
        returned: Called with the name when the instrument is there again after it was gone, before
            its first poll; it may raise LineError.
    """

    def __init__(
        self,
        instrument: Instrument,
        polls: Sequence[Poll],
        outlet: Outlet,
        line: Line | None,
        *,
        shares: bool = False,
    ) -> None:
        self.instrument = instrument
        self.polls = tuple(polls)
        self.line = line
        self.connected = False
        self.retry_at = 0.0
        self.failed_in_row = 0
        self.is_proven = False
        self.must_speak = False
        self.returned: Callable[[str], None] | None = None
        self._outlet = outlet
        self._shares = shares
        self._state = State.STARTING
        self._error = ""
        self._since = time.time()
        self._identity = ""
        self._attempts = 0
        self._began = 0.0
        self._reconnects = -1
        self._polls = 0
        self._failures = 0
        self._lateness = array("f", bytes(4 * _LATENESSES))
        self._measured = 0
        self._busy: tuple[str, float] | None = None
        self._settings = instrument.settings
        self._brief = None if self._settings is None else dataclasses.replace(
            self._settings, total_s=self._settings.first_byte_s
        )  # fmt: skip

    @property
    def name(self) -> str:
        """The instrument's name."""
        return self.instrument.name

    # Reaching it.

    def try_to_connect(self) -> bool:
        """Connect, identify and set up; tell whether that went well. Never raises."""
        self._began = began = monotonic()
        if not self._is_there():
            self.retry_at = began + _PRESENCE_S
            return False
        instrument = self.instrument
        instrument.settings = self._brief if self._attempts and self._shares else self._settings
        self._busy = ("connecting", began)
        try:
            instrument.connect()
            identity = instrument.check_identity()
            if identity is not None:
                instrument.settings = self._settings
            instrument.on_connect()
            if self.returned is not None and self._reconnects >= 0:
                self.returned(self.name)
        except BaseException as error:  # noqa: BLE001  # a driver is a plugin
            self.lose(error)
            return False
        finally:
            self._busy = None
        self.connected = True
        self.failed_in_row = 0
        self._identity = identity or ""
        if identity is not None or all(poll.every is None for poll in self.polls):
            self.prove()
        return True

    def _is_there(self) -> bool:
        """Tell whether it is worth trying: a port that is known to be absent is only looked for."""
        line = self.line
        if line is None or line.is_open or self._state is not State.DISCONNECTED:
            return True
        return line.present()

    def prove(self) -> None:
        """Note that it is really there: it was identified, or gave a value.

        Of one that fell silent only a value that it sends by itself says so.
        """
        self.failed_in_row = 0
        if self.is_proven or self.must_speak:
            return
        self.instrument.settings = self._settings
        self.is_proven = True
        self._attempts = 0
        self._reconnects += 1
        self._judge()

    def lose(self, error: BaseException) -> None:
        """Note that it cannot be reached, and when to try again; its readings say so."""
        was_proven, self.is_proven, self.connected = self.is_proven, False, False
        if was_proven:
            self.retry_at = monotonic()
        else:
            self._attempts += 1
            self._give_the_line_back()
            self.retry_at = monotonic() + self._pause_s()
        why = described(error)
        for poll in self.polls:
            poll.failures = 0
            poll.error = ""
            poll.is_failing = False
            poll.fail(Quality.DISCONNECTED, why)
        self._change(State.DISCONNECTED, why)

    def _give_the_line_back(self) -> None:
        line = self.line
        if line is None:
            self._close()
        elif self._shares and line.is_open:
            with contextlib.suppress(LineError):
                line.resync()  # at this instrument's cost, not at the next one's
        elif "://" in line.port_url:  # a connection may be dead without saying so
            line.close()

    def _pause_s(self) -> float:
        """Return how long to wait before the next attempt, after one that failed."""
        line = self.line
        if line is not None and not line.is_open and not line.present():
            return _PRESENCE_S
        if self._shares:
            cost_s = monotonic() - self._began
            return min(max(_FIRST_RETRY_S, (_BUS_SHARE - 1) * cost_s), _BUS_RETRY_S)
        longest_s = min(_LAST_RETRY_S, _FIRST_RETRY_S * 2.0 ** min(self._attempts - 1, 10))
        return longest_s * random.uniform(0.5, 1.0)

    def _close(self) -> None:
        try:
            self.instrument.close()
        except BaseException as error:  # noqa: BLE001  # a driver is a plugin
            _LOG.warning("%s: close() failed: %s", self.name, described(error))

    def close(self) -> None:
        """Close it for good; called when the worker ends. Never raises."""
        self._close()

    # Using it.

    @contextlib.contextmanager
    def busy(self, what: str) -> Iterator[None]:
        """Note what the driver is doing, so that the status can tell when it hangs."""
        self._busy = (what, monotonic())
        try:
            yield
        finally:
            self._busy = None

    def poll(self, poll: Poll, due: float) -> BaseException | None:
        """Run one poll, and note how it went.

        Returns:
            What went wrong with the line or the driver; None when all is well.
        """
        began = monotonic()
        self._lateness[self._measured % _LATENESSES] = began - due
        self._measured += 1
        self._polls += 1
        self._busy = (poll.name, began)
        try:
            poll.run()
        except BaseException as error:  # noqa: BLE001  # a driver is a plugin
            return self._failed(poll, error)
        self._succeeded(poll)
        return None

    def hear(self, poll: Poll, frame: Frame) -> BaseException | None:
        """Have a pushed reading take a frame, and note how it went; as ``poll``."""
        self._polls += 1
        self._busy = (poll.name, monotonic())
        try:
            if not poll.hear(frame):
                self._busy = None
                return None
        except BaseException as error:  # noqa: BLE001  # a driver is a plugin
            return self._failed(poll, error)
        self.must_speak = False
        self._succeeded(poll)
        return None

    def _failed(self, poll: Poll, error: BaseException) -> BaseException:
        self._busy = None
        self._failures += 1
        poll.failures += 1
        return error

    def _succeeded(self, poll: Poll) -> None:
        self._busy = None
        poll.failures = 0
        if self.failed_in_row or not self.is_proven:
            self.prove()
        if poll.is_failing:
            poll.is_failing = False
            poll.error = ""
            _LOG.info("%s: %s gives values again", self.name, poll.name)
            self._judge()

    def is_failing(self, poll: Poll, error: BaseException) -> None:
        """Note that a reading gives no value, and say so once; the status has the newest reason."""
        before, poll.error = poll.error, described(error)
        poll.fail(Quality.ERROR, poll.error)
        if not poll.is_failing:
            poll.is_failing = True
            _LOG.warning("%s: %s gives no value: %s", self.name, poll.name, poll.error)
            self._judge()
        elif poll.error != before:
            self._judge()

    def _judge(self) -> None:
        """Say how it is now that it is connected."""
        failing = [f"{poll.name}: {poll.error}" for poll in self.polls if poll.is_failing]
        self._change(State.ERROR if failing else State.OK, "; ".join(failing))

    def _change(self, state: State, error: str) -> None:
        before, self._error = self._state, error
        if state is before:
            return
        self._state = state
        self._since = now = time.time()
        text = f"{self.name}: {state}"
        if state is State.DISCONNECTED:
            text = f"{self.name}: disconnected: {error}"
            _LOG.warning("%s", text)
        elif before in (State.DISCONNECTED, State.STARTING):
            text = f"{self.name}: connected" + (f": {self._identity}" if self._identity else "")
            _LOG.info("%s", text)
        self._outlet.event(
            Event(
                "state",
                self.name,
                now,
                text,
                {"state": str(state), "before": str(before), "error": error},
            )
        )

    # Telling of it.

    @property
    def feeds(self) -> tuple[Feed, ...]:
        """The ways out of all its readings."""
        return tuple(feed for poll in self.polls for feed in poll.feeds)

    def poll_of(self, reading: str) -> Poll | None:
        """Return the poll of a reading, the first one if it has channels; None if it has none."""
        return next((poll for poll in self.polls if poll.reading == reading), None)

    @property
    def polled_feeds(self) -> tuple[Feed, ...]:
        """The ways out of the readings that are not on demand."""
        return tuple(feed for poll in self.polls if poll.every is not None for feed in poll.feeds)

    def latenesses(self) -> list[float]:
        """Return how late its last polls began, in seconds."""
        return list(self._lateness[: min(self._measured, _LATENESSES)])

    def status(self) -> InstrumentStatus:
        """Return how it is; any thread may ask."""
        state, error, busy, since = self._state, self._error, self._busy, self._since
        if busy is not None and monotonic() - busy[1] > _HUNG_S:
            state = State.HUNG
            error = f"{busy[0]} has not returned for {monotonic() - busy[1]:.0f} s"
            since = time.time() - (monotonic() - busy[1])
        late = sorted(self.latenesses())
        return InstrumentStatus(
            name=self.name,
            driver=self.instrument.driver,
            state=state,
            since=since,
            error=error,
            identity=self._identity,
            port=str(self.instrument.port or ""),
            reconnects=max(self._reconnects, 0),
            polls=self._polls,
            failures=self._failures,
            lateness_s=late[int(len(late) * 0.99)] if late else 0.0,
        )


def described(error: BaseException) -> str:
    """Return an error as messages show it: ours as they are, others with their kind."""
    text = str(error)
    if isinstance(error, LineError) or type(error).__module__.startswith("labframe."):
        return text or type(error).__name__
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
