"""Reading points with a client, from threads and from coroutines, from labframe's own sockets."""

from __future__ import annotations

import asyncio
import doctest
import inspect
import math
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from types import ModuleType
from typing import Any, assert_type, get_type_hints

import pytest
from clients import Blocking

import labframe.client.fields
import labframe.client.pull
import labframe.client.push
from labframe.client import AsyncPullClient, PullClient
from labframe.errors import OldData, UnexpectedAnswer
from labframe.points import Point
from labframe.protocol.pull import Marker
from labframe.sockets import DataPullSocket, DataPushSocket, DateDataPullSocket

LONG_AGO = 1.0


@pytest.fixture(params=["threads", "asyncio"])
def reader(request: pytest.FixtureRequest) -> Callable[..., Any]:
    """Return what makes a client of either kind; its methods block."""
    if request.param == "threads":
        return partial(PullClient, "127.0.0.1")
    return lambda *args, **options: Blocking(AsyncPullClient("127.0.0.1", *args, **options))


@pytest.fixture(params=[DateDataPullSocket, DataPullSocket])
def cryostat(request: pytest.FixtureRequest) -> Iterator[DateDataPullSocket | DataPullSocket]:
    """Serve two fresh points, without timeouts."""
    with request.param("cryostat", ["stage", "shield"], port=0, host="127.0.0.1") as server:
        server.set_point("stage", (1.5, 4.2))
        server.set_point("shield", (2, "cold"))
        yield server


@pytest.fixture
def half_stale() -> Iterator[DateDataPullSocket]:
    """Serve a point that is older than its timeout and one that is not."""
    with DateDataPullSocket(
        "oven", ["oven_left", "oven_right"], port=0, timeouts=60.0, host="127.0.0.1"
    ) as server:
        server.set_point("oven_left", (LONG_AGO, 300.0))
        server.set_point("oven_right", (time.time() + 1e6, 301.0))
        yield server


def test_points_come_with_x_and_y_by_codename(reader: Any, cryostat: Any) -> None:
    client = reader(cryostat.port)
    expected = {"stage": Point(1.5, 4.2), "shield": Point(2, "cold")}
    assert client.points() == expected
    assert client.json_wn() == expected
    assert list(client.points()) == ["stage", "shield"]
    assert client.points()["stage"].y == 4.2
    assert client.json() == list(expected.values())


def test_one_point_can_be_asked_for(reader: Any, cryostat: Any) -> None:
    client = reader(cryostat.port)
    point = client.point("shield")
    assert isinstance(point, Point)
    assert (point.x, point.y) == (2, "cold")
    assert client.raw_point("stage") == "1.5,4.2"


def test_a_socket_tells_its_name_codenames_and_status(reader: Any, cryostat: Any) -> None:
    client = reader(cryostat.port)
    assert client.name() == "cryostat"
    assert client.codenames() == ["stage", "shield"]
    assert client.codenames_raw() == "stage,shield"
    status = client.status()
    assert status["socket_server_status"][str(cryostat.port)]["name"] == "cryostat"
    assert "python_version" in status["system_status"]


def test_raw_answers_come_word_for_word(reader: Any, cryostat: Any) -> None:
    client = reader(cryostat.port)
    assert client.raw() == "1.5,4.2;2,cold"
    assert client.raw_wn() == "stage:1.5,4.2;shield:2,cold"
    assert client.ask("json") == '[[1.5, 4.2], [2, "cold"]]'


def test_points_may_hold_whatever_json_knows(reader: Any, cryostat: Any) -> None:
    client = reader(cryostat.port)
    cryostat.set_point("stage", (3.0, [1, {"a": None}]))
    cryostat.set_point("shield", (4.0, math.inf))
    assert client.points() == {"stage": (3.0, [1, {"a": None}]), "shield": (4.0, math.inf)}
    cryostat.set_point("shield", (5.0, math.nan))
    assert math.isnan(client.point("shield").y)


def test_a_codename_outside_of_ascii_can_be_read(reader: Any) -> None:
    with DataPullSocket("lab", ["température"], port=0, host="127.0.0.1") as server:
        server.set_point("température", (1, "°C"))
        assert reader(server.port).point("température") == (1, "°C")
        assert reader(server.port).points() == {"température": (1, "°C")}


def test_a_socket_without_codenames_has_no_points(reader: Any) -> None:
    with DateDataPullSocket("nothing", [], port=0, host="127.0.0.1") as server:
        client = reader(server.port)
        assert client.points() == {}
        assert client.json() == []
        assert client.raw() == ""


def test_a_stale_point_raises_and_the_error_names_it(reader: Any, half_stale: Any) -> None:
    client = reader(half_stale.port)
    for ask in (client.points, client.json, client.json_wn, partial(client.point, "oven_left")):
        with pytest.raises(OldData, match=r"^'oven_left': .* older than its timeout"):
            ask()
    assert client.point("oven_right").y == 301.0


def test_a_stale_point_is_marked_where_that_is_asked_for(reader: Any, half_stale: Any) -> None:
    client = reader(half_stale.port, old="mark")
    fresh = client.point("oven_right")
    assert fresh.y == 301.0
    assert client.point("oven_left") == "OLD_DATA"
    assert client.points() == {"oven_left": "OLD_DATA", "oven_right": fresh}
    assert client.json() == ["OLD_DATA", fresh]


def test_raw_answers_hold_the_mark_either_way(reader: Any, half_stale: Any) -> None:
    for client in (reader(half_stale.port), reader(half_stale.port, old="mark")):
        assert client.raw_point("oven_left") == "OLD_DATA"
        assert client.raw().startswith("OLD_DATA;")
        assert client.raw_wn().startswith("oven_left:OLD_DATA;")


def test_an_unknown_codename_is_answered_with_the_nearest(reader: Any, half_stale: Any) -> None:
    client = reader(half_stale.port)
    for ask in (client.point, client.raw_point):
        with pytest.raises(UnexpectedAnswer, match=r"codename 'oven_lift'; did you mean 'oven_le"):
            ask("oven_lift")
        with pytest.raises(UnexpectedAnswer, match=r"it has \['oven_left', 'oven_right'\]"):
            ask("zzz")


def test_an_unknown_request_is_no_answer_to_read(reader: Any, half_stale: Any) -> None:
    with pytest.raises(UnexpectedAnswer, match="does not know the request 'RAW'"):
        reader(half_stale.port).ask("RAW")


def test_a_push_socket_in_the_place_of_a_pull_socket_is_recognised(reader: Any) -> None:
    with DataPushSocket("laser", 0, host="127.0.0.1") as server:
        client = reader(server.port)
        for ask in (client.points, client.name, client.raw, partial(client.point, "power")):
            with pytest.raises(UnexpectedAnswer, match="a push socket answered"):
                ask()


def test_an_answer_too_long_for_a_datagram_says_what_to_do_instead(reader: Any) -> None:
    with DataPullSocket("camera", ["image"], port=0, host="127.0.0.1") as server:
        server.set_point("image", (1, "x" * 70000))
        with pytest.raises(UnexpectedAnswer, match=r"^The answer to 'json_wn' is 70018 bytes long"):
            reader(server.port).points()


def test_answers_as_long_as_a_datagram_arrive_whole(reader: Any) -> None:
    with DataPullSocket("camera", ["image"], port=0, host="127.0.0.1") as server:
        server.set_point("image", (1, "x" * 65000))
        assert len(reader(server.port).point("image").y) == 65000


def test_twenty_threads_may_share_a_client() -> None:
    names = [f"thermocouple_{number}" for number in range(20)]
    with (
        DataPullSocket("furnace", names, port=0, host="127.0.0.1") as server,
        PullClient("127.0.0.1", server.port, timeout=5.0) as client,
        ThreadPoolExecutor(len(names)) as threads,
    ):
        server.set_batch({name: (number, name) for number, name in enumerate(names)})

        def read(name: str) -> set[Point]:
            return {client.point(name) for _ in range(50)}

        read_by_thread = list(threads.map(read, names))
    assert read_by_thread == [{Point(number, name)} for number, name in enumerate(names)]


def test_fifty_coroutines_may_ask_at_once() -> None:
    names = [f"thermocouple_{number}" for number in range(50)]

    async def read(port: int) -> list[Point]:
        async with AsyncPullClient("127.0.0.1", port, timeout=5.0) as client:
            return await asyncio.gather(*map(client.point, names))

    with DataPullSocket("furnace", names, port=0, host="127.0.0.1") as server:
        server.set_batch({name: (number, name) for number, name in enumerate(names)})
        points = asyncio.run(read(server.port))
    assert points == [Point(number, name) for number, name in enumerate(names)]


def test_a_client_says_whose_it_is() -> None:
    assert repr(PullClient("127.0.0.1", 9000)) == "<PullClient of UDP port 9000 of 127.0.0.1>"
    client = AsyncPullClient("127.0.0.1", 9000)
    assert repr(client) == "<AsyncPullClient of UDP port 9000 of 127.0.0.1>"


def test_what_to_make_of_old_data_is_checked() -> None:
    kinds: list[Any] = [PullClient, AsyncPullClient]
    for kind in kinds:
        with pytest.raises(ValueError, match="old = 'ignore': must be 'raise' or 'mark'"):
            kind("127.0.0.1", old="ignore")


def test_what_stands_for_a_point_is_known_to_type_checkers() -> None:
    assert_type(PullClient("127.0.0.1"), PullClient[Point])
    assert_type(AsyncPullClient("127.0.0.1"), AsyncPullClient[Point])
    marking = PullClient("127.0.0.1", old="mark")
    assert_type(marking, PullClient[Point | Marker])
    assert get_type_hints(marking.points)["return"]


def test_coroutines_and_threads_have_the_same_methods() -> None:
    pairs: list[tuple[type, type]] = [
        (labframe.client.pull.PullClient, labframe.client.pull.AsyncPullClient),
        (labframe.client.push.PushClient, labframe.client.push.AsyncPushClient),
    ]
    for threads, coroutines in pairs:
        assert _signatures(threads) == _signatures(coroutines)


def _signatures(kind: type) -> dict[str, str]:
    methods = inspect.getmembers(kind, inspect.isfunction)
    return {
        name: str(inspect.signature(method))
        for name, method in methods
        if not name.startswith("_") or name == "__init__"
    }


@pytest.mark.parametrize(
    "module", [labframe.client.fields, labframe.client.pull, labframe.client.push]
)
def test_the_examples_do_what_they_say(module: ModuleType) -> None:
    results = doctest.testmod(module)
    assert results.attempted > 0
    assert results.failed == 0


def test_importing_the_clients_loads_neither_sockets_nor_asyncio() -> None:
    code = (
        "import sys, labframe.client\n"
        "print([name for name in ('labframe.sockets', 'asyncio', 'ast') if name in sys.modules])"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"
