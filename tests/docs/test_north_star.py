"""The north star as it is printed: ten lines and six, through a pulled cable."""

import json
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest
from udp import ask

from labframe import Host
from labframe.config import Config, load
from labframe.plugins import Plugins
from labframe.simulation import available

pytestmark = pytest.mark.skipif(not available(), reason="the simulation needs pseudo-terminals")

_PATIENCE_S = 10.0


@pytest.fixture
def folder(docs: Path) -> Path:
    return docs / "examples" / "north_star"


def on_free_ports(config: Config) -> Config:
    network = msgspec.structs.replace(
        config.network, date_port=0, data_port=0, push_port=0, live_server=False
    )
    return msgspec.structs.replace(config, network=network)


@pytest.fixture
def host(folder: Path, tmp_path: Path) -> Iterator[Host]:
    config = on_free_ports(load(folder / "lab.toml"))
    plugins = Plugins(["lakeshore.py"], folder, entry_points=[], simulate=True)
    with Host(config, simulate=True, plugins=plugins, state_dir=tmp_path) as host:
        yield host


def wait_until(answer: Callable[[], str], is_right: Callable[[str], bool]) -> str:
    deadline = time.monotonic() + _PATIENCE_S
    while not is_right(found := answer()) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert is_right(found), found
    return found


def test_the_temperature_answers_over_udp_through_a_pulled_cable(host: Host) -> None:
    def temperature() -> str:
        return ask(host.port, "cryo_temperature#json")

    def is_fresh(answer: str) -> bool:
        return answer != '"OLD_DATA"'

    assert host.simulated is not None
    host.wait_fresh("cryo_temperature")
    x, kelvin = json.loads(temperature())
    assert abs(time.time() - x) < 3.0
    assert kelvin == pytest.approx(77.0, abs=0.1)

    cable = host.simulated.carriers["cryo"]
    cable.unplug()
    pulled = time.monotonic()
    wait_until(temperature, lambda answer: not is_fresh(answer))
    assert time.monotonic() - pulled < 3.2  # stale_after is three times `every`

    cable.replug()
    back = time.monotonic()
    fresh = wait_until(temperature, is_fresh)
    assert time.monotonic() - back < 2.0
    assert json.loads(fresh)[0] > x


def test_the_name_is_the_configurations(host: Host) -> None:
    assert ask(host.port, "name") == "cryostat, basement"
    assert ask(host.port, "codenames_json") == '["cryo_temperature"]'


def test_its_setpoint_is_declared(host: Host) -> None:
    (instrument,) = host.plan.instruments
    setpoint = instrument.driver.commands()["setpoint"]

    assert setpoint.safe_value == 0
    assert [(one.name, one.unit, one.limits) for one in setpoint.arguments] == [
        ("target", "K", (0, 470))
    ]


def test_it_is_as_short_as_it_is_said_to_be(folder: Path) -> None:
    driver = (folder / "lakeshore.py").read_text("utf-8")
    body = driver.partition("class LakeShore")[2].partition("@hookimpl")[0].splitlines()[1:]
    code = [line for line in body if line.strip() and '"""' not in line]
    configuration = (folder / "lab.toml").read_text("utf-8").splitlines()

    assert len(code) == 9
    assert len(configuration) == 6


def test_the_same_configuration_runs_without_the_instrument(folder: Path, tmp_path: Path) -> None:
    config = on_free_ports(load(folder / "lab.toml"))
    with Host(config, simulate=True, state_dir=tmp_path) as host:
        assert host.wait_fresh("cryo_temperature").unit == "K"


def test_the_driver_is_the_one_in_the_readme(folder: Path) -> None:
    readme = (folder.parents[2] / "README.md").read_text("utf-8")

    assert f"```python\n{(folder / 'lakeshore.py').read_text('utf-8')}```\n" in readme
    assert (folder / "lab.toml").read_text("utf-8") in readme


def test_its_setpoint_is_taken_from_the_network_as_the_readme_shows(host: Host) -> None:
    port = host.commanding.port
    assert port is not None
    host.wait_fresh("cryo_temperature")
    readme = (Path(__file__).parents[2] / "README.md").read_text("utf-8")
    shown = re.search(r"\$ echo -n '(json_wn#[^']*)' \| nc -u -w1 127.0.0.1 8500\n(.*)\n", readme)
    assert shown is not None

    assert ask(port, shown[1]) == shown[2]
    refused = ask(port, 'json_wn#{"method": "cryo.setpoint", "target": 500.0}')
    assert f"Error: {refused.removeprefix('ERROR#')}\n" in readme
