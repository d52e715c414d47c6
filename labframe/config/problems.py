"""Problems of a configuration: collected, so that one run shows them all."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from typing import Final, TypeAlias

from labframe.config.environment import Secrets
from labframe.errors import LabframeError

__all__ = ["ConfigurationError", "Place", "Problems"]

Place: TypeAlias = tuple[str, ...]
"""Where a key is: the names of its sections, and its own."""

_LONGEST: Final = 80
_NOT_SHOWN: Final = object()


class ConfigurationError(LabframeError):
    """A configuration cannot be used.

    Args:
        problems: Every problem; each names the file, the key, the value, and what to do.

    Attributes:
        problems: The same.
    """

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(dict.fromkeys(problems))
        super().__init__("\n".join(self.problems))


class Problems:
    """What is wrong with one configuration, as far as it is known.

    Args:
        name: The file's name.
        secrets: What came from the environment, and is not shown.
    """

    def __init__(self, name: str, secrets: Secrets) -> None:
        self.secrets = secrets
        self._name = name
        self._found: list[str] = []
        self._unset: list[Place] = []

    def add(self, place: Place, text: str, value: object = _NOT_SHOWN) -> None:
        """Note what is wrong with a key, or with its value.

        Nothing is noted of a value whose variable is missing: that was said already.
        """
        if any(one[: len(place)] == place for one in self._unset):
            return
        *sections, key = place
        where = f"[{'.'.join(sections)}] " if sections else ""
        shown = "" if value is _NOT_SHOWN else f" = {self._shown(place, value)}"
        self.say(f"{where}{key}{shown}: {text}")

    def say(self, text: str) -> None:
        """Note what is wrong with no single key."""
        self._found.append(f"{self._name}: {self.secrets.hidden(text)}")

    def unset(self, place: Place, text: str) -> None:
        """Note that a value's variable is missing."""
        self.add(place, text)
        self._unset.append(place)

    def raise_any(self) -> None:
        """Raise ConfigurationError if there are problems."""
        if self._found:
            raise ConfigurationError(self._found)

    def _shown(self, place: Place, value: object) -> str:
        written = self.secrets.written(place)
        if written is not None:
            return f'"{written}"'
        if self.secrets.below(place):
            return "..."
        text = _as_toml(value)
        return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."


def _as_toml(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (datetime.date, datetime.time)):
        return value.isoformat()
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(_as_toml(one) for one in value)}]"
    if isinstance(value, dict):
        pairs = ", ".join(f"{key} = {_as_toml(one)}" for key, one in value.items())
        return f"{{ {pairs} }}" if pairs else "{}"
    return repr(value)
