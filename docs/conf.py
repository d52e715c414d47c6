"""How Sphinx builds these pages: ``sphinx-build -W --keep-going -n docs docs/_build``."""

from __future__ import annotations

import sys
from importlib.metadata import version as version_of
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "_ext"))

project = "labframe"
author = "The labframe authors"
copyright = "The labframe authors"
release = version = version_of("labframe")

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx.ext.viewcode",
    "catalogue",
    "class_tree_directive",
    "command_line",
    "docstrings",
    "references",
    "self_contained",
]
exclude_patterns = ["_build", "_ext", "examples"]
root_doc = "index"
nitpicky = True

myst_enable_extensions = ["attrs_block", "colon_fence", "deflist"]
myst_heading_anchors = 3

autodoc_default_options = {"members": True, "member-order": "bysource", "show-inheritance": True}
autodoc_typehints = "signature"
autodoc_preserve_defaults = True
autodoc_type_aliases = {
    alias.rpartition(".")[2]: alias
    for alias in (
        "labframe.board.Entry",
        "labframe.points.Number",
        "labframe.points.Value",
        "labframe.protocol.pull.Format",
        "labframe.protocol.pull.Marker",
        "labframe.protocol.push.ReturnFormat",
        "labframe.sockets.callbacks.Callback",
        "labframe.sockets.arguments.Timeouts",
        "labframe.sockets.push.Action",
        "labframe.sockets.mail.Address",
        "labframe.sockets.transport.Reply",
    )
}
napoleon_use_ivar = True
python_maximum_signature_line_length = 88
python_use_unqualified_type_names = True
add_module_names = False
toc_object_entries_show_parents = "hide"

html_theme = "furo"
html_title = f"labframe {release}"
html_static_path = ["_static"]
html_css_files = ["labframe.css"]
html_copy_source = False
html_show_sphinx = False
html_theme_options = {"navigation_with_keys": True}
