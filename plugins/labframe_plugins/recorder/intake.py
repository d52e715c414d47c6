"""From what a host tells to what is written: thinned, in order, and with its gaps."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Any, Final

from labframe import Event, Quality, Reading, Sweep
from labframe_plugins.recorder.entries import (
    Batch,
    Describe,
    GapEnds,
    GapOpens,
    Happening,
    HostStarted,
    PointEntry,
    as_stored,
    microseconds,
)  # fmt: skip
from labframe_plugins.recorder.keep import Keep
from labframe_plugins.recorder.settings import Settings, rule_for

__all__ = ["Intake"]

_CAUSES: Final = {"old": "stale"}
"""What a quality is called as the cause of a gap, where that is something else."""


class _Channel:
    """What is known of a codename while the host runs."""

    __slots__ = ("description", "keep", "name", "sequence", "time")

    def __init__(self, name: str, keep: Keep | None) -> None:
        self.name = name
        self.keep = keep
        self.sequence = 0
        self.time = 0
        self.description = Describe(name, "", "", "", "")


class Intake:
    """Turns readings and events into batches; used on one thread.

    Args:
        settings: What is kept.
        log: Where it logs to.

    Attributes:
        refused: How many events and sweeps made no sense.
    """

    def __init__(self, settings: Settings, log: logging.Logger) -> None:
        self.refused = 0
        self._settings = settings
        self._log = log
        self._channels: dict[str, _Channel] = {}
        self._lost: dict[str, tuple[int, int, int]] = {}

    def take(self, items: Iterable[Reading | Sweep | Event], batch: Batch) -> None:
        """Add what a host tells to a batch."""
        channels, points, ok = self._channels, batch.points(), Quality.OK
        for item in items:
            if type(item) is not Reading:
                try:
                    self._other(item, batch)  # type: ignore[arg-type]  # one of the two others
                except Exception:  # noqa: BLE001  # a plugin made it; it must not end all recording
                    self.refused += 1
                    self._log.exception("the recorder leaves out what makes no sense: %r", item)
                points = batch.points()
                continue
            name, x, y, unit, quality, sequence, seconds, _ = item
            channel = channels.get(name)
            if channel is None or channel.description.unit != unit:
                channel = self._described(name, unit, batch)
                points = batch.points()
            if quality is not ok:
                self._ends(channel, points)
                batch.add(GapOpens(name, channel.time, _CAUSES.get(quality, str(quality)), ""))
                points = batch.points()
                continue
            try:
                time = int(seconds * 1e6 + 0.5)
            except (ValueError, OverflowError):
                continue  # measured at no time
            if sequence != channel.sequence + 1 and channel.sequence:
                self._missed(channel, sequence, time, batch)
                points = batch.points()
            channel.sequence, channel.time = sequence, time
            if type(y) is not float or y != y:
                y = as_stored(y)
            if x is not seconds and x != seconds:
                points.append((name, time, y, x))
            elif channel.keep is None:
                points.append((name, time, y, None))
            else:
                points.extend((name, at, kept, None) for at, kept in channel.keep.put(time, y))

    def flush(self, batch: Batch) -> None:
        """Add the points that are held back to a batch."""
        for channel in self._channels.values():
            self._ends(channel, batch.points())

    def begin_anew(self, batch: Batch, time: float, text: str) -> None:
        """Have a new file know what the old one knew of the codenames."""
        told: list[Happening] = [Event("history", "recorder", time, text, {})]
        batch.parts[:0] = told + [channel.description for channel in self._channels.values()]

    def limit(self, batch: Batch, most: int) -> int:
        """Give up the oldest points of a batch that is too long; return how many.

        What happened is kept, and a gap is added where points are given up.
        """
        excess = len(batch) - max(0, most)
        if excess <= 0:
            return 0
        left = excess
        for part in batch.parts:
            if left and isinstance(part, list):
                gone = part[:left]
                self._give_up(gone)
                left -= len(gone)
                del part[: len(gone)]
        batch.parts = [part for part in batch.parts if part]
        if left:
            del batch.parts[:left]
            left = 0
        return excess - left

    def tell_lost(self, batch: Batch) -> None:
        """Add gaps for the points that were given up."""
        for name, (first, last, count) in self._lost.items():
            batch.parts.insert(
                0, GapEnds(name, first, last, "lost", f"{count} points: the spool was full")
            )
        self._lost.clear()

    # In detail.

    def _described(self, name: str, unit: str, batch: Batch) -> _Channel:
        channel = self._channel(name)
        channel.description = channel.description._replace(unit=unit)
        batch.add(channel.description)
        return channel

    def _channel(self, name: str) -> _Channel:
        channel = self._channels.get(name)
        if channel is None:
            rule = rule_for(self._settings.keep, name)
            channel = self._channels[name] = _Channel(name, None if rule is None else rule.keep())
        return channel

    def _ends(self, channel: _Channel, points: list[PointEntry]) -> None:
        if channel.keep is not None:
            points.extend((channel.name, at, y, None) for at, y in channel.keep.flush())

    def _missed(self, channel: _Channel, sequence: int, time: int, batch: Batch) -> None:
        """Note that readings did not come here: the sink's queue, or this one, was full."""
        if sequence <= channel.sequence:
            return
        count = sequence - channel.sequence - 1
        self._ends(channel, batch.points())
        batch.add(
            GapEnds(channel.name, channel.time, time, "lost", f"{count} readings: a queue was full")
        )

    def _other(self, item: Sweep | Event, batch: Batch) -> None:
        if isinstance(item, Sweep):
            channel = self._channels.get(item.codename)
            if channel is None or channel.description.unit != item.unit:
                channel = self._described(item.codename, item.unit, batch)
            channel.sequence, channel.time = item.sequence, microseconds(item.time)
            batch.add(item)
        elif item.kind == "gap":
            self._gap(item, batch)
        else:
            batch.add(item)
            if item.kind == "host" and item.fields.get("what") == "start":
                self._host_starts(item, batch)

    def _gap(self, event: Event, batch: Batch) -> None:
        fields = event.fields
        try:
            since, until = (microseconds(_number(fields[key])) for key in ("from", "to"))
        except (KeyError, TypeError, ValueError, OverflowError):
            batch.add(event)  # a plugin's, which lacks its times: kept as what happened
            return
        cause = str(fields.get("cause", "unknown"))
        batch.add(
            GapEnds(
                event.source, since, until, _CAUSES.get(cause, cause), str(fields.get("why", ""))
            )
        )

    def _host_starts(self, event: Event, batch: Batch) -> None:
        told: Any = event.fields.get("codenames", {})
        for name, facts in told.items():
            self._channel(name).description = described = Describe(
                name, facts["unit"], facts["source"], facts["label"], facts["kind"]
            )
            batch.add(described)
        batch.add(HostStarted(event.time, tuple(told)))

    def _give_up(self, points: list[PointEntry]) -> None:
        for name, time, _, _ in points:
            first, _, count = self._lost.get(name, (time, time, 0))
            self._lost[name] = (first, time, count + 1)


def _number(value: Any) -> float:
    return float(value)
