"""One remote pull socket, asked again and again on a thread of its own.

How old a value is must not depend on the clocks of two machines, so it is counted here: a point is
new when it differs from the one before, x or y. A remote point that stays as it is therefore gets
old here, whatever the remote socket thinks of it. What was measured before this host first asked
may have been old then: if the remote x is a time up to an hour ago, that is taken for its age.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence
from typing import Final

from labframe import LabframeError, Point, PullClient
from labframe.hookspecs import Channel, Publish
from labframe_plugins.pull_socket.settings import RemoteSettings

__all__ = ["Remote"]

_PLAUSIBLE_AGE_S: Final = 3600.0
_TIMEOUT_S: Final = 1.0
_STOP_S: Final = 1.0


class Remote:
    """A producer that republishes codenames of another machine with their own times.

    Args:
        settings: What is read.
        log: Where it logs to.
    """

    def __init__(self, settings: RemoteSettings, log: logging.Logger) -> None:
        self.name = settings.name
        self.channels: Sequence[Channel] = tuple(settings.channels.values())
        self._settings = settings
        self._log = log
        self._ended = threading.Event()
        self._before: dict[str, Point] = {}
        self._missing: dict[str, str] = {}
        self._is_failing = False
        self._thread: threading.Thread | None = None

    def start(self, publish: Publish) -> None:
        """Begin to ask."""
        name = f"labframe pull_socket {self.name}"
        self._thread = threading.Thread(target=self._run, args=(publish,), name=name, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread."""
        self._ended.set()
        if self._thread is not None:
            self._thread.join(_STOP_S)

    def _run(self, publish: Publish) -> None:
        due = time.monotonic()
        while not self._ended.wait(max(0.0, due - time.monotonic())):
            due = max(due + self._settings.every, time.monotonic())
            try:
                self._ask(publish)
            except (LabframeError, OSError) as error:
                where = f"{self._settings.host}:{self._settings.port}"
                publish.failed(f"{where}: {error}")
                self._is_failing = True

    def _ask(self, publish: Publish) -> None:
        settings = self._settings
        timeout_s = min(_TIMEOUT_S, settings.every)
        with PullClient(settings.host, settings.port, timeout=timeout_s, old="mark") as client:
            points = client.points()
        for remote, channel in settings.channels.items():
            point = points.get(remote)
            if isinstance(point, Point):
                self._missing.pop(remote, None)
                self._publish(publish, remote, channel, point)
            else:
                known = ", ".join(points) or "none"
                why = (
                    f"{remote} is OLD_DATA there"
                    if remote in points
                    else f"there is no codename {remote!r}; there are: {known}"
                )
                self._missing[remote] = why
                publish.failed(why, channel.codename)
        if not self._missing:
            publish.well()

    def _publish(self, publish: Publish, remote: str, channel: Channel, point: Point) -> None:
        before = self._before.get(remote)
        if before == point:
            return
        self._before[remote] = point
        age_s = 0.0
        if channel.kind == "date" and before is None:
            since = time.time() - point.x
            age_s = since if 0.0 < since < _PLAUSIBLE_AGE_S else 0.0
        try:
            if channel.kind == "date":
                publish.value(channel.codename, point.y, time=float(point.x), age_s=age_s)
            else:
                publish.value(channel.codename, point.y, x=point.x)
        except (LabframeError, TypeError, ValueError) as error:
            publish.failed(f"{remote} = {point.y!r}: {error}", channel.codename)
