"""The page about faults has every fault, parameter, default and hook, and no others."""

import re
from pathlib import Path

import pytest

from labframe.simulation import FAULTS, LineSimulator, SimulatedInstrument
from labframe.simulation.fault_schedule import SCHEDULE


@pytest.fixture
def page(docs: Path) -> str:
    return (docs / "reference" / "faults.md").read_text("utf-8")


def rows(page: str, heading: str) -> dict[str, list[str]]:
    """Return the cells of the table under a heading, by the name in the first."""
    table = page.partition(f"## {heading}\n")[2].partition("\n|---|")[2].partition("\n\n")[0]
    cells = [[cell.strip() for cell in line.split("|")[1:-1]] for line in table.splitlines()[1:]]
    return {row[0].strip("`").partition("(")[0]: row[1:] for row in cells}


def test_every_fault_is_there_with_what_it_does_and_needs(page: str) -> None:
    shown = rows(page, "The vocabulary")

    assert list(shown) == list(FAULTS)
    for name, kind in FAULTS.items():
        assert shown[name][0] == kind.doc
        needs = "held output" if kind.holds_output else "a cable" if kind.is_cable else kind.hook
        assert shown[name][2].strip("`") == needs


def test_every_parameter_is_there_with_its_default(page: str) -> None:
    shown = rows(page, "The vocabulary")

    for name, kind in FAULTS.items():
        given = shown[name][1].split("<br>") if kind.parameters else []
        assert [re.match("`(.*?)`", text)[1] for text in given] == [  # type: ignore[index]
            parameter.name for parameter in kind.parameters
        ]
        for text, parameter in zip(given, kind.parameters, strict=True):
            assert parameter.doc in text
            assert parameter.unit in text
            default = text.rpartition("by default ")[2].replace("`", "")
            assert default.startswith(parameter.shown_default or "empty")


def test_every_part_of_a_schedule_is_there_with_its_default(page: str) -> None:
    shown = {name: row[0] for name, row in rows(page, "When it happens").items()}

    assert shown == {parameter.name: parameter.shown_default for parameter in SCHEDULE}


def test_every_hook_is_there(page: str) -> None:
    shown = rows(page, "What only the simulator knows")

    assert all(hasattr(SimulatedInstrument, name) for name in shown)
    assert {kind.hook for kind in FAULTS.values() if kind.hook} <= set(shown)
    for name in re.findall("`(.+?)`", " ".join(row[1] for row in shown.values())):
        assert hasattr(LineSimulator, name)
