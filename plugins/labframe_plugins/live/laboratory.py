"""All that the live server knows, and what of it is new since clients were told last.

Pure: datagrams and times come in, messages for clients go out. It is used on one thread.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from typing import Any, Final

from labframe.protocol.live import RESET
from labframe_plugins.live.channel import Channel
from labframe_plugins.live.datagrams import Datagram, Points
from labframe_plugins.live.hosts import Host

__all__ = ["CROWD_CODENAMES", "CROWD_HOSTS", "Crowded", "Laboratory"]

CROWD_HOSTS: Final = 2000
CROWD_CODENAMES: Final = 100_000
_MARKS: Final = 100
_FORGET_S: Final = 86400.0
_ASK_EVERY_S: Final = 10.0


class Crowded(Exception):
    """There are more hosts or codenames than a live server takes."""


class Laboratory:
    """Takes datagrams, and gives messages.

    Args:
        is_own: Tells whether an IP address is this computer's.
        monotonic: Returns seconds on a clock that never goes back.
        wall: Returns the unix time in seconds.

    Attributes:
        hosts: By name.
        number: How many updates there were.
        codenames: How many codenames there are.
    """

    def __init__(
        self,
        is_own: Callable[[str], bool],
        monotonic: Callable[[], float],
        wall: Callable[[], float],
    ) -> None:
        self.hosts: dict[str, Host] = {}
        self.number = 0
        self.codenames = 0
        self._is_own = is_own
        self._monotonic = monotonic
        self._wall = wall
        self._by_sender: dict[Any, Host] = {}
        self._asked: dict[Any, float] = {}
        self._marks: deque[tuple[dict[str, Any], float]] = deque(maxlen=_MARKS)
        self._new_marks: list[tuple[dict[str, Any], float]] = []
        self._changed: dict[str, Any] = {}
        self._touched: dict[Channel, Host] = {}
        self._judged: dict[Channel, Host] = {}

    # What comes in.

    def take(self, datagram: Datagram, sender: Any) -> int:
        """Take a datagram; return the number of points in it.

        Raises:
            Crowded: If it needs more hosts or codenames than a live server takes.
        """
        now = self._monotonic()
        host = self._told_host(datagram, sender) if datagram.is_news else None
        host = host or self._by_sender.get((datagram.host, sender)) or self._host(datagram.host)
        host.hear(now)
        if not host.was_alive and not datagram.stops:
            host.was_alive = True
            host.stopped = False
            self._change(host, {"alive": True, "age": 0.0})
        if datagram.is_news:
            if len(self._by_sender) > 4 * CROWD_HOSTS:
                self._by_sender.clear()  # it is learned again
            self._by_sender[datagram.host, sender] = host
            self._news(host, datagram, sender, now)
        if datagram.data:
            self._points(host, datagram.data, sender, now)
        return len(datagram.data)

    def should_ask(self, datagram: Datagram, sender: Any) -> bool:
        """Tell whether to ask a sender what it is: not each time, and not one that has told."""
        if (datagram.host, sender) in self._by_sender:
            return False
        now = self._monotonic()
        if len(self._asked) > CROWD_HOSTS:
            self._asked.clear()
        if now - self._asked.get(sender, -_ASK_EVERY_S) < _ASK_EVERY_S:
            return False
        self._asked[sender] = now
        return True

    def _told_host(self, news: Datagram, sender: Any) -> Host | None:
        """Return whose news they are.

        Several hosts of labframe may run on one computer, and several computers have one name:
        that with which all of their kind are delivered.
        """
        computers = [one for one in self.hosts.values() if one.computer == news.host]
        for host in computers:
            if host.instance == news.instance:
                return host
        name = news.name
        if name is None:
            return None  # all that there is will be told soon
        now = self._monotonic()
        namesakes = [host for host in computers if host.instance and host.name == name]
        for host in namesakes:
            if host.sender[0] == sender[0] or not host.is_alive(now):
                return host  # it was started again
        first = self.hosts.get(news.host)
        if first is None or not first.instance or not first.is_alive(now):
            return None
        which = f"{name}, {sender[0]}" if namesakes else name
        which = which.replace(":", ".")  # HOST:CODENAME has one colon
        other = self._host(f"{news.host} ({which})", news.host)
        self._by_sender[news.host, sender] = other
        for codename, channel in list(first.channels.items()):
            if channel.sender == sender and not channel.instance:
                self._forget_channel(first, codename)
        return other

    def _host(self, key: str, computer: str = "") -> Host:
        host = self.hosts.get(key)
        if host is None:
            if len(self.hosts) >= CROWD_HOSTS:
                raise Crowded(f"host {key!r:.80}: there are {CROWD_HOSTS} already")
            host = self.hosts[key] = Host(key, computer or key)
            host.heard = self._monotonic()
            self._change(host, host.described(host.heard))
        return host

    def _news(self, host: Host, news: Datagram, sender: Any, now: float) -> None:
        if news.stops:
            host.stopped = True
        elif news.command is not None:
            mark = ({"host": host.key, **_mark(news.command)}, now)
            self._marks.append(mark)
            self._new_marks.append(mark)
        elif news.quality:
            for codename, (quality, age_s) in news.quality.items():
                channel = host.channels.get(codename)
                if channel is not None:
                    host.judge(channel, quality, age_s, now)
                    self._judge(host, channel, now)
        elif news.name is not None:
            count = len(host.channels)
            told = sum(len(one.codenames) for one in news.instruments)
            if self.codenames + told - count > CROWD_CODENAMES:
                raise Crowded(f"host {host.key!r:.80}: there are {self.codenames} already")
            changed, channels = host.take(news, sender, self._is_own(sender[0]), now)
            self.codenames += len(host.channels) - count
            if changed:
                self._change(host, changed)
            for channel in channels:
                self._judge(host, channel, now)

    def _points(self, host: Host, points: Points, sender: Any, now: float) -> None:
        wall = self._wall()
        channels, touched = host.channels, self._touched
        for codename, value in points.items():
            channel = channels.get(codename)
            is_new = channel is None
            if channel is None:
                channel = self._new_channel(host, codename)
            channel.sender = sender
            learned = None
            if value == RESET:
                channel.reset()
            else:
                learned = channel.put(value[0], value[1], now, wall)
            touched[channel] = host
            if is_new:
                channel.announced = channel.judged(now)
                self._change(host, {"codenames": {codename: channel.described(now)}})
            elif learned:
                self._change(host, {"codenames": {codename: learned}})

    def _new_channel(self, host: Host, codename: str) -> Channel:
        if self.codenames >= CROWD_CODENAMES:
            raise Crowded(f"codename {codename!r:.80}: there are {self.codenames} already")
        self.codenames += 1
        channel = host.channels[codename] = Channel(codename)
        return channel

    def _judge(self, host: Host, channel: Channel, now: float) -> None:
        if channel.judged(now) != channel.announced:
            self._judged[channel] = host

    def _change(self, host: Host, changed: dict[str, Any]) -> None:
        known = self._changed.get(host.key)
        if known is None:
            known = self._changed[host.key] = {}
        _merge(known, changed)

    def _forget_channel(self, host: Host, codename: str) -> None:
        channel = host.channels.pop(codename)
        self.codenames -= 1
        self._touched.pop(channel, None)
        self._judged.pop(channel, None)
        self._change(host, {"codenames": {codename: None}})

    # What time does.

    def judge(self) -> None:
        """Find what has become old, and who is silent; a few times a second."""
        now = self._monotonic()
        for host in list(self.hosts.values()):
            alive = host.is_alive(now)
            if alive != host.was_alive:
                host.was_alive = alive
                self._change(host, {"alive": alive, "age": round(now - host.heard, 3)})
            if now - host.heard > _FORGET_S:
                self._forget_host(host)
                continue
            for channel in host.channels.values():
                if channel.judged(now) != channel.announced:
                    self._judged[channel] = host

    def _forget_host(self, host: Host) -> None:
        for codename in list(host.channels):
            self._forget_channel(host, codename)
        del self.hosts[host.key]
        self._by_sender = {key: one for key, one in self._by_sender.items() if one is not host}
        self._changed[host.key] = None

    # What goes out.

    @property
    def is_changed(self) -> bool:
        """Whether there is anything new to tell."""
        return bool(self._touched or self._changed or self._judged or self._new_marks)

    def update(self) -> dict[str, Any]:
        """Return what is new since this was called last."""
        now = self._monotonic()
        self.number += 1
        message: dict[str, Any] = {"type": "update", "number": self.number}
        if self._changed:
            message["hosts"], self._changed = self._changed, {}
        points: dict[str, Any] = {}
        resets: dict[str, Any] = {}
        for channel, host in self._touched.items():
            if channel.was_reset:
                resets.setdefault(host.key, []).append(channel.codename)
            new = channel.taken()
            if new:
                points.setdefault(host.key, {})[channel.codename] = new
                channel.announced = "ok"
        self._judged |= {
            channel: host
            for channel, host in self._touched.items()
            if channel.judged(now) != channel.announced
        }
        self._touched = {}
        quality: dict[str, Any] = {}
        for channel, host in self._judged.items():
            judged = channel.judged(now)
            if judged != channel.announced:
                channel.announced = judged
                quality.setdefault(host.key, {})[channel.codename] = [judged, channel.age_s(now)]
        self._judged = {}
        found = {"reset": resets, "points": points, "quality": quality}
        message |= {key: some for key, some in found.items() if some}
        if self._new_marks:
            message["marks"] = [_aged(mark, now) for mark in self._new_marks]
            self._new_marks = []
        return message

    def snapshot(self) -> dict[str, Any]:
        """Return all there is to tell, as of the last update."""
        now = self._monotonic()
        return {
            "number": self.number,
            "time": self._wall(),
            "hosts": {key: host.described(now) for key, host in self.hosts.items()},
            "marks": [_aged(mark, now) for mark in self._marks],
        }

    def channel(self, name: str) -> tuple[Host, Channel] | None:
        """Return the host and the codename that ``HOST:CODENAME`` names."""
        key, _, codename = name.rpartition(":")
        host = self.hosts.get(key)
        channel = None if host is None else host.channels.get(codename)
        return None if host is None or channel is None else (host, channel)

    def all_channels(self) -> Iterator[tuple[Host, Channel]]:
        """Return all codenames with their hosts."""
        for host in self.hosts.values():
            for channel in host.channels.values():
                yield host, channel


_MARK: Final = {
    "time": 0.0, "instrument": "host", "method": "", "arguments": {}, "outcome": "", "answer": "",
    "sender": "", "id": "",
}  # fmt: skip


def _mark(told: dict[str, Any]) -> dict[str, Any]:
    mark = {key: told.get(key, default) for key, default in _MARK.items()}
    return mark | {"time": told.get("received", mark["time"])}


def _aged(mark: tuple[dict[str, Any], float], now: float) -> dict[str, Any]:
    return {**mark[0], "age": round(now - mark[1], 3)}


_DEEP: Final = ("instruments", "codenames")


def _merge(known: dict[str, Any], changed: dict[str, Any]) -> None:
    """Merge what changed of a host into what was to be told of it."""
    for key, value in changed.items():
        if key not in _DEEP or key not in known:
            known[key] = value
            continue
        for name, facts in value.items():
            before = known[key].get(name)
            known[key][name] = {**before, **facts} if before and facts else facts
