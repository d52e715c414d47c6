"""One reading that is polled, or pushed: call the driver's method, and hand its values on."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from time import monotonic
from typing import Any

from labframe.errors import NoValue
from labframe.instrument import Instrument
from labframe.line import Frame, Line
from labframe.plan import Output, PlannedReading
from labframe.points import Quality
from labframe.worker import values
from labframe.worker.feed import Feed

__all__ = ["Poll"]


class Poll:
    """Calls one method of an instrument; all on the worker's thread.

    Args:
        planned: What is read.
        instrument: Whose method it is.
        feeds: The ways out, in the order of the planned outputs.
        line: The line, whose transactions tell when it was measured; None if it has none.

    Attributes:
        reading: The method's name.
        channel: The channel that it is called with; None if it takes none.
        name: The method's name, with its channel.
        every: Seconds from poll to poll; None on demand.
        due: Monotonic time of the next poll.
        failures: How often it failed in a row.
        error: Why it failed last; empty when it is well.
        is_failing: Whether that was logged.
        is_pushed: Whether the instrument sends it without being asked.
        heard_at: Monotonic time of the last frame of a pushed one that gave a value.
        silence_s: After so long without one a pushed one is missing.
    """

    __slots__ = (
        "_arguments", "_feeds", "_instrument", "_line", "_method", "_newest", "_outputs", "_parts",
        "_take", "anchor", "channel", "due", "error", "every", "failures", "heard_at", "is_failing",
        "is_pushed", "name", "reading", "silence_s",
    )  # fmt: skip

    def __init__(
        self,
        planned: PlannedReading,
        instrument: Instrument,
        feeds: Sequence[Feed],
        line: Line | None,
    ) -> None:
        declaration, channel = planned.declaration, planned.channel
        self.reading, self.channel = declaration.name, channel
        self.name = declaration.name if channel is None else f"{declaration.name}({channel!r})"
        self.every = planned.every
        self.due = self.anchor = 0.0
        self.failures = 0
        self.error = ""
        self.is_failing = False
        self.is_pushed = declaration.pushed
        self.heard_at = 0.0
        self.silence_s = max((feed.stale_after for feed in feeds), default=0.0)
        self._instrument = instrument
        self._newest: Any = None
        self._method: Callable[..., Any] = getattr(instrument, declaration.name)
        self._arguments = () if channel is None else (channel,)
        self._feeds = tuple(feeds)
        self._outputs = planned.outputs
        self._line = line
        self._parts = tuple(part.name for part in declaration.parts)
        one = self._outputs[0]
        if declaration.sweep:
            self._take = self._sweep
        elif declaration.is_xy:
            self._take = self._pair
        elif one.source is not None and channel is None:
            self._take = self._several
        elif one.unit is not None and (one.scale, one.offset) == (1.0, 0.0):
            self._take = self._number
        else:
            self._take = self._one

    @property
    def feeds(self) -> tuple[Feed, ...]:
        """The ways out."""
        return self._feeds

    def run(self) -> Any:
        """Measure once, hand the values on, and return what the driver's method returned.

        Raises:
            BaseException: Whatever the driver raises, and BadValue for what it should not return.
            NoValue: If it is pushed, and nothing came lately.
        """
        if self.is_pushed:
            return self._lately()
        line = self._line
        before = None if line is None else line.last_transaction
        started = time.time()
        value = self._method(*self._arguments)
        arrival = monotonic()
        if line is not None and line.last_transaction is not before:
            started, ended = line.last_transaction
            measured = (started + ended) / 2
        else:
            measured = (started + time.time()) / 2
        self._take(value, measured, arrival)
        return value

    def hear(self, frame: Frame) -> bool:
        """Hand on what the driver makes of a frame; tell whether it made anything of it.

        Raises:
            BaseException: As ``run``, and BadReply for a frame that is broken.
        """
        value = self._instrument.heard(frame)
        if value is None:
            return False
        self._take(value, frame.time, frame.arrival)
        self.heard_at, self._newest = frame.arrival, value
        return True

    def _lately(self) -> Any:
        """Return what came last; it cannot be asked for."""
        age_s = monotonic() - self.heard_at
        if self._newest is None or age_s > self.silence_s:
            raise NoValue(
                f"{self.name}: the instrument sends it by itself, and nothing has come for "
                f"{min(age_s, 1e6):.3g} s"
            )
        return self._newest

    def fail(self, quality: Quality, why: str) -> None:
        """Note that it gave no value."""
        for feed in self._feeds:
            feed.fail(quality, why)

    def _number(self, value: Any, measured: float, arrival: float) -> None:
        if value.__class__ is not float or value - value != 0.0:
            value = values.number(value)
        self._feeds[0].put(measured, value, measured, arrival)

    def _one(self, value: Any, measured: float, arrival: float) -> None:
        self._feeds[0].put(measured, _made(self._outputs[0], value), measured, arrival)

    def _pair(self, value: Any, measured: float, arrival: float) -> None:
        x, y = values.pair(value)
        output = self._outputs[0]
        self._feeds[0].put(x, y * output.scale + output.offset, measured, arrival)

    def _sweep(self, value: Any, measured: float, arrival: float) -> None:
        xs, ys = values.sweep(value)
        output = self._outputs[0]
        if (output.scale, output.offset) != (1.0, 0.0):
            ys = tuple(y * output.scale + output.offset for y in ys)
        self._feeds[0].sweep(xs, ys, measured, arrival)

    def _several(self, value: Any, measured: float, arrival: float) -> None:
        given: Mapping[str, Any] = values.parts(value, self._parts)
        for output, feed in zip(self._outputs, self._feeds, strict=True):
            try:
                y = _picked(output, given)
            except Exception as error:  # noqa: BLE001  # it is this value's error alone
                feed.fail(Quality.ERROR, str(error) or type(error).__name__)
            else:
                feed.put(measured, y, measured, arrival)


def _picked(output: Output, given: Mapping[str, Any]) -> Any:
    assert output.source is not None
    if output.source not in given:
        there = ", ".join(map(str, given)) or "nothing"
        raise values.BadValue(f"there is no {output.source!r}; the instrument gave {there}")
    value = given[output.source]
    if isinstance(value, BaseException):
        raise value
    return _made(output, value)


def _made(output: Output, value: Any) -> Any:
    if output.unit is None:
        return values.plain(value)
    y = values.number(value)
    if output.scale == 1.0 and output.offset == 0.0:
        return y
    return values.number(y * output.scale + output.offset)
