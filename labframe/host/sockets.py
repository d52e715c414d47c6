"""The pull sockets of a host: many codenames, ages counted from when a value came."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeVar

from labframe.board import Board, Reference
from labframe.errors import LabframeError, PortStillReserved
from labframe.host.holders import who_holds_udp
from labframe.plan import PlannedSocket
from labframe.sockets import DATA
from labframe.sockets.pull import CommonDataPullSocket, PullUDPHandler
from labframe.worker import Feed

__all__ = ["HostPullSocket", "PortTaken", "bound", "serve"]

T = TypeVar("T")

_ACTIVITY_TIMEOUT_S: Final = 900.0


class PortTaken(LabframeError):
    """A UDP port that the configuration asks for is in use."""


class HostPullSocket(CommonDataPullSocket):
    """A pull socket whose points are as old as the time since they came.

    On the wire it is a DateDataPullSocket or a DataPullSocket; but setting the computer's clock
    makes no point old, and none fresh.

    Args:
        planned: What it serves.
        listen: The address that it listens on.
        more: Answers the requests that only a host knows; None to the others.
    """

    reference: Reference = "arrival"

    def __init__(
        self, planned: PlannedSocket, listen: str, more: Callable[[bytes], bytes | None]
    ) -> None:
        self.kind = planned.kind

        def handler(name: str, board: Board) -> PullUDPHandler:
            return PullUDPHandler(name, board, more)

        super().__init__(
            planned.name,
            [channel.codename for channel in planned.channels],
            planned.port,
            0.0,
            0.0,
            [channel.stale_after for channel in planned.channels],
            True,
            _ACTIVITY_TIMEOUT_S,
            handler_class=handler,
            host=listen,
        )

    def attach(self, feeds: Mapping[str, Feed]) -> None:
        """Have the feeds put their values here."""
        for codename, cell in self._board.cells.items():
            feeds[codename].serve(cell, self._board.mark)

    def data_entry(self) -> dict[str, Any]:
        """Return a copy of the socket's state, as ``DATA[port]`` shows it."""
        entry = super().data_entry()
        entry["data"] = {name: tuple(value[:2]) for name, value in entry["data"].items()}
        return entry


def serve(
    planned: Sequence[PlannedSocket],
    listen: str,
    feeds: Mapping[str, Feed],
    more: Callable[[bytes], bytes | None],
) -> tuple[HostPullSocket, ...]:
    """Bind the sockets and attach the feeds; they do not answer yet.

    Raises:
        PortTaken: If a port is in use; then none stays bound.
        OSError: If the system refuses the address.
    """
    sockets: list[HostPullSocket] = []
    try:
        for one in planned:
            sockets.append(_bound(one, listen, more))
            sockets[-1].attach(feeds)
    except BaseException:
        for socket in sockets:
            socket.stop()
        raise
    return tuple(sockets)


def _bound(
    planned: PlannedSocket, listen: str, more: Callable[[bytes], bytes | None]
) -> HostPullSocket:
    return bound(
        lambda: HostPullSocket(planned, listen, more),
        planned.port, listen, f"the {planned.kind} pull socket {planned.name!r}", planned.setting,
    )  # fmt: skip


def bound(make: Callable[[], T], port: int, listen: str, what: str, setting: str) -> T:
    """Return a socket that is bound as it is made.

    Args:
        make: Makes it.
        port: The port that it asks for.
        listen: The address that it asks for.
        what: What it is, for the message.
        setting: The key that sets the port, for the message.

    Raises:
        PortTaken: If the port is in use.
    """
    try:
        return make()
    except (PortStillReserved, ValueError) as error:
        if isinstance(error, ValueError) and port not in DATA:
            raise  # DATA has the sockets of this program
        raise PortTaken(
            f"UDP port {port} on {listen} for {what} is in use. {who_holds_udp(port)} Stop that "
            f"program, or set {setting} in the configuration to another port."
        ) from error
