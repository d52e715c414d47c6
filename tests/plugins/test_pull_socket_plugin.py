"""The bundled plugin that republishes codenames of other machines."""

import time
from typing import Any

import labframe_plugins.pull_socket
import pytest
from labhost import until

from labframe import ConfigurationError, Host
from labframe.plugins import Plugins
from labframe.sockets import DataPullSocket, DateDataPullSocket


class Entry:
    name = "pull_socket"

    def __init__(self) -> None:
        self.dist: Any = None

    def load(self) -> object:
        return labframe_plugins.pull_socket


def host(**remotes: Any) -> Host:
    config = {
        "host": {"name": "here"},
        "network": {"date_port": 0, "data_port": 0, "live_server": False},
        "plugin": {"pull_socket": remotes},
    }
    entries: list[Any] = [Entry()]
    return Host(config, plugins=Plugins(entry_points=entries))


def test_three_lines_republish_a_codename_with_its_own_time() -> None:
    with DateDataPullSocket("there", ["furnace", "other"], 0, timeouts=5.0) as there:
        measured = time.time() - 0.25
        there.set_point("furnace", (measured, 850.5))
        remote = {"host": f"127.0.0.1:{there.port}", "codenames": ["furnace"], "stale_after": 9.0}
        with host(room=remote) as here:
            reading = here.wait_fresh("furnace")
            assert (reading.x, reading.y) == (measured, 850.5)
            assert here.codenames == ("furnace",)
            assert here.status()["instruments"][0]["state"] == "ok"


def test_a_remote_point_that_stays_as_it_is_gets_old() -> None:
    with DateDataPullSocket("there", ["furnace"], 0) as there:
        there.set_point_now("furnace", 850.5)
        remote = {
            "host": f"127.0.0.1:{there.port}", "codenames": {"furnace": "local"}, "every": 0.05,
            "stale_after": 0.3,
        }  # fmt: skip
        with host(room=remote) as here:
            here.wait_fresh("local")
            until(lambda: here.reading("local").quality == "old", 1.0)  # type: ignore[union-attr]
            there.set_point_now("furnace", 851.0)
            assert here.wait_fresh("local").y == 851.0


def test_a_machine_that_goes_and_comes_back_is_shown() -> None:
    there = DateDataPullSocket("there", ["furnace"], 0)
    port = there.port
    remote = {"host": f"127.0.0.1:{port}", "codenames": ["furnace", "oven"], "every": 0.05}
    with host(room=remote) as here:
        with there:
            there.set_point_now("furnace", 1.0)
            here.wait_fresh("furnace")
            until(lambda: "no codename 'oven'" in str(here.status()["instruments"][0]["error"]))
        until(lambda: here.status()["instruments"][0]["state"] == "disconnected")
        assert here.reading("furnace").quality == "disconnected"  # type: ignore[union-attr]
        with DateDataPullSocket("there", ["furnace", "oven"], port) as again:
            again.set_point_now("furnace", 2.0)
            again.set_point_now("oven", 3.0)
            assert here.wait_fresh("oven").y == 3.0
            assert here.wait_fresh("furnace").y == 2.0
            until(lambda: here.status()["instruments"][0]["state"] == "ok")


def test_xy_data_goes_to_the_data_socket() -> None:
    with DataPullSocket("there", ["peak"], 0) as there:
        there.set_point("peak", (512.5, 0.9))
        remote = {
            "host": f"127.0.0.1:{there.port}", "kind": "data", "every": 0.05,
            "codenames": {"peak": {"codename": "laser_peak", "unit": "1"}},
        }  # fmt: skip
        with host(room=remote) as here:
            reading = here.wait_fresh("laser_peak")
            assert (reading.x, reading.y, reading.unit) == (512.5, 0.9, "1")
            assert [socket.kind for socket in here.sockets] == ["data"]


@pytest.mark.parametrize(
    ("remote", "said"),
    [
        ({"codenames": ["a"]}, "room.host: is missing"),
        ({"host": "h:x", "codenames": ["a"]}, "room.host = 'h:x': not"),
        ({"host": "h"}, "room.codenames: is missing"),
        ({"host": "h", "codenames": ["a"], "evry": 1}, "did you mean 'every'"),
        ({"host": "h", "codenames": ["a"], "every": 0}, "room.every = 0: not a number"),
        ({"host": "h", "codenames": ["a b"]}, "give it one"),
        ({"host": "h", "codenames": {"a": {"unit": "torr"}}}, "did you mean 'Torr'"),
        ({"host": "h", "codenames": ["a"], "kind": "x"}, "'date'"),
        (3, "not a section"),
    ],
)
def test_a_mistake_in_the_section_is_named(remote: Any, said: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        host(room=remote)
    assert said in str(caught.value)
    assert "lab.toml: [plugin.pull_socket] " in str(caught.value)
