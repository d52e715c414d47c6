"""What is measured within one process: setting points, constructing, importing."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from typing import Any

from benchmarks.plain import PullHandler, PullServer
from benchmarks.report import Row
from benchmarks.rounds import Effort, in_turns
from benchmarks.servers import codenames, points
from labframe.sockets import DateDataPullSocket, PullUDPHandler

__all__ = ["changed", "construct", "imports", "setters"]

_REPEAT = 50
_TIMED_IMPORT = """
import time
start = time.process_time()
import labframe.sockets
print(time.process_time() - start)
"""


def setters(effort: Effort) -> Iterator[Row]:
    """Setting a point, through ``set_point`` and through a handle; the loop is not counted."""
    plain = PullServer("benchmark", codenames(10))
    work = list(itertools.chain.from_iterable(points(10))) * _REPEAT
    with DateDataPullSocket("benchmark", codenames(10), 0, host="127.0.0.1") as socket:
        handles = {codename: socket.handle(codename) for codename in codenames(10)}
        handle_work = [(handles[codename], point) for codename, point in work]

        # Each loop is code of its own, so that the interpreter adapts it to what it calls.
        def empty() -> None:
            for _codename, _point in work:
                pass

        def through_plain() -> None:
            set_point = plain.set_point
            for codename, point in work:
                set_point(codename, point)

        def through_set_point() -> None:
            set_point = socket.set_point
            for codename, point in work:
                set_point(codename, point)

        def through_handles() -> None:
            for set_point, point in handle_work:
                set_point(point)

        loops = {
            "loop": empty,
            "labframe": through_set_point,
            "handle": through_handles,
            "plain": through_plain,
        }
        taken = in_turns(loops, effort.rounds)
    plain.server.server_close()
    loop = taken.pop("loop")
    times = {
        name: [(one - other) / len(work) * 1e9 for one, other in zip(seconds, loop, strict=True)]
        for name, seconds in taken.items()
    }
    yield Row.ratio("set_point", times, 1 / 4, "ns")
    yield Row.ratio("set_point of a handle", times, 1 / 6, "ns", ("handle", "plain"))


def changed(effort: Effort) -> Iterator[Row]:
    """Every point set and one answer put together, without the network."""
    rounds = points(10) * 10
    socket = DateDataPullSocket("benchmark", codenames(10), 0, timeouts=1e9, host="127.0.0.1")
    plain = PullServer("benchmark", codenames(10), 1e9)
    reply = PullUDPHandler("benchmark", socket._board).reply
    received: Any = (b"json_wn", _NoSocket())

    def through_labframe() -> None:
        for assignments in rounds:
            for codename, point in assignments:
                socket.set_point(codename, point)
            reply(b"json_wn")

    def through_plain() -> None:
        for assignments in rounds:
            for codename, point in assignments:
                plain.set_point(codename, point)
            PullHandler(received, ("127.0.0.1", 1), plain.server)

    try:
        taken = in_turns({"labframe": through_labframe, "plain": through_plain}, effort.rounds)
    finally:
        socket.stop()
        plain.server.server_close()
    times = {name: [one / len(rounds) * 1e6 for one in each] for name, each in taken.items()}
    yield Row.ratio("every point changed, no network", times, None, "µs")


def construct(effort: Effort) -> Iterator[Row]:
    """Making a socket with ten thousand codenames, and closing it."""
    names = codenames(10_000)

    def make() -> None:
        DateDataPullSocket("benchmark", names, 0, timeouts=3.0, host="127.0.0.1").stop()

    (taken,) = in_turns({"labframe": make}, effort.rounds).values()
    milliseconds = [seconds * 1e3 for seconds in taken]
    details = f"best {min(milliseconds):.3g} ms"
    yield Row.of("constructing 10,000 codenames", milliseconds, "ms", 30.0, details)


def imports(effort: Effort) -> Iterator[Row]:
    """Importing ``labframe.sockets`` in an interpreter that has imported nothing yet."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    taken = []
    with tempfile.TemporaryDirectory() as compiled:
        environment["PYTHONPYCACHEPREFIX"] = compiled
        for number in range(effort.rounds + 1):
            output = subprocess.run(
                [sys.executable, "-c", _TIMED_IMPORT],
                env=environment, check=True, capture_output=True, text=True,
            ).stdout  # fmt: skip
            if number:  # the first has to compile
                taken.append(float(output) * 1e3)
    details = f"best {min(taken):.3g} ms"
    yield Row.of("import labframe.sockets", taken, "ms", 100.0, details)


class _NoSocket:
    """Takes an answer and drops it."""

    def sendto(self, answer: bytes, address: object) -> None:
        """Do nothing."""
