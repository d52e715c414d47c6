"""A host to ask: a real pull socket that answers ``instruments`` as a labframe host does."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from commandhost import command_host

from labframe import Host
from labframe.board import Board
from labframe.cli.main import main
from labframe.points import Value
from labframe.sockets import CommonDataPullSocket, PullUDPHandler

LABFRAME = [sys.executable, "-W", "error", "-m", "labframe"]

Pages = Sequence[Mapping[str, Any] | bytes]


class Handler(PullUDPHandler):
    """Answers ``instruments``, ``instruments#2`` and so on with the pages; counts them."""

    def __init__(self, pages: Pages, name: str, board: Board) -> None:
        super().__init__(name, board)
        self.pages = pages

    def reply(self, request: bytes) -> bytes | None:
        word, _, number = request.partition(b"#")
        if word == b"instruments" and self.pages:
            page = self.pages[int(number or b"1") - 1]
            return page if isinstance(page, bytes) else json.dumps(page).encode()
        return super().reply(request)


@pytest.fixture
def serve() -> Iterator[Callable[..., CommonDataPullSocket]]:
    """Return ``serve({"cryo_temperature": (x, y)}, *pages, port=0)``.

    None in the place of a point is OLD_DATA. A page is what the request ``instruments`` answers,
    bytes word for word; without pages it is an original server, which does not know it. In the
    pages, a socket without a port is this one.
    """
    with contextlib.ExitStack() as served:

        def start(
            points: Mapping[str, tuple[Value, Value] | None], *pages: Mapping[str, Any] | bytes,
            port: int = 0,
        ) -> CommonDataPullSocket:  # fmt: skip
            shown = list(pages)
            socket = CommonDataPullSocket(
                "cryostat sockets", list(points), port, 0.0, 0.0,
                [None if point else 1.0 for point in points.values()], False, 900.0,
                handler_class=partial(Handler, shown), host="127.0.0.1",
            )  # fmt: skip
            served.enter_context(socket)
            for name, point in points.items():
                if point is not None:
                    socket._board.put(name, point)
            shown[:] = [_ported(page, socket.port) for page in pages]
            return socket

        yield start


def _ported(page: Mapping[str, Any] | bytes, port: int) -> Mapping[str, Any] | bytes:
    if isinstance(page, bytes):
        return page
    sockets = [{"port": port, **one} for one in page.get("sockets", [])]
    return {**page, "sockets": sockets}


@pytest.fixture
def cli() -> Callable[..., Result]:
    """Return ``cli("get", "127.0.0.1")``: what the command did, in this process."""

    def run(*arguments: object) -> Result:
        return CliRunner().invoke(
            main, [str(argument) for argument in arguments], prog_name="labframe"
        )

    return run


@pytest.fixture
def started() -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Return ``started("watch", "127.0.0.1")``: the command in a process of its own."""
    with contextlib.ExitStack() as ends:

        def start(*arguments: object, **streams: Any) -> subprocess.Popen[str]:
            process = subprocess.Popen(
                [*LABFRAME, *map(str, arguments)],
                **{
                    "stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE,
                    "text": True, **streams,
                },
            )  # fmt: skip
            ends.callback(_ended, process)
            return process

        yield start


def _ended(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.communicate(timeout=20)


@pytest.fixture
def furnaces(tmp_path: Path) -> Iterator[Host]:
    """Return a running host with the instruments ``cryo`` and ``oven``, which take commands."""
    with command_host(tmp_path) as host:
        yield host


@pytest.fixture
def where(furnaces: Host) -> str:
    """Return the push socket of that host, as HOST:PORT."""
    return f"127.0.0.1:{furnaces.commanding.port}"


@pytest.fixture
def cryostat() -> dict[str, Any]:
    """Return what the request ``instruments`` answers when all is well."""
    return {
        "host": "cryostat, basement",
        "version": "0.1.0",
        "page": 1,
        "pages": 1,
        "sockets": [{"kind": "date", "name": "cryostat sockets"}],
        "instruments": [
            {
                "name": "cryo",
                "driver": "lakeshore",
                "state": "ok",
                "error": None,
                "reconnects": 2,
                "late_p99_ms": 0.34,
                "since": 1700000000.0,
                "codenames": {
                    "cryo_temperature": {"unit": "K", "quality": "ok", "age": 0.4, "socket": 9000}
                },
            }
        ],
        "sinks": [{"name": "live", "queued": 3, "dropped": 0, "error": None}],
        "plugins": [],
    }
