"""The hooks: each is described in its docstring and in the same words in the reference."""

import inspect
import re
from pathlib import Path

import pluggy
import pytest

from labframe.config import ConfigurationError
from labframe.hookspecs import PROJECT, Channel, HookSpecs, PluginContext

PAGE = Path(__file__).parent.parent / "docs" / "reference" / "hooks.md"
HOOKS = [name for name in vars(HookSpecs) if not name.startswith("_")]


def described(name: str) -> str:
    """Return the docstring of a hook on one line."""
    return " ".join((inspect.getdoc(getattr(HookSpecs, name)) or "").split())


def test_the_hooks_are_those_of_the_design() -> None:
    assert HOOKS == [
        "labframe_instruments",
        "labframe_simulators",
        "labframe_point_producers",
        "labframe_command_consumers",
        "labframe_sinks",
        "labframe_interlocks",
        "labframe_services",
        "labframe_cli",
    ]


@pytest.mark.parametrize("name", HOOKS)
def test_pluggy_takes_every_hook(name: str) -> None:
    manager = pluggy.PluginManager(PROJECT)
    manager.add_hookspecs(HookSpecs)

    assert getattr(manager.hook, name).has_spec()


@pytest.mark.parametrize("name", HOOKS)
@pytest.mark.parametrize("word", ["called", "once|not called", r"Returns\b", "An? .*exception"])
def test_a_hook_says_when_how_often_what_it_returns_and_what_an_exception_does(
    name: str, word: str
) -> None:
    text = described(name)

    assert re.search(word, text, re.IGNORECASE), f"{name}: nothing like {word!r} in: {text}"


@pytest.mark.parametrize("name", HOOKS)
def test_the_reference_describes_every_hook_in_the_words_of_its_docstring(name: str) -> None:
    text = PAGE.read_text("utf-8")
    arguments = ", ".join(list(inspect.signature(getattr(HookSpecs, name)).parameters)[1:])

    section = text.partition(f"## `{name}({arguments})`\n")[2].partition("\n## ")[0]

    assert " ".join(section.split()) == described(name).replace("``", "`")


def test_a_plugin_has_its_directory_from_when_it_asks_for_it(tmp_path: Path) -> None:
    context = PluginContext("recorder", state_dir=tmp_path / "state" / "recorder")

    assert not context.state_dir.exists()
    assert context.directory() == context.state_dir
    assert context.directory().is_dir()


def test_an_error_of_a_section_names_file_section_and_key() -> None:
    context = PluginContext("recorder", {"path": 3}, source="cryo.toml")

    error = context.error("path = 3", 'not a path: write path = "data.sqlite"')

    assert isinstance(error, ConfigurationError)
    assert str(error) == (
        'cryo.toml: [plugin.recorder] path = 3: not a path: write path = "data.sqlite"'
    )


def test_a_channel_is_date_data_without_a_label_unless_it_says_so() -> None:
    channel = Channel(codename="room_temperature", unit="C", stale_after=3.0)

    assert (channel.kind, channel.label) == ("date", "")
