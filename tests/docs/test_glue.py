"""A glue script and what takes its place: their lengths, and what a hung sensor does to them."""

import json
import time
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import Popen

import msgspec
import pytest
from udp import ask

from labframe import Host
from labframe.config import load
from labframe.plugins import Plugins
from labframe.simulation import PtyCarrier, SimulatedInstrument, available

pytestmark = pytest.mark.skipif(not available(), reason="the simulation needs pseudo-terminals")

CODENAMES = ["b307_humidity", "b307_temperature"]
STALE_AFTER_S = 3.0
_PATIENCE_S = 10.0


@pytest.fixture
def folder(docs: Path) -> Path:
    return docs / "examples" / "glue"


@pytest.fixture
def sensor(folder: Path, tmp_path: Path) -> Iterator[PtyCarrier]:
    plugins = Plugins(["humidity_simulator.py"], folder, entry_points=[])
    simulator: SimulatedInstrument = plugins.simulators()["humidity"]()
    with PtyCarrier(simulator, tmp_path) as carrier:
        yield carrier


def set_silent(sensor: PtyCarrier, silent: bool) -> None:
    sensor.simulator.silent = silent  # type: ignore[attr-defined]  # a Settable of its class


def points(port: int) -> dict[str, list[float] | str]:
    answer: dict[str, list[float] | str] = json.loads(ask(port, "json_wn"))
    return answer


def served(port: int, is_right: Callable[[dict[str, list[float] | str]], bool]) -> float:
    """Wait until the points of a port are right; return how long that took, in seconds."""
    began = time.monotonic()
    while not is_right(found := points(port)):
        assert time.monotonic() - began < _PATIENCE_S, found
        time.sleep(0.02)
    return time.monotonic() - began


def are_fresh(found: dict[str, list[float] | str]) -> bool:
    return list(found) == CODENAMES and "OLD_DATA" not in found.values()


def are_old(found: dict[str, list[float] | str]) -> bool:
    return list(found.values()) == ["OLD_DATA", "OLD_DATA"]


def test_the_glue_stamps_its_own_time_on_an_old_value(
    folder: Path,
    sensor: PtyCarrier,
    run: Callable[..., "Popen[str]"],
    first_line: Callable[["Popen[str]"], str],
) -> None:
    program = run("glue/humidity_glue.py", sensor.url, 0)
    port = int(first_line(program).rpartition(" ")[2])
    served(port, are_fresh)

    set_silent(sensor, True)
    fallen_silent = time.time()
    served(port, lambda found: float(found[CODENAMES[0]][0]) > fallen_silent + 1.5 * STALE_AFTER_S)
    first = points(port)
    served(port, lambda found: found[CODENAMES[0]][0] != first[CODENAMES[0]][0])
    second = points(port)

    assert are_fresh(second)
    assert [point[1] for point in second.values()] == [point[1] for point in first.values()]


def test_in_labframe_the_same_sensor_is_old_in_time(
    folder: Path, sensor: PtyCarrier, tmp_path: Path
) -> None:
    config = load(folder / "lab.toml")
    network = msgspec.structs.replace(config.network, date_port=0, data_port=0, live_server=False)
    instrument = msgspec.structs.replace(config.instruments["b307"], port=sensor.url)
    config = msgspec.structs.replace(config, network=network, instruments={"b307": instrument})
    plugins = Plugins(config.plugins, folder, entry_points=[])
    with Host(config, plugins=plugins, state_dir=tmp_path) as host:
        for codename, unit in zip(CODENAMES, ["%RH", "°C"], strict=True):
            assert host.wait_fresh(codename).unit == unit
        assert are_fresh(points(host.port))

        set_silent(sensor, True)
        assert served(host.port, are_old) < STALE_AFTER_S + 0.3
        set_silent(sensor, False)
        served(host.port, are_fresh)


def code_lines(path: Path) -> list[str]:
    text = path.read_text("utf-8")
    return [line for line in text.splitlines() if line.strip() and '"""' not in line]


def test_the_lines_are_as_many_as_the_page_says(folder: Path) -> None:
    glue = (folder / "humidity_glue.py").read_text("utf-8").splitlines()
    driver = code_lines(folder / "humidity.py")
    body = driver[driver.index("class HumiditySensor(Instrument):") : driver.index("@hookimpl")]
    configuration = (folder / "lab.toml").read_text("utf-8").splitlines()

    assert len(glue) == 92
    assert len(body) == 5
    assert len(driver) == 10
    assert len(configuration) == 8


def test_both_have_the_same_codenames_and_device(folder: Path) -> None:
    glue = (folder / "humidity_glue.py").read_text("utf-8")
    table = tomllib.loads((folder / "lab.toml").read_text("utf-8"))

    assert f"CODENAMES = {json.dumps(CODENAMES)}" in glue
    assert f'"{table["instrument"]["b307"]["port"]}"' in glue
