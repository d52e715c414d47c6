"""The client of PyExpLabSys, with its interface, for the scripts that are written for it."""

from __future__ import annotations

from typing import Any

from labframe.client import conversations
from labframe.client.peer import Conversation, Peer, Request
from labframe.protocol.pull import OLD_DATA, decoded
from labframe.protocol.wire import encode

__all__ = ["DateDataPullClient"]


class DateDataPullClient:
    """Reads the fields, that is codenames, of a pull socket that must have a certain name.

    A field can be read as an attribute too: ``client.cryo_temperature``. New programs rather use
    :class:`PullClient`.

    Args:
        host: The name or address of the computer, resolved here, once.
        expected_socket_name: The name that the socket must have.
        port: The UDP port.
        exception_on_old_data: Whether a point that is older than its timeout raises ValueError;
            otherwise the text ``"OLD_DATA"`` stands in its place. May be changed at any time.
        timeout: Seconds to wait for an answer; None waits for ever, except where nobody listens.

    Attributes:
        name: The name of the socket.
        codenames: The codenames, in the order of the points.
        codenames_set: The same as a set.
        host_port: ``(host, port)``.

    Raises:
        ValueError: If the socket has another name, or an argument is out of range.
        UnknownHost: If nobody knows the computer's name.
        NoAnswer: A ``TimeoutError``, here and in every method, if no answer comes.
        UnexpectedAnswer: Here and in every method, if the answer is not one of a pull socket.

    Example:
        >>> from labframe.client import DateDataPullClient
        >>> from labframe.sockets import DateDataPullSocket
        >>> with DateDataPullSocket("cryostat", ["cryo_temperature"], port=0) as cryostat:
        ...     cryostat.set_point("cryo_temperature", (1700000000.0, 77.3))
        ...     client = DateDataPullClient("127.0.0.1", "cryostat", cryostat.port)
        ...     client.cryo_temperature
        [1700000000.0, 77.3]
    """

    def __init__(
        self,
        host: str,
        expected_socket_name: str,
        port: int = 9000,
        exception_on_old_data: bool = True,
        timeout: float | None = None,
    ) -> None:
        self.exception_on_old_data = exception_on_old_data
        self.host_port = (host, port)
        self._peer = Peer(host, port, timeout)
        self.name = self._peer.hold(conversations.text("name"))
        if self.name != expected_socket_name:
            raise ValueError(
                f'The name of the socket at {self.host_port} was not "{expected_socket_name}" as '
                f'expected, but "{self.name}"'
            )
        self.codenames = self._peer.hold(conversations.codenames())
        self.codenames_set = set(self.codenames)

    def get_field(self, fieldname: str) -> Any:
        """Return the newest point of one codename: ``[x, y]``, or ``"OLD_DATA"``.

        Raises:
            ValueError: If there is no such codename, or its point is old.
        """
        if fieldname not in self.codenames_set:
            raise ValueError(f"Unknown fieldnames, valid fields are: {self.codenames}")
        data = self._peer.hold(_value_of(f"{fieldname}#json"))
        if data == OLD_DATA and self.exception_on_old_data:
            raise ValueError("Old data")
        return data

    def get_all_fields(self) -> dict[str, Any]:
        """Return the newest points by codename: ``[x, y]`` or ``"OLD_DATA"`` each.

        Raises:
            ValueError: If one is old; it names the first.
        """
        data: dict[str, Any] = self._peer.hold(_value_of("json_wn"))
        for fieldname, value in data.items():
            if value == OLD_DATA and self.exception_on_old_data:
                raise ValueError(f'Old data, for field "{fieldname}"')
        return data

    def get_status(self) -> dict[str, Any]:
        """Return the state of the computer and of each socket of the server's process."""
        return self._peer.hold(conversations.pull_status())

    def __getattr__(self, name: str) -> Any:
        if name in self.__dict__.get("codenames_set", ()):  # not yet there while constructing
            return self.get_field(name)
        raise AttributeError(f"{type(self).__name__} object has no attribute '{name}'")


def _value_of(request: str) -> Conversation[Any]:
    return decoded((yield Request(encode(request))), request)
