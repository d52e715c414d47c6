"""Arguments of commands: ``key=value`` by their schemas, and what they may be, in a few words."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

import click

from labframe.cli.values import unit_in_words
from labframe.points import Value

if TYPE_CHECKING:
    from labframe.client import ArgumentDescription
    from labframe.client.schemas import Schema
    from labframe.instrument import CommandDeclaration

__all__ = ["brief", "converted", "declared", "facts", "parted"]

_TRUE: Final = ("true", "on", "yes", "1")
_FALSE: Final = ("false", "off", "no", "0")


def parted(texts: Iterable[str]) -> dict[str, str]:
    """Return keys and values of ``key=value`` each.

    Raises:
        click.UsageError: If one is something else, or comes twice.
    """
    found: dict[str, str] = {}
    for text in texts:
        key, equals, value = text.partition("=")
        if not equals or not key.isidentifier():
            raise click.UsageError(f"{text!r}: write KEY=VALUE, for example target=77")
        if key.startswith("_") or key == "method":
            raise click.UsageError(
                f"{key!r} is no argument: there are --id, --deadline and --dry-run"
            )
        if key in found:
            raise click.UsageError(f"{key!r} is there twice")
        found[key] = value
    return found


def converted(text: str, schema: Schema | None) -> Any:
    """Return the value that a text stands for.

    Args:
        text: What was typed behind ``key=``.
        schema: What is wanted; None if nobody knows: then it is JSON, or else a text.

    Returns:
        The value; the text itself if it is none that is wanted, for the host to say so.
    """
    from labframe.client.schemas import choices, members, shown

    if schema is None:
        return _json(text, text)
    for choice in choices(schema):
        if text == shown(choice) or (choice is not None and text == str(choice)):
            return choice
    kinds = [str(one.get("type", "")) for one in members(schema)]
    for kind in ("null", "boolean", "integer", "number", "array", "object"):
        if kind in kinds:
            value = _as(kind, text)
            if value is not _NONE:
                return value
    return text if "string" in kinds or kinds != [""] else _json(text, text)


_NONE: Final = object()


def _as(kind: str, text: str) -> Any:
    word = text.strip().lower()
    if kind == "null":
        return None if word in ("null", "none") else _NONE
    if kind == "boolean":
        return True if word in _TRUE else False if word in _FALSE else _NONE
    if kind == "integer":
        with contextlib.suppress(ValueError):
            return int(text)
        return _NONE
    if kind == "number":
        with contextlib.suppress(ValueError):
            return float(text)
        return _NONE
    value = _json(text, _NONE)
    return value if isinstance(value, list if kind == "array" else dict) else _NONE


def _json(text: str, otherwise: Any) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return otherwise


def declared(command: CommandDeclaration) -> list[ArgumentDescription]:
    """Return the arguments of a driver's command as a host describes them."""
    from labframe.client import ArgumentDescription

    return [ArgumentDescription(one.name, one.schema(), one.required) for one in command.arguments]


def brief(argument: ArgumentDescription) -> str:
    """Return an argument in a few words: ``target: 0 to 470 K``, ``gas = none: none or argon``."""
    from labframe.client.schemas import in_words, shown

    text = argument.name if argument.is_required else f"{argument.name} = {shown(argument.default)}"
    words = in_words(argument.schema)
    for obvious in ("number, ", "number in "):
        words = words.removeprefix(obvious)
    return text if words == "number" else f"{text}: {words}"


def facts(
    *,
    doc: str,
    unit: str,
    dangerous: bool,
    safe_value: Value,
    read_back: str | None,
    after_reconnect: str,
) -> str:
    """Return in a line what has to be known of a command.

    Args:
        doc: What it does.
        unit: That of its safe value; empty if it has none.
        dangerous: Whether a person should confirm it.
        safe_value: What the output would be set to when it must be safe; None if there is none.
        read_back: What tells what was set; empty or None if nothing does.
        after_reconnect: ``keep``, ``reapply`` or ``forget``.
    """
    from labframe.client.schemas import shown

    parts = [doc.removesuffix(".")] if doc else []
    if dangerous:
        parts.append("dangerous")
    if safe_value is not None:
        parts.append(f"safe value {shown(safe_value)} {unit_in_words(unit)}".rstrip())
    if read_back:
        parts.append(f"read back as {read_back}")
    if after_reconnect == "reapply":
        parts.append("set again after a reconnect")
    if after_reconnect == "forget":
        parts.append("not known after a reconnect")
    return "; ".join(parts)
