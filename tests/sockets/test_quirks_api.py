"""Quirks of what scripts call, by their numbers: points, callbacks, live sockets, clocks."""

import json
import logging
import math
import queue
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import pytest
from udp import Receiver, ask, default_ports

from labframe.errors import PointError, PortStillReserved, UnknownCodename
from labframe.sockets import (
    DataPullSocket,
    DataPushSocket,
    DateDataPullSocket,
    LiveSocket,
    socket_server_status,
)

Values = dict[str, Any]
PullClass = type[DateDataPullSocket] | type[DataPullSocket]

each_pull_class = pytest.mark.parametrize("make", [DateDataPullSocket, DataPullSocket])


def direct(callback: Callable[[Values], Any]) -> DataPushSocket:
    return DataPushSocket("the laser", 0, "callback_direct", callback=callback)


def in_background(callback: Callable[[Values], Any]) -> DataPushSocket:
    return DataPushSocket("the laser", 0, "callback_async", callback=callback)


@each_pull_class
def test_q09_a_codename_that_the_socket_was_not_made_with_is_refused(make: PullClass) -> None:
    with make("the laser", ["moon_laser_power"], 0) as points:
        with pytest.raises(UnknownCodename, match=r"Did you mean 'moon_laser_power'\?"):
            points.set_point("moon_lazer_power", (1.0, 2.0))
        with pytest.raises(RuntimeError, match="'other' is not registered"):
            points.set_batch({"moon_laser_power": (1.0, 2.0), "other": (1.0, 2.0)})

        assert ask(points.port, "json_wn") == '{"moon_laser_power": [0.0, 0.0]}'
        assert ask(points.port, "moon_lazer_power#raw") == "UNKNOWN_COMMMAND"


def test_q09_the_other_setters_refuse_it_too() -> None:
    with DateDataPullSocket("the laser", ["power"], 0) as points:
        with pytest.raises(UnknownCodename):
            points.set_point_now("other", 2.0)
        with pytest.raises(UnknownCodename):
            points.handle("other")


@each_pull_class
@pytest.mark.parametrize("point", [(1.0,), (1.0, 2.0, 3.0), (), [1, 2, 3], "ab", {1: 2, 3: 4}])
def test_q10_a_point_has_two_parts(make: PullClass, point: Any) -> None:
    with make("the laser", ["power", "duration"], 0) as points:
        points.set_point("power", (1.0, 2.0))
        with pytest.raises(PointError, match="codename 'power': a point is a pair"):
            points.set_point("power", point)
        with pytest.raises(ValueError, match="pair"):
            points.set_batch({"duration": (5.0, 5.0), "power": point})

        assert ask(points.port, "raw") == "1.0,2.0;0.0,0.0"


@each_pull_class
def test_q12_numpy_scalars_become_python_numbers(make: PullClass) -> None:
    numpy = pytest.importorskip("numpy")
    scalars = [
        numpy.int64(5), numpy.float32(0.5), numpy.float64(1.25), numpy.bool_(True),
        numpy.array(7), numpy.float64("nan"),
    ]  # fmt: skip
    with make("the laser", ["power"], 0) as points:
        shown = []
        for scalar in scalars:
            points.set_point("power", (scalar, scalar))
            shown.append((ask(points.port, "power#json"), ask(points.port, "power#raw")))

    assert shown == [
        ("[5, 5]", "5,5"), ("[0.5, 0.5]", "0.5,0.5"), ("[1.25, 1.25]", "1.25,1.25"),
        ("[true, true]", "True,True"), ("[7, 7]", "7,7"), ("[NaN, NaN]", "nan,nan"),
    ]  # fmt: skip


@each_pull_class
@pytest.mark.parametrize("value", [{1, 2}, 1 + 2j, b"bytes", object(), [1, {2}]])
def test_q12_a_value_that_json_cannot_carry_is_refused_when_it_is_set(
    make: PullClass, value: Any
) -> None:
    with make("the laser", ["power", "duration"], 0) as points:
        points.set_point("power", (1.0, 2.0))
        with pytest.raises(TypeError, match="not JSON serializable"):
            points.set_point("power", (1.0, value))
        with pytest.raises(TypeError, match="not JSON serializable"):
            points.set_point("duration", (value, 1.0))
        points.set_point("duration", (3.0, 4.0))

        assert ask(points.port, "json") == "[[1.0, 2.0], [3.0, 4.0]]"


def test_q14_last_is_the_dict_that_a_direct_callback_got() -> None:
    got: list[Values] = []

    def callback(values: Values) -> str:
        got.append(values)
        values["limits"].append(99)
        return str(values.pop("method"))

    sent = {"method": "ramp", "limits": [1, 2]}
    with direct(callback) as commands:
        assert ask(commands.port, f"json_wn#{json.dumps(sent)}") == 'RET#"ramp"'
        assert commands.last[1] == {"limits": [1, 2, 99]}
        assert commands.updated[1] == sent

        got[0]["later"] = True  # the callback may have kept it
        assert commands.last[1] == {"limits": [1, 2, 99], "later": True}
        assert commands.updated[1] == sent


@pytest.mark.parametrize("attribute", ["last", "updated"])
def test_q14_what_the_socket_shows_can_be_changed_without_changing_it(attribute: str) -> None:
    with direct(len) as commands:
        ask(commands.port, 'json_wn#{"limits": [1, {"deep": 2}]}')
        shown = getattr(commands, attribute)[1]
        shown["limits"][1]["deep"] = "changed"
        shown["more"] = True

        assert getattr(commands, attribute)[1] == {"limits": [1, {"deep": 2}]}


def test_q14_what_comes_out_of_the_queue_is_a_copy_of_its_own() -> None:
    with DataPushSocket("the laser", 0, "enqueue") as commands:
        ask(commands.port, 'json_wn#{"method": "ramp", "limits": [1, {"deep": 2}]}')
        item = commands.queue.get_nowait()
        assert item.pop("method") == "ramp"
        item["limits"][1]["deep"] = "changed"

        assert commands.last[1] == {"method": "ramp", "limits": [1, {"deep": 2}]}
        assert commands.updated[1] == {"method": "ramp", "limits": [1, {"deep": 2}]}


def test_q14_what_a_background_callback_does_to_its_values_shows_nowhere() -> None:
    done = threading.Event()

    def callback(values: Values) -> None:
        values["limits"].clear()
        del values["method"]
        done.set()

    with in_background(callback) as commands:
        ask(commands.port, 'json_wn#{"method": "ramp", "limits": [1]}')
        assert done.wait(5)

        assert commands.last[1] == {"method": "ramp", "limits": [1]}
        assert commands.updated[1] == {"method": "ramp", "limits": [1]}


@pytest.mark.parametrize("raised", [ValueError("bad item"), SystemExit(1), KeyboardInterrupt()])
def test_q15_after_an_exception_a_background_callback_gets_the_next_item(
    raised: BaseException, caplog: pytest.LogCaptureFixture
) -> None:
    handled: queue.Queue[int] = queue.Queue()

    def callback(values: Values) -> None:
        if values["n"] == 2:
            raise raised
        handled.put(values["n"])

    with caplog.at_level(logging.ERROR, "labframe.sockets"), in_background(callback) as commands:
        for number in (1, 2, 3):
            assert ask(commands.port, f"raw_wn#n:int:{number}") == f"ACK#{{'n': {number}}}"

        assert [handled.get(timeout=5), handled.get(timeout=5)] == [1, 3]
        assert commands.queue.qsize() == 0
    (record,) = caplog.records
    assert "{'n': 2}" in record.getMessage()
    assert record.exc_info is not None
    assert record.exc_info[1] is raised


@pytest.mark.parametrize(
    ("raised", "answer"),
    [(SystemExit(1), "EXCEP#1"), (KeyboardInterrupt(), "EXCEP#"), (GeneratorExit(), "EXCEP#")],
)
def test_q16_not_even_sys_exit_in_a_direct_callback_ends_the_socket(
    raised: BaseException, answer: str
) -> None:
    def callback(values: Values) -> None:
        if "exit" in values:
            raise raised

    with direct(callback) as commands:
        assert ask(commands.port, 'json_wn#{"exit": true}') == answer
        assert ask(commands.port, "json_wn#{}") == "RET#null"
        assert commands.is_alive()


def test_q22_receiving_is_no_activity_unless_it_is_asked_for() -> None:
    since = {}
    for poke_on_receive in (False, True):
        with patch("time.time") as clock:
            clock.return_value = 1000.0
            with DataPushSocket(
                "the laser", 0, check_activity=True, poke_on_receive=poke_on_receive
            ) as commands:
                clock.return_value = 1100.0
                ask(commands.port, 'json_wn#{"a": 1}')
                clock.return_value = 1150.0
                ask(commands.port, "name")
                status = socket_server_status()[commands.port]
                since[poke_on_receive] = status["since_last_activity"]

    assert since == {False: 150.0, True: 50.0}


def test_q24_a_reset_leaves_the_internal_pull_socket_alone() -> None:
    with Receiver() as server:
        live = LiveSocket("bench", ["sine"], server.address, internal_data_pull_socket_port=0)
        with live:
            port = port_of(live)
            live.set_point("sine", (1.0, 2.0))
            live.reset(["sine"])
            messages = [json.loads(message)["data"] for message in server.received()]

            assert messages == [{"sine": [1.0, 2.0]}, {"sine": "RESET"}]
            assert ask(port, "json_wn") == '{"sine": [1.0, 2.0]}'
            assert ask(port, "raw") == "1.0,2.0"


def test_q25_a_batch_with_one_unknown_name_changes_and_sends_nothing() -> None:
    with Receiver() as server:
        live = LiveSocket("bench", ["a", "b"], server.address, internal_data_pull_socket_port=0)
        with live, LiveSocket("without", ["a", "b"], server.address, True) as without:
            for each in (live, without):
                with pytest.raises(RuntimeError, match=r"The codename: 'c' is not registered$"):
                    each.set_batch({"a": (1.0, 2.0), "b": (1.0, 2.0), "c": (1.0, 2.0)})
                with pytest.raises(RuntimeError, match=r"The codename: 'c' is not registered$"):
                    each.reset(["a", "c"])

            assert server.received() == []
            assert ask(port_of(live), "raw") == "0.0,0.0;0.0,0.0"


def port_of(live: LiveSocket) -> int:
    """Return the port of the internal pull socket, which is the only socket of its name."""
    (port,) = (port for port, entry in socket_server_status().items() if entry["name"] == live.name)
    return port


def test_q26_a_second_live_socket_is_told_how_to_get_along_with_the_first() -> None:
    with default_ports(8000), Receiver() as server:
        with LiveSocket("first", ["a"], server.address):
            assert ask(8000, "name") == "first"
            with pytest.raises(ValueError, match="server already exists on port: 8000") as caught:
                LiveSocket("second", ["a"], server.address)
        assert "internal_data_pull_socket_port" in caught.value.__notes__[0]
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other_program:
            other_program.bind(("", 8000))
            with pytest.raises(PortStillReserved, match="UDP port 8000") as reserved:
                LiveSocket("second", ["a"], server.address)
        assert "no_internal_data_pull_socket=True" in reserved.value.__notes__[0]


def test_q26_a_live_socket_needs_no_settings() -> None:
    live = LiveSocket("bench", ["a"], no_internal_data_pull_socket=True)
    with live:
        assert (live.liveserver_ip, live.liveserver_port) == ("127.0.0.1", 9767)


@contextmanager
def meanwhile(do: Callable[[int], object]) -> Iterator[None]:
    """Call ``do`` with 1, 2, 3, ... in another thread, the two taking turns often."""
    ended = threading.Event()

    def run() -> None:
        number = 0
        while not ended.is_set():
            number += 1
            do(number)

    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
        sys.setswitchinterval(usual)


@each_pull_class
def test_q31_an_answer_has_all_points_of_a_batch_or_none(make: PullClass) -> None:
    names = [f"channel{number}" for number in range(20)]
    deadline = time.monotonic() + 20.0
    with make("the laser", names, 0) as points:
        batches: set[str] = set()
        with meanwhile(lambda number: points.set_batch(dict.fromkeys(names, (number, number)))):
            while len(batches) < 100 and time.monotonic() < deadline:
                answer = ask(points.port, "raw").split(";")
                assert len(set(answer)) == 1
                batches.add(answer[0])

    assert len(batches) == 100


def test_q31_the_time_of_last_belongs_to_its_values() -> None:
    now = time.time
    deadline = time.monotonic() + 20.0

    def looked_up_slowly() -> float:
        time.sleep(0.001)
        return now()

    times: dict[int, float | None] = {}
    with (
        patch("time.time", looked_up_slowly),
        DataPushSocket("the laser", 0) as commands,
        meanwhile(lambda number: ask(commands.port, f"raw_wn#n:int:{number}")),
    ):
        while len(times) < 100 and time.monotonic() < deadline:
            moment, values = commands.last
            if values is not None:
                assert times.setdefault(values["n"], moment) == moment

    assert len(times) == 100


@pytest.mark.parametrize("step_s", [-100.0, 100.0])
def test_q32_the_age_of_a_point_is_told_by_the_wall_clock(step_s: float) -> None:
    with (
        patch("time.time") as clock,
        DateDataPullSocket("by x", ["a"], 0, timeouts=10.0) as by_x,
        DataPullSocket("by time stamp", ["a"], 0, timeouts=10.0) as by_stamp,
    ):
        clock.return_value = 1700000000.0
        by_x.set_point_now("a", 5)
        by_stamp.set_point("a", (1, 5))
        before = [ask(by_x.port, "raw"), ask(by_stamp.port, "raw")]
        clock.return_value += step_s
        after = [ask(by_x.port, "raw"), ask(by_stamp.port, "raw")]
        clock.return_value -= step_s
        again = [ask(by_x.port, "raw"), ask(by_stamp.port, "raw")]

    assert before == again == ["1700000000.0,5", "1,5"]
    assert after == (["OLD_DATA", "OLD_DATA"] if step_s > 0 else before)


def test_q32_a_point_is_old_when_it_is_older_than_its_timeout_not_when_it_is_as_old() -> None:
    with (
        patch("time.time", return_value=1700000000.0) as clock,
        DateDataPullSocket("by x", ["a"], 0, timeouts=10.0) as points,
    ):
        points.set_point_now("a", 5)
        shown = []
        for moment in (1700000010.0, math.nextafter(1700000010.0, math.inf)):
            clock.return_value = moment
            shown.append(ask(points.port, "a#raw"))

    assert shown == ["1700000000.0,5", "OLD_DATA"]


def test_a_batch_is_split_where_the_receiver_cuts() -> None:
    names = [f"codename_{number}" for number in range(500)]
    with Receiver() as server:
        with LiveSocket(
            "n", names, server.address, no_internal_data_pull_socket=True, most_bytes=8000
        ) as live:
            live.set_batch(dict.fromkeys(names, (1.5, 2.5)))
        datagrams = server.received()

    assert len(datagrams) > 1
    assert max(map(len, datagrams)) <= 8000
    assert [name for one in datagrams for name in json.loads(one)["data"]] == names
