"""Hosts of labframe and the live server: units, quality, states, schemas, starts and stops."""

from __future__ import annotations

import contextlib
import json
import socket
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest
from commandhost import Furnace, FurnaceSimulator
from labhost import Plugin, lab
from livelab import Live, Viewer, running
from udp import Receiver

from labframe import Host, Instrument, SerialLine, reading
from labframe.hookspecs import Channel, Publish
from labframe.host.live_news import DATAGRAM_BYTES
from labframe.simulation import LineSimulator, Settable


class Thermometer(Instrument):
    """A thermometer."""

    driver = "thermometer"
    line = SerialLine(first_byte_s=0.2, gap_s=0.1, total_s=0.3)
    identify = ("ID?", "THERMO")

    @reading(unit="K", every=0.1, stale_after=0.5, label="cold finger")
    def temperature(self) -> float:
        return float(self.ask("T?"))


class SimulatedThermometer(LineSimulator):
    driver = "thermometer"
    kelvin = Settable(77.5, "what it shows, K")

    def respond(self, line: bytes, now: float) -> bytes | None:
        del now
        return {b"ID?": b"THERMO 1", b"T?": f"{self.kelvin}".encode()}.get(line)


class Bridge:
    """A producer that gives one value."""

    name = "bridge"
    channels = (Channel(codename="outside", unit="degC", stale_after=60.0, label="in the yard"),)

    def start(self, publish: Publish) -> None:
        publish.value("outside", -3.5)

    def stop(self) -> None: ...


PLUGIN = Plugin(
    [Thermometer, Furnace],
    {"thermometer": SimulatedThermometer, "furnace": FurnaceSimulator},
    producers=[Bridge()],
)
THERMO = {"cryo": {"driver": "thermometer", "port": "/dev/cryo"}}
FURNACE = {"oven": {"driver": "furnace", "port": "/dev/oven"}}


def host_for(live: Live, instruments: Any = THERMO, **more: Any) -> Host:
    network = {"live_server": f"127.0.0.1:{live.ports.udp}"}
    return lab(PLUGIN, instruments, network=network, **more)


@pytest.fixture
def live() -> Iterator[Live]:
    with running() as server:
        yield server


def only(viewer: Viewer) -> dict[str, Any]:
    """Return the only host that there is."""
    (host,) = viewer.hosts.values()
    return dict(host)


def test_a_host_tells_what_the_datagrams_of_the_original_lack(live: Live) -> None:
    with host_for(live, THERMO | FURNACE), live.viewer() as viewer:
        viewer.until(lambda: only(viewer)["codenames"]["cryo_temperature"]["y"] == 77.5)
        viewer.until(lambda: only(viewer)["instruments"]["oven"]["state"] == "ok")
        viewer.until(lambda: only(viewer)["codenames"]["outside"]["y"] == -3.5)
        host = only(viewer)

    assert (host["kind"], host["name"], host["alive"]) == ("labframe", "test lab", True)
    assert host["commands"] == {"allowed": True, "why": ""}
    assert [sink["name"] for sink in host["sinks"]] == ["live"]
    temperature = host["codenames"]["cryo_temperature"]
    facts = {"instrument": "cryo", "label": "cold finger", "unit": "K", "stale_after": 0.5}
    assert facts.items() <= temperature.items()
    assert (temperature["kind"], temperature["every"], temperature["quality"]) == (
        "date",
        0.1,
        "ok",
    )
    outside = host["codenames"]["outside"]
    assert (outside["instrument"], outside["label"]) == ("bridge", "in the yard")
    assert (outside["unit"], outside["stale_after"]) == ("degC", 60.0)
    cryo = host["instruments"]["cryo"]
    assert (cryo["doc"], cryo["identity"], cryo["driver"]) == (
        "A thermometer.", "THERMO 1", "thermometer",
    )  # fmt: skip
    methods = {one["method"]: one for one in host["instruments"]["oven"]["methods"]}
    target = methods["oven.setpoint"]["arguments"]["properties"]["target"]
    assert (target["unit"], target["minimum"], target["maximum"]) == ("K", 0, 470)
    assert methods["oven.vent"]["dangerous"] is True
    assert methods["oven.setpoint"]["safe_value"] == 0


def test_an_unplugged_instrument_is_stale_in_time_and_recovers(live: Live) -> None:
    with host_for(live) as host, live.viewer() as viewer:
        assert host.simulated is not None
        viewer.until(lambda: only(viewer)["codenames"]["cryo_temperature"]["quality"] == "ok")
        carrier = host.simulated.carriers["cryo"]
        carrier.unplug()
        began = time.monotonic()
        viewer.until(lambda: only(viewer)["codenames"]["cryo_temperature"]["quality"] != "ok")
        assert time.monotonic() - began < 0.5 + 1.0
        viewer.until(lambda: only(viewer)["instruments"]["cryo"]["state"] == "disconnected")
        assert only(viewer)["instruments"]["cryo"]["error"]
        assert only(viewer)["codenames"]["cryo_temperature"]["y"] == 77.5
        carrier.replug()
        viewer.until(lambda: only(viewer)["instruments"]["cryo"]["state"] == "ok")
        viewer.until(lambda: only(viewer)["codenames"]["cryo_temperature"]["quality"] == "ok")


def told(receiver: Receiver, key: str) -> dict[str, Any]:
    """Return the next datagram that has a key with something in it."""
    while not (message := json.loads(receiver.wait())).get(key):
        pass
    return dict(message)


def test_a_server_that_is_started_later_asks_and_learns_all() -> None:
    with Receiver() as before:
        network = {"live_server": f"127.0.0.1:{before.address[1]}"}
        host = lab(PLUGIN, THERMO, network=network)
        with host:
            host.wait_fresh("outside")
            assert told(before, "whole")["instance"]
            news_at = time.monotonic()
            while time.monotonic() < news_at + 1.0:  # ten points, and no news among them
                if "labframe" in json.loads(before.wait()):
                    news_at = time.monotonic()
            before.__exit__()
            with running(udp_port=before.address[1]) as live, live.viewer() as viewer:
                began = time.monotonic()
                viewer.until(lambda: only(viewer)["kind"] == "labframe")
                viewer.until(lambda: only(viewer)["codenames"]["outside"]["y"] == -3.5)
                assert time.monotonic() - began < 3.0


def test_a_value_that_is_no_longer_good_is_told_at_once() -> None:
    with Receiver() as server:
        host = lab(PLUGIN, THERMO, network={"live_server": f"127.0.0.1:{server.address[1]}"})
        with host:
            assert host.simulated is not None
            host.wait_fresh("cryo_temperature")
            host.simulated.carriers["cryo"].unplug()
            quality, age = told(server, "quality")["quality"]["cryo_temperature"]

    assert quality in ("old", "error", "disconnected")
    assert 0 <= age < 2


def test_a_host_that_stops_says_so_and_its_values_become_old(live: Live) -> None:
    with live.viewer() as viewer:
        with host_for(live) as host:
            host.wait_fresh("cryo_temperature")
            viewer.until(lambda: only(viewer)["codenames"]["cryo_temperature"]["quality"] == "ok")
        viewer.until(lambda: not only(viewer)["alive"])
        viewer.until(lambda: only(viewer)["codenames"]["cryo_temperature"]["quality"] == "old")
        with host_for(live):
            viewer.until(lambda: only(viewer)["alive"])
            viewer.until(lambda: only(viewer)["codenames"]["cryo_temperature"]["quality"] == "ok")


def test_a_host_forgets_what_its_new_configuration_has_not(live: Live) -> None:
    with live.viewer() as viewer:
        with host_for(live, THERMO | FURNACE):
            viewer.until(lambda: len(only(viewer)["instruments"]) == 3)
        with host_for(live):
            viewer.until(lambda: list(only(viewer)["instruments"]) == ["cryo", "bridge"])
            viewer.until(lambda: set(only(viewer)["codenames"]) == {"cryo_temperature", "outside"})
    (host,) = live.state()["hosts"].values()
    assert set(host["codenames"]) == {"cryo_temperature", "outside"}


def test_two_hosts_of_one_computer_are_two(live: Live) -> None:
    other = host_for(live, FURNACE, host={"name": "second"})
    with contextlib.ExitStack() as later, host_for(live), live.viewer() as viewer:
        viewer.until(lambda: len(viewer.hosts) == 1)  # who comes first has the computer's name
        later.enter_context(other)
        viewer.until(lambda: len(viewer.hosts) == 2)
        names = {"test lab", "second"}
        viewer.until(lambda: {one["name"] for one in viewer.hosts.values()} == names)
        first, second = sorted(viewer.hosts, key=len)
        viewer.until(lambda: viewer.codename(second, "oven_target")["quality"] == "ok")
        viewer.until(lambda: "oven_target" not in viewer.hosts[first]["codenames"])
    assert second == f"{first} (second)"


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere 127.0.0.2 is not set up")
def test_computers_of_one_name_are_told_apart_by_their_addresses(live: Live) -> None:
    def news(number: int) -> dict[str, Any]:
        thermometer = {"name": "thermo", "codenames": {f"t{number}": {"unit": "K"}}}
        more = {"whole": True, "name": "raspberrypi", "instruments": [thermometer]}
        return {"host": "raspberrypi", "data": {}, "labframe": 1, "instance": f"i{number}", **more}

    with contextlib.ExitStack() as opened, live.viewer() as viewer:
        senders = [opened.enter_context(bound(f"127.0.0.{number}")) for number in (1, 2)]
        for _ in range(2):  # each tells all of it every 10 s
            for number, sender in enumerate(senders, 1):
                sender.sendto(json.dumps(news(number)).encode(), ("127.0.0.1", live.ports.udp))
        point = {"host": "raspberrypi", "data": {"t2": [time.time(), 2.5]}}
        senders[1].sendto(json.dumps(point).encode(), ("127.0.0.1", live.ports.udp))
        second = "raspberrypi (raspberrypi, 127.0.0.2)"
        viewer.until(lambda: viewer.codename(second, "t2")["y"] == 2.5)

    assert {key: list(one["codenames"]) for key, one in viewer.hosts.items()} == {
        "raspberrypi": ["t1"], second: ["t2"],
    }  # fmt: skip
    assert [one["alive"] for one in viewer.hosts.values()] == [True, True]


def bound(address: str) -> socket.socket:
    sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sender.bind((address, 0))
    return sender


def test_what_is_told_fits_the_originals_proxy_and_disturbs_it_in_nothing() -> None:
    many = {f"t{number}": {"driver": "furnace", "port": f"/dev/t{number}"} for number in range(12)}
    with Receiver() as proxy:
        network = {"live_server": f"127.0.0.1:{proxy.address[1]}"}
        with lab(PLUGIN, many, network=network) as host:
            host.wait_fresh("t11_target")
            datagrams = [proxy.wait() for _ in range(20)]
    messages = [json.loads(one) for one in datagrams]
    news = [one for one in messages if one.get("labframe")]

    assert max(map(len, datagrams)) <= DATAGRAM_BYTES < 8192
    assert all(isinstance(one["host"], str) and isinstance(one["data"], dict) for one in messages)
    assert all(one["data"] == {} for one in news)
    assert len({one["host"] for one in messages}) == 1
    assert any(one["pages"] > 1 for one in news if "pages" in one)


def test_an_original_script_and_a_host_share_a_computer(live: Live) -> None:
    from labframe.sockets import LiveSocket

    server = ("127.0.0.1", live.ports.udp)
    with host_for(live), live.viewer() as viewer:
        viewer.until(lambda: only(viewer)["kind"] == "labframe")
        with LiveSocket("s", ["sine"], server, no_internal_data_pull_socket=True) as script:
            script.set_point_now("sine", 0.5)
            viewer.until(lambda: only(viewer)["codenames"]["sine"]["y"] == 0.5)
        assert only(viewer)["codenames"]["sine"]["unit"] is None
        assert only(viewer)["codenames"]["cryo_temperature"]["unit"] == "K"
