"""All of a host that takes commands: the push socket, the router, the consumers' own sockets."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from time import monotonic
from typing import Any, Final

from labframe.commands import Audit, Gate, HostPushSocket, Method, Methods, Router, answers
from labframe.errors import OutcomeUnknown
from labframe.hookspecs import CommandConsumer
from labframe.host.draft import Draft
from labframe.host.sockets import bound
from labframe.points import Reading
from labframe.protocol.commands import DEADLINE_S
from labframe.protocol.outcomes import outcome
from labframe.sockets import DataPushSocket
from labframe.worker import Worker

__all__ = ["Commanding"]

_FIRST_PORT: Final = 8500
_SENDER: Final = "this program"
_MARGIN_S: Final = 1.0


class _Unusable(Exception):
    """A consumer that its plugin made wrongly."""


class Commanding:
    """Takes commands for the instruments of a host, and values for its consumers.

    Args:
        draft: What the configuration means.
        workers: Who executes them.
        look: Returns the newest reading of a codename with its present quality.
        more: Answers the requests that only a host knows; None to the others.

    Attributes:
        sockets: The push sockets: the host's, if any instrument has a command, and the consumers'.
        audit_file: The file that tells of every command.

    Raises:
        PortTaken: If a port is in use; then none stays bound.
    """

    def __init__(
        self,
        draft: Draft,
        workers: Sequence[Worker],
        look: Callable[[str], Reading | None],
        more: Callable[[bytes], bytes | None],
    ) -> None:
        config, network = draft.config, draft.config.network
        commands = {one.name: one.commands for one in draft.plan.instruments}
        self._methods = Methods(workers, commands, network.default_instrument)
        self.audit_file = draft.audit_file
        self._router = Router(
            self._methods,
            draft.interlocks,
            Audit(self.audit_file, config.audit.max_bytes, config.audit.keep),
            look,
            draft.fanout,
            must_audit=config.audit.on_failure == "refuse",
            return_format=network.return_format,
        )
        for worker in workers:
            for member in worker.members:
                member.returned = self._router.reapply
        self._gate = Gate(
            network.unsigned_commands == "allow", config.name, self._router.refused_elsewhere
        )
        self._listen = network.listen
        self._push: HostPushSocket | None = None
        self.sockets: list[HostPushSocket | DataPushSocket] = []
        try:
            if network.push_port is not False and self._methods.commands:
                self._push = self._bound(network.push_port, config.host.name, more)
                self.sockets.append(self._push)
            self._add_consumers(
                draft, _FIRST_PORT if network.push_port is False else network.push_port
            )
        except BaseException:
            self.stop()
            raise

    def _bound(self, port: int, name: str, more: Callable[[bytes], bytes | None]) -> HostPushSocket:
        return bound(
            lambda: HostPushSocket(name, port, self._listen, self._router, self._gate, more),
            port, self._listen, f"the push socket {name!r}", "[network] push_port",
        )  # fmt: skip

    def _add_consumers(self, draft: Draft, push_port: int) -> None:
        following = push_port + 1 if push_port else 0  # where the host's is free, theirs are too
        for plugin, consumer in draft.consumers:
            port = consumer.port
            if port is None:
                port = following
                following += 1 if following else 0
            try:
                self._add_consumer(plugin, consumer, port)
            except _Unusable as error:
                draft.plugins.note(
                    plugin, f"its consumer {consumer.name!r} cannot be used: {error}"
                )

    def _add_consumer(self, plugin: str, consumer: CommandConsumer, port: int) -> None:
        try:
            socket = self._consumers_socket(plugin, consumer, port)
        except (TypeError, ValueError) as error:
            raise _Unusable(error) from error
        socket.server.gate = self._gate
        try:
            if consumer.attach is not None:
                consumer.attach(socket)
        except BaseException as error:
            socket.stop()
            raise _Unusable(answers.told(error)) from error
        self.sockets.append(socket)

    def _consumers_socket(
        self, plugin: str, consumer: CommandConsumer, port: int
    ) -> DataPushSocket:
        return bound(
            lambda: DataPushSocket(
                consumer.name, port, consumer.action, consumer.queue, consumer.callback,
                consumer.return_format, host=self._listen,
            ),
            port, self._listen, f"the push socket {consumer.name!r} of plugin {plugin}",
            f"its port in [plugin.{plugin}], or [network] push_port,",
        )  # fmt: skip

    # Running.

    def start(self) -> None:
        """Begin to take commands."""
        self._router.start()
        for socket in self.sockets:
            socket.start()

    def refuse(self) -> None:
        """Take no more commands; those under way are still answered."""
        self._router.refuse()

    def stop(self, timeout_s: float = 1.0) -> list[str]:
        """End; the ports are given back. Return the sockets whose consumer's callback hangs."""
        self._router.stop()
        stopping = [
            (socket.name, threading.Thread(target=socket.stop, name="stops a socket", daemon=True))
            for socket in self.sockets
        ]
        for _, thread in stopping:
            thread.start()
        deadline = monotonic() + timeout_s
        for _, thread in stopping:
            thread.join(max(0.0, deadline - monotonic()))
        return [f"push socket {name}" for name, thread in stopping if thread.is_alive()]

    @property
    def problems(self) -> tuple[str, ...]:
        """What is wrong with interlocks and audit."""
        return self._router.problems

    @property
    def port(self) -> int | None:
        """The UDP port of the host's own push socket; None if it has none."""
        return None if self._push is None else self._push.port

    @property
    def methods(self) -> Iterator[Method]:
        """All that may be called."""
        return iter(self._methods)

    def command(self, method: str, arguments: dict[str, Any]) -> Any:
        """Execute a command for this very program; see :meth:`labframe.Host.command`."""
        from queue import Empty, SimpleQueue

        answer: SimpleQueue[bytes] = SimpleQueue()
        self._router.take({"method": method, **arguments}, _SENDER, answer.put)
        deadline_s = arguments.get("_deadline", DEADLINE_S)
        if not isinstance(deadline_s, (int, float)):
            deadline_s = 0.0  # that was refused
        try:
            said = answer.get(timeout=deadline_s + _MARGIN_S)
        except Empty:
            raise OutcomeUnknown(f"OUTCOME_UNKNOWN: {method}: there is no answer") from None
        form = self._router.return_format
        return outcome(said, "json" if arguments.get("_dry_run") and form == "raw" else form)
