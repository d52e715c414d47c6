"""The section ``[plugin.live]``: where the live server listens, and whom it trusts."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from labframe import PluginContext
from labframe.nearest import did_you_mean
from labframe.protocol.live import LIVE_PORT

__all__ = ["HTTP_PORT", "Settings", "SettingsProblem", "context_settings", "read_settings"]

HTTP_PORT: Final = 8765
_SHORTEST_TOKEN: Final = 16
_LOOPBACK: Final = ("127.0.0.0/8", "::1/128")

_Told = Callable[[str, str], Exception]


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What the live server is to do.

    Attributes:
        enabled: Whether a host starts it.
        listen: The address that browsers reach it at; ``"0.0.0.0"`` is every one.
        port: Its TCP port; 0 takes a free one.
        udp_listen: The address that live datagrams come to.
        udp_port: Their UDP port; 0 takes a free one.
        accept: Networks and addresses whose datagrams are taken.
        token: What commands need; empty takes none.
        names: Names under which browsers reach it, beside addresses and the computer's own name.
        origins: Other sites whose pages may use it, such as ``"https://lab.example.org"``.
        legacy_port: TCP port of the original live proxy's protocol; None is without, 0 a free one.
        legacy_listen: The address that it listens on.
        certificate: TLS certificate of the legacy port, a PEM file; empty is without TLS.
        key: The key that belongs to it; empty if it is in the same file.
    """

    enabled: bool = False
    listen: str = "127.0.0.1"
    port: int = HTTP_PORT
    udp_listen: str = "127.0.0.1"
    udp_port: int = LIVE_PORT
    accept: tuple[str, ...] = _LOOPBACK
    token: str = ""
    names: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()
    legacy_port: int | None = None
    legacy_listen: str = "127.0.0.1"
    certificate: str = ""
    key: str = ""


class SettingsProblem(ValueError):
    """A key of the section is wrong."""


def context_settings(context: PluginContext) -> Settings:
    """Return what the plugin's section says, for the service of a host.

    Where the host sends its datagrams is where the server listens, unless the section says more.

    Raises:
        ConfigurationError: If something in it cannot be.
    """
    host, _, port = context.live_server.rpartition(":")
    there = {"udp_port": int(port)} if port else {}
    settings = read_settings({**there, **context.section}, context.error, context.path)
    is_here = host in ("localhost", "127.0.0.1", "::1", "[::1]")
    if not is_here and "udp_listen" not in context.section:
        return msgspec.structs.replace(settings, enabled=False)  # the live server is elsewhere
    return settings


def _plain_problem(key: str, text: str) -> Exception:
    return SettingsProblem(f"[plugin.live] {key}: {text}")


def read_settings(
    section: Mapping[str, Any], told: _Told = _plain_problem, path: Callable[[str], Path] = Path
) -> Settings:
    """Return what a section says.

    Args:
        section: The section.
        told: Makes the error of a key and what is wrong with it.
        path: Makes the path that a text of the section means.

    Raises:
        SettingsProblem: If something in it cannot be, or what ``told`` makes.
    """
    known = Settings.__struct_fields__
    for key in section:
        if key not in known:
            hint = did_you_mean(key, known)
            raise told(key, f"not a key that is known here{hint} Known: {', '.join(known)}")
    for key, value in section.items():
        _check(key, value, told)
    settings = msgspec.convert(dict(section), Settings)
    if not _is_loopback(settings.udp_listen) and "accept" not in section:
        raise told(
            f"udp_listen = {settings.udp_listen!r}",
            'needs accept = ["10.1.0.0/16"]: the networks or addresses whose datagrams are taken',
        )
    files = {
        name: str(path(text).absolute())
        for name in ("certificate", "key")
        if (text := getattr(settings, name))
    }
    return msgspec.structs.replace(settings, **files)


def _check(key: str, value: Any, told: _Told) -> None:
    field = Settings.__annotations__[key]
    if key.endswith("port"):
        is_off = key == "legacy_port" and value is None
        if not is_off and (type(value) is not int or not 0 <= value <= 65535):
            raise told(f"{key} = {value!r}", "a port: 1 to 65535, or 0 for a free one")
    elif "tuple" in field:
        if not isinstance(value, (list, tuple)) or not all(isinstance(one, str) for one in value):
            raise told(f"{key} = {value!r}", "a list of texts in quotes")
    elif "bool" in field:
        if not isinstance(value, bool):
            raise told(f"{key} = {value!r}", "true or false")
    elif not isinstance(value, str):
        raise told(f"{key} = {value!r}", "a text in quotes")
    if key == "accept":
        for network in value:
            try:
                ipaddress.ip_network(network, strict=False)
            except ValueError:
                raise told(f"accept = {network!r}", 'no network such as "10.1.0.0/16"') from None
    if key == "token" and value and (len(value) < _SHORTEST_TOKEN or not _sendable(value)):
        raise told(
            "token",
            f"too easy to guess: {_SHORTEST_TOKEN} or more letters and digits, without spaces. "
            'This makes one: python3 -c "import secrets; print(secrets.token_urlsafe())"',
        )
    if key in ("listen", "udp_listen", "legacy_listen") and not _is_address(value):
        raise told(f"{key} = {value!r}", 'no IP address, such as "127.0.0.1" or "0.0.0.0"')


def _sendable(token: str) -> bool:
    return token.isascii() and token.isprintable() and " " not in token


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _is_loopback(text: str) -> bool:
    return ipaddress.ip_address(text).is_loopback
