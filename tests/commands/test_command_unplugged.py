"""The line unplugged in the middle of a command, and an instrument that answers nonsense."""

import socket
import time
from pathlib import Path

import pytest
from commandlab import (
    CommandPlugin,
    SimulatedFurnace,
    carrier,
    code,
    host_of,
    json_of,
    recorded,
    said,
    simulated,
)
from labhost import until

from labframe.simulation import Settable


class Slow(SimulatedFurnace):
    """A furnace that takes its time for what it is told, not for what it is asked."""

    adding_s = Settable(0.15, "how long adding takes, s")
    nonsense = Settable("", "what it answers instead")

    def respond(self, line: bytes, now: float) -> bytes | None:
        answer = super().respond(line, now)
        is_add = line.startswith(b"ADD")
        self.latency_s = self.adding_s if is_add else 0.0
        return self.nonsense.encode() if is_add and self.nonsense else answer


SLOW = CommandPlugin(simulators={"furnace": Slow})


@pytest.mark.parametrize("round_", range(3))
def test_the_cable_pulled_in_the_middle_of_a_command(tmp_path: Path, round_: int) -> None:
    with host_of(tmp_path, SLOW) as host:
        host.wait_fresh("oven_temperature")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.settimeout(5)
            client.connect(("127.0.0.1", host.commanding.port or 0))
            client.send(json_of("oven.add", number=1, _id="cut").encode())
            until(lambda: simulated(host).count == 1)
            began = time.monotonic()
            carrier(host).unplug()
            answer = client.recv(65535).decode()
        assert time.monotonic() - began < 1.0
        assert code(answer) == "EXCEP#OUTCOME_UNKNOWN"
        assert "oven.add: it was sent, and whether it was executed is not known: " in answer
        assert "Was the cable pulled" in answer
        until(lambda: host.instruments[0].state == "disconnected", 1.0)
        began = time.monotonic()
        refused = said(host, "oven.add", number=2, _id="next")
        assert time.monotonic() - began < 0.5
        assert code(refused) == "ERROR#NOT_CONNECTED"
        assert "oven.add: not executed: oven is disconnected: " in refused
        carrier(host).replug()
        host.wait_fresh("oven_temperature")
        assert said(host, "oven.add", number=3) == "RET#1003"
        assert said(host, "oven.add", number=1, _id="cut") == answer
        assert said(host, "oven.add", number=2, _id="next") == refused
        assert simulated(host).numbers == [1, 3]
        outcomes = {one.get("id"): one["outcome"] for one in recorded(host) if "outcome" in one}
        assert outcomes == {"cut": "unknown", "next": "refused", None: "done"}


def test_the_cable_pulled_before_the_first_byte_of_a_command(tmp_path: Path) -> None:
    with host_of(tmp_path, SLOW) as host:
        host.wait_fresh("oven_temperature")
        carrier(host).unplug()
        answer = said(host, "oven.add", number=1)  # noticed or not, by then
        assert code(answer) in ("ERROR#NOT_CONNECTED", "EXCEP#OUTCOME_UNKNOWN")
        until(lambda: not host.members[0].connected, 1.0)
        assert code(said(host, "oven.add", number=2)) == "ERROR#NOT_CONNECTED"
        carrier(host).replug()
        host.wait_fresh("oven_temperature")
        assert simulated(host).count == 0
        assert said(host, "oven.add", number=3) == "RET#1003"


def test_an_instrument_that_does_not_answer_a_command_leaves_its_outcome_unknown(
    tmp_path: Path,
) -> None:
    with host_of(tmp_path, SLOW) as host:
        host.wait_fresh("oven_temperature")
        simulated(host).adding_s = 0.25  # type: ignore[attr-defined]  # longer than the line waits
        answer = said(host, "oven.add", number=1, _id="a")
        assert code(answer) == "EXCEP#OUTCOME_UNKNOWN"
        assert "no answer to b'ADD 1" in answer
        simulated(host).adding_s = 0.0  # type: ignore[attr-defined]  # it is a Slow
        assert said(host, "oven.add", number=2) == "RET#1002", "not the late answer to the first"
        assert said(host, "oven.add", number=1, _id="a") == answer
        assert simulated(host).numbers == [1, 2]


def test_an_answer_that_the_driver_makes_nothing_of_is_a_failure(tmp_path: Path) -> None:
    with host_of(tmp_path, SLOW) as host:
        host.wait_fresh("oven_temperature")
        simulated(host).nonsense = "?!"  # type: ignore[attr-defined]  # it is a Slow
        answer = said(host, "oven.add", number=1)
        assert answer == (
            "EXCEP#FAILED: oven.add: ValueError: invalid literal for int() with base 10: '?!'"
        )
        simulated(host).nonsense = ""  # type: ignore[attr-defined]  # it is a Slow
        assert said(host, "oven.add", number=2) == "RET#1002"
        assert host.instruments[0].state == "ok"
