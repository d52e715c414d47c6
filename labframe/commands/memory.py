"""Which commands were sent under which id, and what was answered: kept for ten minutes."""

from __future__ import annotations

from collections import deque
from typing import Final, Generic, NamedTuple, TypeAlias, TypeVar

from labframe.errors import Refusal

__all__ = ["KEPT_S", "Key", "Memory", "Remembered"]

KEPT_S: Final = 600.0
_MOST: Final = 200_000
_MOST_BYTES: Final = 64_000_000

Running = TypeVar("Running")
Key: TypeAlias = tuple[str, str]
"""The sender, and its id of the command."""


class Remembered(NamedTuple):
    """A command that has its final answer."""

    digest: bytes
    answer: bytes


class Memory(Generic[Running]):
    """What became of commands with an id. Not for several threads at once.

    Nothing is forgotten before its time: when there is no room left, new ids are refused.

    Args:
        kept_s: How long an answer is kept, in seconds.
        most: How many commands are remembered.
        most_bytes: How long their answers may be together.
    """

    def __init__(
        self, kept_s: float = KEPT_S, most: int = _MOST, most_bytes: int = _MOST_BYTES
    ) -> None:
        self._kept_s = kept_s
        self._most = most
        self._most_bytes = most_bytes
        self._known: dict[Key, Running | Remembered] = {}
        self._expiries: deque[tuple[float, Key]] = deque()
        self._bytes = 0

    def get(self, key: Key, now: float) -> Running | Remembered | None:
        """Return what is known of a command; None if it is a new one."""
        self._forget(now)
        return self._known.get(key)

    def begin(self, key: Key, running: Running) -> None:
        """Note that a command is under way.

        Raises:
            Refusal: If there is no room for it.
        """
        if len(self._known) >= self._most or self._bytes >= self._most_bytes:
            raise Refusal(
                "TOO_MANY_IDS",
                f"the host remembers {len(self._known)} commands with an _id, and has no room for "
                f"more; it forgets each {self._kept_s:g} s after its answer. Wait, or send fewer",
            )
        self._known[key] = running

    def end(self, key: Key, remembered: Remembered, now: float) -> None:
        """Note the final answer to a command."""
        self._known[key] = remembered
        self._bytes += len(remembered.answer)
        self._expiries.append((now + self._kept_s, key))

    def _forget(self, now: float) -> None:
        while self._expiries and self._expiries[0][0] <= now:
            _, key = self._expiries.popleft()
            gone = self._known.pop(key, None)
            if isinstance(gone, Remembered):
                self._bytes -= len(gone.answer)
