"""``"${NAME}"`` in a configuration: secrets and ports that come from the environment."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

__all__ = ["Secrets", "substituted"]

_VARIABLE: Final = re.compile(
    r"\$\$\{|\$\{(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?::-(?P<other>[^}]*))?\}|(?P<broken>\$\{[^}]*\}?)"
)


class Secrets:
    """What was substituted, so that messages show the variable and never its content."""

    def __init__(self) -> None:
        self._written: dict[tuple[str, ...], tuple[str, str]] = {}

    __hash__ = None  # type: ignore[assignment]  # it changes

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secrets) and self._written == other._written

    def note(self, path: tuple[str, ...], written: str, content: str) -> None:
        """Note that the text at ``path`` was written with a variable."""
        self._written[path] = (written, content)

    def written(self, path: tuple[str, ...]) -> str | None:
        """Return the text at ``path`` as it stands in the file, if it has a variable."""
        found = self._written.get(path)
        return None if found is None else found[0]

    def below(self, path: tuple[str, ...]) -> bool:
        """Tell whether anything within the table or list at ``path`` has a variable."""
        return any(len(one) > len(path) and one[: len(path)] == path for one in self._written)

    def is_variable(self, path: tuple[str, ...]) -> bool:
        """Tell whether the whole text at ``path`` is one variable."""
        found = _VARIABLE.fullmatch(self.written(path) or "")
        return found is not None and found["name"] is not None

    def hidden(self, text: str) -> str:
        """Return a message with the quoted contents of variables as they stand in the file."""
        for written, content in self._written.values():
            if content:
                text = text.replace(repr(content), f'"{written}"')
        return text


def substituted(
    value: Any,
    environment: Mapping[str, str],
    secrets: Secrets,
    problems: dict[tuple[str, ...], str],
    path: tuple[str, ...] = (),
) -> Any:
    """Return a configuration's value with the variables in its texts replaced.

    Args:
        value: A table, a list, a text, or anything else.
        environment: The variables.
        secrets: Takes note of what was replaced.
        problems: Takes what cannot be replaced, by path.
        path: Where ``value`` is.
    """
    if isinstance(value, Mapping):
        return {
            key: substituted(one, environment, secrets, problems, (*path, str(key)))
            for key, one in value.items()
        }
    if isinstance(value, (list, tuple)):
        return [
            substituted(one, environment, secrets, problems, (*path, str(index)))
            for index, one in enumerate(value)
        ]
    if not isinstance(value, str) or "${" not in value:
        return value

    def content(found: re.Match[str]) -> str:
        name, other = found["name"], found["other"]
        if found["broken"]:
            problems[path] = (
                f"{found['broken']!r} names no environment variable: "
                'write "${NAME}", or "$${" for the characters ${ themselves'
            )
        elif name is None:
            return "${"
        elif environment.get(name) or (name in environment and other is None):
            return environment[name]
        elif other is None:
            problems[path] = (
                f"the environment variable {name} is not set: set it, or give a value for when it "
                f'is not: "${{{name}:-value}}"'
            )
        return other or ""

    made = _VARIABLE.sub(content, value)
    secrets.note(path, value, made)
    return made
