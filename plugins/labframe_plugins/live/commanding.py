"""Hands commands of a page to the host that they are for, and tells what became of them."""

from __future__ import annotations

import re
import time
from typing import Any, Final
from uuid import uuid4

import msgspec

from labframe.client import AsyncPushClient
from labframe.commands.senders import is_own
from labframe.errors import (
    ClientError,
    CommandFailed,
    CommandRefused,
    NoAnswer,
    OutcomeUnknown,
)
from labframe_plugins.live.access import Refused
from labframe_plugins.live.hosts import Host
from labframe_plugins.live.laboratory import Laboratory

__all__ = ["Wish", "execute", "wish_in"]

_ID: Final = re.compile(r"[0-9A-Za-z-]{8,36}")
_LONGEST_WHO: Final = 40
_OWN_NAMES: Final = ("method", "self")


class Wish(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A command that somebody wants to be executed.

    Attributes:
        host: The key of the host.
        method: ``INSTRUMENT.COMMAND``.
        arguments: Its arguments.
        dry_run: Whether it is only to be checked.
        id: The sender's id of it; empty gives it a new one.
        deadline: Seconds after which it is not begun any more.
        who: Who wants it.
    """

    host: str
    method: str
    arguments: dict[str, Any] = {}
    dry_run: bool = False
    id: str = ""
    deadline: float = 2.0
    who: str = ""


def wish_in(body: bytes) -> Wish:
    """Return the command in the body of a request.

    Raises:
        Refused: If it is none.
    """
    try:
        wish = msgspec.json.decode(body, type=Wish)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise Refused(400, "BAD_REQUEST", str(error)) from None
    for name in wish.arguments:
        if name.startswith("_") or name in _OWN_NAMES:
            raise Refused(400, "BAD_REQUEST", f"no argument of a command is called {name!r:.80}")
    if wish.id and not _ID.fullmatch(wish.id):
        raise Refused(400, "BAD_REQUEST", "id: not 8 to 36 letters, digits and hyphens")
    if len(wish.who) > _LONGEST_WHO or not wish.who.isprintable():
        raise Refused(400, "BAD_REQUEST", f"who: not at most {_LONGEST_WHO} printable characters")
    return wish


async def execute(laboratory: Laboratory, wish: Wish, address: str) -> dict[str, Any]:
    """Have a host execute a command; return what it answered.

    Args:
        laboratory: Knows the hosts.
        wish: The command.
        address: The IP address of who asks for it, for the host's audit.

    Raises:
        Refused: If the host is none that takes commands from here; nothing was sent to it.
    """
    host = _host(laboratory, wish.host)
    assert host.push_address is not None
    where, port = host.push_address
    own_id = " ".join(part for part in ("page", address, wish.who, wish.id or uuid4().hex) if part)
    began = time.monotonic()
    try:
        async with AsyncPushClient(where, port, return_format=_form(host)) as client:
            value = await client.command(
                wish.method,
                _id=own_id,
                _deadline=wish.deadline,
                _dry_run=wish.dry_run,
                **wish.arguments,
            )
    except ValueError as error:  # the deadline
        raise Refused(400, "BAD_REQUEST", str(error)) from None
    except ClientError as error:
        told = _told(error)
    else:
        told = {"outcome": "done", "value": value}
    return {**told, "id": own_id, "duration_s": round(time.monotonic() - began, 4)}


def _host(laboratory: Laboratory, key: str) -> Host:
    host = laboratory.hosts.get(key)
    if host is None:
        raise Refused(404, "UNKNOWN_HOST", f"there is no host {key!r:.80}")
    why = host.why_no_commands()
    if why or host.push_address is None or not is_own(host.push_address[0]):
        raise Refused(403, "NOT_THIS_COMPUTER", f"{host.key} takes no commands from here: {why}")
    if not host.is_alive(time.monotonic()):
        raise Refused(409, "HOST_LOST", f"{host.key} was not heard lately; nothing was sent to it")
    return host


def _form(host: Host) -> Any:
    return host.return_format if host.return_format in ("raw", "string") else "json"


def _told(error: ClientError) -> dict[str, Any]:
    code = getattr(error, "code", "")
    text = str(error).removeprefix(f"{code}: ") if code else str(error)
    if isinstance(error, CommandRefused):
        outcome = "refused"
    elif isinstance(error, CommandFailed) and not isinstance(error, OutcomeUnknown):
        outcome = "failed"
    else:
        outcome = "unknown"
        code = code or ("NO_ANSWER" if isinstance(error, NoAnswer) else "UNEXPECTED_ANSWER")
    return {"outcome": outcome, "code": code, "text": text}
