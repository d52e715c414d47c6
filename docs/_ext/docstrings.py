"""What autodoc and napoleon do not get right by themselves.

* In the docstring of a property or a constant napoleon takes what stands before the first colon
  for a type, and leaves sections such as ``Raises:`` alone. Treat them like those of a method.
* A literal that is broken over two lines confuses it after ``Returns:``. Join such lines.
* Within ``tuple[...]`` and the like autodoc shows its own stand-in for a type alias. Show the name.
* A default that cannot be written, ``<factory>`` or a function, makes the whole signature
  unreadable to Sphinx itself. Show ``...``.
"""

from __future__ import annotations

import re
from typing import Any

from sphinx.application import Sphinx
from sphinx.ext.napoleon.docstring import GoogleDocstring

__all__ = ["setup"]

_BEFORE_NAPOLEON = 400
_UNWRITABLE = re.compile(r"= ?<[^<>]+>")
_STAND_IN = re.compile(r"TypeAliasForwardRef\('([\w.]+)'\)")


def _prepare(app: Sphinx, what: str, name: str, item: Any, options: Any, lines: list[str]) -> None:
    joined: list[str] = []
    for line in lines:
        if joined and joined[-1].count("``") % 2 and line.strip():
            joined[-1] += f" {line.strip()}"
        else:
            joined.append(line)
    if what in ("attribute", "data", "property") and joined:
        read = GoogleDocstring(joined, app.config, app, "method", name, item, options)
        joined = ["..", "", *read.lines()]  # an empty comment, which has no colon
    lines[:] = joined


def _name_aliases(
    app: Sphinx,
    what: str,
    name: str,
    item: Any,
    options: Any,
    arguments: str | None,
    returned: str | None,
) -> tuple[str | None, str | None]:
    del app, what, name, item, options
    return _named(arguments), _named(returned)


def _named(signature: str | None) -> str | None:
    return signature and _UNWRITABLE.sub("= ...", _STAND_IN.sub(r"\1", signature))


def setup(app: Sphinx) -> dict[str, bool]:
    """Add the preparation to Sphinx."""
    app.connect("autodoc-process-docstring", _prepare, priority=_BEFORE_NAPOLEON)
    app.connect("autodoc-process-signature", _name_aliases)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
