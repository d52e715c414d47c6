"""The servers that are compared, each in a process of its own.

A process of its own makes the kernel count its processor time, whatever else the machine does. It
takes its orders through a pipe, and ends when the pipe does: so it never outlives the measurement.
"""

from __future__ import annotations

import itertools
import multiprocessing
import random
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any, Final, Literal, Protocol, TypeAlias

from benchmarks.plain import PullHandler, PullServer, PushServer
from labframe.sockets import DataPushSocket, DateDataPullSocket

__all__ = ["START_S", "Kind", "Running", "Spec", "codenames", "points", "running"]

Kind: TypeAlias = Literal["labframe", "portable", "plain", "echo", "push", "plain push"]
"""``portable`` is labframe as it runs where the system cannot receive in batches."""

START_S: Final = 1_700_000_000.0
_TIMEOUT_S: Final = 1e9  # watched, as it is in a laboratory, but nothing gets old here
_POOL: Final = 64
_PATIENCE_S: Final = 20.0

Assignment: TypeAlias = tuple[str, tuple[float, float]]
"""A codename and the point to set."""


@dataclass(frozen=True, slots=True)
class Spec:
    """What a process is to serve.

    Attributes:
        kind: Which implementation.
        codenames: How many codenames it serves.
        changed: How many points it sets before each answer.
        answer: What ``echo`` answers; empty is what it was asked.
        busy: Whether a thread beside the server computes all the time.
        switch_interval_s: What ``sys.setswitchinterval`` is set to; None leaves it.
    """

    kind: Kind
    codenames: int = 10
    changed: int = 0
    answer: bytes = b""
    busy: bool = False
    switch_interval_s: float | None = None


def codenames(count: int) -> list[str]:
    """Return so many codenames of a usual length."""
    return [f"cryostat_channel_{number}" for number in range(count)]


def points(count: int) -> list[list[Assignment]]:
    """Return rounds of points, one for each codename in each round; always the same ones."""
    chance = random.Random(1)
    names = codenames(count)
    return [
        [(name, (START_S + chance.random() * 1e6, chance.random() * 300)) for name in names]
        for _ in range(_POOL)
    ]


class Running:
    """A server in another process, seen from here."""

    def __init__(self, port: int, pipe: Connection) -> None:
        self.port = port
        self._pipe = pipe

    def cpu_s(self) -> float:
        """Return the processor time that the process has used, in seconds."""
        self._pipe.send("cpu")
        seconds: float = self._pipe.recv()
        return seconds

    def change(self) -> None:
        """Let one point be set."""
        self._pipe.send("change")


@contextmanager
def running(spec: Spec) -> Iterator[Running]:
    """Run a server in a process of its own while the ``with`` statement lasts.

    Raises:
        RuntimeError: If it does not start.
    """
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_run, args=(spec, theirs), daemon=True)
    process.start()
    theirs.close()
    try:
        if not ours.poll(_PATIENCE_S):
            raise RuntimeError(f"the server {spec.kind!r} did not start")
        yield Running(ours.recv(), ours)
    finally:
        ours.close()
        process.terminate()
        process.join()


# What follows runs in the server's process.


class _Server(Protocol):
    @property
    def port(self) -> int: ...
    def start(self) -> None: ...


class _PullServer(_Server, Protocol):
    def set_point(self, codename: str, point: tuple[float, float], /) -> None: ...


def _run(spec: Spec, pipe: Connection) -> None:
    if spec.switch_interval_s is not None:
        sys.setswitchinterval(spec.switch_interval_s)
    server, change = _made(spec)
    server.start()
    if spec.busy:
        threading.Thread(target=_compute, daemon=True).start()
    with suppress(EOFError, BrokenPipeError, KeyboardInterrupt):
        pipe.send(server.port)
        while True:
            if pipe.recv() == "cpu":
                pipe.send(time.process_time())
            else:
                change()


def _made(spec: Spec) -> tuple[_Server, Callable[[], None]]:
    names = codenames(spec.codenames)
    match spec.kind:
        case "echo":
            return _Echo(spec.answer), lambda: None
        case "push":
            return DataPushSocket(
                "benchmark", 0, "callback_direct", callback=_callback, host="127.0.0.1"
            ), lambda: None
        case "plain push":
            return PushServer("benchmark", _callback), lambda: None
        case "plain":
            changing: list[Callable[[], None]] = []

            class Changing(PullHandler):
                def handle(self) -> None:
                    changing[0]()
                    super().handle()

            plain = PullServer(
                "benchmark", names, _TIMEOUT_S, Changing if spec.changed else PullHandler
            )
            changing.append(_setter(plain, spec))
            return plain, changing[0]
    pull = _ChangingSocket("benchmark", names, 0, timeouts=_TIMEOUT_S, host="127.0.0.1")
    pull.server.batched = spec.kind == "labframe"
    change = _setter(pull, spec)
    if spec.changed:
        pull.change = change
    return pull, change


class _ChangingSocket(DateDataPullSocket):
    """Sets points before each answer, if there is a ``change``."""

    change: Callable[[], None] | None = None

    def _serve(self) -> None:
        change, reply = self.change, self._handler.reply
        if change is None:
            super()._serve()
            return

        def changed_reply(request: bytes) -> bytes | None:
            change()
            return reply(request)

        self.server.serve(changed_reply, self._board.settle)


def _setter(server: _PullServer, spec: Spec) -> Callable[[], None]:
    """Set all points, and return what sets the next ones."""
    pool = points(spec.codenames)
    for codename, point in pool[0]:
        server.set_point(codename, point)
    every = list(itertools.chain.from_iterable(pool[1:]))
    step = max(1, spec.changed)
    portions = itertools.cycle([every[at : at + step] for at in range(0, len(every), step)])

    def change() -> None:
        for codename, point in next(portions):
            server.set_point(codename, point)

    return change


class _Echo:
    """The least that a Python server can do."""

    def __init__(self, answer: bytes) -> None:
        self._answer = answer
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]

    def start(self) -> None:
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        receive, send, answer = self._socket.recvfrom, self._socket.sendto, self._answer
        while True:
            request, address = receive(65535)
            send(answer or request, address)


def _callback(values: dict[str, Any]) -> Any:
    return values["setpoint"]


def _compute() -> None:
    number = 0
    while True:
        number += 1
