"""The page about the request ``instruments`` names what a host answers, and nothing else."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from udp import ask

from labframe import Host, Instrument, hookimpl, reading
from labframe.plugins import Plugins
from labframe.points import Quality
from labframe.worker import State


class Counter(Instrument):
    driver = "counter"

    @reading(unit="1", every=0.05)
    def counts(self) -> int:
        return 1


class Given:
    name, dist = "given", None

    @hookimpl
    def labframe_instruments(self) -> list[type[Instrument]]:
        return [Counter]

    def load(self) -> object:
        return self


@pytest.fixture
def answer(tmp_path: Path) -> dict[str, Any]:
    configuration = {
        "network": {"date_port": 0, "data_port": 0},
        "instrument": {"a": {"driver": "counter"}, "b": {"driver": "counter", "enabled": False}},
    }
    plugins = Plugins(entry_points=[Given()])  # type: ignore[list-item]  # it has what is used
    with Host(configuration, plugins=plugins, state_dir=tmp_path) as host:
        host.wait_fresh("a_counts")
        assert ask(host.port, "instruments#2") == "ERROR#instruments#2: there is 1 page"
        found: dict[str, Any] = json.loads(ask(host.port, "instruments"))
    return found


@pytest.fixture
def page(docs: Path) -> str:
    return (docs / "reference" / "status.md").read_text("utf-8")


def keys(page: str, after: str) -> set[str]:
    """Return the names in the first column of the table after a text."""
    table = page.partition(after)[2].partition("|---|---|\n")[2].partition("\n\n")[0]
    return {name for row in table.splitlines() for name in re.findall("`(.+?)`", row.split("|")[1])}


def test_the_tables_have_the_keys_of_an_answer(answer: dict[str, Any], page: str) -> None:
    lists = {"sockets", "sinks", "plugins", "instruments"}
    (instrument, disabled) = answer["instruments"]

    assert keys(page, "## Keys") == answer.keys() - lists
    assert keys(page, "`sockets`:\n") == answer["sockets"][0].keys()
    assert keys(page, "`sinks`:\n") == answer["sinks"][0].keys()
    assert keys(page, "has producers too:\n") == instrument.keys()
    of_codename = keys(page, "Of each codename:\n") - {"on_demand"}
    assert of_codename == instrument["codenames"]["a_counts"].keys()
    assert instrument.keys() - disabled.keys() == {"identity", "port", "polls", "failures"}


def test_the_example_has_the_shape_of_an_answer(answer: dict[str, Any], page: str) -> None:
    example = json.loads(page.partition("```json\n")[2].partition("```")[0])

    def shape(value: object) -> object:
        if isinstance(value, Mapping):
            return list(value)
        return [shape(one) for one in value][:1] if isinstance(value, list) else None

    assert list(example) == list(answer)
    for key in ("sockets", "sinks", "instruments"):
        assert shape(example[key]) == shape(answer[key])


def test_every_state_and_every_quality_is_named(page: str) -> None:
    qualities = page.partition("| `quality` |")[2].partition("\n")[0]

    assert keys(page, "## States") == set(State)
    assert set(re.findall("`(.+?)`", qualities)) == set(Quality)
