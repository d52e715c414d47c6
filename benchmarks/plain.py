"""The obvious way to serve the same answers, as laboratories have run it for years.

One ``socketserver.UDPServer`` in a thread; a module dict by port; every answer rendered when it is
asked for; a debug line for every request, answer and point. It is what labframe is compared with,
so it is written as it would be written: not slower than need be, and with no trick either.
"""

from __future__ import annotations

import json
import logging
import socketserver
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

__all__ = ["DATA", "PullHandler", "PullServer", "PushHandler", "PushServer"]

DATA: dict[int, dict[str, Any]] = {}
"""What each port holds; the handlers and the setters meet here."""

OLD_DATA = "OLD_DATA"
UNKNOWN = "UNKNOWN_COMMMAND"

_LOG = logging.getLogger(__name__)
_LOG.addHandler(logging.NullHandler())


class _Handler(socketserver.BaseRequestHandler):
    """Decodes a request, looks for its answer, encodes and sends it."""

    def handle(self) -> None:
        """Answer one request; called by ``socketserver``."""
        request = self.request[0].decode("ascii")
        self.port = _port(self.server)
        _LOG.debug("request '%s' received from %s", request, self.client_address)
        answer = self.answer(request)
        self.request[1].sendto(answer.encode("ascii"), self.client_address)
        _LOG.debug("'%s' sent back to %s", answer, self.client_address)

    def answer(self, request: str) -> str:
        """Return the answer to one request."""
        raise NotImplementedError


class PullHandler(_Handler):
    """Answers with the newest points."""

    def answer(self, request: str) -> str:
        """Return the answer to one request."""
        if request.count("#") == 1:
            return self._single(*request.split("#"))
        if request == "json_wn":
            points = DATA[self.port]["data"].copy()
            for codename in points:
                if self._is_old(codename):
                    points[codename] = OLD_DATA
            return json.dumps(points)
        if request == "raw":
            texts = []
            for codename in DATA[self.port]["codenames"]:
                if self._is_old(codename):
                    texts.append(OLD_DATA)
                else:
                    texts.append("{},{}".format(*DATA[self.port]["data"][codename]))
            return ";".join(texts)
        if request == "name":
            return str(DATA[self.port]["name"])
        return UNKNOWN

    def _single(self, codename: str, form: str) -> str:
        if codename not in DATA[self.port]["data"] or form not in ("raw", "json"):
            return UNKNOWN
        if self._is_old(codename):
            return OLD_DATA if form == "raw" else json.dumps(OLD_DATA)
        point = DATA[self.port]["data"][codename]
        return "{},{}".format(*point) if form == "raw" else json.dumps(point)

    def _is_old(self, codename: str) -> bool:
        now = time.time()
        timeout = DATA[self.port]["timeouts"].get(codename)
        if timeout is None:
            return False
        if DATA[self.port]["type"] == "date":
            since: float = DATA[self.port]["data"][codename][0]
        else:
            since = DATA[self.port]["timestamps"][codename]
        old: bool = now - since > timeout
        return old


class PushHandler(_Handler):
    """Takes named values, hands them to a callback, and answers with what it returns."""

    def answer(self, request: str) -> str:
        """Return the answer to one request."""
        if request == "name":
            return f"RET#{DATA[self.port]['name']}"
        if request.count("#") != 1:
            return f"ERROR#{UNKNOWN}"
        command, data = request.split("#")
        if command != "json_wn":
            return f"ERROR#{UNKNOWN}"
        try:
            values = json.loads(data)
        except ValueError:
            return f"ERROR#The string '{data}' could not be decoded as JSON"
        if not isinstance(values, dict):
            return f"ERROR#The object '{values}' is not a dict"
        return self._take(values)

    def _take(self, values: dict[str, Any]) -> str:
        now = time.time()
        DATA[self.port]["last"] = values
        DATA[self.port]["last_time"] = now
        DATA[self.port]["updated"].update(values)
        DATA[self.port]["updated_time"] = now
        _LOG.debug("'%s' received and stored", values)
        try:
            value = DATA[self.port]["callback"](values)
            return f"RET#{json.dumps(value)}"
        except Exception as error:  # noqa: BLE001  # a callback may raise anything
            return f"EXCEP#{error}"


class _Server:
    """A bound port with a serving thread."""

    def __init__(self, handler: type[_Handler]) -> None:
        self.server = socketserver.UDPServer(("127.0.0.1", 0), handler)
        self.port = _port(self.server)

    def start(self) -> None:
        """Begin to answer, in a daemon thread."""
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


class PullServer(_Server):
    """Serves the newest points of some codenames on a free port.

    Args:
        name: What the request ``name`` answers.
        codenames: The codenames, in the order of the answers.
        timeout_s: Seconds after which a point is old; None is never.
        handler: Gives the answers.
    """

    def __init__(
        self,
        name: str,
        codenames: Sequence[str],
        timeout_s: float | None = None,
        handler: type[PullHandler] = PullHandler,
    ) -> None:
        super().__init__(handler)
        self.poke_on_set = True
        DATA[self.port] = {
            "codenames": list(codenames),
            "data": dict.fromkeys(codenames, (0.0, 0.0)),
            "name": name,
            "type": "date",
            "activity": {"check_activity": True, "last_activity": time.time()},
            "timeouts": dict.fromkeys(codenames, timeout_s),
        }

    def set_point(self, codename: str, point: Sequence[float]) -> None:
        """Set the newest point ``(x, y)`` of a codename."""
        DATA[self.port]["data"][codename] = tuple(point)
        _LOG.debug("point %s of '%s' set", tuple(point), codename)
        if DATA[self.port]["activity"]["check_activity"] and self.poke_on_set:
            self.poke()

    def poke(self) -> None:
        """Note that there is activity."""
        if DATA[self.port]["activity"]["check_activity"]:
            DATA[self.port]["activity"]["last_activity"] = time.time()


class PushServer(_Server):
    """Hands the values that it receives on a free port to a callback."""

    def __init__(self, name: str, callback: Callable[[dict[str, Any]], Any]) -> None:
        super().__init__(PushHandler)
        DATA[self.port] = {
            "name": name,
            "callback": callback,
            "last": None,
            "last_time": None,
            "updated": {},
            "updated_time": None,
        }


def _port(server: socketserver.BaseServer) -> int:
    address: Any = server.server_address
    return int(address[1])
