"""How the simulated meter understands SCPI: headers, short and long forms, paths, chains.

Rules of the manual (easymanua.ls/keithley/2000, page 123): upper and lower case are the same; after
``;`` the path goes on where the last command was, after ``;:`` at the root; common commands do not
move it. A command that is invalid ends the message; what stands before it is executed. A mnemonic
is in its short or its long form, and nothing between (SCPI).
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

__all__ = ["MESSAGES", "ScpiError", "Tree", "quoted"]

MESSAGES = {
    -102: "Syntax error",
    -104: "Data type error",
    -108: "Parameter not allowed",
    -109: "Missing parameter",
    -113: "Undefined header",
    -213: "Init ignored",
    -222: "Parameter data out of range",
    -224: "Illegal parameter value",
    -230: "Data corrupt or stale",
    350: "Queue overflow",
}
"""The errors that this meter puts into its queue."""

Set: TypeAlias = Callable[[Sequence[str]], None]
Ask: TypeAlias = Callable[[Sequence[str]], "str | None"]

_HEADER = re.compile(r"\s*(:?)((?:\*|[A-Za-z])[A-Za-z0-9:]*)(\??)(?:\s+(.*))?\s*", re.DOTALL)
_NODE = re.compile(r"(\[?)([A-Z]+)([a-z]*)(1?)\]?")


class ScpiError(Exception):
    """Goes into the error queue.

    Attributes:
        code: Its number.
    """

    def __init__(self, code: int) -> None:
        super().__init__(MESSAGES[code])
        self.code = code


@dataclass(slots=True)
class _Node:
    children: dict[str, _Node] = field(default_factory=dict)
    set: Set | None = None
    ask: Ask | None = None


class Tree:
    """All commands of a meter by their headers."""

    def __init__(self) -> None:
        self._root = _Node()

    def add(
        self, pattern: str, *, set: Set | None = None, ask: Ask | None = None
    ) -> None:  # the two forms of a header
        """Add a command.

        Args:
            pattern: As in the manual, ``[SENSe1]:VOLTage:[DC]:RANGe:[UPPer]``: the short form in
                capitals, in brackets what may be left out.
            set: Carries it out; takes the parameters.
            ask: Answers the query; takes the parameters. None is no answer at all.
        """
        nodes = pattern.split(":")
        choices = [(True, False) if node.startswith("[") else (True,) for node in nodes]
        for kept in itertools.product(*choices):
            last = self._root
            for node in itertools.compress(nodes, kept):
                last = _child(last, node)
            last.set, last.ask = last.set or set, last.ask or ask

    def run(self, message: str) -> tuple[list[str], list[int]]:
        """Carry out a message; return the answers and the errors.

        An answer that stays away altogether (a measurement that waits for its trigger) ends the
        message, as the meter does not come to the rest.
        """
        answers: list[str] = []
        errors: list[int] = []
        level = self._root
        for command in _split(message, ";"):
            if not command.strip():
                continue
            try:
                node, level, is_query, given = self._found(command, level)
                if is_query:
                    answer = _query(node, given)
                    if answer is None:
                        break
                    answers.append(answer)
                else:
                    _order(node, given)
            except ScpiError as error:
                errors.append(error.code)
                if error.code > -200:
                    break
        return answers, errors

    def _found(self, command: str, level: _Node) -> tuple[_Node, _Node, bool, list[str]]:
        match = _HEADER.fullmatch(command)
        if match is None:
            raise ScpiError(-102)
        colon, header, mark, rest = match.groups()
        given = [one.strip() for one in _split(rest or "", ",")] if rest else []
        if header.startswith("*"):
            found = self._root.children.get(header.upper())
            if found is None:
                raise ScpiError(-113)
            return found, level, bool(mark), given
        node = parent = self._root if colon else level
        for mnemonic in header.upper().split(":"):
            parent = node
            if mnemonic not in node.children:
                raise ScpiError(-113)
            node = node.children[mnemonic]
        return node, parent, bool(mark), given


def quoted(text: str) -> str:
    """Return a parameter without its quotes."""
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"" else text


def _child(node: _Node, mnemonic: str) -> _Node:
    if mnemonic.startswith("*"):
        return node.children.setdefault(mnemonic, _Node())
    match = _NODE.fullmatch(mnemonic)
    assert match is not None, mnemonic
    _, short, rest, number = match.groups()
    child = node.children.get(short + rest.upper()) or _Node()
    for name in (short, short + rest.upper()):
        node.children.setdefault(name, child)
        if number:
            node.children.setdefault(name + number, child)
    return child


def _query(node: _Node, given: Sequence[str]) -> str | None:
    if node.ask is None:
        raise ScpiError(-113)
    return node.ask(given)


def _order(node: _Node, given: Sequence[str]) -> None:
    if node.set is None:
        raise ScpiError(-113)
    node.set(given)


def _split(text: str, separator: str) -> list[str]:
    """Split a text at a separator, but for what stands in quotes or parentheses."""
    parts = re.findall(
        rf"""(?:"[^"]*"|'[^']*'|\([^)]*\)|[^{separator}"'(]|["'(])+|{separator}""", text
    )
    return [part for part in parts if part != separator]
