"""The pages about Modbus say what is so."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner
from labframe_drivers.modbus import ConfiguredModbusSimulator, Modbus
from labframe_drivers.modbus.keys import CommandKeys, IdentifyKeys, ModbusKeys, ReadingKeys

from labframe.cli.check import check
from labframe.plan import configured_driver

STRUCTS: dict[str, type[msgspec.Struct]] = {
    "`[instrument.NAME]`": ModbusKeys,
    "`identify`": IdentifyKeys,
    "`[instrument.NAME.reading.READING]`": ReadingKeys,
    "`[instrument.NAME.command.COMMAND]`": CommandKeys,
}


@pytest.mark.parametrize("heading", STRUCTS)
def test_each_key_is_in_the_reference_with_its_default_and_no_other(
    docs: Path, heading: str
) -> None:
    page = (docs / "reference" / "modbus.md").read_text("utf-8")
    text = page.partition(f"### {heading}\n")[2].partition("\n#")[0]
    shown = dict(re.findall(r"^\| `(\w+)` \| .*? \| (.*?) \| .* \|$", text, re.MULTILINE))

    assert tuple(shown) == STRUCTS[heading].__struct_fields__
    for field in msgspec.structs.fields(STRUCTS[heading]):
        default = field.default
        if field.required:
            assert shown[field.name] == "needed"
        elif isinstance(default, (bool, int, float)) or default in ("ABCD", "uint16", "holding",
                                                                   "target"):  # fmt: skip
            assert shown[field.name] == f"`{str(default).replace('False', 'false')}`", field.name
        else:
            assert field.name == "table" or not re.fullmatch("`[^[].*`", shown[field.name])


def blocks(docs: Path) -> list[str]:
    page = (docs / "how-to" / "modbus.md").read_text("utf-8")
    return re.findall(r"^```toml\n(.*?)^```", page, re.MULTILINE | re.DOTALL)


def test_the_worked_example_is_the_one_that_the_contract_is_tried_with(docs: Path) -> None:
    oven, pump = (tomllib.loads(one)["instrument"] for one in blocks(docs))
    assert oven["oven"] == Modbus.example()

    section: dict[str, Any] = pump["pump"]
    driver = configured_driver(Modbus, section, "pump")
    assert len(driver.readings()) + len(driver.commands()) == 7
    ConfiguredModbusSimulator.for_section(section)()


def test_what_check_says_on_the_page_is_what_it_says(docs: Path, tmp_path: Path) -> None:
    page = (docs / "how-to" / "modbus.md").read_text("utf-8")
    (shown,) = re.findall(r"^\$ labframe check lab.toml\n(.*?)^```", page, re.M | re.DOTALL)
    lab = tmp_path / "lab.toml"
    lab.write_text(blocks(docs)[0], encoding="utf-8")
    said = CliRunner().invoke(check, [str(lab)]).output

    assert [one for one in shown.splitlines() if one != "..." and one not in said] == []
