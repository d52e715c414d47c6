"""The composition root: a configuration becomes instruments, sockets and sinks that run."""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from labframe.config import Config
from labframe.errors import NotFresh, UnknownCodename
from labframe.hookspecs import Service
from labframe.host import snapshot
from labframe.host.commanding import Commanding
from labframe.host.description import Described
from labframe.host.draft import Draft
from labframe.host.flights import Flights, bytes_for_each
from labframe.host.live_news import facts
from labframe.host.live_sink import LiveSink
from labframe.host.simulated import Simulated
from labframe.host.sinks import SinkStatus
from labframe.host.sockets import HostPullSocket, serve
from labframe.host.status import PagedAnswer
from labframe.host.supervisor import Supervisor, ThreadWatch
from labframe.line import Line
from labframe.nearest import did_you_mean
from labframe.plan import PlannedInstrument, PlannedLine
from labframe.plugins import Condition, Plugins
from labframe.points import Event, Quality, Reading, Value
from labframe.worker import Feed, InstrumentStatus, Member, Poll, Worker

__all__ = ["Host"]

_LOG = logging.getLogger("labframe.host")

_STOP_S: Final = 2.0
_WORKERS_STOP_S: Final = 1.2
_SINKS_STOP_S: Final = 0.3
_LOOK_S: Final = 0.003


class Host:
    """Runs what a configuration describes.

    All that can be found wrong is found here, before anything is opened; an instrument that is
    absent is no mistake, and is waited for.

    Args:
        config: A configuration, or the path of one, or a dictionary as TOML would give it.
        simulate: Whether to put simulators in the place of the instruments. A simulator's file
            ``X_simulator.py`` beside a single-file plugin ``X.py`` is loaded by itself then.
        plugins: The plugins; None loads the configuration's and the installed ones.
        state_dir: Where plugins keep what they keep; None is the configuration's directory for it.
        plugin_defaults: Keys of ``[plugin.NAME]`` where the configuration does not have them.

    Attributes:
        config: The configuration.
        plan: What it means.
        plugins: The plugins.
        sockets: The pull sockets, in the configuration's order.
        commanding: What takes commands.
        flights: Keeps the last bytes of lines that fail.
        started_at: Unix time of its making.
        simulated: The simulators, with ``simulate``; None without.

    Raises:
        ConfigurationError: If anything is wrong with the configuration; it holds all problems.
        PortTaken: If a UDP port is in use.

    Example::

        with Host("lab.toml") as host:
            print(host.wait_fresh("cryo_temperature").y)
    """

    def __init__(
        self,
        config: Config | str | Path | Mapping[str, Any],
        *,
        simulate: bool = False,
        plugins: Plugins | None = None,
        state_dir: Path | None = None,
        plugin_defaults: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> None:
        self._draft = draft = Draft(
            config, plugins, state_dir, simulate=simulate, plugin_defaults=plugin_defaults or {}
        )
        self.config = draft.config
        self.state_dir = draft.state_dir
        self.plugins = draft.plugins
        self.plan = draft.plan
        self.simulated: Simulated | None = None
        self._fanout = draft.fanout
        self._producers = draft.producers
        self._problems: list[str] = []
        self.started_at = time.time()
        self._is_stopped = False
        with contextlib.ExitStack() as undo:
            if simulate:
                self.simulated = Simulated(self.plan, self.plugins)
                undo.callback(self.simulated.close)
                self.plan = self.simulated.plan
            self._workers = [self._worker(line) for line in self.plan.lines]
            self.flights = Flights(self.state_dir / "flights", self.members)
            self._fanout.listen(self.flights)
            self._feeds = {feed.codename: feed for feed in self._all_feeds()}
            pages = PagedAnswer(b"instruments", self.status, time.monotonic)
            described = Described(self.description, time.monotonic)

            def more(request: bytes) -> bytes | None:
                return pages.answer(request) or described.answer(request)

            self.sockets: tuple[HostPullSocket, ...] = serve(
                draft.sockets, self.config.network.listen, self._feeds, more
            )
            for socket in self.sockets:
                undo.callback(socket.stop)
            self.commanding = Commanding(draft, self._workers, self.reading, more)
            undo.callback(self.commanding.stop)
            self._add_sinks()
            self._services: list[Service] = self._draft.gathered("labframe_services")
            undo.pop_all()
        self._supervisor = Supervisor(self._feeds.values(), self._services, self._fanout)
        self._threads = ThreadWatch(self._owner, self._fanout)

    # Putting it together.

    def _worker(self, planned: PlannedLine) -> Worker:
        line = None
        if planned.settings is not None:
            assert planned.port is not None
            each = bytes_for_each(len(self.plan.lines))
            line = Line(planned.port, planned.settings, flight_bytes=each)
        shares = len(planned.instruments) > 1
        members = [self._member(one, line, shares=shares) for one in planned.instruments]
        return Worker(planned.name, members, line)

    def _member(self, planned: PlannedInstrument, line: Line | None, *, shares: bool) -> Member:
        config = planned.config
        instrument = planned.driver(
            config.port if line is None else line,
            name=config.name,
            address=config.address,
            channels=tuple(config.channels),
            options=config.options,
            line=planned.settings,
            identity=config.identity,
        )
        polls = [
            Poll(
                reading,
                instrument,
                [
                    Feed(
                        output.codename,
                        output.unit or "",
                        output.stale_after,
                        output.label,
                        config.name,
                        self._fanout,
                        output.x_unit or "",
                    )
                    for output in reading.outputs
                ],
                line,
            )
            for reading in planned.readings
        ]
        return Member(instrument, polls, self._fanout, line, shares=shares)

    def _all_feeds(self) -> list[Feed]:
        feeds = [feed for member in self.members for feed in member.feeds]
        return feeds + [feed for producer in self._producers for feed in producer.feeds.values()]

    def _add_sinks(self) -> None:
        server = self.config.network.live_server
        if server:
            host, _, port = server.rpartition(":")
            try:
                self._fanout.add(
                    LiveSink(
                        self.config.host.name, self._feeds, (host, int(port)), lambda: facts(self)
                    )
                )
            except OSError as error:
                self._problems.append(f"[network] live_server = {server!r}: {error}")
                _LOG.warning("%s: %s", self.config.name, self._problems[-1])
        for sink in self._draft.gathered("labframe_sinks"):
            self._fanout.add(sink)

    # Running.

    def start(self) -> None:
        """Start everything; returns at once, instruments or not."""
        self._threads.install()
        self._fanout.start()
        self._event("start", codenames=self._told())
        for socket in self.sockets:
            socket.start()
        for worker in self._workers:
            worker.start()
        self.commanding.start()
        for producer in self._producers:
            producer.start()
        self._supervisor.start()

    def stop(self, timeout_s: float = _STOP_S) -> list[str]:
        """Stop everything in order; harmless when it is stopped.

        Returns:
            The names of what did not end in time; it is left to end with the program.
        """
        if self._is_stopped:
            return []
        self._is_stopped = True
        deadline = time.monotonic() + timeout_s
        self.commanding.refuse()
        for worker in self._workers:
            worker.stop()
        others = [
            threading.Thread(target=one, daemon=True)
            for one in (self._supervisor.stop, *(producer.stop for producer in self._producers))
        ]
        for other in others:
            other.start()
        workers_until = min(deadline, time.monotonic() + timeout_s * _WORKERS_STOP_S / _STOP_S)
        hanging = [
            worker.name
            for worker in self._workers
            if not worker.join(workers_until - time.monotonic())
        ]
        for other in others:
            other.join(max(0.0, workers_until - time.monotonic()))
        for socket in self.sockets:
            socket.stop()
        hanging += self.commanding.stop(max(0.1, deadline - time.monotonic() - _SINKS_STOP_S))
        self._event("stop")
        hanging += self._fanout.stop(max(0.1, deadline - time.monotonic()))
        if self.simulated is not None:
            self.simulated.close()
        self._threads.remove()
        for name in hanging:
            _LOG.warning("%s does not end; it is left behind", name)
        return hanging

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _event(self, what: str, **more: Value) -> None:
        text = f"{self.config.host.name}: {what}"
        fields: dict[str, Value] = {"what": what, "name": self.config.host.name, **more}
        self._fanout.event(Event("host", "host", time.time(), text, fields))

    def _told(self) -> dict[str, Value]:
        """Return what sinks are told of each codename."""
        kinds = {name: socket.kind for socket in self.sockets for name in socket.codenames}
        return {
            feed.codename: {
                "unit": feed.unit,
                "source": feed.source,
                "label": feed.label,
                "kind": kinds[feed.codename],
                "stale_after": feed.stale_after,
            }
            for feed in self.feeds
        }

    # Looking at it.

    @property
    def members(self) -> list[Member]:
        """The instruments, in the order of their lines."""
        return [member for worker in self._workers for member in worker.members]

    @property
    def codenames(self) -> tuple[str, ...]:
        """All codenames, in the configuration's order."""
        return tuple(self._feeds)

    @property
    def port(self) -> int:
        """The UDP port of the first pull socket."""
        return self.sockets[0].port

    def reading(self, codename: str) -> Reading | None:
        """Return the newest reading of a codename with its present quality; None if none came.

        Raises:
            UnknownCodename: If no instrument and no producer has it.
        """
        feed = self._feed(codename)
        last = feed.last
        return None if last is None else last._replace(quality=feed.quality(time.monotonic()))

    def wait_fresh(self, codename: str, timeout_s: float = 5.0) -> Reading:
        """Wait until a codename has a fresh value, and return it.

        Raises:
            UnknownCodename: If no instrument and no producer has it.
            NotFresh: If it has none in time; the text says how its source is.
        """
        feed = self._feed(codename)
        deadline = time.monotonic() + timeout_s
        while True:
            now = time.monotonic()
            reading = feed.last
            if reading is not None and feed.quality(now) is Quality.OK:
                return reading
            if now >= deadline:
                raise NotFresh(
                    f"{codename}: no fresh value within {timeout_s:g} s; {self._how(feed.source)}"
                )
            time.sleep(_LOOK_S)

    def read(self, codename: str, timeout_s: float = 5.0) -> Reading:
        """Have a codename of an instrument read now, and return the reading.

        Raises:
            UnknownCodename: If no instrument has it.
            NotFresh: If that takes longer.
            LabframeError: What went wrong, if it is a known error.
        """
        for worker in self._workers:
            for member in worker.members:
                for poll in member.polls:
                    for feed in poll.feeds:
                        if feed.codename == codename:
                            return self._read(worker, member, poll, feed, timeout_s)
        self._feed(codename)
        raise UnknownCodename(f"{codename}: a producer's codename cannot be read on demand")

    def _read(
        self, worker: Worker, member: Member, poll: Poll, feed: Feed, timeout_s: float
    ) -> Reading:
        future = worker.read(member, poll)
        try:
            future.result(timeout_s)
        except TimeoutError as error:
            if future.done():
                raise
            future.cancel()
            raise NotFresh(
                f"{feed.codename}: not read within {timeout_s:g} s; {self._how(member.name)}"
            ) from error
        if feed.last is None:
            raise NotFresh(f"{feed.codename}: {feed.error or 'no value came'}")
        return feed.last

    def _feed(self, codename: str) -> Feed:
        feed = self._feeds.get(codename)
        if feed is None:
            raise UnknownCodename(
                f"the host has no codename {codename!r}{did_you_mean(codename, self._feeds)} "
                f"It has: {', '.join(self._feeds) or 'none'}"
            )
        return feed

    def _how(self, source: str) -> str:
        for status in self.instruments:
            if status.name == source:
                return f"{source} is {status.state}" + (f": {status.error}" if status.error else "")
        return f"{source} is not there"

    @property
    def feeds(self) -> Iterable[Feed]:
        """The ways out of all codenames, in the configuration's order."""
        return self._feeds.values()

    @property
    def instruments(self) -> list[InstrumentStatus]:
        """How each instrument is, and each producer."""
        return [one.status() for one in self.members] + [one.status() for one in self._producers]

    @property
    def sinks(self) -> list[SinkStatus]:
        """How each sink is doing."""
        return [runner.status() for runner in self._fanout.runners]

    @property
    def history(self) -> str | None:
        """The file that a sink records in, for live servers of this computer; None if none does."""
        files = (getattr(runner.sink, "history", None) for runner in self._fanout.runners)
        return next((str(file) for file in files if file is not None), None)

    @property
    def services(self) -> Sequence[Service]:
        """What runs beside the host."""
        return self._services

    def status(self) -> dict[str, Any]:
        """Return the state of everything, as JSON knows it."""
        return snapshot.status(self)

    def description(self) -> dict[str, Any]:
        """Return instruments, codenames and commands with their schemas, as JSON knows them."""
        return snapshot.description(self)

    def command(self, method: str, **arguments: Any) -> Any:
        """Execute a command, as if it had come to the push socket, and return what it returns.

        Args:
            method: ``cryo.setpoint``; without the instrument for that of ``default_instrument``.
            arguments: Its arguments, and ``_id``, ``_deadline``, ``_dry_run``.

        Raises:
            CommandRefused: If it was not executed.
            CommandFailed: If it went wrong.
            OutcomeUnknown: If it was begun, and nobody knows what became of it.
        """
        return self.commanding.command(method, arguments)

    @property
    def problems(self) -> list[str]:
        """What is wrong beside the instruments: plugins, services, threads that died."""
        broken = [
            f"plugin {one.name}: {one.reason}"
            for one in self.plugins.statuses
            if one.reason and one.condition is not Condition.BLOCKED
        ]
        return [
            *self._problems,
            *broken,
            *self.commanding.problems,
            *([self.flights.problem] if self.flights.problem else []),
            *self._supervisor.problems,
            *self._threads.problems,
        ]

    def _owner(self, module: str) -> str | None:
        """Return whose a module is, for a thread that died in it."""
        for planned in self.plan.instruments:
            if planned.driver.__module__ == module:
                return planned.name
        for producer in self._producers:
            if type(producer).__module__ == module:
                return producer.name
        return None
