"""Refuse pages that would load anything from another computer: laboratories read them offline."""

from __future__ import annotations

import re
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.util import logging

__all__ = ["setup"]

_LOG = logging.getLogger(__name__)

_LOADED = re.compile(
    r"""<(?:script|img|iframe|source|video|audio)\b[^>]*\bsrc\s*=\s*["']?(?:https?:)?//[^\s"'>]+"""
    r"""|<link\b(?![^>]*\brel\s*=\s*["']?canonical)[^>]*\bhref\s*=\s*["']?(?:https?:)?//[^\s"'>]+"""
    r"""|@import\s+(?:url\()?["']?(?:https?:)?//[^\s"')]+"""
    r"""|\burl\(\s*["']?(?:https?:)?//[^\s"')]+""",
    re.IGNORECASE,
)
"""What a browser fetches by itself; links that a reader may follow are none of it."""


def _check(app: Sphinx, error: Exception | None) -> None:
    if error is not None or app.builder.format != "html":
        return
    for path in sorted(Path(app.outdir).rglob("*")):
        if path.suffix in (".html", ".css"):
            for found in _LOADED.findall(path.read_text("utf-8")):
                page = path.relative_to(app.outdir)
                _LOG.warning("%s would load from elsewhere: %s", page, found)


def setup(app: Sphinx) -> dict[str, bool]:
    """Add the check to the end of the build."""
    app.connect("build-finished", _check)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
