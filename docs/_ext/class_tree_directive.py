"""The directive ``class-tree``: a drawing of a module's classes, made when the pages are built.

::

    ```{class-tree} labframe.sockets
    :title: The classes of the sockets
    :leave-out: PortStillReserved
    ```

Each class links to its description, if there is one.
"""

from __future__ import annotations

import inspect
from importlib import import_module
from typing import Any, ClassVar

from class_tree import drawn, grown
from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

__all__ = ["setup"]


class _Placeholder(nodes.General, nodes.Element):
    """Stands where the drawing goes, until every page has been read and links can be made."""


class _ClassTree(SphinxDirective):
    required_arguments = 1
    option_spec: ClassVar[dict[str, Any]] = {
        "title": directives.unchanged_required,
        "leave-out": directives.unchanged,
    }

    def run(self) -> list[nodes.Node]:
        module = import_module(self.arguments[0])
        self.env.note_dependency(str(inspect.getfile(module)))
        placeholder = _Placeholder()
        placeholder["module"] = module.__name__
        placeholder["title"] = self.options.get("title", f"The classes of {module.__name__}")
        placeholder["left_out"] = self.options.get("leave-out", "").split()
        return [placeholder]


def _draw(app: Sphinx, page: nodes.document, page_name: str) -> None:
    described = app.env.domains.python_domain.objects

    def link(cls: type) -> str | None:
        for module in (placeholder["module"], cls.__module__):
            entry = described.get(f"{module}.{cls.__qualname__}")
            if entry is not None:
                target = app.builder.get_relative_uri(page_name, entry.docname)
                return f"{target}#{entry.node_id}"
        return None

    for placeholder in list(page.findall(_Placeholder)):
        module = import_module(placeholder["module"])
        published = [getattr(module, name) for name in module.__all__]
        classes = [
            item
            for item in published
            if inspect.isclass(item) and item.__name__ not in placeholder["left_out"]
        ]
        if app.builder.format == "html":
            picture = drawn(grown(classes), placeholder["title"], link)
            html = f'<div class="class-tree-frame">\n{picture}\n</div>'
            placeholder.replace_self(nodes.raw("", html, format="html"))
        else:
            text = ", ".join(cls.__name__ for cls in classes)
            placeholder.replace_self(nodes.paragraph(text=text))


def setup(app: Sphinx) -> dict[str, bool]:
    """Add the directive to Sphinx."""
    app.add_node(_Placeholder)
    app.add_directive("class-tree", _ClassTree)
    app.connect("doctree-resolved", _draw)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
