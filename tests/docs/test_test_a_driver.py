"""The page about testing a driver: its example keeps the contract, and is as short as it says."""

import subprocess
import sys
from pathlib import Path

import pytest

import labframe.testing.plugin


@pytest.fixture
def folder(docs: Path) -> Path:
    return docs / "examples" / "tenma"


def run(folder: Path, work: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run pytest as the page does, with nothing left in the folder of the documentation."""
    code = f"import sys, pytest; sys.path.insert(0, {str(folder)!r}); sys.exit(pytest.main())"
    return subprocess.run(
        [sys.executable, "-B", "-c", code, "-q", "-p", "no:cacheprovider", "-c", "/dev/null",
         *arguments],
        capture_output=True, text=True, cwd=work, timeout=100,
    )  # fmt: skip


def test_driver_simulator_and_contract_have_less_than_60_lines(folder: Path) -> None:
    files = [one.read_text("utf-8") for one in folder.glob("*.py")]
    assert len(files) == 3
    assert sum(bool(line.strip()) for text in files for line in text.splitlines()) < 60


def test_the_example_keeps_the_contract(folder: Path, tmp_path: Path) -> None:
    done = run(folder, tmp_path, "--labframe-carrier=sim", str(folder / "test_tenma.py"))
    assert done.returncode == 0, done.stdout
    assert "15 passed" in done.stdout


def test_the_mistake_that_the_page_shows_is_found(folder: Path, tmp_path: Path) -> None:
    for one in folder.glob("*.py"):
        text = one.read_text("utf-8").replace('?", number,', '?", float,')
        (tmp_path / one.name).write_text(text)
    done = run(tmp_path, tmp_path, "--labframe-carrier=sim", str(tmp_path / "test_tenma.py"))
    assert done.returncode == 1
    assert "truncate: current = 0.0; the instrument has 0.5 or 0.5" in done.stdout


def test_chaos_does_not_disturb_it(folder: Path, tmp_path: Path) -> None:
    done = run(folder, tmp_path, f"--labframe-chaos={folder / 'tenma.py'}")
    assert done.returncode == 0, done.stdout


def test_every_fixture_and_option_is_on_the_page(docs: Path) -> None:
    page = (docs / "how-to" / "test-a-driver.md").read_text("utf-8")
    source = Path(labframe.testing.plugin.__file__).read_text("utf-8")
    fixtures = [
        name
        for name in dir(labframe.testing.plugin)
        if f"\ndef {name}(" in source
        and source.partition(f"\ndef {name}(")[0].rstrip().endswith(("fixture", '"session")'))
    ]
    assert len(fixtures) >= 9
    assert [name for name in fixtures if f"`{name}`" not in page and name != "labframe_bench"] == []
