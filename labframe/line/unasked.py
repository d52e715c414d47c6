"""Frames that an instrument sends without being asked: found in the bytes, and kept apart."""

from __future__ import annotations

import re
import time
from collections import deque
from collections.abc import Callable, Iterator
from time import monotonic
from typing import Final, NamedTuple

from labframe.errors import BadReply, IncompleteReply, LineError
from labframe.line.alarm import Alarm
from labframe.line.channel import Channel
from labframe.line.checked import Checked
from labframe.line.conversation import Talk, shown
from labframe.line.framing import Decoder, EnqAck, Framing, Terminated
from labframe.line.settings import SerialLine
from labframe.line.stuffing import Stuffed

__all__ = ["Frame", "Sieve", "Unasked"]


_MOST_KEPT: Final = 10_000
"""Frames that nobody takes, as during a long request."""


class Frame(NamedTuple):
    """What came unasked.

    Attributes:
        payload: The frame, without terminator or checksum; of a broken one its bytes as they came.
        time: Unix time at which its first byte was read, in seconds.
        arrival: ``time.monotonic()`` at that moment.
        error: What is wrong with it; None: nothing.
    """

    payload: bytes
    time: float
    arrival: float
    error: LineError | None = None


class Unasked:
    """Cuts what an instrument says by itself into frames.

    What came before the first whole frame is half a frame, and is dropped: up to the end of that
    half where frames end with a mark (a terminator, a flag), else up to a silence of ``gap_s``.

    Args:
        settings: How the instrument frames.
        like: What such a frame looks like from its beginning on; None where that is not known.

    Attributes:
        frames: The frames that nobody took yet, the oldest first.
        like: As given.
        gap_s: After so long without a byte a frame is at its end, or broken.
        heard_at: When bytes came last, on the channel's clock.
        ended: How many frames have ended.
    """

    def __init__(self, settings: SerialLine, like: re.Pattern[bytes] | None) -> None:
        framing = settings.effective_framing
        self.frames: deque[Frame] = deque()
        self.like = like
        self.gap_s = settings.gap_s
        self.heard_at = 0.0
        self.ended = 0
        self._new: Callable[[], Decoder] = framing.decoder
        self._ends_with_mark = _ends_with_mark(framing)
        self._time = self._arrival = 0.0
        self._is_cut = True
        self._lost = 0
        self._begin_frame()

    def begin(self, now: float) -> None:
        """Begin anew, in the middle of a frame; ``now`` is on the channel's clock."""
        self.frames.clear()
        self._lost = 0
        self.heard_at = now
        self._is_cut = True
        self._begin_frame()

    @property
    def is_under_way(self) -> bool:
        """Whether a frame has begun and not ended, as far as is known."""
        return self._is_cut or bool(self._raw)

    def silent_in(self, now: float) -> float:
        """Return in how many seconds the line will have been silent for a gap."""
        return max(0.0, self.heard_at + self.gap_s - now)

    def is_like(self, payload: bytes) -> bool:
        """Tell whether a frame may be one that comes unasked."""
        return self.like is None or self.like.match(payload) is not None

    def hear(self, data: bytes, now: float) -> None:
        """Take bytes while nobody was asked: all frames are kept, also those that are broken."""
        for frame, _ in self._cut(data, now):
            self._keep(frame)

    def sift(self, data: bytes, now: float) -> bytes:
        """Take bytes that may be an answer; return those that are no frame of its own."""
        others = b""
        for frame, raw in self._cut(data, now):
            if frame.error is None and self.is_like(frame.payload):
                self._keep(frame)
            else:
                others += raw
        return others

    def release(self) -> bytes:
        """Return the beginning of a frame, if it does not look like one that comes unasked."""
        if not self._raw or self._is_cut or self.is_like(self._raw):
            return b""
        raw = self._raw
        self._begin_frame()
        return raw

    def fall_silent(self) -> None:
        """Be told that nothing came for ``gap_s``: that ends a frame."""
        raw, was_cut = self._raw, self._is_cut
        payload: bytes | None = None
        error: LineError | None = None
        try:
            payload = self._decoder.silence() if raw and not was_cut else None
        except BadReply as problem:
            error = _said(problem, raw)
        self._is_cut = False
        self._begin_frame()
        if was_cut or not raw:
            return
        self.ended += 1
        if payload is None and error is None:
            error = IncompleteReply(
                f"a frame that is not whole: {shown(raw)}, then nothing more for {self.gap_s:g} s",
                received=raw,
            )
        self._keep(Frame(payload or raw, self._time, self._arrival, error))

    # On an open port.

    def next(self, channel: Channel, timeout_s: float, alarm: Alarm) -> Frame | None:
        """Return the next frame; None when none came whole in time, or the alarm rang."""
        now = channel.monotonic()
        deadline = now + timeout_s
        if self._lost:
            lost, self._lost = self._lost, 0
            error = BadReply(f"{lost} frames were lost: nobody took them")
            return Frame(b"", time.time(), monotonic(), error)
        while not self.frames:
            left = deadline - now
            if self.is_under_way:
                left = min(left, self.silent_in(now))
            data = channel.listen(left, alarm)
            now = channel.monotonic()
            if data:
                self.hear(data, now)
            elif self.is_under_way and not self.silent_in(now):
                self.fall_silent()
            if alarm.take() or (now >= deadline and not data):
                break
        return self.frames.popleft() if self.frames else None

    def let_finish(self, channel: Channel, limit_s: float) -> None:
        """Wait until the frame that is just coming has ended, for so long at most."""
        now = channel.monotonic()
        deadline, ended = now + limit_s, self.ended
        while self.is_under_way and self.ended == ended and now < deadline:
            data = channel.receive(self.silent_in(now))
            now = channel.monotonic()
            if data:
                self.hear(data, now)
            elif not self.silent_in(now):
                self.fall_silent()

    def hush(self, channel: Channel, gap_s: float, limit_s: float) -> bool | None:
        """Wait for one silent gap; what comes before it and is no frame is lost.

        Returns:
            Whether something came; None if it went on for longer than the limit.
        """
        deadline = channel.monotonic() + limit_s
        has_come = False
        while data := channel.receive(gap_s):
            has_come = True
            now = channel.monotonic()
            self.sift(data, now)
            if now >= deadline:
                return None
        self.release()
        self.fall_silent()
        return has_come

    def _cut(self, data: bytes, now: float) -> Iterator[tuple[Frame, bytes]]:
        """Yield the frames that are now whole, each with its bytes as they came."""
        if not data:
            return
        self.heard_at = now
        at, arrival = time.time(), monotonic()
        while data and (self._ends_with_mark or not self._is_cut):
            if not self._raw:
                self._time, self._arrival = at, arrival
            self._raw += data
            payload, error = None, None
            try:
                payload = self._decoder.feed(data)
            except BadReply as problem:
                error = _said(problem, self._raw)
            if payload is None and error is None:
                return
            data = self._decoder.rest
            raw = self._raw[: len(self._raw) - len(data)]
            was_cut, self._is_cut = self._is_cut, error is not None and not self._ends_with_mark
            self._begin_frame()
            self.ended += 1
            if (payload or error is not None) and not was_cut:
                yield Frame(payload or raw, self._time, self._arrival, error), raw

    def _keep(self, frame: Frame) -> None:
        if len(self.frames) >= _MOST_KEPT:
            self.frames.popleft()
            self._lost += 1
        self.frames.append(frame)

    def _begin_frame(self) -> None:
        self._raw = b""
        self._decoder = self._new()


class Sieve:
    """An open port during a request: what comes unasked meanwhile is kept apart.

    Args:
        channel: The port.
        unasked: Where that goes.
    """

    def __init__(self, channel: Talk, unasked: Unasked) -> None:
        self.monotonic: Callable[[], float] = channel.monotonic
        self.write: Callable[[bytes, float], bool] = channel.write
        self._receive = channel.receive
        self._unasked = unasked

    def receive(self, timeout_s: float) -> bytes:
        """Wait for bytes of an answer: those of whole frames, at the end also of half a one."""
        deadline = self.monotonic() + timeout_s
        while True:
            data = self._receive(max(0.0, deadline - self.monotonic()))
            now = self.monotonic()
            others = self._unasked.sift(data, now)
            if others:
                return others
            if not data or now >= deadline:
                return self._unasked.release()


def _ends_with_mark(framing: Framing) -> bool:
    """Tell whether the end of a frame is seen also by who missed its beginning."""
    if isinstance(framing, Checked):
        return framing.position == "payload" and _ends_with_mark(framing.framing)
    if isinstance(framing, Terminated):
        return bool(framing.read)
    return isinstance(framing, (Stuffed, EnqAck))


def _said(problem: BadReply, raw: bytes) -> BadReply:
    return BadReply(f"a broken frame {shown(raw)}: {problem}", received=raw)
