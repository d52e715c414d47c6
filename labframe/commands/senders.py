"""Who sent a datagram: this computer, or another one."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable
from functools import lru_cache
from time import monotonic
from typing import Any, Final

from labframe.protocol import push
from labframe.protocol.wire import encode

__all__ = ["Gate", "is_own", "sender_of"]

_BROADCAST: Final = "255.255.255.255"
_COMMANDS: Final = (b"json_wn#", b"raw_wn#")
_TELL_S: Final = 1.0
_KEPT_S: Final = 10.0
"""How long it is believed which addresses this computer has."""


def sender_of(address: Any) -> str:
    """Return the IP address in a socket address; an IPv4 one that came over IPv6 is that."""
    return _plain(str(address[0]))


@lru_cache(maxsize=256)
def _plain(host: str) -> str:
    text = host.partition("%")[0]
    mapped = getattr(ipaddress.ip_address(text), "ipv4_mapped", None)
    return text if mapped is None else str(mapped)


def is_own(sender: str) -> bool:
    """Tell whether an IP address is one of this computer's.

    Those that belong to no computer can be bound to all the same, and anybody may send from them:
    the system delivers a broadcast that comes from 0.0.0.0.
    """
    return _is_own(sender, int(monotonic() / _KEPT_S))


@lru_cache(maxsize=256)
def _is_own(sender: str, _epoch: int) -> bool:
    address = ipaddress.ip_address(sender)
    if address.is_loopback:
        return True
    if address.is_unspecified or address.is_multicast or sender == _BROADCAST:
        return False
    # A socket can be bound to an address of this computer only.
    family = socket.AF_INET6 if ":" in sender else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as trial:
            trial.bind((sender, 0))
    except OSError:
        return False
    return True


class Gate:
    """Refuses commands that come from other computers; who only asks is let through.

    Args:
        allows_all: Whether other computers may send commands too.
        name: The configuration's name, for the answer.
        tell: Told of a refusal: the sender, the request, the answer. At most once a second, so that
            a flood from elsewhere fills no disk; ``refused`` counts them all.

    Attributes:
        refused: How many commands were refused.
    """

    def __init__(
        self,
        allows_all: bool,
        name: str,
        tell: Callable[[str, bytes, bytes], None] | None = None,
    ) -> None:
        self._allows_all = allows_all
        self._name = name
        self._tell = tell
        self._tell_again = float("-inf")
        self.refused = 0

    def __call__(self, request: bytes, address: Any) -> bytes | None:
        """Return the answer to a datagram that is refused; None to one that is not."""
        if self._allows_all or not request.startswith(_COMMANDS):
            return None
        sender = sender_of(address)
        if is_own(sender):
            return None
        self.refused += 1
        answer = encode(
            push.error(
                f"NOT_ALLOWED: commands from other computers ({sender}) are refused; "
                f'[network] unsigned_commands = "allow" in {self._name} allows them'
            )
        )
        now = monotonic()
        if self._tell is not None and now >= self._tell_again:
            self._tell_again = now + _TELL_S
            self._tell(sender, request, answer)
        return answer
