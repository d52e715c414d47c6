"""The distribution of a new driver: which files, and what stands in them."""

from __future__ import annotations

import importlib.metadata
import keyword
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from string import Template
from typing import Final

from labframe.errors import LabframeError

__all__ = ["Scaffold", "driver_scaffold"]

_NAME: Final = re.compile(r"[a-z][a-z0-9_]*")
_OWN_PACKAGES: Final = ("drivers", "plugins")
"""``labframe_drivers`` and ``labframe_plugins`` are labframe's own."""

_FILES: Final[Mapping[str, str]] = {
    "README.md": "README.md.template",
    "pyproject.toml": "pyproject.toml.template",
    "src/$package/__init__.py": "init.py.template",
    "src/$package/driver.py": "driver.py.template",
    "src/$package/simulator.py": "simulator.py.template",
    "tests/test_contract.py": "test_contract.py.template",
    "tox.ini": "tox.ini.template",
}


@dataclass(frozen=True, slots=True)
class Scaffold:
    """Files that are not written yet.

    Attributes:
        distribution: What ``pip`` will call it.
        directory: Where it goes.
        files: The text of each file, by its path in the directory.
    """

    distribution: str
    directory: Path
    files: Mapping[str, str]

    def write(self) -> None:
        """Write all files.

        Raises:
            LabframeError: If the directory is there already.
        """
        if self.directory.exists():
            raise LabframeError(
                f"{self.directory}: exists already; name another place with --directory"
            )
        for name, text in self.files.items():
            path = self.directory / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")


def driver_scaffold(
    name: str, known: Collection[str] = (), directory: Path | None = None
) -> Scaffold:
    """Return the distribution of a new driver.

    Args:
        name: What configurations will call the driver: ``lakeshore_331``.
        known: The names of the drivers that there are.
        directory: Where it goes; by default ``labframe-NAME`` in the working directory.

    Raises:
        LabframeError: If the name cannot be one, or is taken.
    """
    _check_name(name, known)
    distribution = f"labframe-{name.replace('_', '-')}"
    words = {
        "name": name,
        "distribution": distribution,
        "package": f"labframe_{name}",
        "class_name": "".join(word.capitalize() for word in name.split("_")),
        "identity": f"ACME,{name.upper()}",
        "labframe": _minor_version(),
    }
    folder = resources.files("labframe.scaffold") / "driver"
    files = {
        Template(path).substitute(words): Template(
            (folder / template).read_text(encoding="utf-8")
        ).substitute(words)
        for path, template in _FILES.items()
    }
    return Scaffold(distribution, directory or Path(distribution), files)


def _check_name(name: str, known: Collection[str]) -> None:
    if not _NAME.fullmatch(name) or keyword.iskeyword(name):
        raise LabframeError(
            f"{name!r}: cannot be the name of a driver; write small letters, digits and _, a "
            f"letter first, such as {_proposed(name)!r}"
        )
    if name in known:
        raise LabframeError(
            f"{name!r}: there is a driver of this name; `labframe drivers {name}` shows it. "
            f"Take another, such as {name + '_2'!r}"
        )
    if name in _OWN_PACKAGES:
        raise LabframeError(
            f"{name!r}: labframe_{name} is a package of labframe itself; take the instrument's name"
        )


def _proposed(name: str) -> str:
    words = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_").lstrip("0123456789_")
    return words if words and not keyword.iskeyword(words) else "lakeshore_331"


def _minor_version() -> str:
    """Return the version of labframe as far as promises go: 0.1 for 0.1.3."""
    return ".".join(importlib.metadata.version("labframe").split(".")[:2])
