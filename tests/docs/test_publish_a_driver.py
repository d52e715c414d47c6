"""The page about publishing a driver shows what the program says."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from labframe.cli.main import main


def test_the_page_shows_what_labframe_new_writes(
    docs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = (docs / "how-to" / "publish-a-driver.md").read_text("utf-8")
    monkeypatch.chdir(tmp_path)

    shown = CliRunner().invoke(main, ["new", "driver", "tenma_72"]).output

    assert f"```console\n$ labframe new driver tenma_72\n{shown}```" in page
