"""``"${NAME}"`` in a configuration: secrets and ports that come from the environment."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

__all__ = ["Secrets", "substituted"]

_VARIABLE: Final = re.compile(
    r"\$\$\{|\$\{(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?::-(?P<other>[^}]*))?\}"
)


class Secrets:
    """What was substituted, so that messages show the variable and not its content."""

    def __init__(self) -> None:
        self._written: dict[tuple[str, ...], str] = {}

    def note(self, path: tuple[str, ...], written: str) -> None:
        """Note that the value at ``path`` was written with a variable."""
        self._written[path] = written

    def shown(self, path: tuple[str, ...], value: object) -> str:
        """Return a value as messages show it."""
        if any(known[: len(path)] == path for known in self._written) and path not in self._written:
            return "..."
        return repr(self._written.get(path, value))

    def holds(self, path: tuple[str, ...]) -> bool:
        """Tell whether the value at ``path`` came from the environment."""
        return path in self._written


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
        problems: Takes the variables that are not set, by path.
        path: Where ``value`` is.
    """
    if isinstance(value, dict):
        return {
            key: substituted(one, environment, secrets, problems, (*path, key))
            for key, one in value.items()
        }
    if isinstance(value, list):
        return [
            substituted(one, environment, secrets, problems, (*path, str(index)))
            for index, one in enumerate(value)
        ]
    if not isinstance(value, str) or "${" not in value:
        return value

    def content(found: re.Match[str]) -> str:
        name = found["name"]
        if name is None:
            return "${"
        if name in environment:
            return environment[name]
        if found["other"] is None:
            problems[path] = (
                f"the environment variable {name} is not set: set it, or give a value for when it "
                f'is not: "${{{name}:-value}}"'
            )
            return ""
        return found["other"]

    made = _VARIABLE.sub(content, value)
    secrets.note(path, value)
    return made
