"""Tells all websocket clients what is new, at most 20 times a second, in the same bytes."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import Any, Final

import msgspec

from labframe_plugins.live.frames import Pipe, text_frame
from labframe_plugins.live.health import Health
from labframe_plugins.live.laboratory import Laboratory

__all__ = ["Broadcast", "Client"]

_LOG = logging.getLogger("labframe.plugin.live")
_PACE_S: Final = 0.049
_AT_ONCE: Final = 3.0
_JUDGE_S: Final = 0.25
_AT_LEAST_S: Final = 1.0


class Client:
    """One websocket client.

    Args:
        pipe: Writes to it.

    Attributes:
        skipped: How many updates it missed because it was slow.
        is_behind: Whether it needs all there is, because it is new or missed some.
    """

    __slots__ = ("is_behind", "pipe", "skipped")

    def __init__(self, pipe: Pipe) -> None:
        self.pipe = pipe
        self.skipped = 0
        self.is_behind = True


class _Pace:
    """Lets something happen 20 times a second, and up to three times at once.

    So who sends 20 times a second does not wait because one of the times was late; a hair more than
    20 let what is owed be paid back.
    """

    def __init__(self, now: float) -> None:
        self._left = _AT_ONCE
        self._at = now

    def wait_s(self, now: float) -> float:
        """Return after how many seconds it may happen again."""
        return max(0.0, 1 - self._owed(now)) * _PACE_S

    def note(self, now: float) -> None:
        """Note that it happened."""
        self._left = self._owed(now) - 1
        self._at = now

    def _owed(self, now: float) -> float:
        return min(_AT_ONCE, self._left + (now - self._at) / _PACE_S)


class Broadcast:
    """Hands updates to clients, and all there is to those that are new or slow.

    Args:
        laboratory: What there is to tell.
        health: Counts.
        settled: What the snapshot says beside it: protocol, version, commands.
    """

    def __init__(self, laboratory: Laboratory, health: Health, settled: dict[str, Any]) -> None:
        self._laboratory = laboratory
        self._health = health
        self._settled = settled
        self._encode = msgspec.json.Encoder().encode
        self._is_rung = False
        now = time.monotonic()
        self._pace = _Pace(now)
        self._judged = self._told = self._health_told = now
        self.clients: set[Client] = set()

    def ring(self) -> None:
        """Say that there is something new."""
        if self._is_rung:
            return
        self._is_rung = True
        loop = asyncio.get_running_loop()
        wait_s = self._pace.wait_s(time.monotonic())
        if wait_s:
            loop.call_later(wait_s, self._answer)
        else:
            # Two rounds of the loop: what comes in several datagrams at once goes out together.
            loop.call_soon(loop.call_soon, self._answer)

    def join(self, client: Client) -> None:
        """Take a client, which is soon told all there is."""
        self.clients.add(client)
        self.ring()

    def leave(self, client: Client) -> None:
        """Let a client go."""
        self.clients.discard(client)

    def snapshot(self, skipped: int = 0) -> bytes:
        """Return the message that tells all there is."""
        return self._message(self._everything(), skipped)

    async def run(self) -> None:
        """Look for ever for what has become old, and for clients that were slow."""
        while True:
            # What is old goes out with the next points, if such come all the time.
            due = max(self._judged + _JUDGE_S, self._told + 2 * _PACE_S)
            left_s = due - time.monotonic()
            if left_s > 0:
                await asyncio.sleep(left_s)
                continue
            self._judge(time.monotonic())
            self.ring()

    def _answer(self) -> None:
        self._is_rung = False
        now = time.monotonic()
        if now - self._judged >= _JUDGE_S:
            self._judge(now)
        if not self._has_news() and now - self._told < _AT_LEAST_S:
            return
        self._pace.note(now)
        try:
            self._tell(now)
        except Exception:  # noqa: BLE001  # a fault in one message must not end all others
            _LOG.exception("an update could not be told")
            for client in self.clients:
                client.is_behind = True

    def _judge(self, now: float) -> None:
        self._judged = now
        self._laboratory.judge()

    def _has_news(self) -> bool:
        return self._laboratory.is_changed or self._someone_waits()

    def _someone_waits(self) -> bool:
        return any(client.is_behind and client.pipe.is_free for client in self.clients)

    def _tell(self, now: float) -> None:
        began = time.perf_counter()
        self._told = now
        message = self._laboratory.update()
        if now - self._health_told >= _AT_LEAST_S:
            self._health_told = now
            message["health"] = self._health.told()
        frame = text_frame(self._encode(message))
        behind = []
        sent = 0
        for client in self.clients:
            if not client.is_behind and client.pipe.write_frame(frame):
                sent += 1
            else:
                behind.append(client)
        self._health.sent += sent
        self._health.sent_bytes += sent * len(frame)
        if behind:
            self._catch_up(behind)
        self._health.batch_ms = round((time.perf_counter() - began) * 1000, 3)

    def _catch_up(self, behind: list[Client]) -> None:
        """Tell all there is to those who can be told; it holds the update that was just made."""
        everything = None
        for client in behind:
            if not client.pipe.is_free:
                self._skip(client)
                continue
            everything = everything or self._everything()
            frame = text_frame(self._message(everything, client.skipped))
            client.pipe.write_frame(frame)
            self._health.sent += 1
            self._health.sent_bytes += len(frame)
            self._health.resynchronised += client.skipped > 0
            client.is_behind, client.skipped = False, 0

    def _skip(self, client: Client) -> None:
        client.is_behind = True
        client.skipped += 1
        self._health.skipped += 1

    def _everything(self) -> bytes:
        told = {**self._settled, **self._laboratory.snapshot(), "health": self._health.told()}
        return bytes(self._encode(told))

    def _message(self, everything: bytes, skipped: int) -> bytes:
        """Put in front what differs from client to client."""
        return b'{"type":"snapshot","skipped":%d,%b' % (skipped, everything[1:])
