"""The push socket of a host: commands are answered when they are done, and block nothing else."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any, Final

from labframe.commands.router import Router
from labframe.commands.senders import Gate, sender_of
from labframe.protocol import push
from labframe.protocol.wire import encode
from labframe.sockets import registry
from labframe.sockets.mail import failed
from labframe.sockets.push import PushUDPHandler
from labframe.sockets.serving import ServingSocket
from labframe.sockets.transport import UdpServer

__all__ = ["HostPushSocket"]

_LOG = logging.getLogger("labframe.host")

_ACTIVITY_TIMEOUT_S: Final = 900.0


class HostPushSocket(ServingSocket):
    """Takes commands for instruments; on the wire a DataPushSocket with a direct callback.

    Args:
        name: What the request ``name`` answers.
        port: The UDP port; 0 takes a free one.
        listen: The address that it listens on.
        router: Takes the commands.
        gate: Refuses those of other computers.
        more: Answers the requests that only a host knows; None to the others.

    Raises:
        ValueError: If another socket of this process serves the port.
        PortStillReserved: If another program has the port.
        OSError: If the system refuses the address.
    """

    kind = "push"

    def __init__(
        self,
        name: str,
        port: int,
        listen: str,
        router: Router,
        gate: Gate,
        more: Callable[[bytes], bytes | None],
    ) -> None:
        registry.vacant(port)
        self._router = router
        self._handler = PushUDPHandler(name)
        self._more = more
        self._activity = registry.Activity(False, _ACTIVITY_TIMEOUT_S)
        self._last: tuple[float | None, dict[str, Any] | None] = (None, None)
        super().__init__(name, UdpServer(listen, port))
        self.server.gate = gate
        registry.claim(self.port, self)

    def _serve(self) -> None:
        server = self.server
        while not server.closing:
            try:
                received = server.receive()
                if received is not None:
                    self._take(*received)
            except OSError as error:
                if not server.closing:
                    _LOG.warning("port %d: receiving failed: %s", self.port, error)
                    time.sleep(0.05)  # do not spin on a socket that is gone

    def _take(self, request: bytes, address: Any) -> None:
        def reply(answer: bytes) -> None:
            if not self.server.closing:
                self.server.send(request, answer, address)

        try:
            answer = self._more(request)
            taken = self._handler.reply(request) if answer is None else answer
            if isinstance(taken, dict):
                push.private_copy(taken)  # which raises where writing it down might
                self._last = (time.time(), taken)
                self._router.take(taken, sender_of(address), reply, address)
            elif taken is not None:
                reply(taken)
        except RecursionError:
            reply(encode(push.error(push.TOO_DEEP)))
        except Exception as error:  # noqa: BLE001  # nothing may silence the socket
            reply(failed(request, error))

    def data_entry(self) -> dict[str, Any]:
        """Return a copy of the socket's state, as ``DATA[port]`` shows it."""
        moment, values = self._last
        return {
            "action": "callback_direct",
            "last": values,
            "type": self.kind,
            "updated": values or {},
            "last_time": moment,
            "updated_time": moment,
            "name": self.name,
            "activity": self._activity.entry(0.0),
            "callback": self._router.take,
            "return_format": self._router.return_format,
        }

    def server_status(self) -> dict[str, Any]:
        """Return the socket's entry in a status answer."""
        return {"name": self.name, "type": self.kind, **self._activity.status(0.0)}
