"""``labframe new driver``: what it writes works at once, and what it refuses it explains."""

import os
import subprocess
import sys
import tomllib
import venv
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from labframe.cli.main import main
from labframe.errors import LabframeError
from labframe.scaffold import driver_scaffold

ROOT = Path(__file__).parents[2]


def new_driver(*words: object) -> Result:
    return CliRunner().invoke(main, ["new", "driver", *map(str, words)])


def test_the_files_are_named_and_the_next_commands_are_said(tmp_path: Path) -> None:
    shown = new_driver("tenma_72", "--directory", tmp_path / "made")

    assert shown.exit_code == 0, shown.output
    written = {
        str(path.relative_to(tmp_path / "made"))
        for path in (tmp_path / "made").rglob("*")
        if path.is_file()
    }
    assert written == {
        "README.md", "pyproject.toml", "tox.ini", "tests/test_contract.py",
        "src/labframe_tenma_72/__init__.py", "src/labframe_tenma_72/driver.py",
        "src/labframe_tenma_72/simulator.py",
    }  # fmt: skip
    assert all(f"  {path}\n" in shown.output for path in written)
    commands = shown.output.partition("Now:\n")[2].splitlines()
    assert commands == [f"  cd {tmp_path / 'made'}", '  pip install -e ".[test]"', "  pytest"]


def test_it_goes_into_a_directory_of_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    assert new_driver("tenma_72").exit_code == 0
    project = tomllib.loads(Path("labframe-tenma-72/pyproject.toml").read_text("utf-8"))["project"]
    assert project["name"] == "labframe-tenma-72"
    assert project["entry-points"] == {"labframe": {"tenma_72": "labframe_tenma_72"}}


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("Tenma 72-2540", "a letter first, such as 'tenma_72_2540'"),
        ("72", "such as 'lakeshore_331'"),
        ("class", "'class': cannot be the name of a driver"),
        ("überdruck", "cannot be the name of a driver"),
        ("xgs600", "there is a driver of this name; `labframe drivers xgs600` shows it"),
        ("plugins", "labframe_plugins is a package of labframe itself"),
    ],
)
def test_a_name_that_will_not_do_is_refused_before_anything_is_written(
    tmp_path: Path, name: str, message: str
) -> None:
    shown = new_driver(name, "--directory", tmp_path / "made")

    assert shown.exit_code == 1
    assert message in shown.output
    assert not (tmp_path / "made").exists()


def test_what_is_there_is_never_overwritten(tmp_path: Path) -> None:
    scaffold = driver_scaffold("tenma", directory=tmp_path)

    with pytest.raises(LabframeError, match="exists already; name another place"):
        scaffold.write()
    assert list(tmp_path.iterdir()) == []


def test_driver_and_simulator_share_nothing(tmp_path: Path) -> None:
    files = driver_scaffold("tenma", directory=tmp_path).files

    assert "simulator" not in files["src/labframe_tenma/driver.py"].lower()
    assert "labframe_tenma" not in files["src/labframe_tenma/simulator.py"]
    assert "labframe.line" not in files["src/labframe_tenma/simulator.py"]


def test_the_strangers_driver_of_the_tests_is_what_is_written_today() -> None:
    stranger = ROOT / "tests" / "outside" / "labframe-chiller"

    for path, text in driver_scaffold("chiller").files.items():
        assert (stranger / path).read_text("utf-8") == text, path


@pytest.mark.once
@pytest.mark.timeout(300)
def test_what_is_written_installs_from_wheels_and_keeps_the_contract_at_once(
    tmp_path: Path,
) -> None:
    wheels = tmp_path / "wheels"
    built = _run(
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--quiet",
        "--no-deps",
        "-w",
        wheels,
        ROOT,
        check=False,
    )
    if "No matching distribution found for hatchling" in built.stderr:
        pytest.skip("no index is in reach: pip finds no hatchling")
    assert built.returncode == 0, built.stderr
    made = tmp_path / "made"
    driver_scaffold("tenma", directory=made).write()
    venv.create(tmp_path / "venv", with_pip=True)
    python = tmp_path / "venv" / ("Scripts" if os.name == "nt" else "bin") / "python"

    _run(python, "-m", "pip", "install", "--quiet", "--find-links", wheels, f"{made}[test]")
    tested = _run(python, "-m", "pytest", "--labframe-carrier=sim", cwd=made)
    shown = _run(python, "-m", "labframe", "drivers", "tenma", cwd=tmp_path)

    assert " passed" in tested.stdout
    assert "skipped" not in tested.stdout
    assert "(with simulator)" in shown.stdout


def _run(
    *words: object, cwd: Path | None = None, check: bool = True
) -> "subprocess.CompletedProcess[str]":
    """Run a program; what it says is shown when it fails."""
    done = subprocess.run(
        [*map(str, words)], cwd=cwd, capture_output=True, text=True, timeout=240, check=False
    )
    assert not check or done.returncode == 0, done.stdout + done.stderr
    return done
