"""Interlocks: asked before each command, and a command that not all of them allow is refused.

They fail closed: raising anything, answering anything, taking too long, or not being there refuses
the command just as well as saying no.
"""

from __future__ import annotations

import fnmatch
import logging
import threading
from collections.abc import Callable, Collection, Iterable, Sequence
from concurrent.futures import Future
from queue import SimpleQueue
from time import monotonic
from typing import Final, cast

from labframe.commands import answers
from labframe.errors import Refusal
from labframe.hookspecs import Interlock
from labframe.nearest import did_you_mean
from labframe.points import Command, Reading

__all__ = ["Interlocks"]

_LOG = logging.getLogger("labframe.host")

_PATIENCE_S: Final = 0.5

Look = Callable[[str], "Reading | None"]


class Interlocks:
    """All interlocks of a host.

    Args:
        interlocks: They, each with the name of its plugin.
        missing: Why interlocks are missing that should be there; each refuses every command.
    """

    def __init__(
        self, interlocks: Iterable[tuple[str, Interlock]], missing: Sequence[str] = ()
    ) -> None:
        self._missing = tuple(missing)
        self._guards: list[_Guard] = []
        for plugin, interlock in interlocks:
            try:
                self._guards.append(_Guard(plugin, interlock))
            except Exception as error:  # noqa: BLE001  # an interlock is a plugin
                text = f"plugin {plugin}: its interlock cannot be used: {error}"
                self._missing += (text,)
                _LOG.warning("%s; so every command is refused", text)

    def unknown(self, codenames: Collection[str], methods: Collection[str]) -> list[str]:
        """Return what the interlocks speak of that there is not."""
        codes = (
            f"interlock {guard.name}: there is no codename {one!r}{did_you_mean(one, codenames)} "
            f"There are: {', '.join(codenames)}"
            for guard in self._guards
            for one in guard.needs
            if one not in codenames
        )
        patterns = (
            f"interlock {guard.name}: no command is called {pattern!r}"
            f"{did_you_mean(pattern, methods)} There are: {', '.join(methods) or 'none'}"
            for guard in self._guards
            for pattern in guard.guards
            if not any(fnmatch.fnmatchcase(method, pattern) for method in methods)
        )
        return [*codes, *patterns]

    @property
    def problems(self) -> tuple[str, ...]:
        """What is wrong with interlocks; commands are refused because of it."""
        hanging = (
            f"interlock {guard.name} has not answered for {since:.0f} s: its commands are refused"
            for guard in self._guards
            if (since := guard.hangs_since_s()) > _PATIENCE_S
        )
        refused = (f"{text}; so every command is refused" for text in self._missing)
        return (*refused, *hanging)

    def of(self, method: str) -> list[str]:
        """Return the names of the interlocks that are asked about a method."""
        return [guard.name for guard in self._guards if guard.is_for(method)]

    def check(self, command: Command, look: Look) -> None:
        """Ask every interlock that is for this command.

        Args:
            command: The command.
            look: Returns the newest reading of a codename with its present quality.

        Raises:
            Refusal: If one does not allow it.
        """
        if self._missing:
            raise Refusal(
                "INTERLOCKED",
                f"{command.method}: an interlock is missing ({self._missing[0]}), and what it "
                "protects is not known. Mend the plugin, or leave it out with [host] "
                "blocked_plugins",
            )
        for guard in self._guards:
            if guard.is_for(command.method):
                guard.ask(command, look)

    def stop(self) -> None:
        """End the threads of those that do not hang."""
        for guard in self._guards:
            guard.stop()


class _Guard:
    """One interlock on a thread of its own, so that one that hangs holds up nothing else."""

    def __init__(self, plugin: str, interlock: Interlock) -> None:
        self.name = str(interlock.name)
        self.guards = tuple(map(str, interlock.guards))
        self.needs = tuple(map(str, interlock.needs))
        if not callable(interlock.check):
            raise TypeError("its check cannot be called")
        self._plugin = plugin
        self._check = cast("Callable[[Command, Look], object]", interlock.check)
        self._questions: SimpleQueue[tuple[Command, Look, Future[None]] | None] = SimpleQueue()
        self._asked_at: float | None = None
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()

    def is_for(self, method: str) -> bool:
        return any(fnmatch.fnmatchcase(method, pattern) for pattern in self.guards)

    def hangs_since_s(self) -> float:
        asked_at = self._asked_at
        return 0.0 if asked_at is None else monotonic() - asked_at

    def ask(self, command: Command, look: Look) -> None:
        if self.hangs_since_s() > _PATIENCE_S:
            raise self._hangs(command)
        self._begin()
        verdict: Future[None] = Future()
        self._questions.put((command, look, verdict))
        try:
            verdict.result(_PATIENCE_S)
        except TimeoutError as error:
            if verdict.cancel() or not verdict.done():
                raise self._hangs(command) from error
            raise self._refused(command, error) from error
        except BaseException as error:
            raise self._refused(command, error) from error

    def stop(self) -> None:
        self._questions.put(None)

    def _begin(self) -> None:
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._run, name=f"labframe interlock {self.name}", daemon=True
                )
                self._thread.start()

    def _run(self) -> None:
        while (question := self._questions.get()) is not None:
            command, look, verdict = question
            if not verdict.set_running_or_notify_cancel():
                continue
            self._asked_at = monotonic()
            try:
                answer = self._check(command, look)
                if answer is not None:
                    raise TypeError(
                        f"its check returned {answer!r}; it must return None to allow, and raise "
                        "to refuse"
                    )
            except BaseException as error:  # noqa: BLE001  # an interlock is a plugin
                self._asked_at = None
                verdict.set_exception(error)
            else:
                self._asked_at = None
                verdict.set_result(None)

    def _refused(self, command: Command, error: BaseException) -> Refusal:
        return Refusal(
            "INTERLOCKED",
            f"{command.method}: interlock {self.name} refuses: {answers.told(error)}",
        )

    def _hangs(self, command: Command) -> Refusal:
        return Refusal(
            "INTERLOCKED",
            f"{command.method}: interlock {self.name} (plugin {self._plugin}) does not answer "
            f"within {_PATIENCE_S:g} s",
        )
