"""Ctrl-C and the signals that end a program, as mail to a command that runs for long."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from queue import SimpleQueue
from types import FrameType
from typing import Final, TypeVar

__all__ = ["Stop", "stops_posted"]

T = TypeVar("T")

_SIGNALS: Final = ("SIGINT", "SIGTERM", "SIGHUP")


class Stop:
    """Somebody wants the command to end."""


@contextmanager
def stops_posted(mail: SimpleQueue[T | Stop]) -> Iterator[None]:
    """Post a ``Stop`` for the first Ctrl-C, SIGTERM or SIGHUP; a second one acts as it always does.

    A signal that is ignored (by ``nohup``, or by a shell's ``&``) stays ignored.

    Args:
        mail: What the command waits on. A ``SimpleQueue`` may be filled by a signal handler while
            the same thread waits on it; an ``Event`` may not.
    """
    before: dict[int, Callable[[int, FrameType | None], object] | int] = {}

    def restore() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    def post(number: int, frame: FrameType | None) -> None:
        del number, frame
        restore()
        mail.put(Stop())

    for name in _SIGNALS:
        number = getattr(signal, name, None)
        handler = None if number is None else signal.getsignal(number)
        if number is not None and handler is not None and handler is not signal.SIG_IGN:
            before[number] = handler
            signal.signal(number, post)
    try:
        yield
    finally:
        restore()
