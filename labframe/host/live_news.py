"""What a live server is told beside points: what there is, how it is, and what was done.

Each datagram has an empty batch of points, so that the original's live proxy passes it over, and is
below the 8192 bytes that the proxy reads. All that there is goes out every 10 s, since a datagram
may be lost and a live server may be started later than the host; changes go out at once. A live
server that hears points of a host which it does not know answers with ``QUESTION``: then all of it
goes out, too.
"""

from __future__ import annotations

import contextlib
import json
import select
import threading
import time
from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING, Any, Final
from uuid import uuid4

from labframe.host import snapshot
from labframe.host.status import pages
from labframe.points import Event, Reading, Sweep
from labframe.protocol.live import QUESTION, news, point

if TYPE_CHECKING:
    from labframe.host.host import Host
    from labframe.sockets import LiveSocket
    from labframe.worker import Feed

__all__ = ["DATAGRAM_BYTES", "LiveNews", "facts"]

DATAGRAM_BYTES: Final = 8000
_ANY: Final = {"0.0.0.0": "127.0.0.1", "": "127.0.0.1", "::": "::1"}
_EVERY_S: Final = 10.0
_MOST_QUESTIONS: Final = 100
_LOOK_S: Final = 0.5
_TOGETHER_S: Final = 0.05
"""How long changes of state are gathered, when a line with many instruments is unplugged."""


class LiveNews:
    """Tells a live server of a host, on a thread of its own and on the sink's.

    Args:
        socket: What the points are sent with.
        facts: Returns what there is to tell.
    """

    def __init__(self, socket: LiveSocket, facts: Callable[[], Mapping[str, Any]]) -> None:
        self._socket = socket
        self._facts = facts
        self._instance = uuid4().hex[:12]
        self._changed: set[str] = set()
        self._bell = threading.Event()
        self._is_closed = False
        # What is found out under the lock is sent under it: no news overtake newer ones.
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="labframe live news", daemon=True)

    def quality(self, reading: Reading | Sweep) -> None:
        """Tell that the newest value of a codename is no longer good."""
        age_s = round(time.monotonic() - reading.arrival, 3)
        self._tell({"quality": {reading.codename: [str(reading.quality), age_s]}})

    def event(self, event: Event) -> None:
        """Tell of an event, if it concerns a live server."""
        if event.kind == "state":
            self._changed.add(event.source)
            self._bell.set()
        elif event.kind == "command":
            told = {"instrument": event.source, "time": event.time, **event.fields}
            self._tell({"command": told})
        elif event.kind == "host" and event.fields.get("what") == "start":
            self._thread.start()

    def close(self) -> None:
        """Say that the host ends."""
        self._is_closed = True
        self._bell.set()
        if self._thread.ident is not None:
            self._thread.join()
        self._tell({"stops": True})

    def _run(self) -> None:
        due = 0.0
        while not self._is_closed:
            now = time.monotonic()
            if now >= due:
                due = now + _EVERY_S
                self._changed.clear()
                self._tell_all()
            elif self._changed:
                changed, self._changed = self._changed, set()
                self._tell_all(changed)
            self._bell.wait(max(0.0, min(_LOOK_S, due - time.monotonic())))
            if self._bell.is_set() and not self._is_closed:
                time.sleep(_TOGETHER_S)
            self._bell.clear()
            if self._is_asked():
                due = 0.0

    def _is_asked(self) -> bool:
        """Tell whether the live server has asked since this was last called."""
        asked = False
        with contextlib.suppress(OSError, ValueError):  # the socket may be closed meanwhile
            for _ in range(_MOST_QUESTIONS):
                if not select.select([self._socket.socket], [], [], 0)[0]:
                    break
                datagram, sender = self._socket.socket.recvfrom(len(QUESTION) + 1)
                asked |= datagram == QUESTION and sender[0] == self._socket.liveserver_ip
        return asked

    def _tell_all(self, only: Collection[str] | None = None) -> None:
        with self._lock:
            facts = self._facts()
            told = {"instance": self._instance, "whole": only is None, **facts}
            if only is not None:
                told["instruments"] = [one for one in facts["instruments"] if one["name"] in only]
            for page in pages(news(self._socket.hostname, told), DATAGRAM_BYTES):
                self._send(page)

    def _tell(self, what: Mapping[str, Any]) -> None:
        told = {"instance": self._instance, **what}
        with self._lock:
            self._send(json.dumps(news(self._socket.hostname, told), default=str).encode())

    def _send(self, datagram: bytes) -> None:
        where = (self._socket.liveserver_ip, self._socket.liveserver_port)
        with contextlib.suppress(OSError):  # the points' socket logs that the network is down
            self._socket.socket.sendto(datagram, where)


def facts(host: Host) -> dict[str, Any]:
    """Return what a live server is told of a host."""
    status, now = snapshot.status(host), time.time()
    listen = host.config.network.listen
    described = {one["name"]: one for one in snapshot.description(host)["instruments"]}
    kinds = {name: socket.kind for socket in host.sockets for name in socket.codenames}
    feeds = {feed.codename: feed for feed in host.feeds}
    instruments, port = [], host.commanding.port
    for one in status["instruments"]:
        more = described.get(one["name"], {"codenames": {}, "methods": []})
        codenames = {
            codename: {
                "label": feeds[codename].label,
                "kind": kinds[codename],
                "stale_after": feeds[codename].stale_after,
                **told,
                **_newest(feeds[codename]),
            }
            for codename, told in more["codenames"].items()
        }
        age = round(max(0.0, now - one["since"]), 3)
        instruments.append({**more, **one, "age": age, "codenames": codenames})
    return {
        "name": status["host"],
        "version": status["version"],
        "push_address": None if port is None else [_ANY.get(listen, listen), port],
        "return_format": host.config.network.return_format,
        "history": host.history,
        "sinks": status["sinks"],
        "plugins": status["plugins"],
        "instruments": instruments,
    }


def _newest(feed: Feed) -> dict[str, Any]:
    """Return the newest point of a codename, for a live server that was started after it came."""
    last = feed.last
    if last is None:
        return {}
    x, y = point(last.x, last.y)
    return {"x": x, "y": y}
