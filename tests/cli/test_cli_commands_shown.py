"""Commands in ``labframe check`` and ``labframe drivers``: what may be set, and what guards it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

Cli = Callable[..., Result]

DRIVER = '''
from typing import Literal

from labframe import CommandConsumer, Instrument, command, hookimpl, reading


class Oven(Instrument):
    """An oven."""

    driver = "oven"

    @reading(unit="K")
    def target(self) -> float:
        return 300.0

    @command(unit="K", limits=(0, 470), safe_value=0, read_back="target", after_reconnect="reapply")
    def setpoint(self, target: float) -> None:
        """Set the temperature."""

    @command(dangerous=True, return_unit="s")
    def flush(self, gas: Literal["none", "argon"] = "none") -> float:
        """Flush it."""
        return 1.0

    @command(after_reconnect="forget")
    def note(self, text: str) -> None:
        """Note a text."""


class Guard:
    name, guards, needs = "guard", ("oven.fl*",), ()

    def check(self, command, look):
        pass


@hookimpl
def labframe_instruments():
    return [Oven]


@hookimpl
def labframe_interlocks():
    return [Guard()]


@hookimpl
def labframe_command_consumers():
    return [CommandConsumer(name="notes", action="store_last", port=8511)]
'''
CONFIG = """
plugins = ["./oven.py"]
[host]
state_dir = "state"
[network]
default_instrument = "oven"
[audit]
on_failure = "refuse"
[instrument.oven]
driver = "oven"
"""


@pytest.fixture
def lab(tmp_path: Path) -> Path:
    (tmp_path / "oven.py").write_text(DRIVER)
    (tmp_path / "lab.toml").write_text(CONFIG)
    return tmp_path / "lab.toml"


def table(text: str, first: str) -> list[list[str]]:
    """Return the rows of a table by its first header."""
    lines = text[text.index(first) :].splitlines()
    return [re.split(r"  +", line.strip()) for line in lines[: lines.index("")]]


def test_check_shows_what_may_be_set_and_what_guards_it(cli: Cli, lab: Path) -> None:
    shown = cli("check", lab)

    assert shown.exit_code == 0, shown.output
    assert table(shown.stdout, "COMMAND ") == [
        ["COMMAND", "ARGUMENTS", "INTERLOCKS", "WHAT"],
        ["oven.setpoint", "target: 0 to 470 K", "Set the temperature; safe value 0 K; "
         "read back as oven_target; set again after a reconnect"],
        ["oven.flush", "gas = none: none or argon", "guard", "Flush it; dangerous"],
        ["oven.note", "text: text", "Note a text; not known after a reconnect"],
    ]  # fmt: skip
    assert "UDP 8511 on 127.0.0.1: push socket 'notes' of plugin oven" in shown.stdout
    assert "Commands without an instrument are those of oven." in shown.stdout
    assert (
        f"Commands are written to {lab.parent}/state/commands.jsonl; when that fails, they are "
        'refused ([audit] on_failure = "refuse").'
    ) in shown.stdout


def test_a_safe_value_without_dimension_stands_alone(cli: Cli, lab: Path) -> None:
    driver = lab.parent / "oven.py"
    driver.write_text(driver.read_text().replace('@command(unit="K"', '@command(unit="1"'))

    assert "Set the temperature; safe value 0; read back" in cli("check", lab).stdout


def test_check_tells_programs_the_same(cli: Cli, lab: Path) -> None:
    found = json.loads(cli("check", lab, "--json").stdout)

    assert found["audit"] == {
        "file": str(lab.parent / "state" / "commands.jsonl"), "on_failure": "refuse",
    }  # fmt: skip
    assert (found["push_port"], found["unsigned_commands"]) == (8500, "refuse")
    assert [one["method"] for one in found["commands"]] == [
        "oven.setpoint", "oven.flush", "oven.note",
    ]  # fmt: skip
    assert found["commands"][0]["read_back"] == "oven_target"
    assert found["commands"][1]["interlocks"] == ["guard"]


def test_check_says_where_no_commands_are_taken_and_why_all_are_refused(
    cli: Cli, lab: Path
) -> None:
    lab.write_text(CONFIG.replace("[network]", "[network]\npush_port = false"))
    assert "Commands are not taken from the network" in cli("check", lab).stdout

    lab.write_text(CONFIG)
    (lab.parent / "oven.py").write_text(DRIVER.replace("return [Guard()]", "return [1 / 0]"))
    shown = cli("check", lab)
    assert "Attention: plugin oven: " in shown.stdout
    assert "so every command is refused" in shown.stdout


def test_drivers_shows_units_limits_choices_and_defaults(cli: Cli, lab: Path) -> None:
    shown = cli("drivers", "oven", "--config", lab)

    assert [row for row in table(shown.stdout, "  PUBLISHES") if "command" in row] == [
        ["setpoint(target: 0 to 470 K)", "command", "Set the temperature; safe value 0 K; "
         "read back as NAME_target; set again after a reconnect"],
        ["flush(gas = none: none or argon)", "s", "command", "Flush it; dangerous"],
        ["note(text: text)", "command", "Note a text; not known after a reconnect"],
    ]  # fmt: skip
    commands = json.loads(cli("drivers", "oven", "--config", lab, "--json").stdout)
    flush = commands["oven"]["commands"]["flush"]
    assert flush["arguments"]["gas"] == {
        "unit": None, "limits": None, "choices": ["none", "argon"], "required": False,
        "default": "none",
    }  # fmt: skip
    assert flush["returns"] == {"type": "number", "unit": "s"}
    assert flush["dangerous"] is True
