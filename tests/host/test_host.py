"""The host: instruments in, sockets out, through any fault of the cable or a plugin."""

import logging
import threading
import time
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pytest
from labhost import Entry, Plugin, lab, until

from labframe import (
    ConfigurationError,
    Event,
    Host,
    Instrument,
    NoValue,
    PullClient,
    Reading,
    SerialLine,
    Sweep,
    hookimpl,
    query,
    reading,
)
from labframe.errors import NotFresh
from labframe.host import PortTaken
from labframe.points import Quality
from labframe.simulation import LineSimulator, Settable


class Thermometer(Instrument):
    driver = "thermometer"
    line = SerialLine(first_byte_s=0.2, gap_s=0.1, total_s=0.4)
    identify = ("ID?", "THERMO")

    temperature = query("T?", float, unit="K", every=0.1, stale_after=0.5)


class SimulatedThermometer(LineSimulator):
    driver = "thermometer"

    kelvin = Settable(77.5, "what it shows, K")
    name = Settable("THERMO 1", "what it says it is")

    def respond(self, line: bytes, now: float) -> bytes | None:
        return {b"ID?": self.name.encode(), b"T?": f"{self.kelvin}".encode()}.get(line)


THERMO = Plugin([Thermometer], {"thermometer": SimulatedThermometer})
TWO = {name: {"driver": "thermometer", "port": f"/dev/{name}"} for name in ("a", "b")}


def over_the_network(host: Host, codename: str) -> Any:
    with PullClient("127.0.0.1", host.port, old="mark") as client:
        return client.point(codename)


def test_a_cable_out_and_in_again(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "labframe.host")
    with lab(THERMO, TWO) as host:
        assert host.simulated is not None
        host.wait_fresh("a_temperature")
        before = host.wait_fresh("b_temperature").sequence
        carrier = host.simulated.carriers["a"]
        device = carrier.device

        carrier.unplug()
        began = time.monotonic()
        until(lambda: over_the_network(host, "a_temperature") == "OLD_DATA", 1.0)
        assert time.monotonic() - began < 0.7, "within stale_after"
        time.sleep(0.5)
        carrier.replug()
        assert carrier.device != device
        host.wait_fresh("a_temperature", 2.0)
        assert over_the_network(host, "a_temperature").y == 77.5

        after = host.reading("b_temperature")
        assert after is not None
        assert after.sequence - before >= (time.monotonic() - began) / 0.1 - 2
        other = next(member for member in host.members if member.name == "b")
        assert sorted(other.latenesses())[-1] < 0.1
        assert host.status()["instruments"][0]["reconnects"] == 1

    texts = [record.getMessage() for record in caplog.records]
    assert sum("a: disconnected" in text for text in texts) == 1
    assert sum("a: connected" in text for text in texts) == 2
    assert sum("b: " in text for text in texts) == 1


def test_a_host_starts_with_every_instrument_absent() -> None:
    with lab(THERMO, TWO, simulate=False) as host:
        until(lambda: host.status()["instruments"][1]["state"] == "disconnected")
        assert over_the_network(host, "a_temperature") == "OLD_DATA"
        with pytest.raises(NotFresh, match="a is disconnected: /dev/a: there is no such port"):
            host.wait_fresh("a_temperature", 0.05)


def test_another_instrument_than_expected_is_refused_until_the_right_one_comes() -> None:
    wrong = {"a": {**TWO["a"], "simulate": {"name": "FURNACE 9"}}}
    with lab(THERMO, wrong) as host:
        assert host.simulated is not None
        until(lambda: host.status()["instruments"][0]["error"] or "")
        error = host.status()["instruments"][0]["error"]
        assert "'THERMO'" in error
        assert "'FURNACE 9'" in error
        assert host.reading("a_temperature") is None
        host.simulated.simulators["a"].name = "THERMO 2"  # type: ignore[union-attr]
        assert host.wait_fresh("a_temperature", 4.0).y == 77.5


def test_an_instrument_that_hangs_is_old_within_its_time_and_comes_back() -> None:
    with lab(THERMO, {"a": TWO["a"]}) as host:
        assert host.simulated is not None
        simulator = host.simulated.simulators["a"]
        host.wait_fresh("a_temperature")
        simulator.latency_s = 30.0  # type: ignore[union-attr]
        until(lambda: over_the_network(host, "a_temperature") == "OLD_DATA", 1.5)
        until(lambda: host.status()["instruments"][0]["state"] == "disconnected", 4.0)


RELEASED = threading.Event()
"""Ends the block of a driver when its test is over, so that its thread is not in others' way."""


class Awkward(Instrument):
    driver = "awkward"
    options: Mapping[str, Any] = {"what": "raise"}

    @reading(unit="1", every=0.05)
    def value(self) -> Any:
        what = self.options["what"]
        if what == "raise":
            raise RuntimeError("the sensor is on fire")
        if what == "block":
            RELEASED.wait(30)
        if what == "thread":
            threading.Thread(target=self._die).start()
            return 1.0
        return {"none": None, "text": "12", "nan": float("nan"), "list": [1.0]}[str(what)]

    def _die(self) -> None:
        raise KeyError("lost")


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("raise", "RuntimeError: the sensor is on fire"),
        ("none", "it returned None"),
        ("text", "the text '12', not a number"),
        ("nan", "it returned nan"),
        ("list", "it returned [1.0], not one number"),
    ],
)
def test_a_driver_that_raises_or_returns_rubbish_is_shown_and_disturbs_nobody(
    what: str, said: str
) -> None:
    plugin = Plugin([Thermometer, Awkward], {"thermometer": SimulatedThermometer})
    instruments = {"bad": {"driver": "awkward", "options": {"what": what}}}
    with lab(plugin, instruments, simulate=False) as host:
        until(lambda: said in str(host.status()["instruments"][0]["error"] or ""))
        assert over_the_network(host, "bad_value") == "OLD_DATA"


class Steady(Instrument):
    driver = "steady"

    @reading(unit="1", every=0.02)
    def value(self) -> float:
        return 1.0


def test_a_driver_that_blocks_delays_nobody_and_is_called_hung() -> None:
    instruments = {
        "bad": {"driver": "awkward", "options": {"what": "block"}},
        "good": {"driver": "steady"},
    }
    with lab(Plugin([Awkward, Steady]), instruments, simulate=False) as host:
        host.wait_fresh("good_value")
        until(lambda: host.status()["instruments"][0]["state"] == "hung", 8.0)
        assert "value has not returned for" in host.status()["instruments"][0]["error"]

        def lateness_p99() -> float:
            late = sorted(host.members[1].latenesses())  # the last 256 polls: five seconds
            assert len(late) > 200
            return late[int(len(late) * 0.99)]

        until(lambda: lateness_p99() < 0.020, 15.0)
        began = time.monotonic()
        assert host.stop() == ["bad"]
        assert time.monotonic() - began < 2.5
        RELEASED.set()
        until(lambda: not any(one.name == "labframe bad" for one in threading.enumerate()))


def test_a_thread_of_a_driver_that_dies_is_shown_in_the_status() -> None:
    instruments = {"bad": {"driver": "awkward", "options": {"what": "thread"}}}
    with lab(Plugin([Awkward]), instruments, simulate=False) as host:
        host.wait_fresh("bad_value")
        until(lambda: any("KeyError: 'lost'" in text for text in host.status()["plugins"]))
        assert host.status()["plugins"][0].startswith("bad: a thread of it died")


def test_plugins_that_fail_leave_the_rest_in_service() -> None:
    class Raises:
        @hookimpl
        def labframe_instruments(self) -> object:
            raise RuntimeError("no drivers today")

        @hookimpl
        def labframe_sinks(self) -> object:
            return "not a list"

    broken = Entry(ImportError("no module of that name"), "broken")
    with lab(THERMO, {"a": TWO["a"]}, more=[broken, Entry(Raises(), "raises")]) as host:
        host.wait_fresh("a_temperature")
        assert any("raises" in text and "no drivers today" in text for text in host.problems)
        assert any("broken" in text and "no module" in text for text in host.status()["plugins"])


class Every(Instrument):
    driver = "every"
    channels = ("A", "B")

    @reading(unit={"humidity": "%", "dew_point": "°C"}, every=0.1)
    def both(self) -> Any:
        return {"humidity": np.float32(40.5), "dew_point": NoValue("the mirror is dirty")}

    @reading(unit="V", every=0.1, channels=True)
    def voltage(self, channel: str) -> float:
        return {"A": 1.0, "B": 2.0}[channel]

    @reading(unit="1", x_unit="nm", every=0.1, sweep=True)
    def spectrum(self) -> Any:
        return np.array([500.0, 501.0]), np.array([0.5, 0.6])

    @reading(unit="s", on_demand=True)
    def uptime(self) -> int:
        return 12

    @reading(every=0.1)
    def mode(self) -> str:
        return "auto"


class Sink:
    name = "test sink"

    def __init__(self) -> None:
        self.readings: list[Reading | Sweep] = []
        self.events: list[Event] = []
        self.is_closed = False

    def write(self, readings: Any) -> None:
        self.readings += readings

    def event(self, event: Event) -> None:
        self.events.append(event)

    def close(self) -> None:
        self.is_closed = True


class BrokenSink(Sink):
    name = "broken sink"

    def write(self, readings: Any) -> None:
        raise OSError("the disk is full")


@pytest.fixture
def every() -> Iterator[tuple[Host, Sink]]:
    sink = Sink()
    config = {
        "driver": "every",
        "reading": {"humidity": {"codename": "old_name", "scale": 2, "offset": 1}},
        "channels": {"A": "anode", "B": {"enabled": False}},
    }
    plugin = Plugin([Every], sinks=[BrokenSink(), sink])
    with lab(plugin, {"e": config}, simulate=False) as host:
        yield host, sink
    assert sink.is_closed


def test_each_kind_of_reading_arrives_where_it_belongs(every: tuple[Host, Sink]) -> None:
    host, sink = every
    assert host.wait_fresh("old_name").y == 82.0
    assert host.wait_fresh("anode").y == 1.0
    assert host.wait_fresh("e_mode").y == "auto"
    assert host.reading("e_dew_point") is None
    assert host.reading("e_uptime") is None
    assert host.read("e_uptime").y == 12
    assert [socket.kind for socket in host.sockets] == ["date", "data"]
    with PullClient("127.0.0.1", host.sockets[1].port) as client:
        host.wait_fresh("e_spectrum")
        assert tuple(client.point("e_spectrum")) == (501.0, 0.6)
    until(lambda: any(isinstance(one, Sweep) for one in sink.readings))
    sweep = next(one for one in sink.readings if isinstance(one, Sweep))
    assert (sweep.xs, sweep.ys, sweep.x_unit) == ((500.0, 501.0), (0.5, 0.6), "nm")
    until(lambda: host.status()["sinks"][0]["error"] == "OSError: the disk is full")
    assert sink.events[0].kind == "host"


def test_setting_the_clock_changes_no_quality(
    every: tuple[Host, Sink], monkeypatch: pytest.MonkeyPatch
) -> None:
    host, sink = every
    host.wait_fresh("anode")
    real = time.time
    for count, offset in enumerate((3600.0, -3600.0), 1):
        # Everything asks time.time() for the wall clock, and nothing else: this is what it sees.
        monkeypatch.setattr(time, "time", lambda offset=offset: real() + offset)
        until(lambda o=offset: abs(host.wait_fresh("anode").time - real() - o) < 60, 2.0)  # type: ignore[misc]
        for _ in range(20):
            assert over_the_network(host, "anode") != "OLD_DATA"
            now = host.reading("anode")
            assert now is not None
            assert now.quality is Quality.OK
        until(lambda n=count: sum(event.kind == "clock" for event in sink.events) == n)  # type: ignore[misc]


def test_two_hosts_on_one_port_name_the_port_its_holder_and_the_setting() -> None:
    with lab(THERMO, TWO) as host, pytest.raises(PortTaken) as caught:
        lab(THERMO, TWO, network={"date_port": host.port})
    text = str(caught.value)
    assert f"UDP port {host.port}" in text
    assert "held by this very program" in text
    assert "[network] date_port" in text


class Many(Instrument):
    driver = "many"
    channels = tuple(f"channel_{number}" for number in range(100))

    @reading(unit="V", every=1.0, channels=True)
    def voltages(self) -> dict[str, float]:
        return dict.fromkeys(self.channels, -1.2345678901234567e-100)


def test_more_codenames_than_a_datagram_carries_are_spread_by_whole_instruments() -> None:
    instruments = {f"m{number}": {"driver": "many"} for number in range(13)}
    with lab(Plugin([Many]), instruments, simulate=False) as host:
        for codename in ("m0_channel_0", "m12_channel_99"):
            host.wait_fresh(codename)
        assert len(host.sockets) == 2
        owners = [{name.partition("_")[0] for name in one.codenames} for one in host.sockets]
        assert not owners[0] & owners[1]
        ports = {one["name"]: one["codenames"] for one in host.status()["instruments"]}
        assert ports["m12"]["m12_channel_99"]["socket"] == host.sockets[1].port
        for socket in host.sockets:
            with PullClient("127.0.0.1", socket.port, old="mark") as client:
                assert len(client.points()) == len(socket.codenames)
        pages = PullClient("127.0.0.1", host.port)
        with pages:
            assert len(pages.ask("instruments#2")) < 8192


def test_a_codename_that_is_there_twice_is_refused() -> None:
    twice = {**TWO["b"], "reading": {"temperature": {"codename": "A_temperature"}}}
    with pytest.raises(ConfigurationError, match=r"instrument.a\] has the codename"):
        lab(THERMO, {"a": TWO["a"], "b": twice})


class Addressed(Instrument):
    driver = "addressed"
    line = SerialLine(first_byte_s=0.2, gap_s=0.1, total_s=0.4)

    @reading(unit="K", every=0.02, stale_after=1.0)
    def temperature(self) -> float:
        who, _, value = self.ask(f"{self.address} T?").partition(" ")
        if who != self.address:
            raise AssertionError(f"an answer of {who} came to {self.address}")
        return float(value)


class SimulatedAddressed(LineSimulator):
    driver = "addressed"
    address = Settable("1", "its address")
    is_on = Settable(True, "whether it answers")

    def respond(self, line: bytes, now: float) -> bytes | None:
        who, _, request = line.decode().partition(" ")
        if who != self.address or request != "T?" or not self.is_on:
            return None
        return f"{who} {who}.5".encode()


def _bus() -> dict[str, Any]:
    return {
        f"m{number}": {"driver": "addressed", "port": "/dev/bus", "address": f"{number}"}
        for number in (1, 2)
    }


def test_two_instruments_on_one_bus_are_never_crossed() -> None:
    plugin = Plugin([Addressed], {"addressed": SimulatedAddressed})
    with lab(plugin, _bus()) as host:
        until(lambda: all(one["polls"] > 110 for one in host.status()["instruments"]), 15.0)
        for number in (1, 2):
            found = host.reading(f"m{number}_temperature")
            assert found is not None
            assert found.y == number + 0.5
        assert [one["failures"] for one in host.status()["instruments"]] == [0, 0]


def test_a_dead_member_of_a_bus_takes_a_tenth_of_its_time_at_most() -> None:
    plugin = Plugin([Addressed], {"addressed": SimulatedAddressed})
    with lab(plugin, _bus()) as host:
        assert host.simulated is not None
        host.wait_fresh("m2_temperature")
        dead = host.simulated.simulators["m2"]
        dead.is_on = False  # type: ignore[union-attr]
        until(lambda: host.status()["instruments"][1]["state"] == "disconnected")
        seen = host.simulated.carriers["m1"].seen
        time.sleep(1.0)
        began, asked = time.monotonic(), sum(b"2 T?" in chunk for chunk in seen)
        time.sleep(5.0)
        times = sum(b"2 T?" in chunk for chunk in seen) - asked
        assert times * 0.3 <= 0.12 * (time.monotonic() - began), f"asked {times} times"
        found = host.reading("m1_temperature")
        assert found is not None
        assert found.quality is Quality.OK
        dead.is_on = True  # type: ignore[union-attr]
        host.wait_fresh("m2_temperature", 8.0)


def test_the_status_tells_the_newest_reason_why_there_is_no_value() -> None:
    class Moody(Instrument):
        driver = "moody"
        reason = "it is cold"

        @reading(unit="K", every=0.02)
        def temperature(self) -> float:
            raise NoValue(self.reason)

    with lab(Plugin([Moody]), {"a": {"driver": "moody"}}, simulate=False) as host:
        until(lambda: "it is cold" in (host.status()["instruments"][0]["error"] or ""))
        Moody.reason = "it sleeps"
        until(lambda: "it sleeps" in (host.status()["instruments"][0]["error"] or ""))
