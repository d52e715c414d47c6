"""The pull sockets of a host: many codenames, ages counted from when a value came."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from labframe.board import Board, Reference
from labframe.errors import LabframeError, PortStillReserved
from labframe.host.holders import who_holds_udp
from labframe.plan import PlannedSocket
from labframe.sockets import DATA
from labframe.sockets.pull import CommonDataPullSocket, PullUDPHandler
from labframe.worker import Feed

__all__ = ["HostPullSocket", "PortTaken", "serve"]

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
    try:
        return HostPullSocket(planned, listen, more)
    except (PortStillReserved, ValueError) as error:
        if isinstance(error, ValueError) and planned.port not in DATA:
            raise  # DATA has the sockets of this program
        raise PortTaken(
            f"UDP port {planned.port} on {listen} for the {planned.kind} pull socket "
            f"{planned.name!r} is in use. {who_holds_udp(planned.port)} Stop that program, or set "
            f"{planned.setting} in the configuration to another port."
        ) from error
