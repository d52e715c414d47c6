"""The reference of the live server against what it does."""

import json
import re
from pathlib import Path

import pytest
from labframe_plugins.live.health import Health
from labframe_plugins.live.settings import Settings
from livelab import running, until


@pytest.fixture(scope="module")
def reference() -> str:
    return Path("docs/reference/live-server.md").read_text("utf-8")


def example(reference: str, heading: str) -> dict[str, object]:
    """Return the first JSON example under a heading."""
    section = reference.split(f"\n{heading}\n")[1]
    found = re.search(r"```json\n(.*?)```", section, re.DOTALL)
    assert found is not None
    return dict(json.loads(found[1]))


def test_every_number_of_its_health_is_there(reference: str) -> None:
    section = reference.split("\n## Health\n")[1]
    rows = re.findall(r"^\| (`.*?) \|", section, re.MULTILINE)
    names = [name for row in rows for name in re.findall(r"`(\w+)`", row)]

    assert names == list(Health().told())


def test_every_key_of_its_section_is_there() -> None:
    page = Path("docs/how-to/live-server.md").read_text("utf-8")
    rows = re.findall(r"^\| (`.*?) \|", page.split("\n## All keys\n")[1], re.MULTILINE)
    names = [name for row in rows for name in re.findall(r"`(\w+)`", row)]

    assert names == list(Settings.__struct_fields__)


def test_a_snapshot_has_the_keys_of_the_example(reference: str) -> None:
    shown = example(reference, "### snapshot")
    with running() as live:
        live.points("rasppi71", sine=[1.5, 0.5])
        until(lambda: live.server.health.points == 1)
        state = live.state()

    assert state.keys() == shown.keys()
    hosts = shown["hosts"]
    assert isinstance(hosts, dict)
    for host in hosts.values():
        assert host.keys() == state["hosts"]["rasppi71"].keys()
    original = hosts["rasppi71"]["codenames"]["sine"]
    assert original.keys() == state["hosts"]["rasppi71"]["codenames"]["sine"].keys()
    assert hosts["lab-pc-7"]["codenames"]["moon_laser_power"].keys() == original.keys()
