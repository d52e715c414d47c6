"""The UDP port: takes datagrams of welcome senders, and counts the others."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import logging
import socket
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any, Final, cast

from labframe.commands.senders import is_own, sender_of
from labframe.protocol.live import QUESTION
from labframe_plugins.live.datagrams import Datagram, Malformed, parsed
from labframe_plugins.live.health import Health
from labframe_plugins.live.laboratory import Crowded, Laboratory

__all__ = ["Receiver", "welcomes"]

_LOG = logging.getLogger("labframe.plugin.live")
_BUFFER_BYTES: Final = 4_000_000

Heard = Callable[[Datagram, bytes], None]


def welcomes(networks: Iterable[str]) -> Callable[[str], bool]:
    """Return what tells whether an address is welcome: one of the networks', or this computer's."""
    known = [ipaddress.ip_network(one, strict=False) for one in networks]
    own_too = any(one.is_loopback for one in known)

    @lru_cache(maxsize=1024)
    def is_welcome(sender: str) -> bool:
        address = ipaddress.ip_address(sender)
        if any(address in one for one in known):
            return True
        return own_too and is_own(sender)

    return is_welcome


class Receiver(asyncio.DatagramProtocol):
    """Takes datagrams, and hands them to the laboratory.

    Args:
        laboratory: What takes them.
        welcome: Tells whether a sender is welcome.
        health: Counts them.
        heard: Called after each datagram that was taken, with its bytes.
    """

    def __init__(
        self,
        laboratory: Laboratory,
        welcome: Callable[[str], bool],
        health: Health,
        heard: Heard,
    ) -> None:
        self._laboratory = laboratory
        self._welcome = welcome
        self._health = health
        self._heard = heard
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep what answers go out with."""
        self._transport = cast(asyncio.DatagramTransport, transport)  # Python 3.11 does not say so
        opened = transport.get_extra_info("socket")
        with contextlib.suppress(OSError):  # the system may have its own limit
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER_BYTES)

    def datagram_received(self, data: bytes, addr: Any) -> None:
        """Take a datagram; none is fatal."""
        health = self._health
        sender = (sender_of(addr), addr[1])
        if not self._welcome(sender[0]):
            self._unwelcome(sender[0])
            return
        health.received += 1
        health.received_bytes += len(data)
        try:
            datagram = parsed(data)
            health.points += self._laboratory.take(datagram, sender)
        except Malformed as error:
            self._malformed(sender[0], str(error))
            return
        except Crowded as error:
            self._oversized(sender[0], str(error))
            return
        except Exception as error:  # noqa: BLE001  # else it would be the last one that is taken
            if not health.malformed:
                _LOG.exception("a datagram could not be taken")
            self._malformed(sender[0], f"{type(error).__name__}: {error}")
            return
        if self._transport is not None and self._laboratory.should_ask(datagram, sender):
            self._transport.sendto(QUESTION, addr)
        self._heard(datagram, data)

    def error_received(self, exc: Exception) -> None:
        """Pass over that somebody who was asked has gone."""

    def _unwelcome(self, sender: str) -> None:
        if not self._health.unwelcome:
            _LOG.warning(
                "live datagrams of %s are not taken: accept in [plugin.live] does not name it",
                sender,
            )
        self._health.unwelcome += 1
        self._health.last_unwelcome = sender

    def _malformed(self, sender: str, why: str) -> None:
        if not self._health.malformed:
            _LOG.warning("a datagram of %s is no live datagram: %s", sender, why)
        self._health.malformed += 1
        self._health.last_malformed = f"{sender}: {why}"

    def _oversized(self, sender: str, why: str) -> None:
        if not self._health.oversized:
            _LOG.warning("a datagram of %s is not taken: %s", sender, why)
        self._health.oversized += 1
        self._health.last_malformed = f"{sender}: {why}"
