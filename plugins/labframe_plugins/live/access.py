"""Who may ask the live server, and what every answer says to browsers."""

from __future__ import annotations

import hmac
import ipaddress
import socket
from collections.abc import Iterable, Mapping
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["Access", "Guard", "Refused", "refusal"]

_ANYBODY: Final = ("localhost", "localhost.localdomain", "ip6-localhost")

_POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data: blob:",
        "font-src 'self'",
        "connect-src 'self'",
        "manifest-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
_HEADERS: Final[Mapping[str, str]] = {
    "content-security-policy": _POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}


class Refused(Exception):
    """A request is refused.

    Args:
        status: The HTTP status.
        code: A word for programs.
        text: Why, for people.
    """

    def __init__(self, status: int, code: str, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.code = code


def refusal(error: Refused) -> JSONResponse:
    """Return the answer to a request that is refused."""
    return JSONResponse({"error": {"code": error.code, "text": str(error)}}, error.status)


class Access:
    """Decides who may ask.

    Args:
        token: What commands need; empty takes none.
        names: Names under which browsers reach the server.
        origins: Other sites whose pages may use it.
    """

    def __init__(self, token: str, names: Iterable[str], origins: Iterable[str]) -> None:
        own = socket.gethostname().lower()
        self._token = token.encode()
        self._names = {*_ANYBODY, own, f"{own}.local", *(name.lower() for name in names)}
        self._origins = {one.rstrip("/").lower() for one in origins}

    @property
    def takes_commands(self) -> bool:
        """Whether a token is configured."""
        return bool(self._token)

    def check_name(self, headers: Headers) -> None:
        """Refuse names that are not the server's: a foreign page may have brought one along.

        Raises:
            Refused: If it is none.
        """
        name = urlsplit(f"//{headers.get('host', '')}").hostname or ""
        if name.lower() not in self._names and not _is_address(name):
            raise Refused(
                421,
                "UNKNOWN_NAME",
                f"the live server does not know itself as {name[:80]!r}; names = [...] in "
                "[plugin.live] makes it",
            )

    def check_origin(self, headers: Headers) -> None:
        """Refuse what another site's page asks for.

        Raises:
            Refused: If it does.
        """
        origin = headers.get("origin")
        if origin is None or origin.lower() in self._origins:
            return
        if urlsplit(origin).netloc.lower() != headers.get("host", "").lower():
            raise Refused(
                403,
                "FOREIGN_PAGE",
                f"the page of {origin[:80]!r} may not use this live server; origins = [...] in "
                "[plugin.live] lets it",
            )

    def check_token(self, headers: Headers) -> None:
        """Refuse what has not the token.

        Raises:
            Refused: If it has not, or there is none.
        """
        if not self._token:
            raise Refused(
                403,
                "COMMANDS_OFF",
                'this live server takes no commands: token = "..." in [plugin.live] switches them '
                "on",
            )
        kind, _, given = headers.get("authorization", "").partition(" ")
        is_right = hmac.compare_digest(given.strip().encode("latin-1", "replace"), self._token)
        if kind.lower() != "bearer" or not is_right:
            raise Refused(401, "WRONG_TOKEN", "the access token is missing, or another one")


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name.partition("%")[0])
    except ValueError:
        return False
    return True


class Guard:
    """Lets pass only who knows the server's name, and adds headers to every answer.

    Args:
        app: What is guarded.
        access: Decides.
    """

    def __init__(self, app: ASGIApp, access: Access) -> None:
        self._app = app
        self._access = access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        try:
            self._access.check_name(headers)
            if scope["type"] == "websocket" or scope["method"] not in ("GET", "HEAD"):
                self._access.check_origin(headers)
        except Refused as error:
            if scope["type"] == "websocket":
                await send({"type": "websocket.close"})  # which is a 403; no page sees more of it
            else:
                await refusal(error)(scope, receive, _with_headers(send))
            return
        await self._app(scope, receive, _with_headers(send))


def _with_headers(send: Send) -> Send:
    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(raw=message.setdefault("headers", []))
            for name, value in _HEADERS.items():
                headers.setdefault(name, value)
            headers.setdefault("cache-control", "no-store")
        await send(message)

    return sent
