"""What a plan is made of: lines, instruments, readings, codenames and sockets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias

from labframe.config import Config, InstrumentConfig
from labframe.instrument import CommandDeclaration, Instrument, ReadingDeclaration
from labframe.line import SerialLine
from labframe.line.ports import PortSpec

__all__ = [
    "Channel",
    "Kind",
    "Output",
    "Plan",
    "PlannedInstrument",
    "PlannedLine",
    "PlannedReading",
    "PlannedSocket",
]

Kind: TypeAlias = Literal["date", "data"]
"""``date`` where x is time, ``data`` where it is anything else."""


class Channel(Protocol):
    """What a pull socket has to know of a codename."""

    @property
    def codename(self) -> str:
        """The codename."""

    @property
    def unit(self) -> str | None:
        """The unit of y; ``"1"`` without dimension, None when it is no number."""

    @property
    def stale_after(self) -> float:
        """Seconds after which a value is old."""

    @property
    def kind(self) -> Kind:
        """``date`` where x is time, ``data`` where it is anything else."""

    @property
    def label(self) -> str:
        """What people call it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """One codename of an instrument.

    Attributes:
        codename: The name in the whole laboratory.
        unit: The unit of y; ``"1"`` without dimension, None when it is no number.
        stale_after: Seconds after which a value is old.
        kind: ``date`` where x is time, ``data`` where it is anything else.
        label: What people call it.
        source: Which of the reading's values it is: a part or a channel; None when it has one.
        scale: What y is multiplied by.
        offset: What is added to y after that.
        x_unit: The unit of x of xy data.
    """

    codename: str
    unit: str | None
    stale_after: float
    kind: Kind = "date"
    label: str = ""
    source: str | None = None
    scale: float = 1.0
    offset: float = 0.0
    x_unit: str | None = None


@dataclass(frozen=True, slots=True)
class PlannedReading:
    """One method that is polled, and the codenames that it feeds.

    Attributes:
        declaration: What the driver declared.
        every: Seconds from poll to poll; None on demand.
        outputs: Its codenames.
        channel: The channel that the method is called with; None if it takes none.
    """

    declaration: ReadingDeclaration
    every: float | None
    outputs: tuple[Output, ...]
    channel: str | None = None


@dataclass(frozen=True, slots=True)
class PlannedInstrument:
    """One instrument with all that is read from it.

    Attributes:
        config: Its section of the configuration.
        driver: The driver class.
        settings: The settings of its line; None if it has none.
        readings: What is read.
        commands: What may be done with it.
        section: Its section's name in messages, with the file's.
    """

    config: InstrumentConfig
    driver: type[Instrument]
    settings: SerialLine | None
    readings: tuple[PlannedReading, ...]
    commands: tuple[CommandDeclaration, ...]
    section: str

    @property
    def name(self) -> str:
        """The instrument's name."""
        return self.config.name

    @property
    def outputs(self) -> tuple[Output, ...]:
        """All its codenames."""
        return tuple(output for reading in self.readings for output in reading.outputs)


@dataclass(frozen=True, slots=True)
class PlannedLine:
    """One worker's work: a port with the instruments on it, or one instrument without a line."""

    port: PortSpec | None
    settings: SerialLine | None
    instruments: tuple[PlannedInstrument, ...]

    @property
    def name(self) -> str:
        """The port, or the instrument's name."""
        return self.instruments[0].name if self.settings is None else str(self.port)


@dataclass(frozen=True, slots=True)
class PlannedSocket:
    """One pull socket.

    Attributes:
        kind: ``date`` (a DateDataPullSocket) or ``data`` (a DataPullSocket).
        name: What it answers to ``name``.
        port: Its UDP port; 0 takes a free one.
        setting: The key that sets the port, for messages.
        channels: Its codenames, in the order of its answers.
    """

    kind: Kind
    name: str
    port: int
    setting: str
    channels: tuple[Channel, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """What a configuration means.

    Attributes:
        config: The configuration.
        lines: The lines, in the configuration's order of their first instruments.
        disabled: The names of the instruments that are switched off.
    """

    config: Config
    lines: tuple[PlannedLine, ...]
    disabled: tuple[str, ...]

    @property
    def instruments(self) -> tuple[PlannedInstrument, ...]:
        """All instruments, in the configuration's order."""
        order = {name: index for index, name in enumerate(self.config.instruments)}
        found = [instrument for line in self.lines for instrument in line.instruments]
        return tuple(sorted(found, key=lambda instrument: order[instrument.name]))
