"""What the package publishes, and what importing it costs."""

import importlib
import importlib.metadata
import os
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

import labframe

MODULES = sorted(
    module.name
    for module in pkgutil.walk_packages(labframe.__path__, "labframe.")
    if not module.name.endswith("__main__")
)


@pytest.mark.parametrize("name", ["labframe", *MODULES])
def test_every_module_publishes_a_sorted_list_of_names_that_are_there(name: str) -> None:
    module = importlib.import_module(name)
    names = getattr(module, "__all__", [])

    assert names == sorted(names, key=lambda n: (not n.isupper(), not n[0].isupper(), n))
    assert [n for n in names if not hasattr(module, n)] == []


def test_the_published_names_are_loaded_when_they_are_asked_for() -> None:
    code = (
        "import sys, labframe; assert 'labframe.client' not in sys.modules;"
        "labframe.PullClient; assert 'labframe.client' in sys.modules; print(dir(labframe))"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert "PullClient" in shown.stdout


def test_a_name_that_is_not_published_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'PulClient'"):
        labframe.PulClient  # noqa: B018  # that is the point


def test_the_sockets_load_no_library_at_all() -> None:
    code = (
        "import sys; before = set(sys.modules); import labframe.sockets;"
        "print([m for m in set(sys.modules) - before"
        " if m.split('.')[0] not in sys.stdlib_module_names and not m.startswith('labframe')])"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert shown.stdout.strip() == "[]"


def installed_files() -> list[str]:
    distribution = importlib.metadata.distribution("labframe")
    return [str(path) for path in distribution.files or []]


def test_the_wheel_holds_nothing_but_the_three_packages() -> None:
    files = installed_files()
    editable = any(Path(path).suffix == ".pth" for path in files)
    if editable and not os.environ.get("LABFRAME_REQUIRE_ALL"):
        pytest.skip("labframe is installed editable: there is no wheel to look into")

    top = {Path(path).parts[0] for path in files if not path.startswith("..")}

    assert {name for name in top if not name.endswith(".dist-info")} == {
        "labframe",
        "labframe_drivers",
        "labframe_plugins",
    }
    for package in ("labframe", "labframe_drivers", "labframe_plugins"):
        assert f"{package}/py.typed" in files
    assert "labframe_drivers/xgs600/transcripts/examples.jsonl" in files
    static = {path for path in files if path.startswith("labframe_plugins/live/static/")}
    names = {Path(path).name for path in static}
    assert {"index.html", "page.js", "style.css", "uplot-LICENSE.txt", "inter-LICENSE.txt"} <= names
    assert not [path for path in files if path.startswith("labframe_plugins/live/web")]
