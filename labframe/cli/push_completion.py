"""Completion for ``labframe push``: the shell asks the host, but not for long."""

from __future__ import annotations

import contextlib
import threading
from typing import TYPE_CHECKING, Any, Final

import click
from click.shell_completion import CompletionItem

from labframe.errors import ClientError

if TYPE_CHECKING:
    from labframe.client import ArgumentDescription, HostDescription

__all__ = ["complete_argument", "complete_method"]

_PORT: Final = 8500
_PATIENCE_S: Final = 0.5
"""Somebody waits with a finger on the key."""


def complete_method(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Return the methods of the host that begin so."""
    del param
    description = _described(ctx)
    return [
        CompletionItem(name, help=one.doc or one.label or None)
        for name, one in (description.methods if description is not None else {}).items()
        if name.startswith(incomplete)
    ]


def complete_argument(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Return ``key=`` of the arguments that are missing, or the choices of the one that is there.

    Where the shell takes ``=`` for the end of a word, as bash does, ``key`` and ``=`` come as words
    of their own, and only what stands behind them is to be completed.
    """
    del param
    description = _described(ctx)
    method = description.method(ctx.params.get("method") or "") if description is not None else None
    if method is None:
        return []
    before = list(ctx.params.get("arguments") or ())
    names = [one.name for one in method.arguments]
    key, equals, begun = incomplete.partition("=")
    shown = f"{key}=" if equals else ""
    if before[-1:] == ["="] and len(before) > 1:
        key, equals, begun = before[-2], "=", incomplete
    elif not incomplete and before and before[-1] in names and before[-2:-1] != ["="]:
        key, equals = before[-1], "="  # click leaves out an = that is the last word
    if not equals:
        given = {word.partition("=")[0] for word in before}
        missing = [one for one in method.arguments if one.name not in given]
        return [
            CompletionItem(f"{one.name}=", help=_words(one))
            for one in missing
            if one.name.startswith(incomplete)
        ]
    chosen = next((one for one in method.arguments if one.name == key), None)
    return [CompletionItem(shown + text) for text in _choices(chosen) if text.startswith(begun)]


def _choices(argument: ArgumentDescription | None) -> list[str]:
    from labframe.client.schemas import members, shown

    if argument is None:
        return []
    found = [shown(one) for one in argument.choices]
    is_boolean = any(one.get("type") == "boolean" for one in members(argument.schema))
    return found or (["true", "false"] if is_boolean else [])


def _words(argument: ArgumentDescription) -> str:
    from labframe.client.schemas import in_words

    return in_words(argument.schema)


def _described(ctx: click.Context) -> HostDescription | None:
    """Ask the host; None if it does not answer at once, or is none."""
    from labframe.client.description import read_description

    found: list[HostDescription] = []
    given: dict[str, Any] = ctx.params
    host = given.get("host")
    if host is None:
        return None

    def ask() -> None:
        with contextlib.suppress(ClientError, OSError, ValueError, click.ClickException):
            target = host.with_port(given.get("port"))
            found.append(read_description(target.host, target.port or _PORT, 0.15, 2))

    thread = threading.Thread(target=ask, daemon=True)  # the name server may take its time
    thread.start()
    thread.join(_PATIENCE_S)
    return found[0] if found else None
