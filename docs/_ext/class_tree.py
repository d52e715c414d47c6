"""Draw the inheritance of classes as SVG: pure, from classes to text.

The colours are the variables of the theme, so that the drawing follows its light and dark mode.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from html import escape
from typing import Final, Generic

__all__ = ["Tree", "drawn", "grown"]

_CHARACTER: Final = 7.9
"""Width of one character of the monospaced name, in pixels."""
_SMALL_CHARACTER: Final = 6.6
_PADDING: Final = 12.0
_BOX_HEIGHT: Final = 44.0
_ROW: Final = 56.0
_GAP: Final = 44.0
"""Between two generations, in pixels."""
_MARGIN: Final = 2.0


@dataclass
class Tree:
    """A class and the classes that inherit from it.

    Attributes:
        cls: The class.
        children: What inherits from it directly.
    """

    cls: type
    children: list[Tree] = field(default_factory=list)

    @property
    def name(self) -> str:
        """The name of the class."""
        return self.cls.__name__

    @property
    def remark(self) -> str:
        """What stands below the name: the default port, or bases from outside the package."""
        others = [
            base.__name__
            for base in _bases(self.cls)
            if base not in (object, Exception, Generic) and _package(base) != _package(self.cls)
        ]
        return ", ".join(others) if others else _port(self.cls)


def _package(cls: type) -> str:
    return cls.__module__.partition(".")[0]


def _bases(cls: type) -> list[type]:
    return [
        near for base in cls.__bases__ for near in (_bases(base) if _is_aside(base) else [base])
    ]


def _is_aside(base: type) -> bool:
    """Return whether a class has bases that matter more than itself: private, or a help."""
    return base.__name__.startswith("_") or base.__module__ == "labframe.closing"


def _port(cls: type) -> str:
    """Return the default of an argument that is a port.

    Not from ``inspect.signature``: autodoc puts texts in the place of its defaults.
    """
    made: object = cls.__init__  # type: ignore[misc]  # only looked at
    if not inspect.isfunction(made):
        return ""
    names = made.__code__.co_varnames[: made.__code__.co_argcount]
    for name, default in zip(reversed(names), reversed(made.__defaults__ or ()), strict=False):
        if name.endswith("port") and isinstance(default, int):
            return f"UDP {default}"
    return ""


def _place(cls: type) -> tuple[str, int]:
    """Return where a class is written: drawings keep that order."""
    return cls.__module__, inspect.getsourcelines(cls)[1]


def grown(classes: Iterable[type]) -> list[Tree]:
    """Return the trees that ``classes`` form, with the bases of their own package added.

    A class with several such bases hangs below the first. A private base is skipped; its own bases
    count.
    """
    nodes: dict[type, Tree] = {}
    roots: list[Tree] = []

    def node(cls: type) -> Tree:
        if cls in nodes:
            return nodes[cls]
        tree = nodes[cls] = Tree(cls)
        near = [base for base in _bases(cls) if _package(base) == _package(cls)]
        (node(near[0]).children if near else roots).append(tree)
        return tree

    for cls in sorted(classes, key=_place):
        node(cls)
    return sorted(roots, key=lambda tree: -len(tree.children))


@dataclass
class _Box:
    tree: Tree
    depth: int
    row: float
    parent: _Box | None


def _boxes(trees: Iterable[Tree]) -> list[_Box]:
    boxes: list[_Box] = []
    rows = iter(range(1000))

    def place(tree: Tree, depth: int, parent: _Box | None) -> _Box:
        box = _Box(tree, depth, 0.0, parent)
        boxes.append(box)
        below = [place(child, depth + 1, box) for child in tree.children]
        box.row = (below[0].row + below[-1].row) / 2 if below else float(next(rows))
        return box

    for tree in trees:
        place(tree, 0, None)
    return boxes


def _width(tree: Tree) -> float:
    text = max(len(tree.name) * _CHARACTER, len(tree.remark) * _SMALL_CHARACTER)
    return text + 2 * _PADDING


def drawn(trees: Iterable[Tree], title: str, link: Callable[[type], str | None]) -> str:
    """Return the trees as an ``<svg>`` element, the roots on the left.

    Args:
        trees: What to draw.
        title: What the drawing shows, for those who cannot see it.
        link: Returns where a class is described, None if nowhere.
    """
    boxes = _boxes(trees)
    depths = range(max(box.depth for box in boxes) + 1)
    widths = [max(_width(box.tree) for box in boxes if box.depth == depth) for depth in depths]
    lefts = [_MARGIN + sum(widths[:depth]) + _GAP * depth for depth in depths]
    width = lefts[-1] + widths[-1] + _MARGIN
    height = max(box.row for box in boxes) * _ROW + _BOX_HEIGHT + 2 * _MARGIN
    lines = [
        f'<svg class="class-tree" role="group" aria-label="{escape(title)}" '
        f'xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" '
        f'width="{width:.0f}" height="{height:.0f}">'
    ]
    for box in boxes:
        lines += _edge(box, lefts, widths)
    for box in boxes:
        lines += _box(box, lefts[box.depth], widths[box.depth], link(box.tree.cls))
    return "\n".join([*lines, "</svg>"])


def _middle(box: _Box) -> float:
    return _MARGIN + box.row * _ROW + _BOX_HEIGHT / 2


def _edge(box: _Box, lefts: list[float], widths: list[float]) -> Iterator[str]:
    """Yield the line from a class to its base, with the arrow head at the base."""
    if box.parent is None:
        return
    end = lefts[box.parent.depth] + widths[box.parent.depth]
    start, y, base_y = lefts[box.depth], _middle(box), _middle(box.parent)
    turn = (start + end + 10) / 2
    yield f'<path class="edge" d="M{start:.1f} {y:.1f}H{turn:.1f}V{base_y:.1f}H{end + 10:.1f}"/>'
    yield (
        f'<path class="head" d="M{end:.1f} {base_y:.1f}l10 -6v12z"/>'  # a hollow triangle
    )


def _box(box: _Box, left: float, width: float, href: str | None) -> Iterator[str]:
    middle, tree = _middle(box), box.tree
    centre = left + width / 2
    if href:
        yield f'<a href="{escape(href)}">'
    yield (
        f'<rect x="{left:.1f}" y="{middle - _BOX_HEIGHT / 2:.1f}" width="{width:.1f}" '
        f'height="{_BOX_HEIGHT:.0f}" rx="5"/>'
    )
    name_y = middle - 3 if tree.remark else middle + 4.5
    yield f'<text class="name" x="{centre:.1f}" y="{name_y:.1f}">{escape(tree.name)}</text>'
    if tree.remark:
        yield (
            f'<text class="remark" x="{centre:.1f}" y="{middle + 13:.1f}">'
            f"{escape(tree.remark)}</text>"
        )
    if href:
        yield "</a>"
