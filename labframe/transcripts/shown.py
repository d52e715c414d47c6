"""Bytes as people read them."""

from __future__ import annotations

__all__ = ["escaped"]


def escaped(data: bytes, limit: int = 0) -> str:
    r"""Return bytes as text: printable ASCII as it is, the rest as ``\r``, ``\n``, ``\x02``.

    Args:
        data: The bytes.
        limit: After so many bytes the rest is only counted; 0: never.
    """
    if limit and len(data) > limit:
        return f"{escaped(data[:limit])}... ({len(data)} bytes)"
    return repr(b'"' + data)[3:-1].replace("\\'", "'")
