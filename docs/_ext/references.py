"""Resolve the references in signatures that Sphinx leaves over.

* A type alias is described as data, while signatures refer to it as to a class: link it all the
  same.
* The pages are built without a network, so they cannot link to Python's own documentation. What
  names something real, of the standard library or of labframe's inside, stands as plain text. A
  misspelt name still is a warning.
"""

from __future__ import annotations

import builtins
import inspect
import sys
from importlib import import_module
from typing import Any

from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util.nodes import make_refnode

__all__ = ["setup"]

_MISSING = object()
_HOMES = (
    "labframe.points", "labframe.protocol.push", "labframe.sockets.push", "labframe.client",
    "labframe.client.schemas",
)  # fmt: skip
"""Where names are at home that signatures give without their module."""


def _named(name: str) -> Any:
    """Return what an absolute name stands for; ``_MISSING`` if nothing."""
    if hasattr(builtins, name):
        return getattr(builtins, name)
    parts = name.split(".")
    if parts[0] not in sys.stdlib_module_names and parts[0] not in ("labframe", "msgspec"):
        return _MISSING
    item: Any = import_module(parts[0])
    for end, part in enumerate(parts[1:], 2):
        if not hasattr(item, part) and inspect.ismodule(item) and hasattr(item, "__path__"):
            try:
                import_module(".".join(parts[:end]))
            except ImportError:
                return _MISSING
        item = getattr(item, part, _MISSING)
        if item is _MISSING:
            return _MISSING
    return item


def _resolve(
    app: Sphinx, env: BuildEnvironment, node: pending_xref, content: nodes.TextElement
) -> nodes.TextElement | None:
    if node.get("refdomain") != "py":
        return None
    target = node["reftarget"]
    module = node.get("py:module") or ""
    described = env.domains.python_domain.objects
    names = [target, *(f"{home}.{target}" for home in (module, *_HOMES))]
    for name in names:
        if name in described:
            entry = described[name]
            page = node.get("refdoc", "")
            return make_refnode(app.builder, page, entry.docname, entry.node_id, content, name)
    for name in names:
        if _named(name) is not _MISSING:
            return content
    return None


def _public_bases(app: Sphinx, name: str, cls: type, options: object, bases: list[type]) -> None:
    """Leave private classes out of the bases that are shown; show theirs."""
    del app, name, cls, options
    shown = [own for base in bases for own in _shown(base)]
    bases[:] = [base for base in shown if base is not object]


def _shown(base: Any) -> list[type]:
    if getattr(base, "__name__", "").startswith("_"):
        return [own for below in base.__bases__ for own in _shown(below)]
    return [base]


def setup(app: Sphinx) -> dict[str, bool]:
    """Add the look-up to Sphinx."""
    app.connect("missing-reference", _resolve)
    app.connect("autodoc-process-bases", _public_bases)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
