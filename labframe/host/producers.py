"""Producers that are no instruments: their values go the way of the readings."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping

from labframe.hookspecs import PointProducer
from labframe.plan import Channel
from labframe.points import Event, Number, Quality, Value
from labframe.worker import Feed, InstrumentStatus, Outlet, State
from labframe.worker import values as checked

__all__ = ["ProducerRunner"]

_LOG = logging.getLogger("labframe.host")


class ProducerRunner:
    """One producer: takes its values, starts and stops it, knows how it is.

    Args:
        producer: The producer.
        plugin: The plugin that gave it.
        channels: Its codenames.
        outlet: Where readings and events go beside the board.
    """

    def __init__(
        self, producer: PointProducer, plugin: str, channels: tuple[Channel, ...], outlet: Outlet
    ) -> None:
        self.name = producer.name
        self.plugin = plugin
        self.channels = channels
        self._producer = producer
        self._outlet = outlet
        self._numeric = {channel.codename: channel.unit is not None for channel in channels}
        self.feeds: Mapping[str, Feed] = {
            channel.codename: Feed(
                channel.codename, channel.unit or "", channel.stale_after, channel.label,
                producer.name, outlet,
            )
            for channel in channels
        }  # fmt: skip
        self._state = State.STARTING
        self._since = time.time()
        self._error = ""

    def start(self) -> None:
        """Start it; never raises."""
        try:
            self._producer.start(self)
        except BaseException as error:  # noqa: BLE001  # a producer is a plugin
            self.failed(f"it did not start: {type(error).__name__}: {error}")

    def stop(self) -> None:
        """Stop it; never raises."""
        try:
            self._producer.stop()
        except BaseException as error:  # noqa: BLE001  # a producer is a plugin
            _LOG.warning("producer %s: stop() failed: %s", self.name, error)

    # What the producer calls, on any thread.

    def value(
        self,
        codename: str,
        y: Value,
        *,
        x: Number | None = None,
        time: float | None = None,
        age_s: float = 0.0,
    ) -> None:
        """Take a value; see :class:`labframe.hookspecs.Publish`."""
        feed = self.feeds.get(codename)
        if feed is None:
            raise LookupError(
                f"producer {self.name}: {codename!r} is not one of its channels: "
                f"{', '.join(self.feeds)}"
            )
        made = checked.number(y) if self._numeric[codename] else checked.plain(y)
        now, monotonic = _now()
        measured = now - age_s if time is None else checked.number(time)
        at = measured if x is None else checked.number(x)
        feed.put(at, made, measured, monotonic - max(0.0, age_s))
        if self._state is State.STARTING:
            self._change(State.OK, "")

    def failed(self, why: str, codename: str | None = None) -> None:
        """Note that values are missing; see :class:`labframe.hookspecs.Publish`."""
        quality = Quality.DISCONNECTED if codename is None else Quality.ERROR
        for feed in self.feeds.values():
            if codename in (None, feed.codename):
                feed.fail(quality, why)
        state = State.DISCONNECTED if codename is None else State.ERROR
        self._change(state, why if codename is None else f"{codename}: {why}")

    def well(self) -> None:
        """Note that it works again; see :class:`labframe.hookspecs.Publish`."""
        self._change(State.OK, "")

    def _change(self, state: State, error: str) -> None:
        before, self._state, self._error = self._state, state, error
        if state is before:
            return
        self._since = now = time.time()
        text = f"{self.name}: {state}" + (f": {error}" if error else "")
        _LOG.log(logging.INFO if state is State.OK else logging.WARNING, "%s", text)
        fields: Mapping[str, Value] = {"state": str(state), "before": str(before), "error": error}
        self._outlet.event(Event("state", self.name, now, text, fields))

    def status(self) -> InstrumentStatus:
        """Return how it is; any thread may ask."""
        return InstrumentStatus(
            name=self.name, driver=f"plugin {self.plugin}", state=self._state, since=self._since,
            error=self._error, identity="", port="", reconnects=0, polls=0, failures=0,
            lateness_s=0.0,
        )  # fmt: skip


def _now() -> tuple[float, float]:
    return time.time(), time.monotonic()
