"""The versions that an environment of tox promises by its name are those that it has."""

import importlib.metadata
import os
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

ROOT = Path(__file__).parents[1]


def pinned() -> Mapping[str, Version]:
    """Return the oldest version of each library, from the constraints file."""
    lines = (ROOT / "constraints" / "oldest.txt").read_text("utf-8").splitlines()
    pairs = [line.split("==") for line in lines if "==" in line]
    return {name: Version(version) for name, version in pairs}


def installed() -> Mapping[str, Version]:
    """Return what is installed of these libraries."""
    return {name: Version(importlib.metadata.version(name)) for name in pinned()}


@pytest.fixture
def factors() -> list[str]:
    """What the environment's name promises: ``py311-oldest`` is py311 and oldest."""
    name = os.environ.get("TOX_ENV_NAME")
    if name is None:
        pytest.skip("not run by tox: no name promises anything")
    return name.split("-")


def test_the_python_is_the_one_that_the_name_promises(factors: list[str]) -> None:
    promised = [one for one in factors if one.startswith("py3") and one[3:].isdigit()]

    assert promised in ([], [f"py3{sys.version_info.minor}"])


def test_the_libraries_are_those_that_the_name_promises(factors: list[str]) -> None:
    oldest, there = pinned(), installed()

    if "oldest" in factors:
        assert there == oldest
    else:
        assert {name for name in oldest if there[name] < oldest[name]} == set()
        assert there != oldest, "these are the oldest, and the name does not say so"


def test_the_oldest_versions_are_the_lower_bounds_of_the_package() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    bounds = {}
    for text in project["dependencies"]:
        required = Requirement(text)
        (specifier,) = required.specifier
        assert specifier.operator == ">=", text
        bounds[required.name] = Version(specifier.version)

    assert bounds == {name: version for name, version in pinned().items() if name in bounds}
    assert len(bounds) == len(project["dependencies"])
