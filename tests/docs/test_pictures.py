"""The pictures of the terminal: as the program draws them now, and complete in themselves."""

import importlib.util
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from labframe.simulation import available

SVG = "{http://www.w3.org/2000/svg}"
NAMES = ("watch", "status")


def words(picture: Path) -> set[str]:
    """Return the words in a picture that do not change from one time to the next."""
    texts = [one.text or "" for one in ElementTree.parse(picture).iter(f"{SVG}text")]
    return {text for text in texts if re.fullmatch(r"[A-Za-z_\[\]]{3,}", text)}


@pytest.mark.parametrize("name", NAMES)
def test_a_picture_fetches_nothing_and_names_no_computer(docs: Path, name: str) -> None:
    text = (docs / "_static" / f"{name}.svg").read_text("utf-8")

    assert re.findall(r"\w+://[^\"]*", text) == ["http://www.w3.org/2000/svg"]
    assert not re.search(r"url\(|href|@import|@font-face|/tmp|/home|/root", text)


@pytest.mark.skipif(not available(), reason="the simulation needs pseudo-terminals")
def test_the_pictures_show_what_the_commands_show(docs: Path, tmp_path: Path) -> None:
    spec = importlib.util.spec_from_file_location("terminal", docs / "pictures" / "terminal.py")
    assert spec is not None
    assert spec.loader is not None
    terminal = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(terminal)

    terminal.main(tmp_path, rounds=1)

    changing = {"ok", "old", "never", "error", "IDLE", "FIRING", "COOLING"}
    for name in NAMES:
        now, kept = words(tmp_path / f"{name}.svg"), words(docs / "_static" / f"{name}.svg")
        assert len(kept) > 10
        assert now - changing == kept - changing, "draw them anew: python docs/pictures/terminal.py"


def test_the_first_pages_show_the_table(docs: Path) -> None:
    assert "(docs/_static/watch.svg)" in (docs.parent / "README.md").read_text("utf-8")
    assert "(_static/watch.svg)" in (docs / "index.md").read_text("utf-8")
    assert "(../_static/status.svg)" in (docs / "how-to" / "run.md").read_text("utf-8")
