"""The pictures of the terminal: as the program draws them now, and complete in themselves."""

import importlib.util
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from labframe.simulation import available

SVG = "{http://www.w3.org/2000/svg}"
NAMES = ("watch", "status")
PICTURES = (*NAMES, "history")


def words(picture: Path) -> set[str]:
    """Return the words in a picture that do not change from one time to the next."""
    texts = [one.text or "" for one in ElementTree.parse(picture).iter(f"{SVG}text")]
    return {text for text in texts if re.fullmatch(r"[A-Za-z_\[\]]{3,}", text)}


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_fetches_nothing_and_names_no_computer(docs: Path, name: str) -> None:
    text = (docs / "_static" / f"{name}.svg").read_text("utf-8")

    names = {found for found in re.findall(r"\w+://[^\"]*", text) if "www.w3.org" not in found}
    assert names == set()
    within = re.sub(r"url\(#\w+\)|href=\"#\w+\"", "", text)  # to other parts of the picture
    assert not re.search(r"url\(|href|@import|@font-face|/tmp|/home|/root", within)


def script(docs: Path, name: str) -> Any:
    """Return the module that draws pictures."""
    spec = importlib.util.spec_from_file_location(name, docs / "pictures" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.skipif(not available(), reason="the simulation needs pseudo-terminals")
def test_the_pictures_show_what_the_commands_show(docs: Path, tmp_path: Path) -> None:
    script(docs, "terminal").main(tmp_path, rounds=1)

    changing = {"ok", "old", "never", "error", "IDLE", "FIRING", "COOLING"}
    for name in NAMES:
        now, kept = words(tmp_path / f"{name}.svg"), words(docs / "_static" / f"{name}.svg")
        assert len(kept) > 10
        assert now - changing == kept - changing, "draw them anew: python docs/pictures/terminal.py"


@pytest.mark.skipif(not available(), reason="the simulation needs pseudo-terminals")
def test_the_plot_shows_what_a_demonstration_leaves_behind(
    docs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    monkeypatch.syspath_prepend(docs / "pictures")

    script(docs, "history").main(tmp_path, seconds=1.0)

    now, kept = (labels(place / "history.svg") for place in (tmp_path, docs / "_static"))
    assert now == kept, "draw it anew: python docs/pictures/history.py"
    assert "moon_laser.fire()" in kept


def labels(picture: Path) -> list[str]:
    """Return the texts of a plot that are no numbers or times, and not what became of a command."""
    texts = (one.text or "" for one in ElementTree.parse(picture).iter(f"{SVG}text"))
    return [text.partition(": ")[0] for text in texts if re.search("_|time", text)]


def test_the_first_pages_show_the_table(docs: Path) -> None:
    assert "(docs/_static/watch.svg)" in (docs.parent / "README.md").read_text("utf-8")
    assert "(_static/watch.svg)" in (docs / "index.md").read_text("utf-8")
    for page in ("README.md", "docs/how-to/history.md"):
        assert "_static/history.svg)" in (docs.parent / page).read_text("utf-8")
    assert "(../_static/status.svg)" in (docs / "how-to" / "run.md").read_text("utf-8")
