"""What ``labframe watch`` knows of its hosts: their newest points, and the last few values."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Mapping
from queue import SimpleQueue
from typing import Final, NamedTuple, TypeVar

from labframe.cli.hosts import Seen, Source, Target
from labframe.errors import ClientError
from labframe.points import Point, Value

__all__ = ["Answered", "Course", "Watched"]

T = TypeVar("T")

_KEPT: Final = 30
_TIMEOUT_S: Final = 0.5
_PATIENCE_S: Final = 2.0
_NOT_YET: Final = "nothing came yet"


class Answered(NamedTuple):
    """What asking one host gave.

    Attributes:
        host: Which one.
        seen: Its points; None when it did not answer.
        error: Why it did not.
    """

    host: Watched
    seen: Mapping[str, Seen] | None
    error: str = ""


class Course:
    """One codename over time.

    Attributes:
        seen: What the host answered last.
        point: The last fresh point, however old it is now; None before the first.
        values: The last 30 values; None where there was none.
    """

    def __init__(self, seen: Seen) -> None:
        self.seen = seen
        self.point: Point | None = None
        self.values: deque[Value | None] = deque(maxlen=_KEPT)

    def take(self, seen: Seen) -> None:
        """Take in a new answer."""
        self.seen = seen
        self.point = seen.point or self.point
        self.values.append(None if seen.point is None else seen.point.y)

    def age_s(self, now: float) -> float | None:
        """Return how long ago the last fresh point was measured, in seconds, if it is known."""
        return self.seen._replace(point=self.point).age_s(now)


class Watched:
    """One host: asked on a thread of its own, so that a silent one holds nobody up.

    Attributes:
        target: Which host.
        courses: Its codenames.
        error: Why it did not answer; empty when it did.
    """

    def __init__(self, target: Target) -> None:
        self.target = target
        self.courses: dict[str, Course] = {}
        self.error = _NOT_YET
        self._source = Source(target, _TIMEOUT_S)
        self._asked_at: float | None = None

    @property
    def is_asked(self) -> bool:
        """Whether an answer is still to come."""
        return self._asked_at is not None

    def ask(self, mail: SimpleQueue[T | Answered]) -> None:
        """Have the answer posted when it comes; a host that is still being asked is left alone."""
        if self._asked_at is None:
            self._asked_at = time.monotonic()
            threading.Thread(
                target=self._read, args=(mail,), name=f"watch {self.target}", daemon=True
            ).start()
        elif time.monotonic() - self._asked_at > _PATIENCE_S:
            self._lose(_NOT_YET)  # a name server, for example, takes its time

    def take(self, answer: Answered) -> None:
        """Take in what was posted."""
        self._asked_at = None
        if answer.seen is None:
            self._lose(answer.error)
            return
        self.error = ""
        self.courses = {
            name: self.courses.get(name) or Course(seen) for name, seen in answer.seen.items()
        }
        for name, seen in answer.seen.items():
            self.courses[name].take(seen)

    def _lose(self, error: str) -> None:
        self.error = error
        for course in self.courses.values():
            course.values.append(None)

    def _read(self, mail: SimpleQueue[T | Answered]) -> None:
        try:
            mail.put(Answered(self, self._source.read()))
        except (ClientError, OSError, ValueError) as error:
            mail.put(Answered(self, None, str(error)))
