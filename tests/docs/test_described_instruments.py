"""The pages about instruments that are described in the configuration say what is so."""

import re
import tomllib
from pathlib import Path
from typing import Any

import msgspec
import pytest
from labframe_drivers.ascii import Ascii
from labframe_drivers.ascii.keys import (
    ArgumentKeys,
    AsciiKeys,
    CommandKeys,
    IdentifyKeys,
    PartKeys,
    ReadingKeys,
)
from labframe_drivers.computer import Computer
from labframe_drivers.scpi import Scpi
from labframe_drivers.scpi.keys import ScpiKeys

from labframe.config import Config
from labframe.plan import make_plan

STRUCTS: dict[str, type[msgspec.Struct]] = {
    "`[instrument.NAME]`, described": AsciiKeys,
    "`identify`, as a table": IdentifyKeys,
    "`[instrument.NAME.reading.READING]`, described": ReadingKeys,
    "`parts.NAME`, of a reading": PartKeys,
    "`[instrument.NAME.command.COMMAND]`, described": CommandKeys,
    "`arguments.NAME`, of a command": ArgumentKeys,
}


def rows(docs: Path, heading: str) -> dict[str, str]:
    """Return keys and defaults of the first table after a heading."""
    page = (docs / "reference" / "described-instruments.md").read_text("utf-8")
    text = page.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    table = re.search(r"(?:^\|.*\n)+", text, re.MULTILINE)
    assert table, heading
    return dict(re.findall(r"^\| `(\w+)` \| .*? \| (.*?) \| .* \|$", table[0], re.MULTILINE))


@pytest.mark.parametrize("heading", STRUCTS)
def test_each_key_is_in_the_page_with_its_default_and_no_other(docs: Path, heading: str) -> None:
    kind, shown = STRUCTS[heading], rows(docs, heading)

    assert sorted(shown) == sorted(kind.__struct_fields__)
    for field in msgspec.structs.fields(kind):
        default = field.default
        if field.required:
            assert shown[field.name] == "needed"
        elif isinstance(default, tuple):
            assert shown[field.name] == f"`{list(default)}`".replace("'", '"')
        elif isinstance(default, bool) or (isinstance(default, str) and default):
            assert shown[field.name] == f"`{str(default).replace('True', 'true')}`".replace(
                "False", "false"
            )
        else:
            assert not shown[field.name].startswith("`"), field.name


def test_scpi_has_one_key_more(docs: Path) -> None:
    (more,) = set(ScpiKeys.__struct_fields__) - set(AsciiKeys.__struct_fields__)
    page = (docs / "reference" / "described-instruments.md").read_text("utf-8")

    assert f"| `{more}` | text | `{Scpi.error_queue}` |" in page
    assert ScpiKeys().error_queue == Scpi.error_queue


def blocks(docs: Path) -> list[dict[str, Any]]:
    page = (docs / "how-to" / "without-python.md").read_text("utf-8")
    found = re.findall(r"^```toml\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    return [tomllib.loads(one) for one in found]


def test_the_examples_of_the_page_are_those_that_the_contract_is_tried_with(docs: Path) -> None:
    scpi, ascii_, *others = blocks(docs)

    assert scpi["instrument"]["supply"] == Scpi.example()
    assert ascii_["instrument"]["bath"] == Ascii.example()
    assert len(others) == 3


def test_each_example_of_the_page_is_right_and_can_be_played(docs: Path) -> None:
    from labframe_drivers.ascii import AsciiSimulator

    for table in blocks(docs):
        config = Config.from_dict(table, fixed_drivers=lambda _: ())
        drivers = {"ascii": Ascii, "scpi": Scpi, "computer": Computer}
        plan = make_plan(config, drivers, str)
        assert plan.instruments[0].outputs
        AsciiSimulator.for_section(plan.instruments[0].config.table)()


def test_what_check_says_on_the_page_is_what_it_says(docs: Path, tmp_path: Path) -> None:
    from click.testing import CliRunner

    from labframe.cli.check import check

    page = (docs / "how-to" / "without-python.md").read_text("utf-8")
    right, wrong = re.findall(r"^\$ labframe check lab.toml\n(.*?)^```", page, re.M | re.DOTALL)[:2]
    text = re.findall(r"^```toml\n(.*?)^```", page, re.MULTILINE | re.DOTALL)[0]
    lab = tmp_path / "lab.toml"
    lab.write_text(text, encoding="utf-8")
    said = CliRunner().invoke(check, [str(lab)]).output
    assert [one for one in right.splitlines() if one != "..." and one not in said] == []

    text = text.replace('request = "MEAS:CURR?"\nunit = "A"\n', 'request = "MEAS:CURR?"\n')
    lab.write_text(text.replace('format = ".3f"', 'format = "%.3f"', 1), encoding="utf-8")
    said = CliRunner().invoke(check, [str(lab)]).output
    assert said == wrong
