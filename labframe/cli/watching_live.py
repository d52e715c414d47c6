"""All hosts of a live server, for ``labframe watch``: subscribed to once, heard all the time."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, Final

from labframe.cli.hosts import Seen, Target
from labframe.cli.live_hosts import LiveState, followed
from labframe.cli.values import age_in_words
from labframe.cli.watching import Course
from labframe.errors import ClientError
from labframe.points import Point

__all__ = ["LIVE_PORT", "LiveWatch"]

LIVE_PORT: Final = 8765
_RETRY_S: Final = 1.0
_NO_HOST: Final = "it has heard no host yet"


class _LiveHost:
    """One host, as the live server knows it; shown like one that is asked.

    Attributes:
        target: Its name.
        courses: Its codenames.
        error: Why nothing of it is to be believed; empty when all is well.
    """

    def __init__(self, target: str) -> None:
        self.target = target
        self.courses: dict[str, Course] = {}
        self.error = ""

    def take(self, told: Mapping[str, Any], wall: float, now: float) -> None:
        """Take in what is known of it."""
        last = age_in_words(now - told["measured"])
        self.error = "" if told["alive"] else f"last heard {last} ago"
        codenames = told["codenames"]
        seen = {name: _seen(facts, wall - now) for name, facts in codenames.items()}
        self.courses = {name: self.courses.get(name) or Course(one) for name, one in seen.items()}
        for name, one in seen.items():
            self.courses[name].take(one)
            facts = codenames[name]
            if facts["measured"] is not None:  # what is old has its last good point all the same
                self.courses[name].point = Point(facts["x"], facts["y"])

    def lose(self, error: str) -> None:
        """Note that nothing is known of it now."""
        self.error = error
        for course in self.courses.values():
            course.values.append(None)


def _seen(facts: Mapping[str, Any], to_wall: float) -> Seen:
    quality, measured = facts["quality"], facts["measured"]
    return Seen(
        point=Point(facts["x"], facts["y"]) if quality == "ok" else None,
        unit=facts["unit"] or "",
        socket=None,
        is_data=facts["kind"] == "data",
        on_demand=facts.get("on_demand", False),
        measured=None if measured is None else measured + to_wall,
        quality=quality,
    )


class LiveWatch:
    """Hears a live server on a thread of its own; asks again for ever when it falls silent.

    Args:
        target: Where it is; port 8765 if the target has none.
    """

    def __init__(self, target: Target) -> None:
        self.target = target.with_port(target.port or LIVE_PORT)
        self._state = LiveState()
        self._lock = threading.Lock()
        self._error = "nothing came yet"
        self._hosts: dict[str, _LiveHost] = {}
        self._told: Callable[[], object] | None = None

    def start(self, told: Callable[[], object]) -> None:
        """Begin to listen.

        Args:
            told: Called once, when there is something to show, or to complain about.
        """
        self._told = told
        threading.Thread(target=self._run, name="watch the live server", daemon=True).start()

    def round(self) -> list[_LiveHost]:
        """Return all hosts as they are now; the live server itself where it knows of none."""
        wall, now = time.time(), time.monotonic()
        with self._lock:
            error, known = self._error, self._state.hosts
            if not error:
                self._hosts = {name: self._hosts.get(name) or _LiveHost(name) for name in known}
                for name, host in self._hosts.items():
                    host.take(known[name], wall, now)
        if error:
            for host in self._hosts.values():
                host.lose(error)
        if self._hosts:
            return [self._hosts[name] for name in sorted(self._hosts)]
        server = _LiveHost(f"live server {self.target}")
        server.error = error or _NO_HOST
        return [server]

    def _tell(self) -> None:
        told, self._told = self._told, None
        if told is not None:
            told()

    def _run(self) -> None:
        while True:
            why = ""
            try:
                with contextlib.closing(followed(str(self.target))) as messages:
                    for message in messages:
                        with self._lock:
                            self._state.take(message)
                            self._error = ""
                        self._tell()
            except ClientError as error:
                why = str(error)
            except (KeyError, TypeError, ValueError) as error:
                why = f"{self.target} said what no live server says: {error!r}"
            with self._lock:
                self._error = why
            self._tell()
            time.sleep(_RETRY_S)
