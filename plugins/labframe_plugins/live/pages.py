"""The page's files: read once at start, and kept as browsers get them."""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final, NamedTuple

from starlette.requests import Request
from starlette.responses import Response

__all__ = ["STATIC", "Pages"]

STATIC: Final = Path(__file__).parent / "static"
"""Where the build of the page puts its files."""

_INDEX: Final = "index.html"
_HASHED: Final = re.compile(r"[-.](?:[0-9A-Z]{8,}|(?=[a-f]*[0-9])[0-9a-f]{8,})\.[0-9a-z]+(\.map)?$")
"""A hash in a file's name: hexadecimal, or capitals and digits as esbuild writes it."""
_TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".ico": "image/x-icon",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".map": "application/json",
    ".mjs": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
}
"""The system's own table differs from computer to computer."""
_DENSE: Final = (".woff2", ".png", ".jpg", ".webp", ".ico")
_LONG: Final = "public, max-age=31536000, immutable"
_NOT_BUILT: Final = (
    "The live server runs, but its page was not built: `pip install` of labframe builds it. "
    "Programs find everything under /api/v1/.\n"
)


class _File(NamedTuple):
    content: bytes
    packed: bytes | None
    media_type: str
    etag: str
    caching: str


class Pages:
    """Answers with the page's files.

    A file whose name holds a hash of its content may be kept for ever, the others are asked for
    again each time, by their content's hash.

    Args:
        folder: Where they lie.
    """

    def __init__(self, folder: Path = STATIC) -> None:
        self._files: Mapping[str, _File] = {
            path.relative_to(folder).as_posix(): _read(path)
            for path in sorted(folder.rglob("*"))
            if path.is_file() and not path.name.startswith(".")
        }

    @property
    def is_built(self) -> bool:
        """Whether there is a page."""
        return _INDEX in self._files

    async def answer(self, request: Request) -> Response:
        """Answer a request for a file."""
        file = self._files.get(request.path_params.get("path") or _INDEX)
        if file is None:
            if not request.path_params.get("path"):
                return Response(_NOT_BUILT, 503, media_type="text/plain; charset=utf-8")
            return Response("There is no such file.\n", 404, media_type="text/plain")
        headers = {"etag": file.etag, "cache-control": file.caching, "vary": "accept-encoding"}
        known = [one.strip() for one in request.headers.get("if-none-match", "").split(",")]
        if file.etag in known or f"W/{file.etag}" in known:
            return Response(status_code=304, headers=headers)
        content = file.content
        if file.packed is not None and _takes_gzip(request):
            content = file.packed
            headers["content-encoding"] = "gzip"
        return Response(content, headers=headers, media_type=file.media_type)


def _read(path: Path) -> _File:
    content = path.read_bytes()
    packed = None if path.suffix in _DENSE else gzip.compress(content, 9, mtime=0)
    media_type = _TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0]
    return _File(
        content=content,
        packed=packed if packed is not None and len(packed) < len(content) else None,
        media_type=media_type or "application/octet-stream",
        etag=f'"{hashlib.sha256(content).hexdigest()[:20]}"',
        caching=_LONG if _HASHED.search(path.name) else "no-cache",
    )


def _takes_gzip(request: Request) -> bool:
    accepted = request.headers.get("accept-encoding", "")
    return any(
        one.partition(";")[0].strip() == "gzip" and "q=0" not in one.replace("q=0.", "")
        for one in accepted.split(",")
    )
