"""Histories as CSV, JSON and Parquet: everything is in them, and memory stays bounded."""

import csv
import json
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from console import on_a_terminal
from labframe_plugins.recorder import HistoryWriter
from recording import START

from labframe.points import Sweep

Shown = Callable[..., Result]
LABFRAME = [sys.executable, "-m", "labframe"]

pytestmark = [pytest.mark.once, pytest.mark.usefixtures("copenhagen")]

SECONDS = [second for second in range(60) if not 20 < second < 40]
"""When the oven was measured."""


def rows(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as text:
        return list(csv.DictReader(text))


def test_csv_has_one_point_a_line_with_unix_and_local_time(shown: Shown, lab: Path) -> None:
    assert shown("oven", "state", "--csv", "out.csv", "--file", lab).exit_code == 0

    found = rows(lab.parent / "out.csv")
    assert found[0] == {
        "time": "1795000000.0", "local": "2026-11-18 12:06:40.000", "codename": "oven",
        "value": "300", "unit": "K", "low": "", "high": "", "points": "", "x": "",
    }  # fmt: skip
    assert [float(one["time"]) - START for one in found[:-2]] == SECONDS
    assert [one["value"] for one in found[-2:]] == ["heating", "cold"]
    assert not (lab.parent / "out.csv.part").exists()


def test_csv_without_a_file_goes_to_the_screen(shown: Shown, lab: Path) -> None:
    found = shown("--csv", "chiller", "--file", lab)

    assert found.stdout.splitlines()[1:] == [
        "1795000000.0,2026-11-18 12:06:40.000,chiller,12.5,°C,,,,",
        "1795000030.0,2026-11-18 12:07:10.000,chiller,-3.25,°C,,,,",
    ]


def test_resampled_csv_has_minimum_maximum_and_number(shown: Shown, lab: Path) -> None:
    found = shown("oven", "state", "--csv", "--every", "30s", "--file", lab).stdout.splitlines()

    assert found[1:] == [
        "1794999990.0,2026-11-18 12:06:30.000,oven,309.5,K,300.0,319.0,20,",
        "1794999990.0,2026-11-18 12:06:30.000,state,heating,,,,1,",
        "1795000020.0,2026-11-18 12:07:00.000,oven,342.27272727272725,K,320.0,349.0,11,",
        "1795000020.0,2026-11-18 12:07:00.000,state,cold,,,,1,",
        "1795000050.0,2026-11-18 12:07:30.000,oven,354.5,K,350.0,359.0,10,",
    ]


def test_json_is_one_document_that_keeps_what_is_no_number(shown: Shown, tmp_path: Path) -> None:
    with HistoryWriter(tmp_path / "lab.db") as writer:
        writer.points("odd", [START] * 4, [float("inf"), float("nan"), 'it\'s "hot"', 1])
        writer.points("xy", [START], [2.5], xs=[7.0])

    shown("*", "--json", "out.json", "--file", "lab.db")

    found = json.loads((tmp_path / "out.json").read_text("utf-8"))
    assert {one["value"] for one in found[:4]} == {"inf", "NaN", 'it\'s "hot"', 1}
    assert found[-1] == {"codename": "xy", "time": START, "value": 2.5, "unit": "", "x": 7.0}
    assert json.loads(shown("xy", "--json", "--since", "now", "--file", "lab.db").stdout) == []


def test_parquet_keeps_types_and_zone(shown: Shown, lab: Path) -> None:
    parquet: Any = pytest.importorskip("pyarrow.parquet", reason="pyarrow is not installed")

    found = shown("oven", "state", "--parquet", "out.parquet", "--file", lab)

    assert found.exit_code == 0, found.output
    table = parquet.read_table(lab.parent / "out.parquet").to_pylist()
    assert len(table) == 43
    assert table[0] == {
        "codename": "oven", "time": datetime.fromtimestamp(START, UTC), "value": 300.0,
        "text": None, "x": None, "low": 300.0, "high": 300.0, "points": 1, "unit": "K",
    }  # fmt: skip
    assert (table[-1]["value"], table[-1]["text"]) == (None, "cold")


@pytest.mark.parametrize(
    ("library", "arguments", "remedy"),
    [
        ("pyarrow", ["--parquet", "out.parquet"], "pip install pyarrow"),
        ("matplotlib", ["--plot", "out.png"], "pip install 'labframe[plot]'"),
    ],
)
def test_a_library_that_is_missing_is_named_with_what_installs_it(
    shown: Shown, lab: Path, monkeypatch: pytest.MonkeyPatch, library: str, arguments: list[str],
    remedy: str,
) -> None:  # fmt: skip
    monkeypatch.setitem(sys.modules, library, None)

    found = shown("oven", "--file", lab, *arguments)

    assert found.exit_code == 1
    assert remedy in found.stderr
    assert len(found.stderr.splitlines()) == 1
    assert not list(lab.parent.glob("out*"))


@pytest.fixture(scope="module")
def long(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A history with 260,000 points of an oven."""
    file = tmp_path_factory.mktemp("long") / "lab.db"
    with HistoryWriter(file) as writer:
        writer.describe("oven", unit="K")
        writer.points("oven", (START + one for one in range(260_000)),
                      (one % 1000 / 10 for one in range(260_000)))  # fmt: skip
    return file


MEASURED = """
import sys
from labframe.cli.main import main
main(sys.argv[1:], standalone_mode=False)
for line in open("/proc/self/status"):  # ru_maxrss would count the tests that start this
    if line.startswith("VmHWM:"):
        print(line.split()[1])
"""


@pytest.mark.skipif(sys.platform != "linux", reason="/proc tells how much memory was used")
@pytest.mark.parametrize("more", [[], ["--every", "1s"]])
def test_an_export_takes_no_more_memory_for_more_points(long: Path, more: list[str]) -> None:
    def peak_kb(until: float, target: str) -> int:
        words = ["history", "oven", "--file", str(long), "--until", str(until), "--csv", target]
        done = subprocess.run(
            [sys.executable, "-c", MEASURED, *words, *more], capture_output=True, text=True,
            timeout=100, check=True,
        )  # fmt: skip
        return int(done.stdout)

    few = peak_kb(START + 29_999, str(long.parent / "few.csv"))
    many = peak_kb(START + 260_000, str(long.parent / "many.csv"))

    assert len(rows(long.parent / "few.csv")) == 30_000
    assert len(rows(long.parent / "many.csv")) == 260_000
    assert many - few < 8_000


def test_a_long_export_tells_a_terminal_how_far_it_is_and_nobody_else(
    shown: Shown, long: Path
) -> None:
    words = ["history", "oven", "--file", str(long), "--csv", str(long.parent / "bar.csv")]
    code, said = on_a_terminal([*LABFRAME, *words])

    assert code == 0
    assert "Writing" in said
    assert "100%" in said
    assert shown("oven", "--file", long, "--csv", long.parent / "quiet.csv").stderr == ""


def test_an_export_that_fails_leaves_no_half_a_file(
    shown: Shown, lab: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*row: object) -> None:
        raise OSError(28, "No space left on device")

    out = lab.parent / "out.csv"
    out.write_text("what was there before")
    monkeypatch.setattr("labframe_plugins.recorder.command_line.export._csv_row", broken)

    found = shown("oven", "--csv", out, "--file", lab)

    assert found.exit_code == 1
    assert "No space left on device" in found.stderr
    assert out.read_text() == "what was there before"
    assert sorted(one.suffix for one in lab.parent.glob("out*")) == [".csv"]


def test_a_sweep_is_counted_and_left_out_of_what_is_exported(shown: Shown, tmp_path: Path) -> None:
    from labframe import Quality

    with HistoryWriter(tmp_path / "lab.db") as writer:
        writer.sweep(Sweep("s", (1.0,), (2.0,), "nm", "V", Quality.OK, 1, START, 0.0))

    assert json.loads(shown("--json", "--file", "lab.db").stdout)["s"]["points"] == 1
    assert json.loads(shown("s", "--json", "--file", "lab.db").stdout) == []
