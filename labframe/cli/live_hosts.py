"""What a live server tells: the newest state of all its hosts, kept up to date.

The messages are those of docs/reference/live-server.md.
"""

from __future__ import annotations

import json
import time
from collections.abc import Generator, Mapping
from typing import Any, Final

from labframe.errors import NoAnswer, UnexpectedAnswer

__all__ = ["LiveState", "followed"]

_SILENCE_S: Final = 3.0
"""A live server says something each second."""
_LONGEST: Final = 64 * 1024 * 1024
_DEEP: Final = ("instruments", "codenames")


class LiveState:
    """The hosts of a live server.

    Attributes:
        hosts: By name, as the reference describes them. What has an ``age`` has one key more:
            ``measured``, the monotonic time to which the age counts back, in seconds; None where
            there is no age.
    """

    def __init__(self) -> None:
        self.hosts: dict[str, dict[str, Any]] = {}

    def take(self, message: Mapping[str, Any]) -> None:
        """Take in a message, in the order in which they came.

        Raises:
            KeyError, TypeError, ValueError: If it is none of a live server.
        """
        now = time.monotonic()
        if message["type"] == "snapshot":
            self.hosts = {}
        self._merge(message.get("hosts", {}), now)
        for host, points in message.get("points", {}).items():
            for codename, flat in points.items():
                x, y = flat[-2:]
                self._codename(host, codename).update(x=x, y=y, quality="ok", age=0.0, measured=now)
        for host, qualities in message.get("quality", {}).items():
            for codename, (quality, age) in qualities.items():
                told = {"quality": quality, "age": age, "measured": _before(now, age)}
                self._codename(host, codename).update(told)

    def _codename(self, host: str, codename: str) -> dict[str, Any]:
        known: dict[str, Any] = self.hosts[host]["codenames"][codename]
        return known

    def _merge(self, changed: Mapping[str, Any], now: float) -> None:
        for name, facts in changed.items():
            if facts is None:
                self.hosts.pop(name, None)
                continue
            host = self.hosts.setdefault(name, {"instruments": {}, "codenames": {}})
            for key, value in facts.items():
                if key not in _DEEP:
                    host[key] = value
                    if key == "age":
                        host["measured"] = _before(now, value)
                    continue
                for one, more in value.items():
                    if more is None:
                        host[key].pop(one, None)
                        continue
                    if "age" in more:
                        more["measured"] = _before(now, more["age"])
                    host[key].setdefault(one, {}).update(more)


def _before(now: float, age_s: float | None) -> float | None:
    return None if age_s is None else now - age_s


def followed(address: str, timeout: float = 2.0) -> Generator[dict[str, Any], None, None]:
    """Yield the messages of a live server, for as long as it answers.

    Args:
        address: ``HOST:PORT``, with an IPv6 address in brackets.
        timeout: Seconds to wait for its first answer.

    Raises:
        NoAnswer: If it does not answer, or falls silent.
        UnexpectedAnswer: If something else answers.
    """
    from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidMessage
    from websockets.sync.client import connect

    try:
        with connect(
            f"ws://{address}/api/v1/live", open_timeout=timeout, close_timeout=0.2,
            max_size=_LONGEST, compression=None, proxy=None,
        ) as opened:  # fmt: skip
            while True:
                yield json.loads(opened.recv(_SILENCE_S))
    except InvalidMessage as error:
        raise UnexpectedAnswer(f"{address} is no live server: {error}") from error
    except InvalidHandshake as error:
        raise UnexpectedAnswer(f"{address} is no live server, or refuses: {error}") from error
    except ConnectionRefusedError as error:
        raise NoAnswer(
            f"no live server listens on TCP {address}: labframe run starts one, and so does "
            "labframe live; labframe watch HOST asks a host itself"
        ) from error
    except (ConnectionClosed, TimeoutError, OSError) as error:
        raise NoAnswer(f"the live server at {address} does not answer: {error}") from error
