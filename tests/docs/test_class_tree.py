"""The drawing of classes that the documentation shows: from real classes to SVG."""

import importlib.util
import re
import sys
from pathlib import Path
from types import ModuleType
from xml.etree import ElementTree

import pytest

import labframe.client
import labframe.errors
import labframe.sockets

_SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def class_tree() -> ModuleType:
    path = Path(__file__).parents[2] / "docs" / "_ext" / "class_tree.py"
    spec = importlib.util.spec_from_file_location("class_tree", path)
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def shape(tree: object) -> tuple[str, str, list[object]]:
    name, remark, children = (getattr(tree, key) for key in ("name", "remark", "children"))
    return name, remark, [shape(child) for child in children]


def test_the_sockets_hang_below_what_they_inherit_from(class_tree: ModuleType) -> None:
    sockets = labframe.sockets
    classes = [
        sockets.DataPullSocket,
        sockets.DataPushSocket,
        sockets.LiveSocket,
        sockets.DateDataPullSocket,
    ]

    assert [shape(tree) for tree in class_tree.grown(classes)] == [
        (
            "ServingSocket",
            "",
            [
                (
                    "CommonDataPullSocket",
                    "",
                    [("DateDataPullSocket", "UDP 9000", []), ("DataPullSocket", "UDP 9010", [])],
                ),
                ("DataPushSocket", "UDP 8500", []),
            ],
        ),
        ("LiveSocket", "UDP 8000", []),
    ]


def test_bases_of_python_itself_stand_below_the_name(class_tree: ModuleType) -> None:
    (root,) = class_tree.grown([labframe.errors.NoAnswer, labframe.errors.PointError])

    assert shape(root) == (
        "LabframeError",
        "",
        [
            ("PointError", "ValueError", []),
            ("ClientError", "", [("NoAnswer", "TimeoutError", [])]),
        ],
    )


def test_private_bases_are_skipped(class_tree: ModuleType) -> None:
    trees = class_tree.grown([labframe.client.PushClient, labframe.client.PullClient])

    assert sorted(tree.name for tree in trees) == ["PullClient", "PushClient"]
    assert all(tree.children == [] for tree in trees)


def drawing(class_tree: ModuleType) -> str:
    classes = [getattr(labframe.errors, name) for name in labframe.errors.__all__]
    svg: str = class_tree.drawn(
        class_tree.grown(classes), "errors & more", lambda cls: f"errors.html#{cls.__name__}"
    )
    return svg


def test_every_class_has_a_box_of_its_own_with_a_link(class_tree: ModuleType) -> None:
    root = ElementTree.fromstring(drawing(class_tree))
    links = [link.get("href") for link in root.iter(f"{_SVG}a")]
    boxes = [
        tuple(float(rect.get(key, "nan")) for key in ("x", "y", "width", "height"))
        for rect in root.iter(f"{_SVG}rect")
    ]

    assert root.get("aria-label") == "errors & more"
    assert sorted(map(str, links)) == [f"errors.html#{name}" for name in labframe.errors.__all__]
    assert len(boxes) == len(links)
    for number, (x, y, width, height) in enumerate(boxes):
        for left, top, _, _ in boxes[number + 1 :]:
            assert abs(left - x) >= width or abs(top - y) >= height, "two boxes overlap"
        assert x + width <= float(root.get("width", "nan"))
        assert y + height <= float(root.get("height", "nan"))


def test_the_drawing_leaves_the_colours_to_the_theme(class_tree: ModuleType) -> None:
    assert re.search(r"fill=|stroke=|style=|#[0-9a-f]{3,6}\b", drawing(class_tree)) is None
