"""The page about the configuration: every key, its default, and examples that are right."""

import dataclasses
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest

from labframe.config import (
    AuditConfig,
    CommandConfig,
    ConfigurationError,
    HostConfig,
    InstrumentConfig,
    NetworkConfig,
    ReadingConfig,
    SocketConfig,
    parse,
)
from labframe.config.keys import INSTRUMENT_KEYS, LINE_KEYS
from labframe.line import SerialLine, UsbPort

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "configuration.md").read_text("utf-8")
STRUCTS: dict[str, type[msgspec.Struct]] = {
    "`[host]`": HostConfig,
    "`[network]`": NetworkConfig,
    "`[audit]`": AuditConfig,
    "`[socket.NAME]`": SocketConfig,
    "`[instrument.NAME.reading.READING]`": ReadingConfig,
    "`[instrument.NAME.command.COMMAND]`": CommandConfig,
}


def rows(heading: str) -> dict[str, str]:
    """Return the keys and defaults of the table after a heading."""
    text = re.split(r"^##+ ", PAGE.partition(f"# {heading}\n")[2], maxsplit=1, flags=re.MULTILINE)
    found = re.findall(r"^\| `(\w+)` \| .*? \| (.*?) \| .* \|$", text[0], re.MULTILINE)
    assert found, heading
    return dict(found)


def defaults(text: dict[str, str]) -> dict[str, str]:
    """Return those defaults that are written as values."""
    return {key: one for key, one in text.items() if re.fullmatch("`[^`]*`", one)}


def toml(value: Any) -> str:
    if isinstance(value, (str, bytes)):
        text = value if isinstance(value, str) else value.decode()
        return '"' + text.replace("\r", "\\r").replace("\n", "\\n") + '"'
    if isinstance(value, tuple):
        return str(list(value))
    return str(value).lower()


@pytest.mark.parametrize("heading", STRUCTS)
def test_each_key_of_a_section_is_in_the_page_and_no_other(heading: str) -> None:
    assert tuple(rows(heading)) == STRUCTS[heading].__struct_fields__


def test_each_key_of_an_instrument_is_in_the_page_and_no_other() -> None:
    renamed = {"readings": "reading", "commands": "command"}
    keys = [one for one in InstrumentConfig.__struct_fields__ if one not in ("name", "table")]
    fields = [renamed.get(one, one) for one in keys]
    assert sorted(rows("`[instrument.NAME]`")) == sorted(fields) == sorted(INSTRUMENT_KEYS)


def test_each_key_of_a_line_and_of_a_usb_port_is_in_the_page_and_no_other() -> None:
    assert tuple(rows("`[instrument.NAME.line]`")) == LINE_KEYS
    assert list(rows("The port")) == [field.name for field in dataclasses.fields(UsbPort)]


@pytest.mark.parametrize("heading", ["`[host]`", "`[network]`", "`[audit]`", "`[socket.NAME]`"])
def test_the_defaults_of_the_page_are_the_real_ones(heading: str) -> None:
    made = STRUCTS[heading]()
    shown = defaults(rows(heading))
    shown.pop("log_file", None)  # true stands for the default place

    assert shown
    assert shown == {key: f"`{toml(getattr(made, key))}`" for key in shown}


def test_the_defaults_of_a_line_are_those_of_the_page() -> None:
    made = SerialLine()
    shown = defaults(rows("`[instrument.NAME.line]`"))
    shown = {key: one for key, one in shown.items() if key not in one}

    assert shown.pop("write_terminator") == shown.pop("read_terminator") == "`terminator`"
    assert len(shown) == 13
    assert shown == {key: f"`{toml(getattr(made, key))}`" for key in shown}


def examples() -> list[str]:
    return re.findall(r"^```toml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


def test_the_page_has_examples() -> None:
    assert len(examples()) >= 5


@pytest.mark.parametrize("text", examples())
def test_each_example_of_the_page_is_right(text: str) -> None:
    assert parse(text, environment={}).instruments


def test_the_errors_of_the_page_are_the_real_ones() -> None:
    with pytest.raises(ConfigurationError) as caught:
        parse(
            """
            [instrument.cryo]
            driver = "lakeshore"
            baud = 9601
            [instrument.cryo.reading.temperature]
            every = 0
            """
        )
    assert sorted(caught.value.problems) == sorted(
        line for line in PAGE.splitlines() if line.startswith("lab.toml: ")
    )


def test_log_file_true_is_the_default_place() -> None:
    assert parse("[host]\nlog_file = true").host.log_file is None
    assert parse('[host]\nlog_file = "x.log"').host.log_file == "x.log"
