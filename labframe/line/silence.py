"""When a line is free for a request: what was due has come, and nothing else does."""

from __future__ import annotations

from labframe.line.channel import Channel
from labframe.line.conversation import BLANK, Conversation
from labframe.line.unasked import Unasked

__all__ = ["Silence"]


class Silence:
    """Waits until a line is silent; used by the thread that holds the line's lock.

    Args:
        member: Whose settings hold before the first request.

    Attributes:
        last: Who asked last.
        ended: When the last transaction ended, on the channel's clock.
        is_doubtful: Whether the last request went wrong, so that something may still come.
        late_until: Until when the answer to a failed request may still come.
        unasked: What may come without being asked for; None if nothing does.
    """

    def __init__(self, member: Conversation) -> None:
        self.last = member
        self.ended = 0.0
        self.is_doubtful = False
        self.late_until = 0.0
        self.unasked: Unasked | None = None

    def before_a_request(self, channel: Channel, member: Conversation, by: float | None) -> None:
        """Keep the gap between two requests, and drop what has come since the last one.

        Args:
            channel: The open port.
            member: Who asks.
            by: When to give up waiting; None: only ``total_s`` limits it.
        """
        gap_s = max(member.min_gap_s, self.last.min_gap_s)
        if gap_s:
            left = self.ended + gap_s - channel.monotonic()
            if left > 0:
                channel.pause(left)
        dropped = self._others(channel.drop_input(), channel.monotonic())
        if dropped.strip(BLANK):  # nobody asked for it: what follows is nobody's, too
            self.reached(channel, member, by, has_come=True)
        if self.unasked is not None:
            self.unasked.let_finish(channel, member.total_s)

    def reached(
        self, channel: Channel, member: Conversation, by: float | None, *, has_come: bool = False
    ) -> bool:
        """Wait for the answer that is still due unless it has come, then for one silent gap.

        Args:
            channel: The open port.
            member: Who wants to ask.
            by: When to give up; None: only ``total_s`` limits it.
            has_come: Whether what was due has come already.

        Returns:
            Whether it is silent; False when it is not ``total_s`` after what was due, or by ``by``.
        """
        gap_s = max(member.gap_s, self.last.gap_s)
        now = channel.monotonic()
        limit = max(now, self.late_until) + member.total_s
        if by is not None:
            limit = min(limit, by)
        has_come = bool(self._others(channel.drop_input(), now)) or has_come
        silent_since = now if has_come else self.ended
        while True:
            until = silent_since + gap_s
            if not has_come:
                until = max(until, self.late_until)
            if until <= now:
                return True
            if now >= limit:
                return False
            came = channel.receive(min(until, limit) - now)
            now = channel.monotonic()
            if self._others(came, now):
                has_come = True
                silent_since = now

    def _others(self, data: bytes, now: float) -> bytes:
        """Return those of bytes outside of an answer that are no frame which comes unasked."""
        return data if self.unasked is None else self.unasked.sift(data, now)
