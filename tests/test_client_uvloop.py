"""The asyncio clients on uvloop, which lacks what asyncio's own loop receives datagrams with."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from clients import PATIENCE_S, SHORT_S, Hand

from labframe.client import AsyncPullClient, AsyncPushClient
from labframe.errors import NoAnswer
from labframe.sockets import DataPullSocket, DataPushSocket

if sys.platform == "win32":
    pytest.skip("there is no uvloop for Windows", allow_module_level=True)

Run = Callable[[Coroutine[Any, Any, Any]], Any]


@pytest.fixture(name="run")
def _run() -> Run:
    """Return what runs a coroutine on uvloop."""
    uvloop = pytest.importorskip("uvloop")

    def run(coroutine: Coroutine[Any, Any, Any]) -> Any:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            return runner.run(coroutine)

    return run


def test_many_questions_at_once_are_answered_each(run: Run) -> None:
    names = [f"codename_{number}" for number in range(50)]

    async def read(port: int) -> list[str]:
        async with AsyncPullClient("127.0.0.1", port, timeout=PATIENCE_S) as client:
            return await asyncio.gather(*map(client.raw_point, names))

    with DataPullSocket("lab", names, port=0, timeouts=60.0) as server:
        for number, name in enumerate(names):
            server.set_point(name, (1, number))
        assert run(read(server.port)) == [f"1,{number}" for number in range(50)]


def test_a_command_is_executed(run: Run) -> None:
    with DataPushSocket("lab", action="callback_direct", callback=dict, port=0) as server:
        client = AsyncPushClient("127.0.0.1", server.port, timeout=PATIENCE_S)
        assert run(client.send({"power": 3})) == {"power": 3}


def test_that_nobody_listens_is_told_at_once(run: Run) -> None:
    with DataPullSocket("lab", ["a"], port=0) as server:
        port = server.port
    client = AsyncPullClient("127.0.0.1", port, timeout=PATIENCE_S)
    with pytest.raises(NoAnswer, match="nobody listens on"):
        run(client.name())


def test_a_silent_server_is_asked_again_and_then_named(run: Run) -> None:
    with Hand() as server:
        client = AsyncPullClient("127.0.0.1", server.port, timeout=SHORT_S, retries=1)
        with pytest.raises(NoAnswer, match=r"did not answer 'name' within 0\.05 s, asked 2 times$"):
            run(client.name())
        assert [request for request, _ in server.waiting()] == [b"name"] * 2
