"""Sessions on a console, as pages of the documentation show them."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

__all__ = ["sessions"]


def sessions(page: Path, mark: str) -> Iterator[tuple[list[str], bytes]]:
    """Yield the words of each command of the sessions of a page with this mark, and its answer."""
    pattern = re.compile(rf"<!-- {mark} -->\n```console\n(.*?)```", re.DOTALL)
    for session in pattern.findall(page.read_text("utf-8")):
        for exchange in session.split("$ ")[1:]:
            command, _, answer = exchange.partition("\n")
            words = shlex.split(command)
            if words[0] == "ask()":
                continue
            yield words, answer.removesuffix("\n").encode()
