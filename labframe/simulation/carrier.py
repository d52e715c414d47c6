"""What the carriers of a simulated instrument have in common, whatever carries the bytes."""

from __future__ import annotations

import time
from functools import partial

from labframe.closing import Closing
from labframe.simulation.core import SimulatedInstrument
from labframe.simulation.guarded import GuardedSimulator
from labframe.simulation.pacing import Pacing
from labframe.simulation.selector_thread import SelectorThread

__all__ = ["Carrier", "ThreadCarrier"]


class Carrier(Closing):
    """Carries bytes between a simulated instrument and who opens ``url``.

    Attributes:
        simulator: The instrument.
        url: Where a line finds it, the same for ever.
    """

    url: str

    def __init__(self, simulator: SimulatedInstrument) -> None:
        self.simulator = simulator
        self._closed = False

    def _carry(self, keep_seen: int) -> None:
        """Begin: the instrument knows its carrier from now on, which knows its ``url``."""
        self.simulator.carrier = self
        self._guarded = GuardedSimulator(self.simulator, self.url, keep_seen)

    @property
    def seen(self) -> list[bytes]:
        """The chunks that a client wrote, as they came, the newest last."""
        return self._guarded.seen

    @property
    def failure(self) -> Exception | None:
        """The first exception that the simulator raised, None while there was none.

        The traceback is logged, the chunk goes unanswered, the carrier carries on.
        """
        return self._guarded.failure

    @property
    def plugged(self) -> bool:
        """Whether the cable is in."""
        raise NotImplementedError

    @property
    def closed(self) -> bool:
        """Whether ``close`` was called."""
        return self._closed

    def unplug(self) -> None:
        """Pull the cable: whoever has the port open finds it gone."""
        raise NotImplementedError

    def replug(self, new_node: bool = True) -> None:
        """Plug the cable in again.

        Args:
            new_node: Makes no difference where there is no device that has a number.

        Raises:
            SimulationError: If it was closed for good.
        """
        raise NotImplementedError


class ThreadCarrier(Carrier):
    """A carrier whose bytes leave by callbacks of a thread, at the instrument's baud rate.

    What begins with an underscore runs on that thread.
    """

    def __init__(self, simulator: SimulatedInstrument, is_paced: bool) -> None:
        super().__init__(simulator)
        self._pacing = Pacing(simulator.baudrate if is_paced else None)
        self._cable = 0  # counts: what was meant for one that was pulled is lost
        self._thread: SelectorThread

    def _begin_ticks(self) -> None:
        if self.simulator.tick_s is not None:
            self._tick(self.simulator.tick_s, time.monotonic())

    def _tick(self, pace: float, due: float) -> None:
        if self._closed:
            return
        self._leave(self._guarded.tick(time.monotonic()))
        following, now = due + pace, time.monotonic()
        if following <= now:  # held up: what was missed is not made up for
            following = now + pace
        self._thread.at(following, partial(self._tick, pace, following))

    def _heard(self, written: bytes, heard: bytes) -> None:
        self._leave(self._guarded.feed(written, heard, time.monotonic()))

    def _leave(self, answers: list[tuple[float, bytes]]) -> None:
        now = time.monotonic()
        for at, data in answers:
            for due, part in self._pacing.parts(at, data):
                if due <= now:
                    self._arrive(self._cable, part)
                else:
                    self._thread.at(due, partial(self._arrive, self._cable, part))

    def _arrive(self, cable: int, data: bytes) -> None:
        if cable == self._cable:
            self._send(data)

    def _new_cable(self) -> None:
        self._cable += 1
        self._pacing.begin()

    def _send(self, data: bytes) -> None:
        """Hand bytes to the client, if there is one."""
        raise NotImplementedError
