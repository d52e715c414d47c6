"""The hooks: what a plugin may give to the host.

Hooks hand objects over once, at start; readings and commands never travel through them. Each
plugin's hooks are called one by one: a plugin that raises is named in the log and in ``labframe
plugins``, and the host goes on with the others. A plugin implements the hooks it needs, each marked
with ``@hookimpl``; arguments that it does not use may be left out.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol

import pluggy

from labframe.config import ConfigurationError
from labframe.points import Command, Event, Number, Reading, Sweep, Value

if TYPE_CHECKING:
    import click

    from labframe.instrument import Instrument
    from labframe.simulation import SimulatedInstrument
    from labframe.sockets import DataPushSocket
    from labframe.sockets.push import Action

__all__ = [
    "PROJECT",
    "Channel",
    "CommandConsumer",
    "HookSpecs",
    "Interlock",
    "PluginContext",
    "PointProducer",
    "Publish",
    "Service",
    "Sink",
    "SinkHealth",
    "hookimpl",
]

PROJECT: Final = "labframe"
"""The name of the hooks' project, and of the entry-point group."""

_hookspec: Final = pluggy.HookspecMarker(PROJECT)
hookimpl: Final = pluggy.HookimplMarker(PROJECT)
"""Marks a plugin's function as the implementation of a hook."""


@dataclass(frozen=True, slots=True)
class PluginContext:
    """What a plugin gets of the host: its own section, log, clock and directory.

    Attributes:
        name: The plugin's name.
        section: Its section ``[plugin.NAME]`` of the configuration; empty if there is none.
        log: Where it logs to.
        state_dir: A directory of its own; made when it is first asked for by ``directory``.
        source: The configuration's name, for messages.
        base: The configuration's directory, which paths in it are relative to.
        live_server: ``host:port`` that live datagrams go to; empty if none are sent.
        wall: Returns the unix time in seconds.
        monotonic: Returns seconds on a clock that never goes back.
    """

    name: str
    section: Mapping[str, Any] = field(default_factory=dict)
    log: logging.Logger = field(default_factory=lambda: logging.getLogger("labframe.plugin"))
    state_dir: Path = Path()
    source: str = "lab.toml"
    base: Path = Path()
    live_server: str = ""
    wall: Callable[[], float] = time.time
    monotonic: Callable[[], float] = time.monotonic

    def directory(self) -> Path:
        """Return the plugin's own directory, which exists from now on."""
        self.state_dir.mkdir(parents=True, exist_ok=True)
        return self.state_dir

    def path(self, text: str) -> Path:
        """Return the path that a text of the plugin's section means."""
        return self.base / Path(text).expanduser()

    def error(self, key: str, text: str) -> ConfigurationError:
        """Return the error to raise when a key of the plugin's section is wrong.

        Args:
            key: The key, with its value where that helps: ``hosts = 3``.
            text: What is wrong, and what to do.
        """
        return ConfigurationError([f"{self.source}: [plugin.{self.name}] {key}: {text}"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """A codename that a producer gives.

    Attributes:
        codename: The name in the whole laboratory.
        unit: The unit of y; ``"1"`` without dimension, None when it is no number or not known.
        stale_after: Seconds after which a value is old.
        kind: ``date`` where x is time, ``data`` where it is anything else.
        label: What people call it.
    """

    codename: str
    unit: str | None
    stale_after: float
    kind: Literal["date", "data"] = "date"
    label: str = ""


class Publish(Protocol):
    """How a producer hands its values over; any thread may call it."""

    def value(
        self,
        codename: str,
        y: Value,
        *,
        x: Number | None = None,
        time: float | None = None,
        age_s: float = 0.0,
    ) -> None:
        """Hand a value over.

        Args:
            codename: One of the producer's codenames.
            y: The value.
            x: For xy data; None takes the time of the measurement.
            time: Unix time of the measurement in seconds; None is ``age_s`` ago.
            age_s: How old it is already: staleness is counted from then.

        Raises:
            LookupError: For a codename that the producer did not declare.
            LabframeError: For a value that cannot be served.
        """

    def failed(self, why: str, codename: str | None = None) -> None:
        """Note that there is no value of a codename now (None: of none); shown in the status."""

    def well(self) -> None:
        """Note that what failed works again."""


class PointProducer(Protocol):
    """A producer that is no instrument: a bridge, a computation, a remote socket."""

    @property
    def name(self) -> str:
        """What it is called in the status."""

    @property
    def channels(self) -> Sequence[Channel]:
        """What it gives; asked once."""

    def start(self, publish: Publish) -> None:
        """Begin; called once, when the sockets are there. Threads are the producer's own."""

    def stop(self) -> None:
        """End within a second; called once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandConsumer:
    """Takes push commands on a port of its own, in one of the push socket's four ways.

    Attributes:
        name: What its push socket answers to ``name``.
        port: Its UDP port; None is the next one after the host's push port (a free one, if that is
            0 too), 0 a free one.
        action: What its socket does with values: ``store_last``, ``enqueue``, ``callback_async`` or
            ``callback_direct``; see :class:`labframe.sockets.DataPushSocket`.
        queue: With ``enqueue``: where they go; None makes one, which the socket has.
        callback: With the two callback actions: called with each dict of values.
        return_format: With ``callback_direct``: how its value is written.
        attach: Called once with the socket, before it answers: for ``last``, ``updated`` and
            ``queue`` of it.
    """

    name: str
    port: int | None = None
    action: Action = "store_last"
    queue: Any = None
    callback: Callable[[dict[str, Any]], Any] | None = None
    return_format: Literal["json", "raw", "string"] = "json"
    attach: Callable[[DataPushSocket], None] | None = None


@dataclass(frozen=True, slots=True)
class SinkHealth:
    """How a sink is that keeps what it cannot hand on at once.

    Attributes:
        queued: How many readings wait in it.
        dropped: How many it had to give up.
        error: What is wrong now; empty when it is well.
    """

    queued: int = 0
    dropped: int = 0
    error: str = ""


class Sink(Protocol):
    """Receives every reading and every event, on a thread of its own.

    A sink with a queue of its own may have a method ``health()`` that returns a
    :class:`SinkHealth`; any thread calls it, and the status adds it to what the host knows. An
    attribute ``gather_s`` says for how many seconds readings are collected for it, in place of
    0.02: fewer, longer batches cost less.

    The first event is ``host`` with ``what = "start"``, and tells of every codename; the last is
    ``what = "stop"``. A sink that records may have an attribute ``history``, the path of its file,
    which live servers of this computer are told.
    """

    @property
    def name(self) -> str:
        """What it is called in the status."""

    def write(self, readings: Sequence[Reading | Sweep]) -> None:
        """Take readings, in the order in which they came; may block, then others queue."""

    def event(self, event: Event) -> None:
        """Take an event; it comes in order with the readings."""

    def close(self) -> None:
        """Finish; called once, after the last reading."""


class Interlock(Protocol):
    """Asked before each command whether it may be executed, on a thread of its own."""

    @property
    def name(self) -> str:
        """What it is called in refusals."""

    @property
    def guards(self) -> Sequence[str]:
        """Which commands it is asked about: patterns such as ``laser.fire`` and ``laser.*``."""

    @property
    def needs(self) -> Sequence[str]:
        """The codenames that it looks at; the host does not start if one is missing."""

    def check(self, command: Command, look: Callable[[str], Reading | None]) -> None:
        """Return to allow a command, raise anything to refuse it; the text goes to its sender.

        Called right before the command would be executed, and for a dry run. It is refused as well
        if this takes longer than 0.5 s, or returns something else than None.

        Args:
            command: The command.
            look: Returns the newest reading of a codename with its present quality; None if there
                was none yet.
        """


class Service(Protocol):
    """Something that runs beside the host, and is started, watched and stopped by it.

    It may have a method ``said()``, which returns lines to show to who has started the host.
    """

    @property
    def name(self) -> str:
        """What it is called in the status."""

    def start(self) -> None:
        """Start it; called at start, and again when it is not alive any more."""

    def alive(self) -> bool:
        """Tell whether it runs; asked about once a second."""

    def stop(self) -> None:
        """End it within a second."""


class HookSpecs:
    """The hooks. Each is called once at start, unless it says otherwise."""

    @_hookspec
    def labframe_instruments(self) -> Sequence[type[Instrument]]:  # type: ignore[empty-body]
        """Give instrument classes.

        Called once at start, and by the commands that list drivers. Returns driver classes: each is
        a producer of its readings, and takes its commands. The first plugin (files of the
        configuration first, then by name) that gives a driver of a name provides it. An exception
        leaves this plugin's drivers out; a configuration that uses one says so.
        """

    @_hookspec
    def labframe_simulators(self) -> Mapping[str, type[SimulatedInstrument]]:  # type: ignore[empty-body]
        """Give simulators.

        Called once when simulating. Returns simulator classes by the name of the driver that they
        stand opposite to. The file X_simulator.py beside a plugin's file X.py is loaded for this.
        An exception leaves this plugin's simulators out.
        """

    @_hookspec
    def labframe_point_producers(self, context: PluginContext) -> Sequence[PointProducer]:  # type: ignore[empty-body]
        """Give producers that are no instruments.

        Called once at start, before the sockets are made. Returns the producers: date data goes to
        the DateDataPullSocket, xy data to the DataPullSocket, all of it to the sinks. A
        ConfigurationError about the plugin's own section stops the start; any other exception
        leaves this plugin's producers out.
        """

    @_hookspec
    def labframe_command_consumers(self, context: PluginContext) -> Sequence[CommandConsumer]:  # type: ignore[empty-body]
        """Give consumers of push commands that are no instruments.

        Called once at start. Returns the consumers; each gets a push socket of its own, on the next
        free port after the host's, in the configuration's order. A ConfigurationError about the
        plugin's own section stops the start; any other exception leaves this plugin's consumers
        out.
        """

    @_hookspec
    def labframe_sinks(self, context: PluginContext) -> Sequence[Sink]:  # type: ignore[empty-body]
        """Give sinks.

        Called once at start. Returns the sinks; each gets a queue and a thread of its own. A
        ConfigurationError about the plugin's own section stops the start; any other exception
        leaves this plugin's sinks out.
        """

    @_hookspec
    def labframe_interlocks(self, context: PluginContext) -> Sequence[Interlock]:  # type: ignore[empty-body]
        """Give interlocks, which are asked before each command.

        Called once at start. Returns the interlocks. A ConfigurationError about the plugin's own
        section stops the start. Any other exception refuses every command as long as the host runs,
        because an interlock that is missing protects nobody; so does a plugin that the
        configuration names, and that does not load.
        """

    @_hookspec
    def labframe_services(self, context: PluginContext) -> Sequence[Service]:  # type: ignore[empty-body]
        """Give services that run beside the host.

        Called once at start. Returns the services, which the host starts, watches and stops. A
        ConfigurationError about the plugin's own section stops the start; any other exception
        leaves this plugin's services out.
        """

    @_hookspec
    def labframe_cli(self, cli: click.Group) -> None:
        """Add sub-commands to ``labframe``.

        Called once, when a command is asked for that is not built in, so that ``labframe --help``
        loads no plugin. Returns nothing. An exception leaves this plugin's commands out.
        """
