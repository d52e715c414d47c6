"""Many simulated instruments on one thread."""

from __future__ import annotations

import contextlib
import tempfile
from collections import Counter
from pathlib import Path

from labframe.closing import Closing
from labframe.simulation.core import SimulatedInstrument
from labframe.simulation.errors import SimulationError
from labframe.simulation.pty_carrier import PtyCarrier
from labframe.simulation.selector_thread import SelectorThread

__all__ = ["CarrierLoop"]

_SEEN = 100


class CarrierLoop(Closing):
    """Pseudo-terminals for hundreds of simulated instruments, their links in one directory.

    A simulator that blocks in ``feed`` or ``tick`` stops them all: it must not.

    Args:
        directory: Where the links are made; None: a new directory, removed by ``close``.

    Attributes:
        directory: Where the links are.
    """

    def __init__(self, directory: Path | None = None) -> None:
        self._own_directory = directory is None
        self.directory = directory or Path(tempfile.mkdtemp(prefix="labframe-sim-"))
        self._thread = SelectorThread("labframe simulation")
        self._carriers: list[PtyCarrier] = []
        self._named: Counter[str] = Counter()
        self._closed = False

    @property
    def carriers(self) -> tuple[PtyCarrier, ...]:
        """The carriers that were added and not closed, in that order."""
        return tuple(carrier for carrier in self._carriers if not carrier.closed)

    @property
    def wakeups(self) -> int:
        """How often the thread has woken up so far."""
        return self._thread.wakeups

    def add(
        self, simulator: SimulatedInstrument, name: str | None = None, *, keep_seen: int = _SEEN
    ) -> PtyCarrier:
        """Put an instrument on a pseudo-terminal of its own.

        Args:
            simulator: The instrument.
            name: As for ``PtyCarrier``; None: the simulator's ``usb_name``, the second of a kind
                with ``_2`` behind it, and so on.
            keep_seen: As for ``PtyCarrier``.

        Raises:
            NoPseudoTerminal: If none is left.
            SimulationError: If the name is taken, or the loop was closed.
        """
        if self._closed:
            raise SimulationError("the carrier loop was closed; make a new one")
        carrier = PtyCarrier(
            simulator,
            self.directory,
            name or self._next_name(simulator.usb_name),
            keep_seen=keep_seen,
            thread=self._thread,
        )
        self._carriers = [*self.carriers, carrier]
        return carrier

    def _next_name(self, usb_name: str) -> str:
        self._named[usb_name] += 1  # counted: with 1,000 of a kind, looking for a gap takes seconds
        number = self._named[usb_name]
        return usb_name if number == 1 else f"{usb_name}_{number}"

    def close(self) -> None:
        """Close every carrier, the thread and the directory. May be called again."""
        self._closed = True
        for carrier in self.carriers:
            carrier.close()
        self._thread.close()
        if self._own_directory:
            with contextlib.suppress(OSError):
                self.directory.rmdir()
