"""One host as the live server knows it: what it is, its instruments and its codenames."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from labframe_plugins.live.channel import Channel, Rhythm
from labframe_plugins.live.datagrams import Datagram, InstrumentNews

__all__ = ["Host", "Instrument"]

_LABFRAME_SILENCE_S: Final = 15.0
_ORIGINAL_SILENCE_S: Final = 60.0
_JITTER_S: Final = 0.25
_NO_HOST: Final = "it is no host of labframe"
_ELSEWHERE: Final = "it runs on another computer than the live server"
_NO_COMMANDS: Final = "it takes no commands"


class Instrument:
    """An instrument, or a producer.

    Attributes:
        facts: What was told of it.
        since: Monotonic time since when it is in its state.
        methods: Its commands by name, as the host describes them.
        instance: The start of the host in which it was told of.
    """

    def __init__(self) -> None:
        self.facts: dict[str, Any] = {}
        self.since = 0.0
        self.methods: dict[str, dict[str, Any]] = {}
        self.instance = ""

    def take(self, news: InstrumentNews, instance: str, now: float) -> dict[str, Any]:
        """Take in what the host tells; return what is new of it."""
        if instance != self.instance:
            self.methods, self.instance = {}, instance
        told = {key: getattr(news, key) for key in _TOLD}
        changed = {key: value for key, value in told.items() if self.facts.get(key, ...) != value}
        if "state" in changed:
            changed["age"] = news.age
        methods = {one["method"]: one for one in news.methods}
        if any(self.methods.get(name) != one for name, one in methods.items()):
            self.methods.update(methods)
            changed["methods"] = list(self.methods.values())
        self.since = now - news.age
        self.facts = told
        return changed

    def described(self, now: float) -> dict[str, Any]:
        """Return all there is to say of it."""
        age_s = round(max(0.0, now - self.since), 3)
        return {**self.facts, "age": age_s, "methods": list(self.methods.values())}


_TOLD: Final = tuple(
    key
    for key in InstrumentNews.__struct_fields__
    if key not in ("name", "age", "codenames", "methods")
)


class Host:
    """A host.

    Args:
        key: Its name among the hosts.
        computer: What its datagrams call the computer.

    Attributes:
        channels: By codename.
        instruments: By name.
        sender: The address of the host of labframe; None of an original one.
        is_own: Whether that is this computer.
        instance: Its present start; empty for an original one.
        heard: Monotonic time of its last datagram.
        push_address: Where it takes commands; None if it takes none.
        return_format: How it answers them.
        history: The file that it records in; empty if it does not.
        was_alive: Whether clients were told that it is alive.
    """

    def __init__(self, key: str, computer: str) -> None:
        self.key = key
        self.computer = computer
        self.name = key
        self.version: str | None = None
        self.channels: dict[str, Channel] = {}
        self.instruments: dict[str, Instrument] = {}
        self.sender: Any = None
        self.is_own = False
        self.instance = ""
        self.heard = 0.0
        self.stopped = False
        self.push_address: tuple[str, int] | None = None
        self.return_format = "json"
        self.history = ""
        self.was_alive = True
        self._sinks: list[dict[str, Any]] = []
        self._problems: list[str] = []
        self._pages = 0
        self._rhythm = Rhythm()

    def hear(self, now: float) -> None:
        """Note that it sent something."""
        self.heard = now
        self._rhythm.beat(now)

    def is_alive(self, now: float) -> bool:
        """Tell whether it was heard lately, and has not said that it ends."""
        if self.stopped:
            return False
        if self.instance:
            return now - self.heard <= _LABFRAME_SILENCE_S
        patience_s = self._rhythm.patience_s if len(self.channels) else 0.0
        return now - self.heard <= max(_ORIGINAL_SILENCE_S, patience_s)

    def why_no_commands(self) -> str:
        """Return why nobody can send it commands from here; empty if one can."""
        if not self.instance:
            return _NO_HOST
        if not self.is_own:
            return _ELSEWHERE
        return "" if self.push_address is not None else _NO_COMMANDS

    def facts(self, now: float) -> dict[str, Any]:
        """Return what there is to say of it, without instruments and codenames."""
        why = self.why_no_commands()
        return {
            "kind": "labframe" if self.instance else "original",
            "name": self.name,
            "version": self.version,
            "alive": self.is_alive(now),
            "age": round(max(0.0, now - self.heard), 3),
            "commands": {"allowed": not why, "why": why},
            "history": bool(self.history),
            "problems": self._problems,
            "sinks": self._sinks,
        }

    def described(self, now: float) -> dict[str, Any]:
        """Return all there is to say of it."""
        return {
            **self.facts(now),
            "instruments": {name: one.described(now) for name, one in self.instruments.items()},
            "codenames": {name: one.described(now) for name, one in self.channels.items()},
        }

    # What it tells.

    def take(
        self, news: Datagram, sender: Any, is_own: bool, now: float
    ) -> tuple[dict[str, Any], set[Channel]]:
        """Take in what a host of labframe tells of itself.

        Returns:
            What is new, as in an update's ``hosts``; and the codenames whose quality was told.
        """
        before = self.facts(now)
        self.instance, self.sender, self.is_own = news.instance, sender, is_own
        self.name, self.version = news.name or self.key, news.version
        self.push_address, self.return_format = news.push_address, news.return_format
        self.history = (news.history or "") if is_own else ""
        self.stopped = False
        first = news.page == 1
        self._sinks = news.sinks if first else self._sinks + news.sinks
        self._problems = news.plugins if first else self._problems + news.plugins
        after = self.facts(now)
        changed = {key: value for key, value in after.items() if before[key] != value}
        told: set[Channel] = set()
        instruments = {one.name: self._instrument(one, now) for one in news.instruments}
        codenames = {
            codename: self._codename(one.name, codename, facts, now, told)
            for one in news.instruments
            for codename, facts in one.codenames.items()
        }
        self._prune(news, instruments, codenames)
        for key, some in (("instruments", instruments), ("codenames", codenames)):
            new = {name: facts for name, facts in some.items() if facts is None or facts}
            if new:
                changed[key] = new
        return changed, told

    def _instrument(self, news: InstrumentNews, now: float) -> dict[str, Any] | None:
        is_new = news.name not in self.instruments
        instrument = self.instruments.setdefault(news.name, Instrument())
        changed = instrument.take(news, self.instance, now)
        return instrument.described(now) if is_new else changed

    def _codename(
        self, instrument: str, codename: str, news: Any, now: float, told: set[Channel]
    ) -> dict[str, Any] | None:
        is_new = codename not in self.channels
        channel = self.channels.setdefault(codename, Channel(codename))
        channel.instance = self.instance
        facts = {
            "instrument": instrument, "label": news.label or codename, "unit": news.unit,
            "kind": news.kind, "stale_after": news.stale_after, "every": news.every,
            "on_demand": news.on_demand,
        }  # fmt: skip
        changed = {key: value for key, value in facts.items() if channel.facts[key] != value}
        channel.facts = facts
        had_point = channel.arrival is not None
        if news.age is not None and not had_point:
            channel.x, channel.y = news.x, news.y
        self.judge(channel, news.quality, news.age, now)
        told.add(channel)
        if is_new or (channel.arrival is not None and not had_point):
            channel.announced = channel.judged(now)
            return channel.described(now)
        return changed

    def judge(self, channel: Channel, quality: str, age_s: float | None, now: float) -> None:
        """Take in what the host says of a codename's newest point."""
        channel.quality = quality
        if age_s is not None:
            arrival = now - age_s
            if channel.arrival is None or abs(channel.arrival - arrival) > _JITTER_S:
                channel.arrival = arrival

    def _prune(
        self,
        news: Datagram,
        instruments: dict[str, dict[str, Any] | None],
        codenames: dict[str, dict[str, Any] | None],
    ) -> None:
        """Forget what a host has no more, once all it has was told."""
        if not news.whole:
            return
        self._pages = 1 if news.page == 1 else self._pages + 1
        if news.page != news.pages or self._pages != news.pages:
            return
        for name in [n for n, one in self.instruments.items() if one.instance != self.instance]:
            del self.instruments[name]
            instruments[name] = None
        for name in list(self._left_over()):
            del self.channels[name]
            codenames[name] = None

    def _left_over(self) -> Iterator[str]:
        for name, channel in self.channels.items():
            if channel.instance and channel.instance != self.instance:
                yield name
