"""A simulated instrument: bytes in, bytes out. No thread, no clock, no file descriptor of its own.

What carries the bytes (a pseudo-terminal, a test that calls ``feed``) is somebody else's affair,
so that a simulator runs the same everywhere, with real time or with any time that a test makes up.
A simulator shares no code and no constant with the driver that it stands opposite to: a shared
mistake would agree with itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, ClassVar, Protocol, Self, runtime_checkable

from labframe.nearest import did_you_mean
from labframe.simulation.errors import SimulationError
from labframe.simulation.settable import Settable

__all__ = ["Answer", "Cable", "HoldsOutput", "SimulatedInstrument"]

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


class Cable(Protocol):
    """What a carrier lets a fault do with the cable; from any thread, its own included."""

    @property
    def plugged(self) -> bool:
        """Whether the cable is in."""

    def unplug(self) -> None:
        """Pull the cable; harmless when it is out."""

    def replug(self, new_node: bool = True) -> None:
        """Put it back, as another device or as the one that it was."""


@runtime_checkable
class HoldsOutput(Protocol):
    """A carrier that can hold back what the client writes."""

    def hold_output(self, is_held: bool = True) -> None:
        """Have the client's writes block, or let them through again."""


class SimulatedInstrument:
    """The root of all simulated instruments: override ``feed``, perhaps ``tick``.

    A carrier calls ``feed`` and ``tick`` on one thread, never both at once. Values that were
    declared with ``Settable`` may be set from any thread, at any time.

    The methods from ``split_requests`` on serve ``FaultySimulator``: what only the instrument knows
    of its faults. Override those that it has; the others are refused when somebody asks for them.

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
    calm: ClassVar[Mapping[str, object]] = MappingProxyType({})
    """Start values with which nothing moves by itself: tests that compare values use them."""
    tick_s: float | None = None
    """Seconds between two calls of ``tick``; None: it is never called.

    A class that overrides ``tick`` and says nothing here gets 0.05 s.
    """
    carrier: Cable | None = None
    """What carries its bytes, from the moment that it does."""

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
    def for_section(cls, section: Mapping[str, Any]) -> type[Self]:
        """Return the class that stands in for one instrument; for drivers with ``own_keys``.

        Args:
            section: The section ``[instrument.NAME]``, as TOML gives it.

        Raises:
            SimulationError: If nothing can be made of it.
        """
        del section
        return cls

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

    def lacks(self, hook: str) -> str | None:
        """Return why one of the methods below is of no use here, such as "it has no checksum".

        None: it is of use.
        """
        if getattr(type(self), hook) is not getattr(SimulatedInstrument, hook):
            return None
        return f"its simulator has no {hook}()"

    def split_requests(self, data: bytes) -> list[bytes]:
        """Return the whole requests at the beginning of ``data``, exactly as they came."""
        return [data]

    def line_end(self, answer: bytes) -> bytes:
        """Return the terminator that ``answer`` ends with; ``b""``: it has none."""
        del answer
        return b""

    def spoiled_checksum(self, answer: bytes) -> bytes | None:
        """Return ``answer`` with a checksum that does not fit; None: this one has none."""
        del answer
        return None

    def readdressed(self, answer: bytes) -> bytes | None:
        """Return ``answer`` as if another instrument had sent it; None: this one has no address."""
        del answer
        return None

    def device_error(self, request: bytes, code: str) -> bytes | None:
        """Return how it refuses ``request``; None: it never refuses this one.

        Args:
            request: As it came; ``b""`` when a fault is only tried out.
            code: Which of its errors; ``""``: any.

        Raises:
            SimulationError: If it has no such error.
        """
        del request, code
        return None

    def busy(self, request: bytes) -> bytes | None:
        """Return how it says that it is busy; None: not to this request."""
        del request
        return None

    def no_number(self, request: bytes, answer: bytes, text: bytes) -> bytes | None:
        """Return ``answer`` with a text where a number was; None: it has no number.

        Args:
            request: What was asked.
            answer: What it would answer.
            text: The text; ``b""``: the one that this instrument shows.
        """
        del request, answer, text
        return None

    def power_cycled(self, now: float) -> list[Answer] | None:
        """Lose what is lost without power, and return what it says when it is back."""
        del now
        return None

    def _unknown(self, name: str, known: list[str]) -> str:
        return (
            f"the simulated {getattr(self, 'driver', type(self).__name__)} has no value {name!r} "
            f"to set{did_you_mean(name, known)} It knows: {', '.join(known) or 'none'}"
        )
