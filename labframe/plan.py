"""The plan: which codename comes from which reading, on which line, and is served where.

It is made from a configuration and the driver classes, before anything is opened, so that all that
does not fit is found at once.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, Protocol, TypeAlias

from labframe.config import Config, ConfigurationError, InstrumentConfig, ReadingConfig
from labframe.config.problems import did_you_mean
from labframe.instrument import Instrument, ReadingDeclaration
from labframe.line import SerialLine
from labframe.line.ports import PortSpec
from labframe.protocol.wire import MAX_DATAGRAM

__all__ = [
    "Channel",
    "Output",
    "Plan",
    "PlannedInstrument",
    "PlannedLine",
    "PlannedReading",
    "PlannedSocket",
    "make_plan",
    "plan_sockets",
]

Kind: TypeAlias = Literal["date", "data"]

_NAME: Final = re.compile(r"[A-Za-z0-9_]{1,64}")
_POINT_BYTES: Final = 52
"""What a point takes in a ``json_wn`` answer at most, beside its codename, when y is a number."""
_AS_DECLARED: Final = ReadingConfig()


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
        section: Its section's name in messages, with the file's.
    """

    config: InstrumentConfig
    driver: type[Instrument]
    settings: SerialLine | None
    readings: tuple[PlannedReading, ...]
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


def make_plan(
    config: Config,
    drivers: Mapping[str, type[Instrument]],
    why_no_driver: Callable[[str], str],
) -> Plan:
    """Return what a configuration means with these drivers.

    Args:
        config: The configuration.
        drivers: The driver classes by name.
        why_no_driver: Says why there is no driver of a name, and which there are.

    Raises:
        ConfigurationError: If anything does not fit; it holds all problems.
    """
    problems: list[str] = []
    planned: list[PlannedInstrument] = []
    for instrument in config.instruments.values():
        section = f"{config.name}: [instrument.{instrument.name}]"
        driver = drivers.get(instrument.driver)
        if driver is None:
            problems.append(
                f'{section} driver = "{instrument.driver}": {why_no_driver(instrument.driver)}'
            )
            continue
        binding = _Binding(section, instrument, driver)
        if instrument.enabled:
            planned.append(binding.planned())
        problems += binding.problems
    problems += _repeated((config.name, one.section, one.outputs) for one in planned)
    lines = _lines(planned, problems)
    if problems:
        raise ConfigurationError(problems)
    disabled = tuple(one.name for one in config.instruments.values() if not one.enabled)
    return Plan(config, lines, disabled)


def _repeated(groups: Iterable[tuple[str, str, Sequence[Channel]]]) -> list[str]:
    problems = []
    seen: dict[str, tuple[str, str]] = {}
    for _, section, channels in groups:
        for channel in channels:
            name = channel.codename
            if not _NAME.fullmatch(name):
                problems.append(
                    f"{section} codename = {name!r}: letters, digits and _ only, at most 64"
                )
            before = seen.setdefault(name.lower(), (section, name))
            if before != (section, name) or sum(c is not channel and c.codename == name
                                                for c in channels):  # fmt: skip
                problems.append(
                    f"{section} codename = {name!r}: {before[0].rpartition(': ')[2]} has the "
                    f"codename {before[1]!r} already; give one of them another with "
                    "[instrument.NAME.reading.READING] codename"
                )
    return list(dict.fromkeys(problems))


def _lines(planned: Sequence[PlannedInstrument], problems: list[str]) -> tuple[PlannedLine, ...]:
    by_port: dict[str, list[PlannedInstrument]] = {}
    for instrument in planned:
        shared = instrument.settings is not None
        key = str(instrument.config.port) if shared else f"\0{instrument.name}"
        by_port.setdefault(key, []).append(instrument)
    for members in by_port.values():
        first = members[0]
        for member in members[1:]:
            assert member.settings is not None
            assert first.settings is not None
            if member.settings.electrical != first.settings.electrical:
                problems.append(
                    f"{member.section} line: {_different(first.settings, member.settings)}; both "
                    f"are on {first.config.port}, where {first.name!r} sets it otherwise. All "
                    "instruments on one line need the same: set it in [instrument.NAME.line]"
                )
    return tuple(
        PlannedLine(members[0].config.port, members[0].settings, tuple(members))
        for members in by_port.values()
    )


def _different(one: SerialLine, other: SerialLine) -> str:
    fields = ("baudrate", "bytesize", "parity", "stopbits", "rtscts", "xonxoff", "dtr", "rts")
    return ", ".join(
        f"{field} = {getattr(other, field)!r}, not {getattr(one, field)!r}"
        for field in fields
        if getattr(one, field) != getattr(other, field)
    )


class _Binding:
    """One instrument's section against what its driver declares."""

    def __init__(self, section: str, config: InstrumentConfig, driver: type[Instrument]) -> None:
        self.section = section
        self.config = config
        self.driver = driver
        self.problems: list[str] = []
        self._overrides = dict(config.readings)

    def planned(self) -> PlannedInstrument:
        settings = self._settings()
        self._check_options()
        channels = self._channels()
        readings: list[PlannedReading] = []
        for declaration in self.driver.readings().values():
            readings += self._reading(declaration, channels)
        for name in self._overrides:
            known = [*self.driver.readings(), *(p for r in self.driver.readings().values()
                                                for p in (part.name for part in r.parts))]  # fmt: skip
            self._problem(
                f"reading.{name}",
                f"driver {self.driver.driver!r} has no reading {name!r}"
                f"{did_you_mean(name, known)} It has: {', '.join(known) or 'none'}",
            )
        return PlannedInstrument(self.config, self.driver, settings, tuple(readings), self.section)

    def _problem(self, key: str, text: str) -> None:
        self.problems.append(f"{self.section} {key}: {text}")

    def _settings(self) -> SerialLine | None:
        declared, own = self.driver.line, self.config.line
        if declared is None:
            if own:
                self._problem("line", f"driver {self.driver.driver!r} has no serial line to set")
            return None
        if self.config.port is None:
            self._problem(
                "port", 'is missing: port = "/dev/ttyUSB0" (`labframe ports` shows what there is)'
            )
        try:
            return dataclasses.replace(declared, **own)
        except ValueError as error:
            self._problem("line", str(error))
            return declared

    def _check_options(self) -> None:
        known: Mapping[str, Any] = self.driver.options
        for key, value in self.config.options.items():
            if key not in known:
                self._problem(
                    f"options.{key}",
                    f"driver {self.driver.driver!r} has no such option"
                    f"{did_you_mean(key, known)} It has: {', '.join(known) or 'none'}",
                )
            elif known[key] is not None and not _is_like(value, known[key]):
                self._problem(
                    f"options.{key} = {value!r}",
                    f"not like the driver's default {known[key]!r}",
                )

    def _channels(self) -> Mapping[str, ReadingConfig]:
        wanted, known = self.config.channels, self.driver.channels
        has_channels = any(one.channels for one in self.driver.readings().values())
        if not has_channels:
            if wanted:
                self._problem("channels", f"driver {self.driver.driver!r} has no channels")
            return {}
        if not wanted and not known:
            self._problem(
                "channels",
                "is missing: which channels depends on the instrument; name them with their "
                f'codenames: channels = {{ A = "{self.config.name}_a" }}',
            )
        for name in wanted:
            if known and name not in known:
                self._problem(
                    f"channels.{name}",
                    f"driver {self.driver.driver!r} has no such channel"
                    f"{did_you_mean(name, known)} It has: {', '.join(known)}",
                )
        return wanted or dict.fromkeys(known, _AS_DECLARED)

    def _reading(
        self, declaration: ReadingDeclaration, channels: Mapping[str, ReadingConfig]
    ) -> list[PlannedReading]:
        own = self._overrides.pop(declaration.name, _AS_DECLARED)
        if declaration.parts:
            return self._in_parts(declaration, own)
        if not declaration.channels:
            if own.enabled is False:
                return []
            every = declaration.every if own.every is None else own.every
            output = self._output(declaration, own, _AS_DECLARED, every, declaration.name)
            return [PlannedReading(declaration, every, (output,))]
        if own.enabled is False:
            return []
        return self._in_channels(declaration, own, channels)

    def _in_parts(
        self, declaration: ReadingDeclaration, own: ReadingConfig
    ) -> list[PlannedReading]:
        every = declaration.every if own.every is None else own.every
        outputs = []
        for part in declaration.parts:
            mine = self._overrides.pop(part.name, _AS_DECLARED)
            if mine.every is not None:
                self._problem(
                    f"reading.{part.name}.every",
                    f"it comes with one query; set reading.{declaration.name}.every",
                )
            if mine.enabled is False or own.enabled is False:
                continue
            output = self._output(declaration, mine, own, every, part.name, source=part.name)
            outputs.append(dataclasses.replace(output, unit=part.unit))
        return [PlannedReading(declaration, every, tuple(outputs))] if outputs else []

    def _in_channels(
        self,
        declaration: ReadingDeclaration,
        own: ReadingConfig,
        channels: Mapping[str, ReadingConfig],
    ) -> list[PlannedReading]:
        several = sum(one.channels for one in self.driver.readings().values()) > 1
        every = declaration.every if own.every is None else own.every
        planned: list[PlannedReading] = []
        outputs = []
        for channel, mine in channels.items():
            if mine.enabled is False:
                continue
            pace = every if mine.every is None else mine.every
            name = re.sub(r"\W", "_", channel.lower(), flags=re.ASCII)
            if mine.codename is None:
                name = f"{name}_{declaration.name}" if several else name
            elif several:
                mine = _renamed(mine, f"{mine.codename}_{declaration.name}")
            output = self._output(declaration, mine, own, pace, name, source=channel)
            if declaration.per_channel:
                planned.append(PlannedReading(declaration, pace, (output,), channel))
            else:
                outputs.append(output)
                if mine.every is not None:
                    self._problem(
                        f"channels.{channel}.every",
                        f"all channels come with one query; set reading.{declaration.name}.every",
                    )
        if outputs:
            planned.append(PlannedReading(declaration, every, tuple(outputs)))
        return planned

    def _output(
        self,
        declaration: ReadingDeclaration,
        own: ReadingConfig,
        above: ReadingConfig,
        every: float | None,
        name: str,
        source: str | None = None,
    ) -> Output:
        def set_to(key: str) -> Any:
            value = getattr(own, key)
            return getattr(above, key) if value is None else value

        stale_after = set_to("stale_after")
        if own.codename is None and source is None and above.codename is not None:
            self._problem(f"reading.{declaration.name}.codename", "it has several codenames")
        scale, offset = set_to("scale"), set_to("offset")
        if declaration.unit is None and not declaration.parts and (scale or offset):
            self._problem(f"reading.{name}", "scale and offset are for numbers; this is none")
        return Output(
            codename=own.codename or f"{self.config.name}_{name}",
            unit=declaration.unit,
            stale_after=declaration.stale_after_with(every) if stale_after is None else stale_after,
            kind="data" if declaration.is_xy else "date",
            label=set_to("label") or (declaration.label if source is None else source),
            source=source,
            scale=1.0 if scale is None else scale,
            offset=0.0 if offset is None else offset,
            x_unit=declaration.x_unit,
        )


def _renamed(config: ReadingConfig, codename: str) -> ReadingConfig:
    import msgspec

    return msgspec.structs.replace(config, codename=codename)


def _is_like(value: object, default: object) -> bool:
    if isinstance(default, bool) or isinstance(value, bool):
        return type(value) is type(default)
    if isinstance(default, float):
        return isinstance(value, (int, float))
    return isinstance(value, type(default))


def plan_sockets(
    config: Config, groups: Sequence[tuple[str, str | None, Sequence[Channel]]]
) -> tuple[PlannedSocket, ...]:
    """Return the pull sockets for codenames in groups that stay together.

    The order is the configuration's: the first socket of each kind, then the sections
    ``[socket.NAME]``, then those that are needed because a datagram cannot carry more codenames.

    Args:
        config: The configuration.
        groups: ``(section, name of its socket or None, codenames)`` of instruments and producers.

    Raises:
        ConfigurationError: If a codename is there twice.
    """
    problems = _repeated((config.name, section, channels) for section, _, channels in groups)
    if problems:
        raise ConfigurationError(problems)
    network, planned = config.network, []
    ports = {
        "date": _Ports(network.date_port, "[network] date_port"),
        "data": _Ports(network.data_port, "[network] data_port"),
    }
    kinds: tuple[Kind, ...] = ("date", "data")
    further: list[PlannedSocket] = []
    for kind in kinds:
        own = [(None, config.host.name)]
        own += [
            (name, one.name or name) for name, one in config.sockets.items() if one.kind == kind
        ]
        for key, name in own:
            members = [
                tuple(c for c in channels if c.kind == kind)
                for _, socket, channels in groups
                if socket == key or (key is None and not _takes(config, socket, kind))
            ]
            loads = _loads([member for member in members if member])
            if not loads:
                continue
            asked = None if key is None else config.sockets[key].port
            setting = "" if key is None else f"[socket.{key}] port"
            port, setting = ports[kind].next(asked, setting)
            planned.append(PlannedSocket(kind, name, port, setting, loads[0]))
            further += [
                PlannedSocket(kind, f"{name} {number}", -1, "", load)
                for number, load in enumerate(loads[1:], 2)
            ]
    for socket in further:
        port, setting = ports[socket.kind].next(None, "")
        planned.append(dataclasses.replace(socket, port=port, setting=setting))
    return tuple(planned)


def _takes(config: Config, socket: str | None, kind: Kind) -> bool:
    """Tell whether an instrument's codenames of this kind go to the socket that it names."""
    return socket is not None and config.sockets[socket].kind == kind


class _Ports:
    """The ports of one kind, one after the other."""

    def __init__(self, first: int, setting: str) -> None:
        self._next = first
        self._setting = setting

    def next(self, asked: int | None, setting: str) -> tuple[int, str]:
        if asked is not None:
            return asked, setting
        port, setting = self._next, self._setting if not setting else f"{self._setting}, {setting}"
        if port:
            self._next += 1
        return port, setting


def _loads(members: Sequence[tuple[Channel, ...]]) -> list[tuple[Channel, ...]]:
    """Spread whole instruments so that each socket's answers fit into a datagram."""
    loads: list[tuple[Channel, ...]] = []
    room = 0
    for member in members:
        size = sum(len(channel.codename) + _POINT_BYTES for channel in member)
        if not loads or size > room:
            loads.append(())
            room = MAX_DATAGRAM - 2
        loads[-1] += member
        room -= size
    return loads
