r"""The strings of ``FORM``, for the simulated DMT143: what they may hold, and what they make.

The width of a number is that of the manual's examples: only with ``3.2`` as six characters and
``6.0`` as six do their checksums come out (``README.md``).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import reduce
from operator import xor

__all__ = ["NotAFormat", "formatted", "parsed"]

_LONGEST = 153
_TOKEN = re.compile(
    r"""\s*(?: "(?P<text>[^"]{1,15})" | (?P<length>\d+\.\d+) | [#\\](?P<special>[trn])
    | \#(?P<code>\d{3}) | U(?P<unit>\d) | (?P<name>CS2|CS4|CSX|[A-Z][A-Z0-9]*) )""",
    re.VERBOSE | re.IGNORECASE,
)
_NAMES = ("TDF", "TDFA", "H2O", "H20", "ADDR", "ERR", "SN", "STAT", "TIME", "CS2", "CS4", "CSX")
_SPECIAL = {"t": "\t", "r": "\r", "n": "\n"}
_SHORT = (7, 1)
"""The length where none is given: made up, but wide enough that numbers do not touch."""


class NotAFormat(ValueError):
    """No string for ``FORM``."""


def parsed(form: str) -> list[tuple[str, str]]:
    """Return the parts of a format: what each is, and its text.

    Raises:
        NotAFormat: If it is none.
    """
    if len(form) > _LONGEST:
        raise NotAFormat(f"{len(form)} characters")
    found, at, end = [], 0, len(form.rstrip())
    while at < end:
        token = _TOKEN.match(form, at)
        if token is None:
            raise NotAFormat(form[at:])
        kind, text = token.lastgroup or "", token[token.lastgroup or 0]
        if kind == "name":
            text = text.upper()
            if text not in _NAMES:
                raise NotAFormat(text)
        found.append((kind, text))
        at = token.end()
    return found


def formatted(
    parts: list[tuple[str, str]],
    quantities: Mapping[str, tuple[float, str]],
    fields: Mapping[str, str],
) -> bytes:
    """Return the line that a format makes.

    Args:
        parts: The format.
        quantities: Numbers with their units.
        fields: Texts.
    """
    line, unit, length = "", "", _SHORT
    for kind, text in parts:
        if kind == "text":
            line += text
        elif kind == "length":
            whole, _, decimals = text.partition(".")
            length = int(whole), int(decimals)
        elif kind == "special":
            line += _SPECIAL[text.lower()]
        elif kind == "code":
            line += chr(int(text) % 256)
        elif kind == "unit":
            line += f"{unit:<{text}.{text}}"
        elif text in _CHECKSUMS:
            line += _CHECKSUMS[text](line.encode("latin-1"))
        elif text in fields:
            line += fields[text]
        else:
            number, unit = quantities[text.replace("H20", "H2O")]
            line += _number(number, *length)
    return line.encode("latin-1")


def _number(number: float, whole: int, decimals: int) -> str:
    width = whole + (decimals + 1 if decimals else 0)
    return f"{number:{width}.{decimals}f}"


_CHECKSUMS: Mapping[str, Callable[[bytes], str]] = {
    "CS2": lambda sent: f"{sum(sent) & 0xFF:02X}",
    "CS4": lambda sent: f"{sum(sent) & 0xFFFF:04X}",
    "CSX": lambda sent: f"{reduce(xor, sent, 0):02X}",
}
