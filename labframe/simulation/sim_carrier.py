"""A simulated instrument at the end of a cable within this program: ``sim://NAME``."""

from __future__ import annotations

import itertools
from typing import Final

from labframe import wires
from labframe.simulation.carrier import Carrier
from labframe.simulation.core import SimulatedInstrument
from labframe.simulation.errors import SimulationError
from labframe.simulation.uart import Framing, as_received

__all__ = ["SimCarrier"]

_COUNT = itertools.count(1)
_NEVER: Final = float("inf")
_FRAME_BITS: Final = 10
_MOST_TICKS: Final = 1000
"""So many are made up for at most when nobody looked for long."""


class SimCarrier(Carrier):
    """Carries bytes between a simulated instrument and ``sim://NAME``, which a line can open.

    It sees what a pseudo-terminal cannot: data bits, parity, DTR and RTS. It needs no thread and no
    file descriptor, and is there on every system. With a manual clock waiting takes no time.

    Args:
        simulator: The instrument.
        name: The NAME; None: the simulator's driver with a number behind it.
        clock: What tells the time; None is the computer's clock.
        keep_seen: How many chunks ``seen`` holds; the oldest go first.
        paced: Whether bytes leave at the instrument's baud rate.

    Attributes:
        simulator: The instrument.
        url: ``sim://NAME``.
        settings: How the port is set that was opened last; None before.

    Raises:
        SimulationError: If there is one of this name.
    """

    def __init__(
        self,
        simulator: SimulatedInstrument,
        name: str | None = None,
        *,
        clock: wires.Clock | None = None,
        keep_seen: int = 1000,
        paced: bool = True,
    ) -> None:
        super().__init__(simulator)
        self.settings: wires.PortSettings | None = None
        name = name or f"{getattr(simulator, 'driver', 'instrument')}-{next(_COUNT)}"
        self.url = f"sim://{name}"
        self._carry(keep_seen)
        self._own = Framing(simulator.baudrate, simulator.bytesize, simulator.parity)
        rate = simulator.baudrate if paced else None
        self._byte_s = _FRAME_BITS / rate if rate else 0.0
        self._next_tick = _NEVER
        self._wire = wires.Wire(
            name, self._hear, self._pump, self._opened, clock or wires.RealClock()
        )
        if simulator.tick_s is not None:
            self._next_tick = self._wire.clock.monotonic()
        try:
            wires.lay(self._wire)
        except ValueError as error:
            raise SimulationError(str(error)) from error

    @property
    def plugged(self) -> bool:
        """Whether the cable is in."""
        return self._wire.is_plugged

    def unplug(self) -> None:
        """Pull the cable: whoever has the port open finds it gone."""
        self._wire.unplug()

    def replug(self, new_node: bool = True) -> None:
        """Plug the cable in again.

        Args:
            new_node: Makes no difference: there is no device that has a number.

        Raises:
            SimulationError: If it was closed for good.
        """
        del new_node
        if self._closed:
            raise SimulationError(f"{self.url} was closed; make a new carrier")
        self._wire.replug()

    def hold_output(self, is_held: bool = True) -> None:
        """Keep what a client writes from leaving its port, as flow control does; or no longer."""
        self._wire.hold(is_held)

    def close(self) -> None:
        """Unplug for good, and give the name back. May be called again."""
        self._closed = True
        self._wire.unplug()
        wires.remove(self._wire)

    # What the wire calls, holding its lock.

    def _opened(self, settings: wires.PortSettings) -> None:
        self.settings = settings
        self.simulator.port_set(settings.dtr, settings.rts)

    def _hear(self, data: bytes, now: float) -> None:
        heard = as_received(data, self._theirs(), self._own)
        self._send(self._guarded.feed(data, heard, now))

    def _pump(self, now: float) -> float:
        pace = self.simulator.tick_s
        ticks = 0
        while pace is not None and self._next_tick <= now:
            due, self._next_tick = self._next_tick, self._next_tick + pace
            ticks += 1
            if ticks > _MOST_TICKS:
                self._next_tick = now + pace
                break
            self._send(self._guarded.tick(due))
        return self._next_tick

    def _send(self, answers: list[tuple[float, bytes]]) -> None:
        for at, data in answers:
            self._wire.send(as_received(data, self._own, self._theirs()), at, self._byte_s)

    def _theirs(self) -> Framing:
        settings = self.settings
        if settings is None:
            return Framing()
        return Framing(settings.baudrate, settings.bytesize, settings.parity)
