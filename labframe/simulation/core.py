"""A simulated instrument: bytes in, bytes out. No thread, no clock, no file descriptor of its own.

What carries the bytes (a pseudo-terminal, a test that calls ``feed``) is somebody else's affair,
so that a simulator runs the same everywhere, with real time or with any time that a test makes up.
A simulator shares no code and no constant with the driver that it stands opposite to: a shared
mistake would agree with itself.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import ClassVar

from labframe.simulation.errors import SimulationError
from labframe.simulation.settable import Settable

__all__ = ["Answer", "SimulatedInstrument"]

_TICK_S = 0.05


@dataclass(frozen=True, slots=True)
class Answer:
    """Bytes that leave the instrument.

    Attributes:
        data: Exactly what goes on the wire, terminator included.
        delay_s: How long after ``now`` the first byte leaves, in seconds.
    """

    data: bytes
    delay_s: float = 0.0


class SimulatedInstrument:
    """The root of all simulated instruments: override ``feed``, perhaps ``tick``.

    A carrier calls ``feed`` and ``tick`` on one thread, never both at once. Values that were
    declared with ``Settable`` may be set from any thread, at any time.

    Args:
        **state: Start values of what the class declares as ``Settable``; text is converted.

    Raises:
        SimulationError: For a name that the class does not declare, or a value that it refuses.
    """

    driver: ClassVar[str]
    """The name of the driver that it stands in for."""
    usb_name: ClassVar[str] = "Simulated_instrument"
    """What the adapter calls itself: part of the by-id-like link's name."""
    baudrate: ClassVar[int | None] = None
    """The only rate at which it understands anything; None: any."""
    bytesize: ClassVar[int | None] = None
    """The only number of data bits that it understands; None: any. A pty cannot see it."""
    parity: ClassVar[str | None] = None
    """The only parity that it understands, ``N``, ``E`` or ``O``; None: any. As ``bytesize``."""
    tick_s: float | None = None
    """Seconds between two calls of ``tick``; None: it is never called.

    A class that overrides ``tick`` and says nothing here gets 0.05 s.
    """

    def __init_subclass__(cls, **kwargs: object) -> None:
        super().__init_subclass__(**kwargs)
        if cls.tick is not SimulatedInstrument.tick and cls.tick_s is None:
            cls.tick_s = _TICK_S

    def __init__(self, **state: object) -> None:
        known = self.settables()
        for name, value in state.items():
            if name not in known:
                raise SimulationError(self._unknown(name, sorted(known)))
            known[name].put(self, value)

    @classmethod
    def settables(cls) -> dict[str, Settable[object]]:
        """Return what can be set, by name, the root class' first."""
        return {
            name: value
            for owner in reversed(cls.__mro__)
            for name, value in vars(owner).items()
            if isinstance(value, Settable)
        }

    def changed(self, name: str) -> None:
        """Take note that the settable ``name`` was given a new value after construction."""

    def port_set(self, dtr: bool, rts: bool) -> None:
        """Take note of the control lines of the port; only ``sim://`` knows them."""

    def feed(self, data: bytes, now: float) -> list[Answer]:
        """Take bytes from the wire and return what to answer.

        Args:
            data: A chunk as it came: half a request, or several.
            now: Seconds on a clock that never goes back.
        """
        raise NotImplementedError

    def tick(self, now: float) -> list[Answer]:
        """Let time pass and return what the instrument says by itself."""
        del now
        return []

    def _unknown(self, name: str, known: list[str]) -> str:
        near = difflib.get_close_matches(name, known, 1)
        hint = f"; did you mean {near[0]!r}?" if near else "."
        return (
            f"the simulated {getattr(self, 'driver', type(self).__name__)} has no value {name!r} "
            f"to set{hint} It knows: {', '.join(known) or 'none'}"
        )
