"""The argument HOST, and every point of one host, whichever of its sockets serves it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

import click

from labframe.errors import ClientError, NoAnswer, UnexpectedAnswer

if TYPE_CHECKING:
    from labframe.client import PullClient
    from labframe.client.status import HostStatus
    from labframe.points import Point, Value
    from labframe.protocol.pull import Marker

__all__ = ["DATA_PORT", "DATE_PORT", "PORT_HELP", "Seen", "Source", "Target", "target_of"]

DATE_PORT: Final = 9000
DATA_PORT: Final = 9010
PORT_HELP: Final = (
    f"Ask this UDP port only. [default: {DATE_PORT}, and every other that the host names]"
)

_PLAIN: Final = re.compile(r"(?P<host>[^:\[\]]+)(:(?P<port>[0-9]+))?")
_BRACKETED: Final = re.compile(r"\[(?P<host>[^\[\]]+)\](:(?P<port>[0-9]+))?")

_DAY_S: Final = 86400.0
_TEN_YEARS_S: Final = 3652 * _DAY_S


class Target(NamedTuple):
    """A computer, and the one port of it that is meant; None: all its pull sockets."""

    host: str
    port: int | None = None

    def with_port(self, port: int | None) -> Target:
        """Return the target with the port of the option ``--port``, if it was given.

        Raises:
            click.UsageError: If HOST names another one.
        """
        if port is not None and self.port not in (None, port):
            raise click.UsageError(f"{self} and --port {port} are two ports: write one of them")
        return self if port is None else Target(self.host, port)

    def __str__(self) -> str:
        if self.port is None:
            return self.host
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def target_of(text: str) -> Target:
    """Return what ``HOST``, ``HOST:PORT`` or ``[IPv6]:PORT`` means, for click.

    An IPv6 address alone has several colons.

    Raises:
        click.BadParameter: If it is none of them.
    """
    found = _BRACKETED.fullmatch(text) or _PLAIN.fullmatch(text)
    if found is not None:
        return Target(found["host"], int(found["port"]) if found["port"] else None)
    if text.count(":") > 1 and "[" not in text:
        return Target(text)
    raise click.BadParameter(f"{text!r} is no computer: write HOST or HOST:PORT")


class Seen(NamedTuple):
    """What a host answered for one codename.

    Attributes:
        point: The point; None when it is older than its timeout.
        unit: Of y; empty when the host does not tell.
        socket: The UDP port that served it; None if it came from a live server.
        is_data: Whether the host says that x is no time.
        on_demand: Whether the host reads it only when somebody asks.
        quality: What the newest point is worth, if that was told.
        measured: Unix time on this computer's clock when that point was measured, if its age was
            told.
    """

    point: Point | None
    unit: str
    socket: int | None
    is_data: bool
    on_demand: bool = False
    quality: str | None = None
    measured: float | None = None

    def age_s(self, now: float) -> float | None:
        """Return how long ago it was measured, in seconds; None where x looks like no unix time.

        Args:
            now: Unix time.
        """
        if self.measured is not None:
            return max(0.0, now - self.measured)
        x: Value = None if self.point is None or self.is_data else self.point.x
        if isinstance(x, bool) or not isinstance(x, (int, float)):
            return None
        return now - x if now - _TEN_YEARS_S < x < now + _DAY_S else None


class Source:
    """Reads every point of one host, one thread at a time.

    Args:
        target: The host.
        timeout: Seconds to wait for an answer before a request is sent again.
        retries: How often it is sent again.
    """

    def __init__(self, target: Target, timeout: float = 1.0, retries: int = 2) -> None:
        self.target = target
        self._timeout = timeout
        self._retries = retries
        self._clients: list[tuple[int, PullClient[Point | Marker]]] = []
        self._units: dict[str, str] = {}
        self._data_ports: set[int] = set()
        self._on_demand: set[str] = set()
        self._names: list[str] | None = None

    def read(self) -> dict[str, Seen]:
        """Return what each codename is now, in the order of the sockets.

        Raises:
            ClientError: If the host does not answer, or is none; the next call starts anew.
        """
        try:
            if not self._clients:
                self._look()
            seen: dict[str, Seen] = {}
            for port, client in self._clients:
                seen |= self._of(port, client)
        except ClientError:
            self._clients = []
            raise
        if self._names is not None and list(seen) != self._names:
            self._clients = []  # another configuration: units and sockets are asked for again
        self._names = list(seen)
        return seen

    def _of(self, port: int, client: PullClient[Point | Marker]) -> dict[str, Seen]:
        is_data = port in self._data_ports
        return {
            name: Seen(
                point=None if isinstance(point, str) else point,
                unit=self._units.get(name, ""),
                socket=port,
                is_data=is_data,
                on_demand=name in self._on_demand,
            )
            for name, point in client.points().items()
        }

    def _look(self) -> None:
        """Find out which sockets there are, and the units, if it is a host of labframe."""
        from labframe.client import PullClient  # here, so that --help is quick

        port, status = self._asked()
        sockets = [one for one in status.sockets if one.kind != "push"] if status else []
        ports = [port]
        if self.target.port is None and sockets:
            ports = [socket.port for socket in sockets]
        self._data_ports = {socket.port for socket in sockets if socket.kind == "data"}
        self._units = {n: one.unit for n, one in status.codenames.items()} if status else {}
        self._on_demand = {
            name for name, one in (status.codenames if status else {}).items() if one.on_demand
        }
        self._names = None
        self._clients = [
            (
                number,
                PullClient(
                    self.target.host,
                    number,
                    timeout=self._timeout,
                    retries=self._retries,
                    old="mark",
                ),
            )
            for number in ports
        ]

    def _asked(self) -> tuple[int, HostStatus | None]:
        port = self.target.port or DATE_PORT
        try:
            return port, self._status_at(port, self._retries)
        except NoAnswer:
            if self.target.port is not None:
                raise
            try:  # a host with xy data alone
                return DATA_PORT, self._status_at(DATA_PORT, 0)
            except NoAnswer:
                pass
            raise

    def _status_at(self, port: int, retries: int) -> HostStatus | None:
        from labframe.client.status import read_status

        try:
            return read_status(self.target.host, port, self._timeout, retries)
        except UnexpectedAnswer:  # an original server, or a script with a pull socket
            return None
