"""The computer as an instrument, against what the system says by itself."""

import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest
from labframe_drivers import computer
from labframe_drivers.computer import Computer, ComputerWithSensors
from labframe_drivers.computer.driver import driver_here

from labframe import Host, Instrument, NoValue
from labframe.cli.running import served
from labframe.config import ConfigurationError
from labframe.errors import LabframeError
from labframe.worker import values

PC = {"pc": {"driver": "computer"}}


@pytest.fixture
def pc(tmp_path: Path) -> Computer:
    made = Computer(name="pc", options={"disk": str(tmp_path)})
    made.open()
    return made


def test_every_reading_gives_what_it_declares(pc: Computer) -> None:
    for name, reading in pc.readings().items():
        given = getattr(pc, name)()
        found = given if reading.parts else (given,)
        assert len(found) == max(len(reading.parts), 1), name
        assert all(values.number(one) >= 0 for one in found), name
    assert not pc.commands()


def test_disk_and_memory_are_those_of_the_system(pc: Computer, tmp_path: Path) -> None:
    used, free = pc.disk()
    memory_used, memory_free = pc.memory()

    assert free == pytest.approx(shutil.disk_usage(tmp_path).free / 1e6, rel=0.05)
    assert 0 < used <= 100
    total = psutil.virtual_memory().total / 1e6
    assert memory_free == pytest.approx(total * (1 - memory_used / 100), abs=0.1 * total)


@pytest.mark.skipif(not Path("/proc/uptime").exists(), reason="/proc is of Linux")
def test_the_time_since_the_start_is_that_of_the_kernel(pc: Computer) -> None:
    kernel = float(Path("/proc/uptime").read_text().split()[0])
    assert pc.uptime() == pytest.approx(kernel, abs=60)  # a container may have a later start


@pytest.mark.skipif(not hasattr(os, "getloadavg"), reason="Windows has no load")
def test_the_load_is_that_of_the_system(pc: Computer) -> None:
    assert pc.load() == pytest.approx(os.getloadavg()[0], abs=1.0)


def test_a_processor_that_works_is_seen(pc: Computer, monkeypatch: pytest.MonkeyPatch) -> None:
    pc._cpu_at = float("-inf")
    pc.cpu()
    pc._cpu_at = float("-inf")
    until = time.process_time() + 0.3
    while time.process_time() < until:
        pass
    assert pc.cpu() > 50 / (os.cpu_count() or 1)


def test_the_share_of_a_moment_is_not_measured_again(
    pc: Computer, monkeypatch: pytest.MonkeyPatch
) -> None:
    pc._cpu_at = time.monotonic()
    monkeypatch.setattr(psutil, "cpu_percent", lambda interval: -1.0)

    assert pc.cpu() >= 0, "it is the one of before"


def test_a_disk_that_is_not_there_is_named_with_the_next_step() -> None:
    lost = Computer(name="pc", options={"disk": "/nowhere/at/all"})
    with pytest.raises(LabframeError, match=r'pc: options.disk = "/nowhere/at/all": .*name a dir'):
        lost.disk()


class Sensor:
    def __init__(self, current: float | None) -> None:
        self.current = current


@pytest.mark.parametrize(
    ("found", "highest"),
    [
        ({"a": [Sensor(41.5), Sensor(None)], "b": [Sensor(0.0)]}, 41.5),
        ({}, None),
        ({"a": []}, None),
    ],
)
def test_a_computer_has_a_temperature_where_there_is_a_sensor(
    monkeypatch: pytest.MonkeyPatch, found: dict[str, Any], highest: float | None
) -> None:
    monkeypatch.setattr(psutil, "sensors_temperatures", lambda: found, raising=False)

    assert ("temperature" in driver_here().readings()) is (highest is not None)
    if highest is None:
        with pytest.raises(NoValue):
            ComputerWithSensors().temperature()
    else:
        assert ComputerWithSensors().temperature() == highest


def test_a_computer_without_any_sensors_is_one_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delattr(psutil, "sensors_temperatures", raising=False)
    assert driver_here() is Computer
    assert driver_here().driver == "computer"


def test_a_simulated_laboratory_says_what_is_real(labframe_host: Callable[..., Host]) -> None:
    host = labframe_host({"instrument": PC}, computer)
    assert "all simulated but pc" in next(iter(served(host)))


@pytest.mark.parametrize("simulate", [False, True])
def test_the_host_serves_it_with_nothing_but_its_name(
    labframe_host: Callable[..., Host], simulate: bool
) -> None:
    host = labframe_host({"instrument": PC}, computer, simulate=simulate)

    uptime, cpu = host.wait_fresh("pc_uptime", 5).y, host.wait_fresh("pc_cpu", 5).y
    assert isinstance(uptime, float)
    assert isinstance(cpu, float)
    assert uptime > 0
    assert 0 <= cpu <= 100
    assert host.wait_fresh("pc_memory_free", 5).unit == "MB"


def test_a_driver_without_a_line_is_simulated_only_if_it_is_always_there(
    labframe_host: Callable[..., Host],
) -> None:
    from labframe import hookimpl, reading

    class Vendor(Instrument):
        @reading(unit="K")
        def t(self) -> float:
            return 1.0

    class Plugin:
        @hookimpl
        def labframe_instruments(self) -> list[type[Instrument]]:
            return [Vendor]

    with pytest.raises(ConfigurationError, match="it has no simulator"):
        labframe_host({"instrument": {"v": {"driver": "vendor"}}}, Plugin(), simulate=True)
